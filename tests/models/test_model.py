from __future__ import annotations

import json
import shutil
import unicodedata
from dataclasses import replace

import numpy as np
import pandas
import pytest
import torch
from PIL import Image

import jeoni
from jeoni.backbones.catalog import load_backbone
from jeoni.data.examples import as_items
from jeoni.errors import DataError, WeightsError
from jeoni.features.examples import Context
from jeoni.models.loading import load_model
from jeoni.types import Quiet
from tests.conftest import TINY, make_picture, save_photos
from tests.made_tasks import classes as of_classes


@pytest.fixture(scope="module")
def fitted(tmp_path_factory):
    root = tmp_path_factory.mktemp("fitted")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JEONI_CACHE", str(root / "cache"))
        photos = save_photos(root / "photos", each=15)
        return jeoni.fit(photos, backbone=TINY, repeats=1, control=False, out=root / "run")


@pytest.fixture
def result(fitted, make_photos, tmp_path):
    """One run, a copy for every test, beside what it was fitted on."""
    make_photos(each=15)
    return replace(fitted, run=shutil.copytree(fitted.run, tmp_path / "run"))


def test_a_loaded_model_predicts_what_the_fitted_one_did(result, make_photos):
    new = make_photos("new", each=5, first=700)
    fitted, loaded = result.model.predict(new), load_model(result.run / "model").predict(new)
    np.testing.assert_array_equal(fitted.probs, loaded.probs)
    assert fitted.labels == loaded.labels and fitted.names == loaded.names
    assert load_model(result.run).class_names == ("class_0", "class_1")


def test_the_saved_model_is_one_network_from_pixels_to_calibrated_logits(result):
    model = load_model(result.run)
    size = model.backbone.input.size
    pixels = np.stack([np.asarray(make_picture(k % 2, 800 + k, size)) for k in range(6)])
    with torch.inference_mode():
        probs = torch.softmax(model.network(torch.from_numpy(pixels)), 1).numpy()
    np.testing.assert_allclose(probs, model.predict(pixels).probs, atol=2e-2)


def test_the_folder_holds_no_code_and_names_classes_licence_and_scores(result):
    folder = result.run / "model"
    assert sorted(p.name for p in folder.iterdir()) == [
        "README.md",
        "config.json",
        "fitted_on.bin",
        "model.safetensors",
    ]
    card = (folder / "README.md").read_text()
    assert "`class_0`, `class_1`" in card and "accuracy" in card and "licence" in card
    config = json.loads((folder / "config.json").read_text())
    assert config["cut"]["frozen"] == len(config["cut"]["stages"])
    assert config["head"]["choice"]["temperature"] > 0


def test_a_saved_model_is_a_backbone_to_transfer_from_again(result, make_photos, tmp_path):
    backbone = load_backbone(f"checkpoint:{result.run}")
    assert backbone.fingerprint == load_backbone(TINY).fingerprint
    again = jeoni.fit(
        make_photos("other", each=15, first=50), backbone=str(result.run / "model"), repeats=1, control=False,
        out=tmp_path / "again",
    )  # fmt: skip
    assert again.metrics["cv"]["accuracy"]["value"] > 0.8


def test_a_newer_format_asks_for_an_upgrade(result):
    path = result.run / "model" / "config.json"
    config = json.loads(path.read_text())
    path.write_text(json.dumps({**config, "format": 99}))
    with pytest.raises(WeightsError, match="newer format .* pip install --upgrade jeoni"):
        load_model(result.run)


def test_a_missing_weights_file_is_said(result):
    (result.run / "model" / "model.safetensors").unlink()
    with pytest.raises(WeightsError, match=r"is incomplete: model\.safetensors is missing"):
        load_model(result.run)


def test_bad_items_are_skipped_by_name_and_none_at_all_is_an_error(result, make_photos):
    new = make_photos("new", each=2)
    (new / "class_0" / "bad.png").write_text("no image")
    said = result.model.predict(new)
    assert len(said) == 4 and list(said.errors) == ["class_0/bad.png"]
    for path in new.rglob("*.png"):
        path.write_text("no image")
    with pytest.raises(DataError, match="None of the 5 items could be read"):
        result.model.predict(new)


def test_class_names_kept_with_their_letters_in_parts_are_put_together(result, tmp_path):
    parts = tuple(unicodedata.normalize("NFD", name) for name in ("긍정", "부정"))
    replace(result.model, task=of_classes(parts)).save(tmp_path / "older")
    assert load_model(tmp_path / "older").class_names == ("긍정", "부정")


def test_missing_texts_are_listed_as_empty_and_one_alone_is_no_list(
    make_reviews, encoder_folder, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    model = jeoni.fit(
        make_reviews(each=20), backbone=str(encoder_folder("bert")), control=False, repeats=1, pictures=False, out="run"
    ).model
    texts = ["a fine film", None, float("nan"), " ", "nan"]
    with pytest.raises(DataError, match="item 0 is of the type int '3'; a string"):
        model.predict([3, 4])
    assert model.predict(pandas.DataFrame({"stars": [1, 2], "review": texts[:2]})).names == ["row 0"]
    for given in (texts, pandas.Series(texts, index=range(5, 10)), pandas.Series(texts, dtype="string")):
        said = model.predict(given)
        assert said.names == ["item 0", "item 4"] and said.readable.tolist() == [True, False, False, False, True]
        assert said.errors == {f"item {k}": f"item {k} is empty." for k in (1, 2, 3)}
    mend = r"Texts themselves go in a list: predict\(\[.*\]\); on the command line, in a \.txt file or a table"
    for text, shown in (("A lovely film.", r"A lovely film\."), ("long " * 900, r"long long .* …"), ("a\0b", "a\0b")):
        with pytest.raises(
            DataError, match=f"^{shown} does not exist. Needed: a file, a folder of texts, or a table. {mend}"
        ):
            model.predict(text)
        with pytest.raises(DataError, match=f"^{shown} does not exist. Needed: a folder per class"):
            jeoni.load_data(text)


def test_one_picture_gets_one_label_whatever_it_comes_as(result, make_photos):
    path = make_photos("new", each=1) / "class_0" / "000.png"
    wanted = result.model.predict(path)
    picture = Image.open(path)
    for one in (
        path.read_bytes(),
        picture,
        np.asarray(picture),
        {"image": [str(path)]},
        pandas.DataFrame({"x": [picture]}),
    ):
        said = result.model.predict(one, column="x" if isinstance(one, pandas.DataFrame) else "")
        assert said.labels == wanted.labels, one
        np.testing.assert_allclose(said.probs, wanted.probs, atol=1e-6)


@pytest.mark.parametrize(
    "data, message",
    [
        ([], r"^A list holds no items; at least one is needed\."),
        (255, r"^An int came\. Needed: a path"),
        (
            [255, 254],
            r"^None of the 2 items could be read\. The first: item 0 is of the type int '255'; a path, the bytes",
        ),
        ({"a": 1}, r"^A dictionary is read as columns, each a list; 'a' holds int"),
        (
            jeoni.types.Dataset("d", as_items(["a"], "text"), np.array([-1]), (), modality="text"),
            "d holds texts; the model takes images",
        ),
        (
            jeoni.types.Dataset("d", as_items([b"a"]).select([]), np.zeros(0, dtype=np.int64), ()),
            "d holds no items; at least",
        ),
        ({"a": [1, 2], "b": [3, 4]}, "the table holds vectors; the model takes images"),
    ],
)
def test_what_no_model_of_images_takes_is_refused_in_a_sentence(result, data, message):
    with pytest.raises(DataError, match=message):
        result.model.predict(data)


def test_a_path_with_a_zero_byte_is_listed(result, make_photos):
    path = str(make_photos("new", each=1) / "class_0" / "000.png")
    said = result.model.predict([path, "a\0.png"])
    assert said.names == [path] and "embedded null byte" in said.errors["a\0.png"]


class Heard(Quiet):
    def __init__(self):
        self.warnings = []

    def warn(self, text):
        self.warnings.append(text)


def _rounded(value):
    """Numbers to three decimals: what is summed in another order differs in the last bits."""
    if isinstance(value, dict):
        return {name: _rounded(one) for name, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_rounded(one) for one in value]
    return round(value, 3) if isinstance(value, float) else value


@pytest.mark.parametrize("kept", ["in memory", "saved"])
def test_what_was_seen_in_fitting_is_remarked_and_scored_apart(result, make_photos, kept):
    model = result.model if kept == "in memory" else load_model(result.run)
    photos, heard = make_photos("photos", each=3, first=15), Heard()  # beside the thirty of the fit
    assert len(model.fitted_on) == 30
    said = model.predict(photos, Context(console=heard))
    assert heard.warnings == [
        "30 of the 36 items were seen in fitting; what the model says of them tells nothing about new data."
    ]
    assert [k for k, seen in enumerate(said.seen) if not seen] == [15, 16, 17, 33, 34, 35]
    # in float32: a processor that rounds to bfloat16 gives a picture another row in another batch
    scored = jeoni.evaluate(model, photos, console=heard, engine="torch")
    assert heard.warnings[1:] == heard.warnings[:1] and (scored.n, scored.seen) == (36, 30)
    new = jeoni.evaluate(model, make_photos("new", each=3, first=15), console=heard, engine="torch")
    assert len(heard.warnings) == 2 and (new.n, new.seen, new.unseen) == (6, 0, None)
    assert _rounded(scored.unseen.as_dict()) == _rounded(new.as_dict())


def test_scores_of_the_training_data_alone_are_said_to_tell_nothing(result, tmp_path):
    heard = Heard()
    scored = jeoni.evaluate(result.run, tmp_path / "photos", console=heard)
    assert heard.warnings[-1].startswith("All 30 items were seen in fitting; what the model says of them tells nothing")
    assert scored.seen == scored.n == 30 and scored.unseen is None


def test_a_test_part_is_not_seen_in_fitting_but_a_validation_part_is(make_photos, tmp_path):
    photos = make_photos(each=8)
    for kind in ("class_0", "class_1"):
        for k, file in enumerate(sorted((photos / kind).iterdir())):
            folder = photos / ("train", "train", "val", "test")[k % 4] / kind
            folder.mkdir(parents=True, exist_ok=True)
            file.rename(folder / file.name)
        (photos / kind).rmdir()
    model = jeoni.fit(photos, backbone=TINY, repeats=1, control=False, out=tmp_path / "run").model
    assert len(model.fitted_on) == 12
    assert not model.predict(photos / "test").seen.any() and model.predict(photos / "val").seen.all()


def test_models_of_before_are_silent_about_what_they_were_fitted_on(result, tmp_path):
    (result.run / "model" / "fitted_on.bin").unlink()
    model, heard = load_model(result.run), Heard()
    assert not model.predict(tmp_path / "photos", Context(console=heard)).seen.any()
    assert heard.warnings == [] and jeoni.evaluate(model, tmp_path / "photos").seen == 0
    model.save(tmp_path / "again")
    assert not (tmp_path / "again" / "fitted_on.bin").exists()


@pytest.mark.parametrize(
    "change", [lambda raw: raw[:-1], lambda raw: raw[:-1] + b"?", lambda raw: b"", lambda raw: b"x" * 99]
)
def test_a_changed_byte_in_what_it_was_fitted_on_is_noticed(result, change):
    path = result.run / "model" / "fitted_on.bin"
    path.write_bytes(change(path.read_bytes()))
    with pytest.raises(
        WeightsError, match=r"fitted_on\.bin (was changed since it was saved.* Copy it anew, or remove it|is empty)"
    ):
        load_model(result.run)


def test_a_table_in_memory_is_evaluated(result, make_photos):
    new = make_photos("new", each=2, first=70)
    paths = sorted(map(str, new.rglob("*.png")))
    table = {"image": paths, "label": [path.split("/")[-2] for path in paths]}
    wanted = jeoni.evaluate(result.model, new).as_dict()
    assert jeoni.evaluate(result.model, table).as_dict() == wanted
    assert jeoni.evaluate(result.model, pandas.DataFrame(table)).as_dict() == wanted
    with pytest.raises(DataError, match="A list has no labels. Needed: a path; a table"):
        jeoni.evaluate(result.model, paths)
    with pytest.raises(
        DataError, match=r"No column of the table is known to hold the labels\. Name it with label_column="
    ):
        jeoni.evaluate(result.model, {"image": paths})


def test_a_missing_path_is_listed_by_its_place(result, make_photos):
    path = str(make_photos("new", each=1) / "class_0" / "000.png")
    said = result.model.predict([path, None])
    assert said.names == [path] and list(said.errors) == ["item 1"]


def test_saving_over_a_model_replaces_it_whole(result):
    folder = result.run / "model"
    (folder / "stray.txt").write_text("old")
    result.model.save(folder)
    assert not (folder / "stray.txt").exists()
    assert load_model(folder).class_names == result.model.class_names


@pytest.mark.parametrize(
    "waves", [[np.zeros(8000), np.zeros(4000)], np.zeros((3, 8000)), np.zeros((2, 8000, 2)), [np.zeros(8000), "a.wav"]]
)
def test_waves_in_memory_are_refused_since_they_do_not_tell_their_rate(waves):
    with pytest.raises(DataError, match="takes paths of files: samples alone do not tell their rate"):
        as_items(waves, "audio")
    assert len(as_items(["a.wav", None], "audio")) == 2

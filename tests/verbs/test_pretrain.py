"""``jeoni.pretrain``: what it writes, what it says, and what it refuses."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image

import jeoni
from jeoni.errors import ConfigError, DataError, WeightsError
from jeoni.runs import read_json
from jeoni.runs.contents import foreign_files
from tests.conftest import TINY, save_photos

QUICK = {"backbone": TINY, "steps": 4, "batch_size": 8, "views": 2, "set": "width=16", "pictures": False,
         "folds": 2, "repeats": 1}  # fmt: skip
PROBED = {"folds": 2, "repeats": 1}


@pytest.fixture(autouse=True)
def everywhere(one_thread):
    """Networks are tiny."""


def features(path, labels=True, n=60, d=6):
    rng = np.random.default_rng(0)
    y = np.arange(n) % 2
    X = rng.normal(size=(n, d)) + 2 * y[:, None] * (np.arange(d) < 2)
    np.savez(path, **({"X": X, "y": y} if labels else {"X": X}))
    return path


@pytest.fixture(scope="module")
def pictured(tmp_path_factory):
    """A run of vicreg with labels and pictures, and the photos beside it."""
    root = tmp_path_factory.mktemp("pictured")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JEONI_CACHE", str(root / "cache"))
        photos = save_photos(root / "photos", each=12)
        options = {**QUICK, "pictures": True, "folds": 3, "language": "en"}
        found = jeoni.pretrain(photos, method="vicreg", out=root / "run", quiet=True, **options)
    return found, photos


def test_a_run_ends_with_a_probe_beside_that_of_the_starting_weights(pictured):
    found, _ = pictured
    assert found.outcome in ("paid", "cost", "unclear") and found.gain is not None
    probe = found.metrics["probe"]
    assert probe["n"] == 24 and probe["estimate"] == "cv"
    gain = probe["pretrained"]["accuracy"]["value"] - probe["start"]["accuracy"]["value"]
    assert found.gain.value == pytest.approx(gain, abs=1e-9)
    assert found.gain.low <= found.gain.value <= found.gain.high
    assert "labelled items accuracy is" in found.summary and "effective rank" in found.summary


def test_the_report_shows_loss_collapse_and_views_in_both_languages(pictured, monkeypatch):
    found, _ = pictured
    page = found.report.read_text(encoding="utf-8")
    for part in ("Linear probe before and after", "Loss", "Collapse check", "Two views of an item", "Use it"):
        assert part in page
    assert (found.run / "figures" / "views.jpg").exists()
    assert not list(foreign_files(found.run))
    jeoni.render_report(found.run, "ko")
    assert "붕괴 점검" in found.report.read_text(encoding="utf-8")
    assert "RankMe" in repr(found) or "starting weights" in repr(found)


def test_fit_transfers_from_the_model_folder(pictured, tmp_path):
    found, photos = pictured
    fitted = jeoni.fit(
        photos, backbone=str(found.run / "model"), control=False, folds=2, repeats=1, out=tmp_path / "fit"
    )
    assert fitted.model.backbone.fingerprint == found.backbone.fingerprint
    assert read_json(fitted.run / "run.json")["backbone"]["source"] == "pretrained"


def test_a_folder_without_a_head_predicts_nothing_and_says_what_to_do(pictured):
    found, _ = pictured
    with pytest.raises(WeightsError, match=r"holds a pretrained backbone without a head.*jeoni fit DATA --backbone"):
        jeoni.load_model(found.run)


def test_without_labels_it_cannot_be_told_and_the_page_says_so(tmp_path):
    found = jeoni.pretrain(features(tmp_path / "a.npz", labels=False), out=tmp_path / "run", language="en", set=None)
    assert found.outcome == "unknown" and found.gain is None and found.metrics["probe"] is None
    assert "cannot be told without labels" in found.summary
    assert found.metrics["method"] == "sparse_coding" and found.metrics["details"]["explained"] > 0
    assert "no labels" in found.report.read_text(encoding="utf-8")


def test_labelled_data_of_their_own_decide_where_they_are_given(tmp_path):
    plain, labelled = features(tmp_path / "a.npz", labels=False), features(tmp_path / "b.npz", n=40)
    found = jeoni.pretrain(plain, probe=labelled, out=tmp_path / "run", **PROBED)
    assert found.metrics["probe"]["n"] == 40 and found.metrics["n"] == 60
    in_memory = jeoni.load_data(labelled)
    again = jeoni.pretrain(plain, probe=in_memory, out=tmp_path / "again", **PROBED)
    assert again.metrics["probe"]["difference"] == found.metrics["probe"]["difference"]


def test_labels_that_taught_cannot_judge(tmp_path, make_photos):
    options = {**QUICK, "set": None}
    found = jeoni.pretrain(make_photos(each=12), method="supervised", out=tmp_path / "run", language="en", **options)
    assert found.outcome == "unknown" and "the labels that taught it cannot judge it" in found.summary


def test_the_part_that_is_a_test_set_teaches_nothing(tmp_path):
    for part in ("train", "test"):
        save_photos(tmp_path / "photos" / part, each=10, first=0 if part == "train" else 100)
    found = jeoni.pretrain(tmp_path / "photos", method="vicreg", out=tmp_path / "run", **QUICK)
    assert (
        found.metrics["n"] == 20 and found.metrics["probe"]["estimate"] == "test" and found.metrics["probe"]["n"] == 20
    )


def test_random_weights_to_start_from(tmp_path, make_photos):
    found = jeoni.pretrain(
        make_photos(each=8), method="lejepa", out=tmp_path / "run", **{**QUICK, "set": "width=16,out=8"}
    )
    assert found.metrics["untrained"] and read_json(found.run / "run.json")["cut"]["reuse"] == 0


def test_a_corpus_is_a_file_with_a_text_in_each_line(tmp_path):
    from jeoni.specs import PretrainSpec
    from jeoni.verbs.session.reading import read_maybe_labelled

    (tmp_path / "corpus.txt").write_text("A first text.\n\n  \nA second one, with\ttabs.\r\n좋다\n", encoding="utf-8")
    found = read_maybe_labelled(tmp_path / "corpus.txt", PretrainSpec())
    assert [found.items.read(i).decode() for i in range(3)] == ["A first text.", "A second one, with\ttabs.", "좋다"]
    assert found.modality == "text" and found.name == "corpus" and found.lines.tolist() == [1, 4, 5]
    (tmp_path / "one.txt").write_text("One text only.\n", encoding="utf-8")
    assert len(read_maybe_labelled(tmp_path / "one.txt", PretrainSpec())) == 1
    (tmp_path / "old.txt").write_bytes("좋은 영화\n나쁜 영화\n".encode("cp949"))
    old = read_maybe_labelled(tmp_path / "old.txt", PretrainSpec())
    assert old.items.read(0).decode() == "좋은 영화" and old.findings[0].kind == "encoding"


@pytest.mark.parametrize(
    ("method", "said"),
    [
        ("vicreg", r"vicreg learns from images or audio; the data are vectors. For vectors take sparse_coding"),
        ("masked_language", r"masked_language learns from texts; the data are vectors"),
        ("vicrag", r"Did you mean vicreg\?"),
    ],
)
def test_a_method_for_other_data_is_refused_before_anything_is_computed(tmp_path, method, said):
    with pytest.raises(ConfigError, match=said):
        jeoni.pretrain(features(tmp_path / "a.npz"), method=method, out=tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_texts_to_a_method_for_images_and_the_other_way_round(tmp_path, make_photos):
    (tmp_path / "corpus.txt").write_text("One.\nTwo.\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"vicreg learns from images or audio; the data are texts. For texts take"):
        jeoni.pretrain(tmp_path / "corpus.txt", method="vicreg")
    with pytest.raises(ConfigError, match=r"masked_language learns from texts; the data are images"):
        jeoni.pretrain(make_photos(each=2), method="masked_language")


def test_options_that_cannot_be_meant(tmp_path, make_photos):
    photos = make_photos(each=6)
    with pytest.raises(
        ConfigError, match=r"dcgan trains a network of its own.*it cannot start from untrained:test_resnet"
    ):
        jeoni.pretrain(photos, method="dcgan", backbone=TINY, out=tmp_path / "a")
    with pytest.raises(ConfigError, match=r"set names settings of a method; name the method too"):
        jeoni.pretrain(photos, set="width=3", out=tmp_path / "a")
    with pytest.raises(ConfigError, match=r"--from none draws random weights; it takes no weights file"):
        jeoni.pretrain(photos, backbone="none", weights="w.pth", out=tmp_path / "a")
    with pytest.raises(ConfigError, match=r"Name the method: method='vicreg'"):
        jeoni.pretrain(photos, strategy="probe")
    with pytest.raises(
        ConfigError, match=r"vicreg learns from batches of 8 items; there are 6. Take --batch-size 3 or"
    ):
        jeoni.pretrain(make_photos("few", each=3), method="vicreg", out=tmp_path / "b", **QUICK)


def test_pictures_of_one_colour_teach_nothing(tmp_path):
    (tmp_path / "grey").mkdir()
    for k in range(12):
        Image.new("RGB", (32, 32), (90, 90, 90)).save(tmp_path / "grey" / f"{k}.png")
    with pytest.raises(DataError, match=r"All of 12 items give the same features, as pictures of one colour do"):
        jeoni.pretrain(tmp_path / "grey", method="vicreg", out=tmp_path / "run", **QUICK)


def test_labels_of_another_modality_are_refused(tmp_path, make_photos):
    with pytest.raises(DataError, match=r"The data are images, and those of --probe vectors; both must be alike"):
        jeoni.pretrain(make_photos(each=2), probe=features(tmp_path / "a.npz"), method="vicreg", **QUICK)


def test_labels_of_one_class_are_no_labels(tmp_path, make_photos):
    found = jeoni.pretrain(make_photos(classes=1, each=12), method="vicreg", out=tmp_path / "run", **QUICK)
    assert found.outcome == "unknown"


def test_the_command_takes_from_and_prints_json(tmp_path):
    from typer.testing import CliRunner

    from jeoni.cli._app import app

    data = str(features(tmp_path / "a.npz"))
    words = ["--from", "auto", "--folds", "2", "--repeats", "1", "--quiet", "--json"]
    said = CliRunner().invoke(app, ["pretrain", data, "--out", str(tmp_path / "run"), *words])
    assert said.exit_code == 0, said.output
    found = json.loads(said.stdout.splitlines()[-1])
    assert found["outcome"] in ("paid", "cost", "unclear") and found["model"].endswith("model")
    told = CliRunner().invoke(app, ["pretrain", "--help"]).stdout
    assert "--from" in told and "--probe" in told and "--method" in told


def test_data_without_labels_have_the_same_digest_in_every_run(tmp_path):
    plain = features(tmp_path / "a.npz", labels=False)
    runs = [jeoni.pretrain(plain, out=tmp_path / name, pictures=False).run for name in ("one", "other")]
    one, other = (read_json(run / "run.json")["data"] for run in runs)
    assert one["sha256"] == other["sha256"] and one["task"] == ""

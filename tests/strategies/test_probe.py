"""A probe on several stages: the mean of what a head on each of them says, in one head."""

from __future__ import annotations

import copy
import dataclasses
import itertools
import json

import numpy as np
import pytest
import torch

import jeoni
from jeoni.backbones.catalog import load_backbone
from jeoni.backbones.cut import Tap, Taps, cut, merge, whole
from jeoni.backbones.entry import example
from jeoni.backbones.side_by_side import side_by_side, upper_stages
from jeoni.errors import ConfigError, WeightsError
from jeoni.explain.network import grad_cam
from jeoni.features.extract import Request
from jeoni.heads.fitting.affine import AffineModule
from jeoni.heads.fitting.averaged import part_of_head
from jeoni.heads.fitting.named import build_head
from jeoni.models.loading import load_model
from jeoni.strategies.probe import Probe
from jeoni.tasks import task_of
from jeoni.tasks.multilabel import Multilabel
from jeoni.tasks.regression import Regression
from tests.conftest import TINY, make_picture, save_photos
from tests.models.test_model_folder import put, reseal
from tests.strategies.made_networks import examples, small_backbone


@pytest.fixture(scope="module")
def fitted(tmp_path_factory):
    root = tmp_path_factory.mktemp("probe")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JEONI_CACHE", str(root / "cache"))
        photos = save_photos(root / "photos", each=15)
        probe, backbone = Probe(head="linear", stages=3), small_backbone()
        train, context = examples(probe, backbone, photos)
        return probe, backbone, train, context, probe.fit(backbone, train, context)


def log_odds(probs):
    return np.log(probs / (1 - probs))[:, 1]


def test_the_head_is_the_mean_of_the_heads_on_each_stage(fitted):
    probe, backbone, train, context, model = fitted
    features = [train.features(backbone, tap).numpy() for tap in probe.taps(backbone, len(train))]
    assert len(features) == 3 and model.head.weight.shape[1] == sum(rows.shape[1] for rows in features)
    alone = [
        build_head("linear").fit(rows, train.data.targets, task_of(train.data), train.folds, "auto")
        for rows in features
    ]
    with torch.inference_mode():
        mean = np.mean([log_odds(torch.softmax(h.module(torch.from_numpy(f)), 1).numpy())
                        for h, f in zip(alone, features, strict=True)], axis=0)  # fmt: skip
    ours = log_odds(model.predict_examples(train, backbone, context))
    np.testing.assert_allclose(ours, mean / model.choice["temperature"], rtol=1e-4, atol=1e-4)
    assert model.choice["strength"] == [one.choice["strength"] for one in alone]
    held_out = np.mean([one.held_out[0] / one.choice["temperature"] for one in alone], axis=0)
    wanted = task_of(train.data).decode(held_out / model.choice["temperature"])
    np.testing.assert_allclose(model.held_out[0], wanted, rtol=1e-4, atol=1e-4)


def test_a_saved_model_predicts_the_same_by_features_and_as_one_network(fitted, tmp_path):
    _, backbone, _train, context, model = fitted
    loaded = load_model(model.save(tmp_path / "model"))
    assert loaded.backbone.beside == model.backbone.beside == upper_stages(backbone, 3)
    pixels = np.stack([np.asarray(make_picture(k % 2, 900 + k, 48)) for k in range(6)])
    by_features = loaded.predict(pixels, context)
    np.testing.assert_array_equal(by_features.probs, model.predict(pixels, context).probs)
    with torch.inference_mode():
        probs = torch.softmax(loaded.network(torch.from_numpy(pixels)), 1).numpy()
    np.testing.assert_allclose(probs, by_features.probs, atol=2e-2)
    heat = grad_cam(*loaded.top, pixels, np.zeros(6, dtype=np.int64))
    assert heat is not None and heat.shape[0] == 6
    again = load_backbone(f"checkpoint:{tmp_path / 'model'}")
    assert (again.n, again.dim) == (backbone.n, backbone.dim), "as a backbone it is the network that it was"


def test_stages_that_repeat_the_one_above_are_passed_over():
    for name in ("test_resnet", "test_efficientnet", "test_vit"):
        backbone = load_backbone(f"untrained:{name}")
        order = upper_stages(backbone, 99)
        assert order[-1] == backbone.n and list(order) == sorted(set(order))
        assert upper_stages(backbone, 2) == order[-2:]
        given = example(backbone.input, 2)
        with torch.inference_mode():
            values = Taps(backbone, [Tap(k, True) for k in order])(given)
            joined = side_by_side(backbone, order)
            together = whole(joined)(given)
        torch.testing.assert_close(together, torch.cat(values, 1))
        assert together.shape[1] == joined.dim and joined.fingerprint == backbone.fingerprint
        assert all(a.shape != b.shape or not torch.allclose(a, b) for a, b in itertools.pairwise(values))
    assert upper_stages(load_backbone("untrained:test_resnet"), 2)[0] < backbone.n - 1, "pooling alone adds nothing"


def test_what_a_head_says_by_parts_of_its_features_adds_up():
    rng = np.random.default_rng(0)
    head = AffineModule.of(rng.normal(size=(3, 7)), rng.normal(size=3))
    rows = torch.randn(4, 7)
    top = part_of_head(head, 2)
    rest = rows[:, :5] @ head.weight[:, :5].T
    torch.testing.assert_close(top(rows[:, 5:]) + rest, head(rows))


@pytest.mark.parametrize("name", ["test_resnet", "test_vit"])
def test_a_network_with_features_of_several_stages_is_cut_and_merged(name):
    plain = load_backbone(f"untrained:{name}")
    backbone = side_by_side(plain, upper_stages(plain, 2))
    given = example(backbone.input, 2)
    with torch.inference_mode():
        wanted = whole(backbone)(given)
    for frozen in (0, 1, backbone.n - 1, backbone.n):
        made = copy.deepcopy(cut(backbone, frozen))
        torch.testing.assert_close(made.upper(made.lower(given)), wanted, rtol=1e-4, atol=1e-5)
    made = cut(backbone, backbone.n - 2)
    trained = [p for p in made.upper.parameters() if p.requires_grad]
    assert trained
    made.upper(given).sum().backward()
    with torch.no_grad():
        for parameter in trained:
            parameter -= 0.01 * parameter.grad if parameter.grad is not None else 0.0
    merged = merge(backbone, made)
    assert merged.beside == backbone.beside and merged.network.state_dict().keys() == plain.network.state_dict().keys()
    with torch.inference_mode():
        assert not torch.allclose(whole(merged)(given), wanted)
        torch.testing.assert_close(whole(merged)(given), made.upper.eval()(given))


def test_rows_beside_each_other_are_those_of_the_store(fitted):
    _, backbone, train, _, model = fitted
    last = Tap(backbone.n, True)
    rows = train.features(model.backbone, last)
    parts = [train.features(backbone, Tap(k, True)).numpy() for k in model.backbone.beside]
    whole_rows = np.concatenate(parts, 1)
    assert rows.shape == whole_rows.shape == (len(train), model.backbone.dim)
    some = np.array([3, 0])
    np.testing.assert_array_equal(rows.numpy(), whole_rows)
    np.testing.assert_array_equal(rows[some], whole_rows[some])
    np.testing.assert_array_equal(rows.select(some).numpy(), whole_rows[some])
    assert rows.nbytes == whole_rows.nbytes
    request = Request(model.backbone, (last, Tap(0, False)))
    assert request.taps == (*(Tap(k, True) for k in model.backbone.beside), Tap(0, False))


def test_numbers_are_averaged_too_and_labels_are_refused(fitted):
    _, backbone, train, context, _ = fitted
    y = train.data.targets[:, None].astype(float)
    numbers = Regression(("y",), ("",), (0.5,), (0.5,)), y + np.linspace(0, 0.1, len(train))[:, None]
    model = Probe(head="linear", stages=2).fit(backbone, of_task(train, *numbers), context)
    assert model.backbone.beside == upper_stages(backbone, 2)
    assert np.abs(model.predict_examples(train, backbone, context)[:, :1] - numbers[1]).mean() < 0.2
    marks = Multilabel(("a", "b")), np.hstack([y, 1 - y])
    with pytest.raises(ConfigError, match="are for classes or numbers; the task is multilabel"):
        Probe(head="linear", stages=2).fit(backbone, of_task(train, *marks), context)


def of_task(train, task, targets):
    return dataclasses.replace(train, data=dataclasses.replace(train.data, task=task, targets=targets))


def test_where_nothing_can_be_held_out_the_topmost_stage_alone_has_a_head(fitted):
    _, backbone, train, context, _ = fitted
    first = np.array([int(np.flatnonzero(train.data.targets == k)[0]) for k in (0, 1)])
    model = Probe(head="auto", stages=2).fit(backbone, train.select(first, np.zeros((0, 2), dtype=np.int64)), context)
    assert model.backbone.beside == () and model.head_id.startswith("prototype")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"set": "stages=0"}, "stages is 0 and stage None; needed is a number of stages"),
        ({"set": "stages=2,stage=1"}, "stages is 2 and stage 1"),
        ({"set": "stages=2", "head": "knn"}, "The head knn is not linear in the features.*Take one of auto, linear"),
    ],
)
def test_settings_that_do_not_go_together_are_told_before_anything_is_read(given, said, tmp_path):
    with pytest.raises(ConfigError, match=said):
        jeoni.fit(tmp_path / "nowhere", strategy="probe", **given)


def test_stages_in_a_model_folder_are_held_against_the_network(fitted, tmp_path):
    folder = fitted[-1].save(tmp_path / "model")
    assert json.loads((folder / "config.json").read_text())["cut"]["beside"] == list(fitted[-1].backbone.beside)
    for value in ([2, 1], [1], [0, fitted[1].n], [fitted[1].n, fitted[1].n]):
        reseal(folder, lambda config, value=value: put(config, ("cut", "beside"), value))
        with pytest.raises(WeightsError, match="cut: .*beside is"):
            load_model(folder)
    reseal(folder, lambda config: put(config, ("cut", "beside"), [fitted[1].n]))
    with pytest.raises(WeightsError, match="head.dim is"):
        load_model(folder)


def test_without_a_word_a_fit_takes_two_stages_where_the_head_can(make_photos, tmp_path):
    photos = make_photos(each=12)
    common = {"backbone": TINY, "repeats": 1, "folds": 2, "pictures": False, "quiet": True}
    result = jeoni.fit(photos, out=tmp_path / "plan", **common)
    assert len(result.model.backbone.beside) == 2
    record = json.loads((result.run / "run.json").read_text(encoding="utf-8"))
    assert record["spec"]["set"] == "stages=2"
    head, (lower, top) = (
        record["head"],
        (result.model.backbone.stages[k - 1].name for k in result.model.backbone.beside),
    )
    assert head["stages"] == [lower, top] and head["dim"] == result.model.backbone.dim
    kept = {stage["name"]: stage["kept_bytes"] for stage in record["cut"]["stages"] if stage["kept_bytes"]}
    assert kept.keys() == {lower, top} and sum(kept.values()) == 4 * head["dim"]
    assert f"head on {lower} + {top}" in (result.run / "report.html").read_text(encoding="utf-8")
    assert len(jeoni.fit(photos, control=False, out=tmp_path / "bare", **common).model.backbone.beside) == 2
    assert jeoni.fit(photos, head="knn", control=False, out=tmp_path / "knn", **common).model.backbone.beside == ()
    assert (
        jeoni.fit(photos, strategy="probe", control=False, out=tmp_path / "one", **common).model.backbone.beside == ()
    )


def test_of_texts_a_fit_takes_three_stages(make_reviews, encoder_folder, tmp_path):
    options = {"repeats": 1, "folds": 2, "pictures": False, "quiet": True, "control": False}
    reviews, backbone = make_reviews(each=8), f"transformers:{encoder_folder('bert')}"
    result = jeoni.fit(reviews, backbone=backbone, out=tmp_path / "run", **options)
    assert len(result.model.backbone.beside) == 3

"""What every deep method must keep to, on a backbone and on arrays; a new file in the folder is tested without a line here."""

from __future__ import annotations

import copy
import dataclasses
import functools

import numpy as np
import pytest
import torch
from torch import nn

from jeoni import plugins
from jeoni.adaptation import adapt_backbone as adapting_module
from jeoni.adaptation import norms
from jeoni.adaptation.adapt_backbone import adapt_backbone, taps_of_method
from jeoni.adaptation.alignment import Alignment, Network
from jeoni.adaptation.networks import DeepAdaptedClassifier
from jeoni.backbones.catalog import load_backbone
from jeoni.backbones.cut import Tap, cut
from jeoni.data.items import ArrayItems
from jeoni.data.splits import build_folds
from jeoni.errors import ConfigError
from jeoni.features.examples import Context, Examples
from jeoni.features.extract import Request
from jeoni.specs import Recipe
from jeoni.strategies.probe import Probe
from jeoni.types import Dataset
from tests.conftest import TINY, make_picture
from tests.made_tasks import classes as of_classes

FOLDER = "jeoni.adaptation.deep"
NAMES = plugins.names(FOLDER)
METHODS = [plugins.load(FOLDER, name) for name in NAMES]
TRAINED = [name for name in NAMES if plugins.load(FOLDER, name)().steps(10)]
ON_ARRAYS = [n for n, kind in zip(NAMES, METHODS, strict=True) if kind.uses_source and not kind.strong_views]
SHORT = Recipe(steps=16, batch_size=16, views=2, head_learning_rate=0.003)


pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def shared_cache(tmp_path_factory):
    return tmp_path_factory.mktemp("shared")


@pytest.fixture(autouse=True)
def own_cache(shared_cache, monkeypatch):
    """Features of the same pictures are computed once for all methods that cut the network at one place."""
    monkeypatch.setenv("JEONI_CACHE", str(shared_cache))


def small_backbone():
    backbone = load_backbone(TINY)
    return dataclasses.replace(backbone, input=dataclasses.replace(backbone.input, size=48))


def pictures(first: int, each: int, dim: float) -> np.ndarray:
    """Striped pictures of two classes; the other domain's are darker and greyer."""
    found = [np.asarray(make_picture(kind, first + k)) for k in range(each) for kind in range(2)]
    return (np.stack(found) * dim + (1 - dim) * 40).astype(np.uint8)


def two_domains(
    method: Alignment,
    context: Context,
    backbone,
    recipe: Recipe = SHORT,
    each: int = 20,
    order: np.ndarray | None = None,
):
    """Source and target; ``order`` is that of the target's files."""
    pixels = np.concatenate([pictures(0, each, 1.0), pictures(500, each, 0.9)])
    labels = np.tile([0, 1], 2 * each).astype(np.int64)
    items = ArrayItems(pixels)
    taps = (*taps_of_method(method, backbone, 2 * each, 4 * each, recipe), Tap(backbone.n, True))
    seen = context.extract(items, [Request(backbone, tuple(dict.fromkeys(taps)))])

    def part(index):
        data = Dataset("x", items.select(index), labels[index], of_classes("ab"))
        alone = np.arange(len(index))
        return Examples(data, alone, seen, index, build_folds(data.targets, alone, 3, 1, 0))

    half = np.arange(2 * each)
    return part(half), part((half if order is None else order) + 2 * each)


def adapted(name: str, context: Context | None = None, recipe: Recipe = SHORT, **changes):
    method, backbone = plugins.load(FOLDER, name)(**changes), small_backbone()
    context = context or Context(engine="torch")
    source, target = two_domains(method, context, backbone, recipe)
    model = adapt_backbone(method, backbone, source, target, context, recipe)
    return model, backbone, source, target, context


@functools.cache
def plainly(name: str):
    """As :func:`adapted` gives it, once for all tests that only look at it."""
    return adapted(name)


def tensors(model):
    return {**model.backbone.network.state_dict(), **{f"head.{k}": v for k, v in model.head.state_dict().items()}}


def alike(one, other):
    return one.keys() == other.keys() and all(torch.equal(v, other[k]) for k, v in one.items())


def right(model, examples, backbone, context) -> float:
    return float((model.predict_examples(examples, backbone, context).argmax(1) == examples.data.targets).mean())


def test_every_file_is_described_and_found():
    for name, kind in zip(NAMES, METHODS, strict=True):
        assert plugins.describe(FOLDER, name)
        assert plugins.holding(FOLDER, kind.__name__) == name
        assert issubclass(kind, Alignment)


@pytest.mark.parametrize("name", NAMES)
def test_the_target_is_told_better_than_by_chance_and_frozen_stages_stay(name):
    model, backbone, source, target, context = plainly(name)
    assert right(model, target, backbone, context) >= 0.7
    assert right(model, source, backbone, context) >= 0.6
    before, after = backbone.network.state_dict(), model.backbone.network.state_dict()
    frozen = {p for stage in backbone.stages[: model.frozen] for p in stage.parameters}
    assert all(torch.equal(before[k], after[k]) for k in frozen)
    assert model.training["frozen_identical"]
    assert model.frozen == 0 or frozen


@pytest.mark.parametrize("name", NAMES)
def test_the_same_seed_gives_the_same_model_whatever_the_targets_labels(name):
    first = plainly(name)[0]
    method, backbone, context = plugins.load(FOLDER, name)(), small_backbone(), Context(engine="torch")
    source, target = two_domains(method, context, backbone)
    hidden = dataclasses.replace(target.data, targets=np.full(len(target), -1, dtype=np.int64))
    again = adapt_backbone(method, backbone, source, dataclasses.replace(target, data=hidden), context, SHORT)
    assert alike(tensors(first), tensors(again))


@pytest.mark.parametrize("name", TRAINED)
def test_an_interrupted_training_goes_on_to_the_same_weights(name, tmp_path, monkeypatch):
    from jeoni.training import loop

    undisturbed = plainly(name)[0]
    context = Context(engine="torch", checkpoints=tmp_path / "checkpoints", checkpoint_s=0.0)
    step, made = loop._State.make_step, []
    last = 8 + (SHORT.steps if plugins.load(FOLDER, name).trained_before else 0)  # in the method's own training

    def killed(self, *args):
        made.append(0)
        if len(made) == last:
            raise RuntimeError("killed")
        step(self, *args)

    monkeypatch.setattr(loop._State, "make_step", killed)
    with pytest.raises(RuntimeError, match="killed"):
        adapted(name, context)
    assert alike(tensors(adapted(name, context)[0]), tensors(undisturbed))
    assert len(made) == last + SHORT.steps - 7


@pytest.mark.parametrize("name", [n for n, kind in zip(NAMES, METHODS, strict=True) if not kind.uses_source])
def test_source_free_methods_need_only_a_model(name):
    method, backbone, context = plugins.load(FOLDER, name)(), small_backbone(), Context(engine="torch")
    source, target = two_domains(method, context, backbone)
    start = Probe().fit(backbone, source, context)
    kept = {k: v.clone() for k, v in tensors(start).items()}
    model = adapt_backbone(method, backbone, None, target, context, SHORT, start=start)
    assert alike(tensors(start), kept), "the model that was handed over is what it was"
    assert alike(model.head.state_dict(), start.head.state_dict()), "the head stays"
    assert not alike(tensors(model), kept)


@pytest.mark.parametrize("name", ["adabn", "tent"])
def test_without_batch_normalisation_it_is_said(name):
    method = plugins.load(FOLDER, name)()
    with pytest.raises(ConfigError, match="changes batch normalisation, and this network has none"):
        method.build(2, 2, Network(nn.Linear(2, 2), nn.Linear(2, 2), nn.Identity()), 5)


def test_adabn_takes_the_targets_statistics():
    model, backbone, _, target, _ = plainly("adabn")
    rows = target.features(backbone, Tap(0, False))
    first = next(m for m in model.backbone.network.modules() if isinstance(m, nn.BatchNorm2d))
    seen = []
    made = dataclasses.replace(model)
    handle = first.register_forward_pre_hook(lambda module, given: seen.append(given[0]))
    with torch.no_grad():
        nn.Sequential(made.network)(torch.from_numpy(rows.numpy()))
    handle.remove()
    activation = torch.cat(seen)
    torch.testing.assert_close(first.running_mean, activation.mean((0, 2, 3)), rtol=1e-3, atol=1e-4)
    assert not torch.equal(
        first.running_mean, next(m for m in backbone.network.modules() if isinstance(m, nn.BatchNorm2d)).running_mean
    )


def turns(monkeypatch, name: str, **options):
    """What every training of an adaptation was given, and the network as it was before and after."""
    seen, real = [], adapting_module.train_method

    def watched(method, network, groups, domains, recipe, context):
        before = copy.deepcopy(network)
        history = real(method, network, groups, domains, recipe, context)
        seen.append((method, domains, before, copy.deepcopy(network)))
        return history

    monkeypatch.setattr(adapting_module, "train_method", watched)
    method, backbone, context = plugins.load(FOLDER, name)(), small_backbone(), Context(engine="torch")
    source, target = two_domains(method, context, backbone)
    rare = np.concatenate([np.flatnonzero(source.data.targets == 0), np.flatnonzero(source.data.targets == 1)[:8]])
    folds = build_folds(source.data.targets[rare], np.arange(len(rare)), 3, 1, 0)
    data = dataclasses.replace(source.data, items=source.data.items.select(rare), targets=source.data.targets[rare])
    unequal = Examples(data, np.arange(len(rare)), source.seen, source.index[rare], folds)
    return seen, adapt_backbone(method, backbone, unequal, target, context, SHORT, **options)


def test_adda_learns_the_source_first_and_keeps_that_encoder(monkeypatch):
    seen, model = turns(monkeypatch, "adda")
    (first, _, begun, learned), (then, _, started, ended) = seen
    assert [type(first).__name__, type(then).__name__] == ["SourceOnly", "ADDA"]
    changed = [n for n, p in learned.features.named_parameters() if not torch.equal(p, begun.features.get_parameter(n))]
    assert changed and not alike(learned.head.state_dict(), begun.head.state_dict())
    for network in (started, ended):
        assert alike(dict(network.parts["frozen"].named_parameters()), dict(learned.features.named_parameters()))
    assert not alike(ended.features.state_dict(), learned.features.state_dict())
    assert torch.equal(ended.head.weight, learned.head.weight)
    assert model.training["steps_on_the_source"] == model.training["steps"] == SHORT.steps


def test_class_weights_reach_the_training(monkeypatch):
    seen, _ = turns(monkeypatch, "mcc", class_weights="balanced")
    torch.testing.assert_close(seen[0][1].weights, torch.tensor([28 / 40, 28 / 16]))
    seen, _ = turns(monkeypatch, "mcc", class_weights="none")
    assert seen[0][1].weights is None


def test_a_methods_own_recipe_holds_where_the_user_says_nothing():
    assert adapted("tent", recipe=Recipe())[0].training["recipe"].items() >= {
        "steps": 50, "batch_size": 64, "learning_rate": 1e-3, "warmup": 0.0,
    }.items()  # fmt: skip
    assert plainly("tent")[0].training["recipe"]["steps"] == SHORT.steps
    assert plainly("self_training")[0].training["recipe"]["ema"] == 0.999
    other = adapted("self_training", recipe=dataclasses.replace(SHORT, ema=0.0))[0]
    assert other.training["recipe"]["ema"] == 0.0
    assert not alike(tensors(other), tensors(plainly("self_training")[0]))


def test_statistics_do_not_depend_on_the_order_of_files(monkeypatch):
    monkeypatch.setattr(norms, "LARGEST", 16)
    found = []
    for order in (np.arange(40).reshape(20, 2).T.ravel(), np.random.default_rng(0).permutation(40)):
        method, backbone, context = plugins.load(FOLDER, "adabn")(), small_backbone(), Context(engine="torch")
        source, target = two_domains(method, context, backbone, order=order)
        model = adapt_backbone(method, backbone, source, target, context, SHORT)
        probs = np.empty((40, 2))
        probs[order] = model.predict_examples(target, backbone, context)
        found.append((probs, tensors(model)))
    np.testing.assert_allclose(found[0][0], found[1][0], atol=1e-6)
    for name, value in found[0][1].items():
        torch.testing.assert_close(value, found[1][1][name], rtol=1e-5, atol=1e-6)


def test_tent_leaves_the_statistics_of_the_whole_target_as_its_scales_give_them():
    model, backbone, _, target, _ = plainly("tent")
    rows = torch.from_numpy(target.features(backbone, Tap(0, False)).numpy())
    network = cut(model.backbone, 0).from_rows(backbone.input)
    near = 2e-2 if torch.cuda.is_available() else 1e-3  # convolutions of GPUs round to TF32
    with torch.no_grad():
        torch.testing.assert_close(network(rows), copy.deepcopy(network).train()(rows), rtol=near, atol=near)


# ---- arrays


def shifted(seed: int, classes: int = 3, n: int = 240):
    rng = np.random.default_rng(seed)
    means = np.random.default_rng(5).normal(size=(classes, 8)) * 2
    turn = np.eye(8) + 0.3 * np.random.default_rng(6).normal(size=(8, 8))
    y = np.arange(n) % classes
    Xs, Xt = (means[y] + rng.normal(size=(n, 8)) for _ in range(2))
    return Xs, y, Xt @ turn + 1.0, y


@pytest.mark.parametrize("name", ON_ARRAYS)
def test_arrays_of_ten_classes_are_adapted_without_collapse(name, classes=10):
    Xs, ys, Xt, yt = shifted(0, classes)
    kept = Xs.copy(), Xt.copy()
    method = plugins.load(FOLDER, name)()
    options = {"hidden": (32,), "steps": 80, "learning_rate": 3e-3}
    ours = DeepAdaptedClassifier(method, **options).fit(Xs, ys, Xt)
    alone = DeepAdaptedClassifier(None, **options).fit(Xs, ys, Xt)
    assert (ours.predict(Xt) == yt).mean() >= (alone.predict(Xt) == yt).mean() - 0.08
    assert ours.predict_proba(Xt).shape == (len(Xt), classes)
    np.testing.assert_array_equal(Xs, kept[0])
    np.testing.assert_array_equal(Xt, kept[1])


def test_arrays_that_cannot_be_used_are_refused():
    Xs, ys, Xt, _ = shifted(0)
    with pytest.raises(ValueError, match="Xt contains NaN"):
        DeepAdaptedClassifier().fit(Xs, ys, np.where(Xt > 2, np.nan, Xt))
    with pytest.raises(ValueError, match="do not fit together"):
        DeepAdaptedClassifier().fit(Xs, ys, Xt[:, :3])
    with pytest.raises(ValueError, match="one class only"):
        DeepAdaptedClassifier().fit(Xs, np.zeros_like(ys), Xt)
    with pytest.raises(ValueError, match="has no form for arrays"):
        DeepAdaptedClassifier(plugins.load(FOLDER, "shot")()).fit(Xs, ys, Xt)

"""Every deep method on a shift it is made for: it gains on the target, averaged over seeds, and would not with its step left out."""

from __future__ import annotations

import copy
import functools
from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import nn

from jeoni import plugins
from jeoni.adaptation.alignment import Network
from jeoni.adaptation.deep_training import Domains, attach, part_groups, train_method
from jeoni.adaptation.networks import DeepAdaptedClassifier
from jeoni.errors import ConfigError
from jeoni.features.examples import Context
from jeoni.specs import Recipe
from jeoni.training.defaults import resolve_defaults
from jeoni.training.groups import Group
from jeoni.training.rows import ArrayRows

FOLDER = "jeoni.adaptation.deep"
Data = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]


pytestmark = pytest.mark.usefixtures("one_thread")


def offset(seed: int, far: float, n: int = 200) -> Data:
    """Two columns tell two classes; in the target the better one is moved."""
    rng = np.random.default_rng(seed)
    y = np.arange(n) % 2
    sign = 2 * y - 1
    Xs, Xt = (np.c_[sign + 0.3 * rng.normal(size=n), sign + 0.5 * rng.normal(size=n)] for _ in range(2))
    return Xs, y, Xt + np.array([far, 0]), y


def silent(seed: int, n: int = 200) -> Data:
    """In the target the better column says nothing: always the same."""
    Xs, y, Xt, _ = offset(seed, 0.0, n)
    return Xs, y, np.c_[2.5 + 0.3 * np.random.default_rng([seed, 1]).normal(size=n), Xt[:, 1]], y


def loud(seed: int, n: int = 200) -> Data:
    """In the target the better column is noise of four times its size, about the same mean."""
    Xs, y, Xt, _ = offset(seed, 0.0, n)
    return Xs, y, np.c_[4 * np.random.default_rng([seed, 2]).normal(size=n), Xt[:, 1]], y


def moved(seed: int, n: int = 240) -> Data:
    """Three classes, all moved by two standard deviations."""
    rng = np.random.default_rng(seed)
    y = np.arange(n) % 3
    means = np.array([[0, 0], [3, 0], [0, 3]])
    Xs, Xt = (means[y] + 0.5 * rng.normal(size=(n, 2)) for _ in range(2))
    return Xs, y, Xt + np.array([1, -1]), y


def darker(seed: int, n: int = 240) -> Data:
    """The same, and each column on another scale."""
    Xs, y, Xt, _ = moved(seed, n)
    return Xs, y, Xt * np.array([0.4, 2.5]) + np.array([1, 2]), y


aside = functools.partial(offset, far=1.5)

CASES: dict[str, tuple[Callable[[int], Data], dict[str, object], dict[str, object], float]] = {
    "dann": (aside, {}, {"hidden": (4,), "learning_rate": 0.03, "steps": 200}, 0.07),
    "cdan": (aside, {}, {"hidden": (4,), "learning_rate": 0.03, "steps": 200}, 0.07),
    "mcd": (aside, {}, {"hidden": (16,), "learning_rate": 0.01, "steps": 150}, 0.03),
    "adda": (moved, {}, {"hidden": (16, 16), "learning_rate": 0.003, "steps": 120}, 0.05),
    "dan": (silent, {}, {"hidden": (32,), "learning_rate": 0.01, "steps": 100}, 0.3),
    "mcc": (silent, {}, {"hidden": (32,), "learning_rate": 0.01, "steps": 100}, 0.3),
    "deep_coral": (loud, {"weight": 10.0}, {"hidden": (16,), "learning_rate": 0.03, "steps": 100}, 0.1),
}
SEEDS = range(3)


def right(predicted: np.ndarray, labels: np.ndarray) -> float:
    return float((predicted == labels).mean())


@functools.cache
def source_only(data: Callable[[int], Data], options: tuple[tuple[str, object], ...], seed: int) -> float:
    """Accuracy in the target without adaptation."""
    Xs, ys, Xt, yt = data(seed)
    alone = DeepAdaptedClassifier(None, batch_size=64, random_state=seed, **dict(options)).fit(Xs, ys, Xt)
    return right(alone.predict(Xt), yt)


def on_arrays(name: str) -> tuple[float, float]:
    """Mean accuracy in the target, with the method and without."""
    data, settings, options, _ = CASES[name]
    found = []
    for seed in SEEDS:
        Xs, ys, Xt, yt = data(seed)
        method = plugins.load(FOLDER, name)(**settings)
        ours = DeepAdaptedClassifier(method, batch_size=64, random_state=seed, **options).fit(Xs, ys, Xt)
        found.append([right(ours.predict(Xt), yt), source_only(data, tuple(options.items()), seed)])
    with_it, without = np.mean(found, 0)
    return float(with_it), float(without)


LONG = ("adda", "cdan", "mcd")


@pytest.mark.parametrize("name", [pytest.param(n, marks=pytest.mark.slow) if n in LONG else n for n in sorted(CASES)])
def test_a_method_gains_under_the_shift_it_is_made_for(name):
    with_it, without = on_arrays(name)
    assert with_it >= without + CASES[name][3]
    assert with_it >= 0.8


def source_network(data: Data, seed: int, normed: bool = False) -> Network:
    """Trained on the source alone, by plain torch."""
    torch.manual_seed(seed)
    layers = [nn.Linear(data[0].shape[1], 16), *([nn.BatchNorm1d(16)] if normed else []), nn.ReLU()]
    network = Network(nn.Sequential(*layers), nn.Linear(16, 3), nn.Identity())
    optimizer = torch.optim.Adam(network.parameters(), 0.02)
    rows, labels = torch.from_numpy(data[0]).float(), torch.from_numpy(data[1])
    for _ in range(150):
        optimizer.zero_grad()
        nn.functional.cross_entropy(network(rows), labels).backward()
        optimizer.step()
    return network.eval()


def adapt_network(name: str, network: Network, data: Data, seed: int, steps: int, rate: float, **settings) -> Network:
    """A copy that the method adapted; what it may train is what it says."""
    Xs, ys, Xt, _ = (part.astype(np.float32) if part.dtype.kind == "f" else part for part in data)
    method, network = plugins.load(FOLDER, name)(**settings), copy.deepcopy(network)
    recipe = resolve_defaults(
        Recipe(steps=steps, batch_size=96, learning_rate=rate, head_learning_rate=rate, weight_decay=0.0), {}, 2
    )
    attach(method, network, 16, 3, len(Xt), seed)
    modules = dict(network.named_modules())
    trained = {n: p for n, p in network.named_parameters() if n.startswith(("features.", "head."))}
    trained = {n: p for n, p in trained.items() if method.wanted(n, modules[n.rpartition(".")[0]])}
    if not method.uses_source:
        trained = {n: p for n, p in trained.items() if n.startswith("features.")}
    rng = np.random.default_rng(seed)
    domains = Domains(
        source=ArrayRows(Xs) if method.uses_source else None,
        labels=ys if method.uses_source else np.zeros(0, dtype=np.int64),
        target=ArrayRows(Xt),
        classes=3,
        strong=ArrayRows(Xt + rng.normal(0, 0.5, Xt.shape).astype(np.float32)) if method.strong_views else None,
        order=rng.permutation(len(Xt)),
    )
    groups = [Group("all", trained, rate, 0.0), *part_groups(network, recipe)] if trained else []
    train_method(method, network, groups, domains, recipe, Context(seed=seed))
    return network.eval()


def told(network: Network, X: np.ndarray) -> torch.Tensor:
    with torch.no_grad():
        return network(torch.from_numpy(X).float()).softmax(1)


FREE: dict[str, tuple[Callable[[int], Data], bool, int, float, float]] = {
    "adabn": (darker, True, 1, 0.01, 0.08),
    "self_training": (moved, False, 150, 0.02, 0.05),
    "shot": (moved, False, 100, 0.01, 0.05),
    "tent": (darker, True, 60, 0.01, 0.08),
}


def on_networks(name: str) -> tuple[float, float, float]:
    """Accuracy in the target, with the method and of the source's network, and the method's mean entropy there."""
    data, normed, steps, rate, _ = FREE[name]
    found = []
    for seed in SEEDS:
        made = data(seed)
        before = source_network(made, seed, normed)
        both = [told(net, made[2]) for net in (adapt_network(name, before, made, seed, steps, rate), before)]
        entropy = torch.distributions.Categorical(both[0]).entropy().mean()
        found.append([*(right(p.argmax(1).numpy(), made[3]) for p in both), float(entropy)])
    with_it, without, unsure = np.mean(found, 0)
    return float(with_it), float(without), float(unsure)


@pytest.mark.parametrize("name", sorted(FREE))
def test_a_method_gains_over_the_sources_network(name):
    with_it, without, _ = on_networks(name)
    assert with_it >= without + FREE[name][4]
    assert with_it >= 0.9


def test_tent_is_surer_than_statistics_alone_and_no_less_right():
    tent, statistics = on_networks("tent"), on_networks("adabn")
    assert tent[2] < 0.8 * statistics[2]
    assert tent[0] >= statistics[0]


# ---- what holds for all of them

NAMES = plugins.names(FOLDER)


def wide(seed: int, n: int = 150) -> Data:
    """Three classes in eight columns; the target is another sample, a little moved."""
    rng = np.random.default_rng(seed)
    means, y = np.random.default_rng(5).normal(size=(3, 8)) * 2, np.arange(n) % 3
    Xs, Xt = (means[y] + rng.normal(size=(n, 8)) for _ in range(2))
    return Xs, y, Xt + 0.3, y


def predicted(name: str, data: Data) -> np.ndarray:
    """Of the target's rows; ``none`` is the source's own network."""
    method = plugins.load(FOLDER, name)() if name != "none" else None
    if method is None or (method.uses_source and not method.strong_views):
        options = {"hidden": (16,), "steps": 40, "learning_rate": 0.02, "batch_size": 64}
        return DeepAdaptedClassifier(method, **options).fit(*data[:3]).predict(data[2])
    network = adapt_network(name, source_network(data, 0, normed=True), data, 0, 40, 0.01)
    return told(network, data[2]).argmax(1).numpy()


@pytest.mark.parametrize("name", NAMES)
def test_the_order_of_examples_hardly_matters(name):
    Xs, ys, Xt, yt = wide(0)
    rng = np.random.default_rng(1)
    s, t = rng.permutation(len(Xs)), rng.permutation(len(Xt))
    here, there = predicted(name, (Xs, ys, Xt, yt)), predicted(name, (Xs[s], ys[s], Xt[t], yt[t]))
    assert (here[t] == there).mean() >= 0.95


@pytest.mark.parametrize("name", NAMES)
def test_the_same_sample_as_both_domains_loses_nothing(name):
    Xs, ys, _, _ = wide(0)
    same = Xs, ys, Xs, ys
    assert right(predicted(name, same), ys) >= right(predicted("none", same), ys) - 0.02


@pytest.mark.parametrize("name", NAMES)
def test_the_target_may_have_fewer_rows_than_columns(name):
    Xs, ys, Xt, yt = wide(0)
    assert right(predicted(name, (Xs, ys, Xt[:6], yt[:6])), yt[:6]) >= 0.8


@pytest.mark.parametrize("name", [n for n in NAMES if plugins.load(FOLDER, n).least > 1])
def test_a_single_target_row_is_refused_where_it_says_nothing(name):
    Xs, ys, Xt, yt = wide(0)
    with pytest.raises(ConfigError, match=r"needs at least 2 target items, and better some dozens; there is 1"):
        predicted(name, (Xs, ys, Xt[:1], yt[:1]))


@pytest.mark.parametrize("name", [n for n in NAMES if plugins.load(FOLDER, n).least == 1])
def test_a_single_target_row_is_enough_for_the_others(name):
    Xs, ys, Xt, yt = wide(0)
    assert len(predicted(name, (Xs, ys, Xt[:1], yt[:1]))) == 1


@pytest.mark.parametrize("name", ["dan", "deep_coral"])
def test_a_batch_too_small_for_a_method_is_refused(name):
    Xs, ys, Xt, _ = wide(0)
    with pytest.raises(ConfigError, match=r"batch_size 3 in 2 parts gives 1\. Take --batch-size 4 or more"):
        DeepAdaptedClassifier(plugins.load(FOLDER, name)(), steps=5, batch_size=3).fit(Xs, ys, Xt)
    DeepAdaptedClassifier(plugins.load(FOLDER, name)(), steps=5, batch_size=4).fit(Xs, ys, Xt)

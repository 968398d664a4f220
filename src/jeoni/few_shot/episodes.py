"""N-way K-shot episodes (Vinyals et al. NeurIPS 2016, arXiv:1606.04080): how well few examples tell new classes apart.

Every episode draws classes, of each some examples to learn from (the support set) and others to be tested on (the query
set); all methods see the same episodes, so that their differences are paired. Queries of unequal frequency are drawn by
a Dirichlet distribution (Veilleux et al. 2021, arXiv:2204.11181).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

from jeoni import plugins
from jeoni.data.splits import build_folds
from jeoni.errors import ConfigError, DataError
from jeoni.evaluation.intervals import t_interval
from jeoni.few_shot.transductive import Transductive
from jeoni.heads.fitting.named import build_head
from jeoni.tasks.classification import Classification
from jeoni.types import FloatArray, IntArray

__all__ = ["TRANSDUCTIVE", "Episode", "Episodes", "check_methods", "draw_episodes", "evaluate_episodes"]

TRANSDUCTIVE = "jeoni.few_shot.transductive"
MARK = "transductive:"


@dataclass(frozen=True)
class Episode:
    """Rows of one episode.

    Attributes:
        support: ``(ways, shots)`` rows to learn from, by class.
        queries: ``(m,)`` rows to be tested on.
        true: ``(m,)`` their classes, numbered as in ``support``.
    """

    support: IntArray
    queries: IntArray
    true: IntArray


@dataclass(frozen=True)
class Episodes:
    """Accuracies over episodes.

    Attributes:
        ways: classes in an episode.
        shots: examples of each to learn from.
        accuracies: ``(episodes,)`` by method.
    """

    ways: int
    shots: int
    accuracies: dict[str, FloatArray] = field(repr=False)

    def interval(self, method: str, against: str = "") -> tuple[float, float, float]:
        """Mean accuracy, or mean difference to another method on the same episodes, with its 95 % t-interval."""
        values = self.accuracies[method]
        if against:
            values = values - self.accuracies[against]
        error = float(values.std(ddof=1) / len(values) ** 0.5)
        found = t_interval(float(values.mean()), error, len(values))
        return found.value, found.low, found.high

    @property
    def summary(self) -> str:
        """A line for each method, the best first."""
        found = sorted(((self.interval(name), name) for name in self.accuracies), reverse=True)
        width = max(map(len, self.accuracies))
        title = f"{self.ways}-way {self.shots}-shot, {self.number:,} episodes"
        chance = f"chance {100 / self.ways:.1f} %"
        rows = [
            f"{name:{width}}  {100 * v:5.1f} % ({100 * low:.1f} to {100 * high:.1f})" for (v, low, high), name in found
        ]
        return "\n".join([f"{title}, {chance}", *rows])

    def as_dict(self) -> dict[str, object]:
        """For JSON."""
        parts = ("value", "low", "high")
        return {
            "ways": self.ways,
            "shots": self.shots,
            "episodes": self.number,
            "accuracy": {name: dict(zip(parts, self.interval(name), strict=True)) for name in self.accuracies},
        }

    @property
    def number(self) -> int:
        """How many episodes."""
        return len(next(iter(self.accuracies.values())))


def draw_episodes(
    labels: IntArray,
    ways: int = 5,
    shots: int = 1,
    *,
    queries: int = 15,
    episodes: int = 600,
    dirichlet: float | None = None,
    seed: int = 0,
) -> Iterator[Episode]:
    """Episodes from labelled rows; the same seed gives the same ones.

    Args:
        labels: ``(n,)``.
        ways: classes in an episode.
        shots: examples of each to learn from.
        queries: of each class; where frequencies are unequal, on the mean.
        episodes: how many.
        dirichlet: concentration of the query classes' frequencies, such as 2; None: all are equal.
        seed: of the draws.

    Raises:
        DataError: too few classes, or too few examples of them.
        ConfigError: fewer than two ways, or no shots, queries or episodes.
    """
    if ways < 2 or min(shots, queries) < 1 or episodes < 2:
        raise ConfigError(
            f"{episodes} episodes of {ways} ways, {shots} shots and {queries} queries: needed are 2 ways, 1 shot, "
            "1 query and 2 episodes at least."
        )
    most = shots + queries * (1 if dirichlet is None else ways)
    counts = np.bincount(labels[labels >= 0])
    usable = np.flatnonzero(counts >= shots + queries)
    if len(usable) < ways:
        raise DataError(
            f"{len(usable)} classes have {shots + queries} examples; {ways} such classes are needed for {ways} ways, "
            f"{shots} shots and {queries} queries. Ask for fewer of them."
        )
    for number in range(episodes):
        rng = np.random.default_rng((seed, number))
        chosen = rng.choice(usable, ways, replace=False)
        wanted = np.full(ways, queries)
        if dirichlet is not None:
            wanted = rng.multinomial(queries * ways, rng.dirichlet(np.full(ways, dirichlet)))
        rows = [rng.permutation(np.flatnonzero(labels == c))[:most] for c in chosen]
        asked = [r[shots : shots + w] for r, w in zip(rows, wanted, strict=True)]
        yield Episode(
            np.stack([r[:shots] for r in rows]),
            np.concatenate(asked),
            np.repeat(np.arange(ways), [len(a) for a in asked]),
        )


def evaluate_episodes(
    features: FloatArray,
    labels: IntArray,
    methods: Sequence[str] = ("prototype", "gda", "linear"),
    **drawn: Any,
) -> Episodes:
    """Accuracy of heads and transductive methods over the same episodes.

    Args:
        features: ``(n, d)``.
        labels: ``(n,)``.
        methods: heads by their ids (``jeoni list heads``), and ``transductive:NAME`` (``jeoni list transductive``).
        drawn: see :func:`draw_episodes`.

    Raises:
        ConfigError: an unknown method; and as :func:`draw_episodes`.
        DataError: as there.

    Example:
        ``evaluate_episodes(X, y, ["prototype", "transductive:tim"], ways=5, shots=1).summary``
    """
    check_methods(methods)
    found: dict[str, list[float]] = {name: [] for name in methods}
    ways = shots = 0
    for episode in draw_episodes(labels, **drawn):
        ways, shots = episode.support.shape
        known = features[episode.support.ravel()], np.repeat(np.arange(ways), shots)
        for name in methods:
            predict = _predict_together if name.startswith(MARK) else _predict_each
            predicted = predict(name, *known, features[episode.queries], ways)
            found[name].append(float((predicted == episode.true).mean()))
    return Episodes(ways, shots, {name: np.array(values) for name, values in found.items()})


def check_methods(methods: Sequence[str]) -> None:
    """Say that a method is unknown before anything is computed.

    Raises:
        ConfigError: none was named, or an unknown one.
    """
    if not methods:
        raise ConfigError("No method was named; needed is at least one, such as prototype.")
    for method in methods:
        if method.startswith(MARK):
            plugins.load(TRANSDUCTIVE, method.removeprefix(MARK))
        else:
            build_head(method)


def _predict_together(method: str, support: FloatArray, labels: IntArray, queries: FloatArray, ways: int) -> IntArray:
    transductive: Transductive = plugins.load(TRANSDUCTIVE, method.removeprefix(MARK))()
    found = transductive(np.asarray(support, float), labels, np.asarray(queries, float), ways)
    return np.asarray(found.argmax(1))


def _predict_each(method: str, support: FloatArray, labels: IntArray, queries: FloatArray, ways: int) -> IntArray:
    alone = len(labels) == ways
    nothing = np.zeros((0, len(labels)), dtype=np.int64)
    folds = nothing if alone else build_folds(labels, np.arange(len(labels)), 5, 1, 0)
    task = Classification(tuple(map(str, range(ways))))
    head = build_head(method).fit(support, labels, task, folds, "none")
    with torch.inference_mode():
        outputs = head.module(torch.from_numpy(np.asarray(queries, np.float32)))
    return np.asarray(outputs.argmax(1).numpy())

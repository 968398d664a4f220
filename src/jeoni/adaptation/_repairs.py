"""Repairs of a shift between domains, each tried on halves that took no part in fitting it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from sklearn.covariance import ledoit_wolf_shrinkage
from sklearn.kernel_approximation import Nystroem
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline, make_union
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from jeoni.adaptation.adapter import effective_size
from jeoni.adaptation.kernels import median_distance, rbf
from jeoni.adaptation.shallow.rlls import RLLS
from jeoni.transferability.distances.mmd import MMD
from jeoni.types import Array, FloatArray, IntArray

__all__ = ["REPAIRS", "WIDTHS", "Domains", "Repair", "Repaired", "classifier", "tried"]

WIDTHS = (0.25, 0.5, 1.0)  # in median distances: the narrow ones see shape
LANDMARKS = 100
STRENGTH = 0.1  # inverse penalty of class and concept classifiers
STRENGTHS = (1e-3, 1e-2, 1e-1, 1.0)
SPLITS = 6
ROWS = 1000  # of each domain
PERMUTATIONS = 100
ROUNDS = 2
FEW = 4  # examples a class needs, so that two are in either half


class Domains(NamedTuple):
    """Source rows with their classes, -1 where there are too few examples of one, and target rows."""

    S: Array
    labels: IntArray
    T: Array


class Repaired(NamedTuple):
    """Source rows after a repair, ``(n, d)``, and what each counts, ``(n,)``."""

    rows: Array
    weights: FloatArray


Apply = Callable[[Array, IntArray], Repaired]


@dataclass(frozen=True)
class Repair:
    """How far a repair brings source rows to the target which it was not fitted on.

    Attributes:
        removed: the share of the squared kernel distance that it removes; 1: all of it, below 0: it does harm.
        p_value: of the permutation test whether what it leaves is chance; the median over the splits.
        rows: source rows this test had: with weights, as many as were drawn in proportion to these.
        effective: the share of the source that weights rest on; 1 without weights.
    """

    removed: float
    p_value: float
    rows: int
    effective: float


def classifier(X: Array) -> Any:
    """Logistic regression on rows and on how near they are to some of them; ``X`` tells the scale."""
    return make_pipeline(_seen(X), LogisticRegression(C=STRENGTH, max_iter=500, tol=1e-3))


def _seen(X: Array) -> Any:
    """The rows and their nearness to a hundred of them, standardised."""
    near = Nystroem(gamma=0.5 / median_distance(X) ** 2, n_components=min(LANDMARKS, len(X) // 4), random_state=0)
    return make_pipeline(make_union(FunctionTransformer(), near), StandardScaler())


def by_nothing(known: Domains) -> Apply:
    """No repair: rows stay, and count alike."""
    return lambda rows, classes: Repaired(rows, np.ones(len(rows)))


def by_class(known: Domains) -> Apply:
    """Class weights by RLLS; rows of classes that are too small for it keep weight 1."""
    there = (known.labels >= 0) & (np.bincount(known.labels + 1)[known.labels + 1] >= 2)
    S, labels = known.S[there], known.labels[there]
    if len(np.unique(labels)) < 2:
        return by_nothing(known)
    found = RLLS(classifier(S)).fit(S, labels, known.T)

    def apply(rows: Array, classes: IntArray) -> Repaired:
        place = np.minimum(np.searchsorted(found.classes_, classes), len(found.classes_) - 1)
        return Repaired(rows, np.where(found.classes_[place] == classes, found.class_weights_[place], 1.0))

    return apply


def by_density(known: Domains) -> Apply:
    """A density ratio by a domain classifier, its penalty chosen by log-loss, cut at the 99th percentile."""
    X, domain = np.concatenate([known.S, known.T]), np.repeat([0, 1], [len(known.S), len(known.T)])
    mixed = np.random.default_rng(0).permutation(len(X))
    X, domain = X[mixed], domain[mixed]
    seen = _seen(X).fit(X)
    columns = seen.transform(X)
    strength = min(STRENGTHS, key=lambda strength: _loss(columns, domain, strength))
    model = LogisticRegression(C=strength, max_iter=500, tol=1e-3).fit(columns, domain)

    def apply(rows: Array, classes: IntArray) -> Repaired:
        sure = model.predict_log_proba(seen.transform(rows))
        odds = sure[:, 1] - sure[:, 0]
        return Repaired(rows, np.exp(np.minimum(odds - np.quantile(odds, 0.99), 0)))

    return apply


def by_moving(known: Domains) -> Apply:
    """Means and covariances matched, see ``_moved``."""
    move = _moved(known.S, np.ones(len(known.S)), known.T)
    return lambda rows, classes: Repaired(move(rows), np.ones(len(rows)))


def by_moving_and_class(known: Domains) -> Apply:
    """Both in turns: the moments are matched under the class weights, and the weights found where rows lie then."""
    weigh = by_nothing(known)
    for _ in range(ROUNDS):
        move = _moved(known.S, weigh(known.S, known.labels).weights, known.T)
        weigh = by_class(Domains(move(known.S), known.labels, known.T))
    return lambda rows, classes: Repaired(move(rows), weigh(rows, classes).weights)


REPAIRS: dict[str, Callable[[Domains], Apply]] = {
    "nothing": by_nothing,
    "label": by_class,
    "covariate": by_density,
    "subspace": by_moving,
    "label and subspace": by_moving_and_class,
}


def tried(domains: Domains, names: Iterable[str], seed: int) -> dict[str, Repair]:
    """Repairs, each fitted on one half of both domains and tried on the other, several times.

    Args:
        domains: of more than a thousand rows, as many are drawn in each split.
        names: of ``REPAIRS``; all see the same splits.
        seed: of the splits.
    """
    rng = np.random.default_rng(seed)
    results: dict[str, list[tuple[float, ...]]] = {name: [] for name in names}
    for split in range(SPLITS):
        known, asked = _halves(domains, rng)
        width = median_distance(asked.T)
        before = squared(Repaired(asked.S, np.ones(len(asked.S))), asked.T, width)
        for name in results:
            repaired = REPAIRS[name](known)(asked.S, asked.labels)
            after = squared(repaired, asked.T, width)
            weights = repaired.weights
            drawn = repaired.rows[rng.random(len(weights)) * weights.max() < weights]
            p = MMD(WIDTHS, PERMUTATIONS, seed=seed + split).test(drawn, asked.T).p if len(drawn) > 1 else 1.0
            results[name].append((before, after, p, len(drawn), effective_size(weights) / len(weights)))
    return {name: _summed(np.array(found)) for name, found in results.items()}


def squared(source: Repaired, T: Array, width: float) -> float:
    """The unbiased squared kernel distance of weighted rows and the target, a mean over widths."""
    w = source.weights / source.weights.sum()
    alone, n = float(w @ w), len(T)
    total = 0.0
    for factor in WIDTHS:
        inside = (w @ rbf(source.rows, source.rows, factor * width) @ w - alone) / max(1 - alone, 1e-9)
        target = (rbf(T, T, factor * width).sum() - n) / (n * (n - 1))
        total += inside + target - 2 * (w @ rbf(source.rows, T, factor * width)).mean()
    return float(total / len(WIDTHS))


def _summed(found: FloatArray) -> Repair:
    before, after, p, rows, effective = found.T
    return Repair(
        removed=float(1 - after.sum() / max(before.sum(), 1e-12)),
        p_value=float(np.median(p)),
        rows=int(np.median(rows)),
        effective=float(np.median(effective)),
    )


def _halves(domains: Domains, rng: np.random.Generator) -> tuple[Domains, Domains]:
    """Two halves of both domains, every class of the source in both."""
    S, labels, T = domains
    s, t = rng.permutation(len(S))[:ROWS], rng.permutation(len(T))[:ROWS]
    rank = np.empty(len(s), dtype=np.int64)
    for k in np.unique(labels[s]):
        of = np.flatnonzero(labels[s] == k)
        rank[of] = np.arange(len(of)) + rng.integers(2)
    one, two = s[rank % 2 == 0], s[rank % 2 == 1]
    half = len(t) // 2
    return Domains(S[one], labels[one], T[t[:half]]), Domains(S[two], labels[two], T[t[half:]])


def _moved(S: Array, weights: FloatArray, T: Array) -> Callable[[Array], Array]:
    """The affine map that matches means and covariances, turned in the better of two ways.

    As CORAL turns, that is least; or main axis to main axis, each pointing to where the longer tail is. The distance on
    the rows at hand decides.
    """
    ms, ls, Vs = _axes(S, weights)
    mt, lt, Vt = _axes(T, np.ones(len(T)))
    tails = _skew((S - ms) @ Vs, weights) * _skew((T - mt) @ Vt, np.ones(len(T)))
    width = median_distance(T)

    def move(turn: FloatArray) -> Callable[[Array], Array]:
        A = (Vs / np.sqrt(ls)) @ turn @ (Vt * np.sqrt(lt)).T
        return lambda rows: (rows - ms) @ A + mt

    ways = [move(Vs.T @ Vt), move(np.diag(np.where(tails < 0, -1.0, 1.0)))]
    return min(ways, key=lambda way: squared(Repaired(way(S), weights), T, width))


def _axes(X: Array, weights: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Mean ``(d,)``, and shrunk variances ``(d,)`` along the main axes, the columns ``(d, d)``."""
    w = weights / weights.sum()
    mean = w @ X
    centred = X - mean
    C = (centred * w[:, None]).T @ centred / max(1 - float(w @ w), 1e-9)
    share = ledoit_wolf_shrinkage(centred, assume_centered=True)
    level = np.trace(C) / len(C)
    values, vectors = np.linalg.eigh(C)
    return mean, np.maximum((1 - share) * values + share * level, 1e-9 * level + 1e-30), vectors


def _skew(Z: FloatArray, weights: FloatArray) -> FloatArray:
    """Third moments ``(d,)`` of centred columns."""
    found: FloatArray = weights @ Z**3
    return found


def _loss(X: Array, domain: IntArray, strength: float) -> float:
    """Log-loss of a domain classifier on rows it has not seen."""
    fold, total = np.arange(len(X)) % 3, 0.0
    for k in range(3):
        model = LogisticRegression(C=strength, max_iter=500, tol=1e-3).fit(X[fold != k], domain[fold != k])
        asked = np.flatnonzero(fold == k)
        total -= model.predict_log_proba(X[asked])[np.arange(len(asked)), domain[asked]].sum()
    return float(total)

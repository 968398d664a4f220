"""Splits that keep classes in proportion and clusters whole."""

from __future__ import annotations

import warnings

import numpy as np

from jeoni.errors import DataError
from jeoni.types import Array, IntArray

__all__ = ["build_folds", "build_inner_folds", "check_clusters", "repeats_for", "split_test"]


def repeats_for(n: int) -> int:
    """How often folds are drawn anew: the fewer the examples, the more a single draw depends on luck."""
    return 10 if n < 200 else 3 if n < 1000 else 1


def build_folds(strata: IntArray, clusters: IntArray, folds: int, repeats: int, seed: int) -> IntArray:
    """The fold in which each example is held out, drawn ``repeats`` times.

    Args:
        strata: ``(n,)``: classes, or what else folds keep in proportion.
        clusters: ``(n,)``; examples of one number share a fold.
        folds: how many; fewer where no class has so many clusters, at least 2. A rare class does not make folds fewer
            for all others: it is missing from some of them.
        repeats: how many draws.
        seed: of the draws.

    Returns:
        ``(repeats, n)``.

    Raises:
        DataError: all examples are in one cluster, or every class has one example only.
    """
    purpose = "one to learn from and one to test on. Add other examples, or leave out the group column"
    number_of_clusters = _counted(clusters, 2, purpose)
    largest = max(len(np.unique(clusters[strata == k])) for k in np.unique(strata))
    if np.bincount(strata).max() < 2:
        raise DataError(
            "Every class has one example left, so that none can be held out: how good a model of them is cannot be "
            "known. Give a second example of a class, or a test set (--test)."
        )
    count = max(2, min(folds, largest))
    out = np.zeros((repeats, len(strata)), dtype=np.int64)
    for r in range(repeats):
        if number_of_clusters == len(clusters):
            out[r] = _single_folds(strata, count, seed + r)
        else:
            out[r] = _cluster_folds(strata, clusters, count, seed + r)
    return out


def build_inner_folds(strata: IntArray, clusters: IntArray, folds: int, repeats: int, seed: int) -> IntArray:
    """Folds of what is left to learn from where others are held out; arguments as of :func:`build_folds`.

    Of two groups one is left then. Nothing can be held out of it as a group, so its examples are held out one by one:
    choices within are made by examples of the same group, and whoever judges them has others.

    Raises:
        DataError: every class has one example only.
    """
    of_one = len(np.unique(clusters)) < 2 <= len(clusters)
    return build_folds(strata, np.arange(len(clusters)) if of_one else clusters, folds, repeats, seed)


def _single_folds(strata: IntArray, count: int, seed: int) -> IntArray:
    """``(n,)``: those of scikit-learn's ``StratifiedKFold``, whose import takes longer than a short run's fitting."""
    rng = np.random.RandomState(seed)
    _, first, own = np.unique(strata, return_index=True, return_inverse=True)
    number = np.argsort(np.argsort(first))[own]  # strata in the order they appear
    ordered = np.sort(number)
    out = np.empty(len(strata), dtype=np.int64)
    for k in range(len(first)):
        sizes = [int((ordered[f::count] == k).sum()) for f in range(count)]
        folds = np.repeat(np.arange(count), sizes)
        rng.shuffle(folds)
        out[number == k] = folds
    return out


def _cluster_folds(strata: IntArray, clusters: IntArray, count: int, seed: int) -> IntArray:
    """``(n,)`` folds of whole clusters."""
    from sklearn.model_selection import StratifiedGroupKFold

    out = np.zeros(len(strata), dtype=np.int64)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a class with one cluster only is known, and was reported by the checks
        kind = StratifiedGroupKFold(count, shuffle=True, random_state=seed)
        for number, (_, held) in enumerate(kind.split(np.zeros(len(strata)), strata, clusters)):
            out[held] = number
    return out


def split_test(strata: IntArray, clusters: IntArray, fraction: float, seed: int) -> Array:
    """``(n,)`` bool: the examples kept as test set, about ``fraction`` of every class, clusters whole.

    A class of two clusters or more is on both sides where whole clusters allow it; one of a single cluster stays in
    training, where it can at least be learnt.

    Args:
        strata: ``(n,)``: classes, or what else the parts keep in proportion.
        clusters: ``(n,)``; examples of one number stay on one side.
        fraction: the share wanted, between 0 and 1.
        seed: of the draw.

    Raises:
        DataError: all examples are in one cluster.
    """
    number_of_clusters = _counted(clusters, 2, "one to learn from and one to test on. Add other examples")
    rng = np.random.default_rng(seed)
    counts = np.bincount(strata)
    wanted = np.clip(np.rint(fraction * counts), 1, np.maximum(counts - 1, 0))
    if number_of_clusters == len(clusters):
        chosen = np.zeros(len(strata), dtype=bool)
        for k, take in enumerate(wanted.astype(int)):
            chosen[rng.permutation(np.flatnonzero(strata == k))[:take]] = True
        return chosen
    names, member = np.unique(clusters, return_inverse=True)
    table = np.zeros((len(names), len(counts)))
    np.add.at(table, (member, strata), 1)
    return _fill(table, wanted, rng)[member]


def check_clusters(clusters: IntArray) -> None:
    """Raise a DataError if there are too few clusters to test on one and to choose by folds of the others.

    Args:
        clusters: ``(n,)`` of all examples, where no test set came with them.
    """
    purpose = (
        "one to test on, and two to learn from by folds. Group more finely, leave out the group column, or give a test "
        "set of your own with --test"
    )
    _counted(clusters, 3, purpose)


def _fill(table: Array, wanted: Array, rng: np.random.Generator) -> Array:
    """Which clusters to take: large ones first, each if it brings the counts nearer to ``wanted``.

    Args:
        table: ``(clusters, classes)`` counts.
        wanted: ``(classes,)`` counts.
        rng: breaks ties in size.
    """
    total = table.sum(0)
    spread = (table > 0).sum(0)
    scale = 1 / np.sqrt(np.maximum(total, 1))  # so that a rare class counts for more, but not for everything
    order = rng.permutation(len(table))
    order = order[np.argsort(-table[order].sum(1), kind="stable")]
    taken, have = np.zeros(len(table), dtype=bool), np.zeros(len(total))
    for c in order:
        sole = (table[c] == total) & (total > 0)
        nearer = (np.abs(wanted - have - table[c]) * scale).sum() < (np.abs(wanted - have) * scale).sum()
        if nearer and not sole.any() and (have + table[c] < total)[spread > 1].all():
            taken[c] = True
            have += table[c]
    for k in np.flatnonzero((have == 0) & (spread > 1)):
        if have[k] == 0:
            left = [c for c in order[::-1] if table[c, k] and (have + table[c] < total)[table[c] > 0].all()]
            if left:
                taken[left[0]] = True
                have += table[left[0]]
    if not taken.any():
        taken[order[-1]] = True
    return taken


def _counted(clusters: IntArray, needed: int, purpose: str) -> int:
    """How many clusters there are.

    Raises:
        DataError: fewer than are needed.
    """
    sizes = np.unique(clusters, return_counts=True)[1]
    number = len(sizes)
    if number >= needed:
        return number
    if number == 1:
        came = f"All {len(clusters)} examples belong together: they are of one group, or nearly identical."
    else:
        came = (
            f"The {len(clusters)} examples are in {number} groups ({', '.join(map(str, sizes))} examples); what is of "
            "one group, or nearly identical, is never split."
        )
    raise DataError(f"{came} At least {needed} groups are needed: {purpose}.")

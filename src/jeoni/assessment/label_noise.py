"""Labels that are probably wrong: confident learning (Northcutt, Jiang & Chuang, JAIR 70, 2021, arXiv:1911.00068).

``t_j`` is the mean out-of-fold probability of class ``j`` among the items labelled ``j``. An item labelled ``i`` counts
as one of ``j`` where its probability of ``j`` reaches ``t_j``; the counts of each row, scaled to the number of labels
``i``, estimate how many items labelled ``i`` are in truth ``j``: the joint. Off its diagonal lies the noise.

Suspects are named by ``noise_rate``: of each pair of classes as many items as the joint says, those first whose
probability of ``j`` exceeds that of ``i`` most; or by ``off_diagonal``: the items that were counted off the diagonal.

As the authors' software, and unlike the paper, ours counts the most probable class where several reach their
thresholds, takes at least one item of each class for rightly labelled, and suspects none whose label is its most
probable class. Ours differs from both in the interval: a bootstrap over items, whole groups together.

What is estimated is not the share of wrong labels alone: an item that is merely hard counts too, where a model is sure
of another class. So it is an upper estimate, the further off the worse the model is (`benchmarks/label_noise.py`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from jeoni.errors import ConfigError
from jeoni.evaluation.intervals import bootstrap_interval, not_too_certain, resample_weights, units_of
from jeoni.types import Array, FloatArray, IntArray, Interval

__all__ = ["METHODS", "SCORES", "LabelNoise", "find_label_noise", "name_suspects"]

METHODS = ("noise_rate", "off_diagonal")
SCORES = ("self_confidence", "normalised_margin")
RESAMPLES = 500
MOST_NUMBERS = 200_000_000  # probabilities that all resamples together go through
FEWEST = 100
TOUCH = 1e-6  # a probability that misses its threshold by no more reaches it
CLEAR = 0.01  # a smaller share is no more than what a good model errs


@dataclass(frozen=True)
class LabelNoise:
    """What out-of-fold probabilities say of the labels.

    Attributes:
        share: of the labels that are estimated to be wrong, with its 95 % interval.
        joint: ``(classes, classes)`` how many items of each given label (row) are in truth of each class (column).
        thresholds: ``(classes,)``: the probability from which on an item counts as one of a class.
        index: ``(m,)`` the suspects, the most suspect first.
        suggested: ``(m,)`` the most probable class of each.
        scores: ``(m,)`` how well its label fits, 0 … 1: lower is more suspect.
    """

    share: Interval
    joint: FloatArray
    thresholds: FloatArray
    index: IntArray
    suggested: IntArray
    scores: FloatArray

    @property
    def is_clear(self) -> bool:
        """Whether there are suspects, and the share is above a hundredth by its whole interval."""
        return len(self.index) > 0 and self.share.low > CLEAR


def find_label_noise(
    labels: IntArray,
    probs: Array,
    *,
    groups: IntArray | None = None,
    method: str = "noise_rate",
    score: str = "self_confidence",
    seed: int = 0,
) -> LabelNoise:
    """Estimate how many labels are wrong, and name the most suspect ones.

    Args:
        labels: ``(n,)`` the classes that were given.
        probs: ``(n, classes)``, or ``(repeats, n, classes)`` of which the mean is taken: probabilities of models that
            did not see the item.
        groups: ``(n,)``: items of one number are resampled together; None: each is alone.
        method: ``noise_rate`` or ``off_diagonal``.
        score: what suspects are sorted by: ``self_confidence``, the probability of the given label, or
            ``normalised_margin``, by how much it exceeds the highest of the others.
        seed: of the bootstrap.

    Raises:
        ConfigError: an unknown method or score, shapes that do not match, labels that are no classes, or probabilities
            that are none.

    Example:
        >>> given = np.repeat([0, 1], 10)
        >>> sure = np.where(given[:, None] == [0, 1], 0.9, 0.1)
        >>> sure[3] = 0.1, 0.9
        >>> find_label_noise(given, sure).index.tolist()
        [3]
    """
    for name, given, known in (("method", method, METHODS), ("score", score, SCORES)):
        if given not in known:
            raise ConfigError(f"{name} is {given!r}; it can be {' or '.join(known)}.")
    mean = _checked(labels, probs)
    thresholds, joint, index = _named(labels, mean, method)
    fit = _fits(labels, mean, score)
    index = index[np.argsort(fit[index], kind="stable")]
    share = _with_interval(labels, mean, joint, groups, seed)
    return LabelNoise(share, joint, thresholds, index, mean.argmax(1)[index], fit[index])


def name_suspects(labels: IntArray, probs: Array) -> IntArray:
    """The suspects of :func:`find_label_noise`, the most suspect first, without an estimate of their share.

    Args:
        labels: ``(n,)`` the classes that were given.
        probs: ``(n, classes)`` or ``(repeats, n, classes)``.

    Raises:
        ConfigError: as :func:`find_label_noise`.
    """
    mean = _checked(labels, probs)
    _, _, index = _named(labels, mean, METHODS[0])
    order: IntArray = index[np.argsort(_fits(labels, mean, SCORES[0])[index], kind="stable")]
    return order


def _named(labels: IntArray, probs: FloatArray, method: str) -> tuple[FloatArray, FloatArray, IntArray]:
    """Thresholds, joint, and the suspects in the order of the items."""
    everything = np.ones(len(labels))
    thresholds = _thresholds(labels, probs, everything)
    counted_as = _counted_as(probs, thresholds)
    joint = _joint(labels, counted_as, everything, probs.shape[1])
    flagged = _by_noise_rate(labels, probs, joint) if method == "noise_rate" else _off_diagonal(labels, counted_as)
    return thresholds, joint, np.flatnonzero(flagged & (probs.argmax(1) != labels))


def _checked(labels: IntArray, probs: Array) -> FloatArray:
    """``(n, classes)`` the mean over repeats.

    Raises:
        ConfigError: see :func:`find_label_noise`.
    """
    given = np.asarray(probs, dtype=np.float64)
    if given.ndim == 2:
        given = given[None]
    if given.ndim != 3 or not len(given) or np.shape(labels) != given.shape[1:2] or given.shape[2] < 2:
        raise ConfigError(
            f"probs has shape {np.shape(probs)} and labels {np.shape(labels)}; (n, classes) or (repeats, n, classes) "
            "with two classes at least, and (n,) are needed."
        )
    if not len(labels) or labels.min() < 0 or labels.max() >= given.shape[2]:
        raise ConfigError(
            f"There are {len(labels)} labels for {given.shape[2]} classes; at least one is needed, and labels from 0 "
            f"to {given.shape[2] - 1}. Leave items without a label out."
        )
    if not np.isfinite(given).all() or given.min() < 0 or given.max() > 1 + TOUCH:
        raise ConfigError("Probabilities between 0 and 1 are needed; apply a softmax to logits first.")
    mean: FloatArray = given.mean(0)
    return mean


def _thresholds(labels: IntArray, probs: FloatArray, weights: FloatArray) -> FloatArray:
    """``(classes,)`` the mean self-confidence of each class; beyond reach where no item has its label."""
    classes = probs.shape[1]
    own = probs[np.arange(len(labels)), labels]
    counts = np.bincount(labels, weights, minlength=classes)
    sums = np.bincount(labels, weights * own, minlength=classes)
    means: FloatArray = np.where(counts > 0, sums / np.maximum(counts, TOUCH), np.inf)
    return means


def _counted_as(probs: FloatArray, thresholds: FloatArray) -> IntArray:
    """``(n,)`` the class that an item counts as; -1 where none reaches its threshold."""
    reached = probs >= thresholds - TOUCH
    number = reached.sum(1)
    found = np.where(number > 1, probs.argmax(1), reached.argmax(1))
    return np.where(number > 0, found, -1)


def _joint(labels: IntArray, counted_as: IntArray, weights: FloatArray, classes: int) -> FloatArray:
    """``(classes, classes)`` counts, each row scaled to the number of labels of its class."""
    some = counted_as >= 0
    cell = labels[some] * classes + counted_as[some]
    counts = np.bincount(cell, weights[some], minlength=classes**2).reshape(classes, classes)
    np.fill_diagonal(counts, np.maximum(np.diagonal(counts), 1.0))
    labelled = np.bincount(labels, weights, minlength=classes)
    joint: FloatArray = counts / counts.sum(1, keepdims=True) * labelled[:, None]
    return joint


def _wrong_share(joint: FloatArray) -> float:
    return float(1 - np.trace(joint) / joint.sum())


def _off_diagonal(labels: IntArray, counted_as: IntArray) -> Array:
    """``(n,)`` bool: counted as another class than the label."""
    found: Array = (counted_as >= 0) & (counted_as != labels)
    return found


def _by_noise_rate(labels: IntArray, probs: FloatArray, joint: FloatArray) -> Array:
    """``(n,)`` bool: of each pair of classes as many as the joint says, the largest margins first; equal ones too."""
    flagged = np.zeros(len(labels), dtype=bool)
    wanted = _whole_numbers(joint)
    for given in np.unique(labels):
        rows = np.flatnonzero(labels == given)
        for other in np.flatnonzero(wanted[given]):
            if other == given:
                continue
            margin = probs[rows, other] - probs[rows, given]
            least = np.sort(margin)[-wanted[given, other]]
            flagged[rows[margin >= least]] = True
    return flagged


def _whole_numbers(joint: FloatArray) -> IntArray:
    """Whole numbers with the same rows' sums, by the largest remainders; one item at least keeps its label.

    Of equal remainders the later class comes first, as in the authors' software.
    """
    floors = np.floor(joint)
    missing = np.rint(joint.sum(1) - floors.sum(1)).astype(np.int64)
    remainders = np.round(joint - floors, 9)
    order = joint.shape[1] - 1 - np.argsort(-remainders[:, ::-1], axis=1, kind="stable")
    for row, number in enumerate(missing):
        floors[row, order[row, :number]] += 1
    counts: IntArray = floors.astype(np.int64)
    for bare in np.flatnonzero((np.diagonal(counts) == 0) & (counts.sum(1) > 0)):
        counts[bare, counts[bare].argmax()] -= 1
        counts[bare, bare] = 1
    return counts


def _fits(labels: IntArray, probs: FloatArray, score: str) -> FloatArray:
    """``(n,)`` how well each label fits its item, 0 … 1."""
    rows = np.arange(len(labels))
    own = probs[rows, labels]
    if score == "self_confidence":
        return own
    others = probs.copy()
    others[rows, labels] = -np.inf
    fit: FloatArray = (own - others.max(1) + 1) / 2
    return fit


def _with_interval(
    labels: IntArray, probs: FloatArray, joint: FloatArray, groups: IntArray | None, seed: int
) -> Interval:
    """The share of wrong labels; thresholds and joint are estimated anew in each resample."""
    n, classes = probs.shape
    resamples = int(np.clip(MOST_NUMBERS // probs.size, FEWEST, RESAMPLES))
    found = []
    for chunk in resample_weights(n, groups, resamples, seed):
        for weights in chunk.astype(np.float64):
            if not weights.any():
                continue  # a single group says nothing of others
            counted = _counted_as(probs, _thresholds(labels, probs, weights))
            found.append(_wrong_share(_joint(labels, counted, weights, classes)))
    units = units_of(n, groups)
    interval = bootstrap_interval(_wrong_share(joint), np.array(found), units, limits=(0.0, 1.0))
    return not_too_certain(interval, units)

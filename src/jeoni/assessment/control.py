"""The untrained control: the same head on a network with random weights, on as many examples as its interval needs.

A verdict is about pairs: both networks predict the same examples, with heads that were fitted to the same labels. Of
few examples these are the examples of the scores themselves. Of many, the untrained network is run on a sample of the
training examples only, and both are scored on it by cross-validation: a control that learned from fewer labels than
what it is held against would flatter transfer, and the test set is left alone.

The sample grows by steps, and stops where the difference can be told. Looking several times would find a difference
too often; so every interval is widened by Bonferroni's rule for all looks that may be taken, whether they are or not
(Pocock 1977 is the sharper rule, for looks at one quantity; here the labels grow with the looks).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from jeoni.assessment.holdout import Strategy, held_out_predictions
from jeoni.assessment.split import Split
from jeoni.backbones.backbone import Backbone
from jeoni.data.splits import build_folds
from jeoni.evaluation.compare import paired_difference
from jeoni.features.examples import Context, Examples
from jeoni.features.extract import Request
from jeoni.tasks import strata_of, task_of
from jeoni.types import FloatArray, IntArray, Interval

__all__ = ["EACH", "LEVEL", "SIZES", "Control", "control_on_all", "control_on_sample", "sample_order", "sample_size"]

SIZES = (500, 1000)  # examples at which one looks, as far as the user's limit goes
EACH = 5  # of every class, whatever the limit: fewer could not be both learned and tested
LEVEL = 0.95


@dataclass(frozen=True)
class Control:
    """Predictions of the same examples from pretrained and from untrained features.

    Attributes:
        examples: that both predict.
        pretrained: ``(repeats, n, p)``.
        untrained: the same of the control.
        looks: how many examples it had been measured on at each look; empty where it was measured on all.
        of: examples that the sample is drawn from.
        trained_on: examples that each head was fitted to.
        level: of the difference's interval.
    """

    examples: Examples
    pretrained: FloatArray
    untrained: FloatArray
    looks: tuple[int, ...] = ()
    of: int = 0
    trained_on: int = 0
    level: float = LEVEL

    @property
    def sampled(self) -> bool:
        """Whether it was measured on a sample."""
        return bool(self.looks)

    def differences(self, seed: int) -> dict[str, Interval]:
        """Each metric of the pretrained minus that of the untrained, with its interval."""
        data = self.examples.data
        return paired_difference(
            task_of(data), data.targets, self.pretrained, self.untrained, self.examples.groups, seed, level=self.level
        )


def control_on_all(probe: Strategy, untrained: Backbone, ours: FloatArray, split: Split, context: Context) -> Control:
    """Measure the control on the examples that the scores come from.

    Args:
        probe: the head.
        untrained: the network with random weights; its features are in the store.
        ours: predictions ``(repeats, n, p)`` of what it is held against.
        split: the examples.
        context: store, seed.
    """
    return Control(split.held, ours, held_out_predictions(probe, untrained, split, context))


def control_on_sample(
    probe: Strategy, backbone: Backbone, untrained: Backbone, train: Examples, context: Context, most: int, folds: int
) -> Control:
    """Measure both on a growing sample of the training examples, by cross-validation.

    Args:
        probe: the head.
        backbone: the pretrained network; its features are in the store.
        untrained: its twin with random weights; features are computed for the sample only.
        train: the training examples.
        context: store, engine, seed.
        most: examples of the largest sample; but :data:`EACH` of every class.
        folds: of the cross-validation.
    """
    strata = strata_of(train.data)
    order = sample_order(strata, context.seed)
    sizes = _sizes(most, len(train), len(np.unique(strata)))
    level = 1 - (1 - LEVEL) / len(sizes)
    headline = task_of(train.data).headline
    for number, size in enumerate(sizes, start=1):
        chosen = np.sort(order[:size])
        drawn = build_folds(strata[chosen], train.clusters[chosen], folds, 1, context.seed)
        sample = train.select(chosen, drawn)
        pretrained = held_out_predictions(probe, backbone, Split(sample, None), context)
        seen = context.extract(sample.data.items, [Request(untrained, probe.taps(untrained, size))])
        bare = replace(sample, seen=seen, index=np.arange(size))
        random = held_out_predictions(probe, untrained, Split(bare, None), context)
        trained_on = size - round(size / len(np.unique(drawn)))
        control = Control(sample, pretrained, random, tuple(sizes[:number]), len(train), trained_on, level)
        difference = control.differences(context.seed)[headline]
        if difference.low > 0 or difference.high < 0:
            break
    return control


def sample_order(strata: IntArray, seed: int) -> IntArray:
    """All examples ``(n,)`` in an order of which every beginning holds the strata in their shares.

    The first :data:`EACH` of every stratum come before all others, so that a rare one is in the smallest sample.

    Example:
        >>> strata = np.array([0] * 90 + [1] * 10)
        >>> np.bincount(strata[sample_order(strata, 0)[:50]]).tolist()
        [45, 5]
    """
    shuffled = np.random.default_rng(seed).permutation(len(strata))
    place = np.empty(len(strata))
    for k in np.unique(strata):
        own = shuffled[strata[shuffled] == k]
        place[own] = (np.arange(len(own)) + 0.5) / len(own)
        place[own[:EACH]] -= 1
    return np.argsort(place, kind="stable")


def sample_size(most: int, n: int, classes: int) -> int:
    """Of ``n`` examples as many as a control may be run on: ``most``, but :data:`EACH` of every class.

    Example:
        >>> sample_size(1000, 4000, 10), sample_size(1000, 4000, 300), sample_size(1000, 400, 10)
        (1000, 1500, 400)
    """
    return min(n, max(most, EACH * classes))


def _sizes(most: int, n: int, classes: int) -> Sequence[int]:
    """Samples to look at: those of :data:`SIZES` below the largest, and the largest."""
    largest = sample_size(most, n, classes)
    return [*(size for size in SIZES if EACH * classes <= size < largest), largest]

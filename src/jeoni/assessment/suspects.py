"""Suspects, items whose label is probably wrong: named for all examples, and left out of what a strategy trains on."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from jeoni.assessment.holdout import Assessment, Strategy
from jeoni.assessment.label_noise import LabelNoise, find_label_noise, name_suspects
from jeoni.assessment.out_of_fold import out_of_fold_probs
from jeoni.assessment.split import Split
from jeoni.backbones.backbone import Backbone
from jeoni.backbones.cut import Tap
from jeoni.errors import ConfigError
from jeoni.evaluation.amounts import amount_of
from jeoni.evaluation.compare import paired_difference
from jeoni.evaluation.evaluate import evaluate
from jeoni.explain.suspects import Suspect
from jeoni.features.examples import Context, Examples
from jeoni.features.results import code_digest, digest_of
from jeoni.locale import Said
from jeoni.models.model import Model
from jeoni.tasks import Task, task_of
from jeoni.tasks.classification import Classification, class_names_of
from jeoni.training.work import Work
from jeoni.types import Array, Dataset, Finding, FloatArray, IntArray, Interval

__all__ = ["DropSuspects", "Outcome", "Suspects", "check_droppable", "kept_of", "outcome_of", "suspects_of"]

MOST = 0.5  # of a class's items that are left out: the others must still teach it


@dataclass(frozen=True)
class Suspects:
    """What is said of the labels of all examples that can be used.

    Attributes:
        noise: of them; its indices count among these examples.
        index: ``(n,)`` where each of these is in the data set.
        left_out: ``(n,)`` bool: those that were left out of training.
    """

    noise: LabelNoise
    index: IntArray
    left_out: Array

    def rows(self, data: Dataset) -> list[Suspect]:
        """The suspects by name, the most suspect first; ``data`` is the whole data set."""
        names, noise = class_names_of(data), self.noise
        return [
            Suspect(
                int(self.index[place]),
                names[data.targets[self.index[place]]],
                names[suggested],
                float(score),
                bool(self.left_out[place]),
            )
            for place, suggested, score in zip(noise.index, noise.suggested, noise.scores, strict=True)
        ]

    def findings(self, data: Dataset) -> list[Finding]:
        """One for each suspect, the most suspect first; ``data`` is the whole data set."""
        found = []
        for suspect in self.rows(data):
            detail = Said("finding.suspect", label=suspect.suggested, share=f"{100 * suspect.score:.0f}")
            action = "removed from training" if suspect.left_out else "kept"
            found.append(Finding("label_suspect", data.items.name(suspect.item), detail, action))
        return found


def check_droppable(task: Task | None) -> None:
    """Raise a ConfigError for a task without classes, of which no label can be suspect."""
    if not isinstance(task, Classification):
        raise ConfigError(
            f"--drop-suspects is for classes: one class for each item. The task is {task.id if task else 'unknown'}; "
            "leave the option out."
        )


def suspects_of(
    found: Assessment,
    backbone: Backbone,
    split: Split,
    context: Context,
    class_weights: str = "auto",
    left_out: IntArray | None = None,
    judge: Model | None = None,
) -> Suspects | None:
    """Suspects among all examples; None for a task without classes.

    The examples that were scored are judged by the predictions that scored them. Where they are a test set, those that
    were trained on are judged out of fold; and so they are where some were left out, by what these were left out.

    Args:
        found: of a strategy, with its predictions for the held-out examples.
        backbone: whose features are in the store.
        split: the examples.
        context: where and how.
        class_weights: as the strategy has them.
        left_out: numbers of training examples that were left out.
        judge: a model that holds predictions of the training examples out of fold; None: the one that was found.
    """
    train, test = split.train, split.test
    if not isinstance(train.data.task, Classification):
        return None
    dropped = np.zeros(len(train), dtype=bool)
    dropped[np.zeros(0, dtype=np.int64) if left_out is None else left_out] = True
    labels, probs, index, clusters = train.data.targets, found.predictions.mean(0), train.index, train.clusters
    if test is None and left_out is not None:
        probs = out_of_fold_probs(backbone, train, context, class_weights=class_weights).mean(0)
    elif test is not None:
        held = (judge or found.model).held_out
        if held is None or held.shape[1] != len(train):
            held = out_of_fold_probs(backbone, train, context, class_weights=class_weights)
        if not len(held):
            return None
        probs = np.concatenate([held.mean(0), probs])
        labels = np.concatenate([labels, test.data.targets])
        index = np.concatenate([index, test.index])
        clusters = np.concatenate([clusters, test.clusters])
        dropped = np.concatenate([dropped, np.zeros(len(test), dtype=bool)])
    groups = clusters if len(np.unique(clusters)) < len(clusters) else None
    noise = find_label_noise(labels, probs, groups=groups, seed=context.seed)
    return Suspects(_with_those(noise, labels, probs, dropped), index, dropped)


def _with_those(noise: LabelNoise, labels: IntArray, probs: FloatArray, left_out: Array) -> LabelNoise:
    """With the items that were left out among the suspects: on the training part alone the joint may say other ones."""
    index = np.union1d(noise.index, np.flatnonzero(left_out))
    if len(index) == len(noise.index):
        return noise
    fit = probs[index, labels[index]]
    order = np.argsort(fit, kind="stable")
    index = index[order]
    return replace(noise, index=index, suggested=probs[index].argmax(1), scores=fit[order])


def kept_of(labels: IntArray, probs: FloatArray) -> IntArray:
    """The items that are trained on: without the suspects, of whom no more than half of a class are left out.

    Args:
        labels: ``(n,)`` classes.
        probs: ``(repeats, n, classes)`` out of fold; without a repeat all are kept.
    """
    keep = np.ones(len(labels), dtype=bool)
    if len(probs):
        suspects = name_suspects(labels, probs)
        for given in np.unique(labels[suspects]):
            own = suspects[labels[suspects] == given]
            keep[own[: int(MOST * (labels == given).sum())]] = False
    return np.flatnonzero(keep)


@dataclass(frozen=True)
class DropSuspects:
    """A strategy whose model is not fitted to suspects, which are found on the examples it is given and their folds.

    So where it is assessed by cross-validation, the suspects of each outer training part are found on inner folds: no
    held-out label decides what is left out, and nothing is left out of what scores.

    Attributes:
        strategy: what is fitted to the others.
        head: the head that finds the suspects.
        class_weights: of that head.
    """

    strategy: Any
    head: str = "linear"
    class_weights: str = "auto"

    def taps(self, backbone: Backbone, n: int) -> tuple[Tap, ...]:
        """Those of the strategy, and the pooled features."""
        return tuple(dict.fromkeys((*self.strategy.taps(backbone, n), Tap(backbone.n, True))))

    def work(self, backbone: Backbone, n: int, of: int) -> Work:
        """That of the strategy, and one head."""
        own = getattr(self.strategy, "work", None)
        return Work(heads=1) + (Work() if own is None else own(backbone, n, of))

    def identity(self, backbone: Backbone, train: Examples) -> bytes | None:
        """See :class:`jeoni.assessment.holdout.Strategy`; None where that of the strategy is not known."""
        own = getattr(self.strategy, "identity", None)
        if own is None:
            return None
        code = code_digest("jeoni.assessment.suspects", "jeoni.assessment.label_noise", "jeoni.assessment.out_of_fold")
        return digest_of(code, self.head, self.class_weights, own(backbone, train))

    def left_out(self, backbone: Backbone, train: Examples, context: Context) -> IntArray:
        """Numbers of the examples that :meth:`fit` leaves out."""
        return np.setdiff1d(np.arange(len(train)), self._kept(backbone, train, context))

    def _kept(self, backbone: Backbone, train: Examples, context: Context) -> IntArray:
        check_droppable(train.data.task)
        probs = out_of_fold_probs(backbone, train, context, self.head, self.class_weights)
        return kept_of(train.data.targets, probs)

    def fit(self, backbone: Backbone, train: Examples, context: Context) -> Model:
        """Find the suspects, and fit the strategy to the other examples."""
        keep = self._kept(backbone, train, context)
        strategy: Strategy = self.strategy
        model = strategy.fit(backbone, train.select(keep, train.folds[:, keep]), context)
        return replace(model, choice={**model.choice, "left_out": len(train) - len(keep)})


@dataclass(frozen=True)
class Outcome:
    """What is told of the suspects.

    Attributes:
        suspects: among all examples.
        trained_on: how many examples there were to train on, before any was left out.
        without: the scores of the same strategy that leaves nothing out, and what leaving out added, by metric; None
            where nothing was left out.
        headline: the leading metric.
    """

    suspects: Suspects
    trained_on: int
    without: dict[str, Interval] | None
    difference: dict[str, Interval] | None
    headline: str

    @property
    def said(self) -> list[Said]:
        """In sentences; nothing where few labels are suspect and none was left out."""
        noise, left_out = self.suspects.noise, int(self.suspects.left_out.sum())
        sentences = []
        if noise.is_clear:
            value, low, high = (f"{part:.1f}" for part in noise.share.points())
            counts = {"n": f"{len(noise.index):,}", "of": f"{len(self.suspects.index):,}"}
            sentences.append(Said("label_noise.found", **counts, value=value, low=low, high=high))
        if self.difference is not None:
            sentences.append(Said("label_noise.left_out", n=f"{left_out:,}", of=f"{self.trained_on:,}"))
            sentences.append(_what_it_did(self.difference[self.headline]))
        return sentences

    def as_dict(self) -> dict[str, Any]:
        """For ``metrics.json``."""
        noise = self.suspects.noise

        def plain(scores: dict[str, Interval] | None) -> dict[str, Any] | None:
            return None if scores is None else {name: score.as_dict() for name, score in scores.items()}

        return {
            "share": noise.share.as_dict(),
            "suspects": len(noise.index),
            "of": len(self.suspects.index),
            "clear": noise.is_clear,
            "left_out": int(self.suspects.left_out.sum()),
            "trained_on": self.trained_on,
            "without": plain(self.without),
            "difference": plain(self.difference),
        }


def _what_it_did(gain: Interval) -> Said:
    """Whether leaving them out helped, in a sentence."""
    if gain.low > 0:
        return Said("label_noise.added", amount=amount_of(gain, "accuracy", "%"))
    if gain.high < 0:
        loss = Interval(-gain.value, -gain.high, -gain.low)
        return Said("label_noise.cost", amount=amount_of(loss, "accuracy", "%"))
    return Said("label_noise.unclear", amount=amount_of(gain, "accuracy", "%", signed=True))


def outcome_of(suspects: Suspects, found: Assessment, plain: FloatArray | None, split: Split, seed: int) -> Outcome:
    """What is told of the suspects, beside the same strategy that leaves nothing out.

    Args:
        suspects: among all examples.
        found: the assessment that is reported.
        plain: ``(repeats, n, classes)`` predictions of the strategy without leaving out; None where it is ``found``.
        split: the examples.
        seed: of the bootstrap.
    """
    data, groups = split.held.data, split.held.groups
    task = task_of(data)
    without = difference = None
    if plain is not None:
        without = evaluate(task, data.targets, plain, groups, seed).metrics
        difference = paired_difference(task, data.targets, found.predictions, plain, groups, seed)
    return Outcome(suspects, len(split.train), without, difference, task.headline)

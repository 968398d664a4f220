"""A few target labels: the methods that take part, each judged on items that it has not learned from.

- The source model and every adapter learn nothing from target labels: each labelled item judges them as it is.
- The methods of ``few/`` learn from the labels, so they are judged on folds; the choice of their settings is made
  inside the folds. They run on the rows as they are and on rows that an adapter has moved (``coral+prior``), both
  on one scale and reduced to their first principal components, which one affine map does.
- ``target_only`` forgets the source, and takes part where the labels show every class.

Only methods whose log-odds are affine in the rows take part, for the model that is saved is one linear head. EasyAdapt
and EA++ do not: they take longer than all else together, and changed the mean of the pairs on which this was
decided by 0.1 points at most.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from jeoni import plugins
from jeoni.adaptation.adapter import Adapter
from jeoni.adaptation.auto import candidates_for
from jeoni.adaptation.classifier import AdaptedClassifier
from jeoni.adaptation.few_labels import FewLabelAdapter, tuned
from jeoni.adaptation.few_labels_task import Learner, Source, Task, Unlabelled, losses
from jeoni.adaptation.method_shares import Lead, brier, leads_of, shares_of, without_small
from jeoni.adaptation.projection import Projection, fit_projection
from jeoni.adaptation.stacked_rows import sum_of_squares
from jeoni.heads.fitting.maps import Affine
from jeoni.types import Array, FloatArray, IntArray

__all__ = [
    "AVERAGE",
    "SOURCE_ONLY",
    "ByLabels",
    "Choices",
    "Contender",
    "Space",
    "judge_by_labels",
    "label_free",
    "ways_for",
]

FEW = "jeoni.adaptation.few"
SOURCE_ONLY, TARGET_ONLY, AVERAGE = "source_only", "target_only", "average"
LEAST_PROB = 1e-6  # before logarithms
COMPONENTS = 128
SIMPLE = 2  # the rank of a remedy up to which `auto` tries it: labels are too few to tell many apart
REMEDIED = ("label", "covariate", "subspace", "label and subspace")
STRENGTHS = (0.1, 1.0, 10.0, 100.0)
ON_MOVED = ("all", "prior")  # of the few-label methods, those that are also tried on moved rows


@dataclass(frozen=True)
class Space:
    """Both domains' rows where the methods for few labels learn.

    Attributes:
        adapter: that moved them; empty for rows as they are.
        projection: from moved rows to those here.
        source: what its classifier learns from.
        target: ``(nt, k)`` all target rows.
    """

    adapter: str
    projection: Projection
    source: Source
    target: FloatArray

    def task(self, known: IntArray, labels: IntArray, way: type[FewLabelAdapter]) -> Task:
        """With the target rows at ``known`` labelled.

        What learns from the source's rows again takes the strength that was best for the source: to try others in every
        fold would take as long as all else together.
        """
        others = np.setdiff1d(np.arange(len(self.target)), known)
        source = self.source.with_chosen_strength if way.refits_source else self.source
        return Task(source, self.target[known], labels, Unlabelled(self.target[others], source.learner.unit))


@dataclass(frozen=True)
class Contender:
    """A method as the labels judge it.

    Attributes:
        name: such as ``coral``, ``prior`` or ``coral+prior``.
        probs: ``(n, K)`` of the labelled items, by a classifier that has not learned from them.
        way: the method for few labels; empty where it learns nothing from the labels.
        space: where that learns.
        setting: chosen for it on all labels.
    """

    name: str
    probs: FloatArray
    way: str = ""
    space: Space | None = None
    setting: Mapping[str, float] | None = None


@dataclass(frozen=True)
class Choices:
    """All that can be made ready without target labels.

    Attributes:
        free: of methods that learn nothing from target labels, ``source_only`` among them: ``(nt, K)`` probabilities of
            all target rows, by name.
        fitted: what gave them, where it is an adapter and a classifier.
        spaces: where the methods for few labels are tried.
        failed: why adapters could not be used.
    """

    free: Mapping[str, FloatArray]
    fitted: Mapping[str, AdaptedClassifier]
    spaces: Sequence[Space]
    failed: Mapping[str, str]

    def adapter(self, contender: Contender) -> Adapter | None:
        """What moves the rows that a method takes, where anything does."""
        name = contender.name if contender.space is None else contender.space.adapter
        fitted = self.fitted.get(name)
        return None if fitted is None else fitted.adapter_

    def rows_of(self, contender: Contender) -> str:
        """The rows in which a method is affine: empty for the target's own, else a name."""
        if contender.space is None and contender.name not in self.fitted:
            return contender.name
        adapter = self.adapter(contender)
        if adapter is None or all(isinstance(move, Affine) for move in adapter.moves()):
            return ""
        return contender.name if contender.space is None else contender.space.adapter


@dataclass(frozen=True)
class ByLabels:
    """How the labels weigh the methods.

    Attributes:
        shares: of the average, by name; they sum to 1, and a method that does not count is not there.
        contenders: all of them, by name.
        leads: over the source model, by name.
    """

    shares: dict[str, float]
    contenders: dict[str, Contender]
    leads: dict[str, Lead]

    @property
    def name(self) -> str:
        """Of the one method that counts, or ``average``."""
        return self.heaviest if len(self.shares) == 1 else AVERAGE

    @property
    def heaviest(self) -> str:
        """The method that counts most."""
        return max(self.shares, key=lambda name: self.shares[name])

    @property
    def taught(self) -> bool:
        """Whether any method that counts learns from the labels."""
        return any(self.contenders[name].way for name in self.shares)

    @property
    def logits(self) -> FloatArray:
        """``(n, K)`` of the labelled items: the mean of the log-odds of methods that have not learned from them."""
        each = [
            share * np.log(np.maximum(self.contenders[name].probs, LEAST_PROB)) for name, share in self.shares.items()
        ]
        found: FloatArray = np.sum(each, axis=0)
        return found

    def accuracy(self, name: str, labels: IntArray) -> float:
        """Of a method on the labelled items, held out."""
        return float((self.contenders[name].probs.argmax(1) == labels).mean())


def label_free(
    Xs: Array,
    ys: IntArray,
    Xt: Array,
    estimator: Any,
    adapters: Mapping[str, Adapter] | None = None,
    seed: int = 0,
) -> Choices:
    """Fit the source model and the adapters, and the spaces of the methods for few labels.

    Args:
        Xs: ``(ns, d)`` source rows.
        ys: ``(ns,)`` their classes ``0 ... K - 1``, each there.
        Xt: ``(nt, d)`` all target rows.
        estimator: learns from the source; from the adapted source with the choices made for the source, where it has a
            method ``with_choices``.
        adapters: by name; the simplest of those that declare a remedy, if left out.
        seed: of folds.

    Raises:
        ValueError: a source that cannot be learned.
    """
    alone = AdaptedClassifier(None, estimator).fit(Xs, ys, Xt)
    fitted, failed = {SOURCE_ONLY: alone}, dict[str, str]()
    size = len(Xs), len(Xt), Xs.shape[1]
    quick = alone.estimator_.with_choices() if hasattr(alone.estimator_, "with_choices") else estimator
    for name, adapter in (simple_adapters() if adapters is None else adapters).items():
        try:
            if adapters is None and (why := adapter.too_large(*size)):
                raise ValueError(why)
            fitted[name] = AdaptedClassifier(adapter, quick).fit(Xs, ys, Xt)
        except ValueError as error:  # what an adapter cannot use, it says in scikit-learn's manner
            failed[name] = str(error)
    free = {name: np.asarray(one.predict_proba(Xt), dtype=np.float64) for name, one in fitted.items()}
    moved = [_moved_space(name, one, Xs, ys, Xt, seed) for name, one in fitted.items()]
    return Choices(free, fitted, [space for space in moved if space is not None], failed)


def simple_adapters() -> dict[str, Adapter]:
    """The simplest remedies of all kinds of shift, by name: which kind it is, the labels tell."""
    found = {}
    for shift in REMEDIED:
        for one in candidates_for(shift):
            if one.remedy.rank <= SIMPLE:
                found[one.name] = one.prepared
    return found


def _moved_space(name: str, fitted: AdaptedClassifier, Xs: Array, ys: IntArray, Xt: Array, seed: int) -> Space | None:
    """The space of rows as they are, or after an adapter; None where it weights rows."""
    adapter: Adapter | None = fitted.adapter_
    classes = len(fitted.classes_)
    if adapter is None:
        return make_space("", Xs, ys, Xt, classes, seed)
    if getattr(adapter, "weights_", None) is not None:
        return None
    return make_space(name, adapter.transform(Xs, source=True), ys, adapter.transform(Xt), classes, seed)


def make_space(adapter: str, Xs: Array, ys: IntArray, Xt: Array, classes: int, seed: int = 0) -> Space:
    """Rows of both domains on one scale, reduced to principal components.

    Args:
        adapter: what moved the rows.
        Xs: ``(ns, d)`` source rows.
        ys: ``(ns,)`` their labels.
        Xt: ``(nt, d)`` target rows.
        classes: how many there are.
        seed: of folds.
    """
    projection = fit_projection(Xs, Xt, COMPONENTS)
    source, target = projection(Xs), projection(Xt)
    scale = (sum_of_squares(source) + sum_of_squares(target)) / (len(source) + len(target)) or 1.0
    learner = Learner(classes, scale, STRENGTHS, None, seed)
    return Space(adapter, projection, Source(source, ys, learner), target)


def ways_for(space: Space) -> dict[str, type[FewLabelAdapter]]:
    """The methods for few labels that are tried in a space, by name."""
    names = ON_MOVED if space.adapter else [name for name in plugins.names(FEW) if name != SOURCE_ONLY]
    found: dict[str, type[FewLabelAdapter]] = {name: plugins.load(FEW, name) for name in names}
    return {name: way for name, way in found.items() if way.linear and not way.gated and not way.refuses(None)}


def judge_by_labels(choices: Choices, known: IntArray, labels: IntArray) -> ByLabels:
    """Judge all methods by the labelled target rows.

    One linear head can average only methods that are affine in the same rows. Those that are not, such as deep methods,
    are sets of their own: the set of the largest share is taken.

    Args:
        choices: what was made ready without labels.
        known: ``(n,)`` target rows that have a label.
        labels: ``(n,)`` their classes.
    """
    contenders = {name: Contender(name, probs[known]) for name, probs in choices.free.items()}
    for space in choices.spaces:
        contenders |= {one.name: one for one in _few(space, known, labels)}
    leads = leads_of({name: brier(one.probs, labels) for name, one in contenders.items()}, SOURCE_ONLY)
    shares = shares_of({name: losses(one.probs, labels) for name, one in contenders.items()})
    by_rows: dict[str, dict[str, float]] = {}
    for name, share in shares.items():
        by_rows.setdefault(choices.rows_of(contenders[name]), {})[name] = share
    heaviest = max(by_rows.values(), key=lambda some: sum(some.values()))
    return ByLabels(without_small(heaviest), contenders, leads)


def _few(space: Space, known: IntArray, labels: IntArray) -> Iterable[Contender]:
    shown = len(np.unique(labels))
    if shown < 2:  # nothing to tell apart
        return
    for name, way in ways_for(space).items():
        if name == TARGET_ONLY and shown < space.source.learner.classes:
            continue  # a class that it has not seen is out of its reach, and so it would be out of the average's
        found = tuned(way, space.task(known, labels, way))
        called = f"{space.adapter}+{name}" if space.adapter else name
        yield Contender(called, found.probs, name, space, found.setting)

"""A few target labels: the methods they can choose from, each judged on items that it has not learned from.

- The source model and every adapter learn nothing from target labels: each labelled item judges them as it is.
- The methods of ``few/`` learn from the labels, so they are judged on folds; the choice of their settings is made
  inside the folds. They run on the rows as they are and on rows that an adapter has moved (``coral+prior``), both
  on one scale and reduced to their first principal components, which one affine map does.
- ``target_only`` forgets the source.

Only methods whose log-odds are affine in the rows take part, for the model that is saved is one linear head.
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
from jeoni.adaptation.few_labels_task import Learner, Source, Task, Unlabelled
from jeoni.adaptation.projection import Projection, fit_projection
from jeoni.adaptation.shrunken_choice import Lead, brier, choose_shrunken, leads_of
from jeoni.adaptation.stacked_rows import sum_of_squares
from jeoni.evaluation.calibration import temperature
from jeoni.types import Array, FloatArray, IntArray

__all__ = [
    "SOURCE_ONLY",
    "ByLabels",
    "Choices",
    "Contender",
    "Space",
    "choose_by_labels",
    "fit_contender",
    "label_free",
    "ways_for",
]

FEW = "jeoni.adaptation.few"
SOURCE_ONLY, TARGET_ONLY = "source_only", "target_only"
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

    def moved(self, adapter: str, rows: Array) -> Array:
        """Target rows after an adapter; as they are where its name is empty."""
        own: Adapter | None = self.fitted[adapter].adapter_ if adapter else None
        return rows if own is None else own.transform(rows)


@dataclass(frozen=True)
class ByLabels:
    """What the labels chose.

    Attributes:
        chosen: the method.
        contenders: by name.
        leads: over the source model, by name.
    """

    chosen: Contender
    contenders: dict[str, Contender]
    leads: dict[str, Lead]

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
    names = [name for name in plugins.names(FEW) if name != SOURCE_ONLY]
    if space.adapter:
        names = [name for name in names if name in ON_MOVED]
    found = {name: plugins.load(FEW, name) for name in names}
    return {name: way for name, way in found.items() if way.linear and not way.refuses(None)}


def choose_by_labels(choices: Choices, known: IntArray, labels: IntArray) -> ByLabels:
    """Judge all methods by the labelled target rows, and choose.

    Args:
        choices: what was made ready without labels.
        known: ``(n,)`` target rows that have a label.
        labels: ``(n,)`` their classes.
    """
    contenders = {name: Contender(name, probs[known]) for name, probs in choices.free.items()}
    for space in choices.spaces:
        contenders |= {one.name: one for one in _few(space, known, labels)}
    leads = leads_of({name: brier(one.probs, labels) for name, one in contenders.items()}, SOURCE_ONLY)
    chosen = choose_shrunken(leads, SOURCE_ONLY)
    return ByLabels(contenders[chosen], contenders, leads)


def _few(space: Space, known: IntArray, labels: IntArray) -> Iterable[Contender]:
    if len(np.unique(labels)) < 2:  # nothing to tell apart
        return
    for name, way in ways_for(space).items():
        found = tuned(way, space.task(known, labels, way))
        called = f"{space.adapter}+{name}" if space.adapter else name
        yield Contender(called, found.probs, name, space, found.setting)


def fit_contender(contender: Contender, known: IntArray, labels: IntArray) -> tuple[FloatArray, FloatArray, float]:
    """Learn from all labels: weights ``(K, d)`` and biases ``(K,)`` on moved rows, and a temperature.

    The temperature makes the held-out probabilities most likely, and is doubted as much as so few items ask for.
    """
    space = contender.space
    assert space is not None
    way: type[FewLabelAdapter] = plugins.load(FEW, contender.way)
    fitted = way(**dict(contender.setting or {})).fit(space.task(known, labels, way))
    weights, biases = space.projection.before(*fitted.affine())
    logits = np.log(np.maximum(contender.probs, 1e-6))
    return weights, biases, float(temperature(logits, labels, doubt=1 / (len(labels) + 2)))

"""Which adapter, if any: what suits the diagnosed shift is tried, and the source model kept where helping is in doubt.

No target label is seen. Musgrave, Belongie & Lim 2021 (arXiv:2111.15672) found that validators alone choose worse than
no adaptation at all; so ours asks for two kinds of evidence. The diagnosis says, on rows it was not fitted on, what
brings the domains together. Then the adapted classifier must be surer of the target than the source model (entropy), of
more classes (information maximisation), find the way back (circular validation), and a repair must not make the source
itself harder to learn (log-loss of held-out rows), by the margins that the validators declare. Which adapters are tried
for a shift, they declare themselves as ``remedies``.
Where the domains hardly overlap the source model only extrapolates: being sure means nothing there, nor does how well
it knows its own rows, and the other two must be convinced the more.
These were set on shifted digits, words of made-up themes, and simulated shifts of other seeds and sizes than any
benchmark of this project.

A method that maps both domains alike is no repair but a representation: what a row means is what it was, so held-out
source rows can tell which is better (importance-weighted cross-validation: Sugiyama, Krauledat & Müller JMLR 2007). It
is trusted where their log-loss falls beyond chance, does not rise beyond chance among those that are like the target,
and the way back is found. How sure it is of the target says nothing: more columns alone make a classifier surer. Its
thresholds are the usual 95 %, and were not set on any data.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import check_is_fitted

from jeoni import plugins
from jeoni.adaptation.adapter import Adapter, Remedy, source_labels
from jeoni.adaptation.candidate import REPAIRS, JudgingValidator
from jeoni.adaptation.density_ratio import density_ratio
from jeoni.adaptation.diagnosis import Diagnosis, diagnose, reduced
from jeoni.adaptation.shallow.standardize import Standardize
from jeoni.adaptation.trying import Tried, probabilities, try_adapter
from jeoni.errors import ConfigError
from jeoni.heads.fitting.estimator import HeadClassifier
from jeoni.locale import Said
from jeoni.transferability.samples import paired
from jeoni.types import Array, FloatArray

__all__ = ["AutoAdaptedClassifier"]

FOLDER = "jeoni.adaptation.shallow"
VALIDATORS = "jeoni.adaptation.validators"
SOURCE_ONLY = "source_only"
OVERLAP = 0.1
HELD_OUT = {"moves": -0.02}  # by kind of repair, the least gain in the log-loss of held-out source rows
BEYOND_CHANCE = 1.645  # standard errors; one-sided 95 %


class AutoAdaptedClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """A classifier that is adapted where that helps, as far as can be seen without target labels.

    Args:
        estimator: any scikit-learn classifier; a tuned, calibrated logistic regression if left out.
        class_names: what the diagnosis calls the classes, in the order of ``classes_``; their labels if left out.
        adapters: candidates by name; those that declare to mend the shift that is found, if left out.
        random_state: seed of folds and permutations.

    Attributes:
        chosen_: the method's name, ``source_only`` where none is trusted.
        why_: in words.
        diagnosis_: what the domains differ in; None where there are too few rows to tell.
        tried_: the source alone and all candidates, with the validators' scores.
        gains_: by name, what each validator gives it more than the source alone, and by how much the log-loss of
            held-out source rows falls (``held_out``); entropies and log-losses in shares of ``log K``.
        classifier_: the fitted :class:`AdaptedClassifier` that predicts.
        classes_: the source's classes.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> ys = np.arange(200) % 2
        >>> Xs, Xt = (rng.normal(size=(200, 3)) + 2 * ys[:, None] for _ in range(2))
        >>> AutoAdaptedClassifier().fit(Xs, ys, Xt).chosen_
        'source_only'
    """

    def __init__(
        self,
        estimator: Any = None,
        *,
        class_names: Sequence[str] | None = None,
        adapters: Mapping[str, Adapter] | None = None,
        random_state: int = 0,
    ) -> None:
        self.estimator = estimator
        self.class_names = class_names
        self.adapters = adapters
        self.random_state = random_state

    def fit(self, Xs: Any, ys: Any, Xt: Any) -> Self:
        """Diagnose, try, and choose.

        Args:
            Xs: ``(ns, d)`` source rows.
            ys: ``(ns,)`` their labels.
            Xt: ``(nt, d)`` target rows.

        Raises:
            ValueError: rows or labels that cannot be used.
        """
        estimator = self.estimator if self.estimator is not None else HeadClassifier(random_state=self.random_state)
        Xs, Xt = paired(Xs, Xt)
        self.classes_, labels = np.unique(source_labels(ys, len(Xs)), return_inverse=True)
        labels = labels.astype(np.int64)
        called = self.classes_ if self.class_names is None else np.asarray(self.class_names)
        few = min(len(Xs), len(Xt)) < 20
        size = len(Xs), len(Xt), Xs.shape[1]
        self.diagnosis_: Diagnosis | None = None if few else diagnose(Xs, called[labels], Xt, seed=self.random_state)
        kind = "" if self.diagnosis_ is None else " and ".join(k for k in self.diagnosis_.kinds if k != "concept")
        remedies = candidates_for(kind) if self.adapters is None else []  # what was named is tried, whatever it takes
        notes = {r.name: r.adapter.too_large(*size) for r in remedies}
        found = {r.name: r.prepared for r in remedies if not notes[r.name]}
        adapters = found if self.adapters is None else dict(self.adapters)
        validators = judging_validators() if adapters else {}
        self.tried_ = [
            try_adapter(name, adapter, estimator, Xs, labels, Xt, tuple(validators), self.random_state)
            for name, adapter in {SOURCE_ONLY: None, **adapters}.items()
        ] + [Tried(name, None, note=note) for name, note in notes.items() if note]
        alone, *others = self.tried_
        if alone.fitted is None:
            raise ValueError(f"The source cannot be learned: {alone.note}.")
        self.gains_ = {t.name: _gains(t, alone, validators, len(self.classes_)) for t in others if t.fitted}
        far = self.diagnosis_ is not None and self.diagnosis_.overlap < OVERLAP
        better = _better_representations(alone, others, Xs, Xt, self.random_state)
        trusted = [t for t in others if t.fitted and _convincing(t, self.gains_[t.name], validators, far, better)]
        chosen = max(trusted, key=lambda t: sum(self.gains_[t.name].values()), default=alone)
        self.chosen_ = chosen.name
        self.classifier_: Any = chosen.fitted
        self.why_ = self._why(len(trusted))
        return self

    def predict_proba(self, X: Any) -> FloatArray:
        """``(n, classes)``, where the classifier has probabilities; else a softmax of what it decides by."""
        check_is_fitted(self, "classifier_")
        X = np.asarray(X)
        adapter = self.classifier_.adapter_
        return probabilities(self.classifier_.estimator_, X if adapter is None else adapter.transform(X))

    def predict(self, X: Any) -> Array:
        """The class of each target row, ``(n,)``."""
        check_is_fitted(self, "classifier_")
        return np.asarray(self.classes_[self.classifier_.predict(X)])

    def _why(self, trusted: int) -> Said:
        if self.diagnosis_ is None:
            return Said("why.too_few")
        if len(self.tried_) == 1:
            return Said("why.no_shift")
        if not self.gains_:
            return Said("why.none_fitted")
        counts = {"tried": f"{len(self.gains_)}", "trusted": f"{trusted}"}
        how_many = {0: "none_of", 1: "one_of"}.get(trusted, "some_of")
        return Said(f"why.{how_many}{'_one' if len(self.gains_) == 1 else ''}", **counts)


@dataclass(frozen=True)
class RemedyOf:
    """An adapter as a candidate for one kind of shift.

    Attributes:
        name: its id, after ``standardize+`` where it is tried on standardised domains and its paper does without.
        adapter: with the settings of the remedy.
        remedy: what the adapter declares.
    """

    name: str
    adapter: Adapter
    remedy: Remedy

    @property
    def prepared(self) -> Adapter:
        """The adapter, on standardised domains where it wants them."""
        return Standardize(self.adapter) if self.remedy.standardized or self.adapter.scaled else self.adapter


def candidates_for(shift: str) -> list[RemedyOf]:
    """All adapters that declare a remedy for this kind of shift, the simple before the elaborate.

    Example:
        >>> [c.name for c in candidates_for("label and subspace")]
        ['coral', 'standardize+em', 'msda']
    """
    found = []
    for name in plugins.names(FOLDER):
        kind: type[Adapter] = plugins.load(FOLDER, name)
        for remedy in kind.remedies:
            if remedy.shift == shift:
                called = f"standardize+{name}" if remedy.standardized else name
                found.append(RemedyOf(called, kind(**remedy.settings), remedy))
    return sorted(found, key=lambda candidate: (candidate.remedy.rank, candidate.name))


def judging_validators() -> dict[str, type[JudgingValidator]]:
    """All validators that declare margins, those that also judge representations last.

    Raises:
        ConfigError: a margin for a kind of repair that does not exist.

    Example:
        >>> list(judging_validators())
        ['entropy', 'information_maximization', 'circular']
    """
    found: dict[str, type[JudgingValidator]] = {}
    for name in plugins.names(VALIDATORS):
        kind = plugins.load(VALIDATORS, name)
        margins = getattr(kind, "margins", {})
        unknown = sorted(set(margins) - set(REPAIRS))
        if unknown:
            raise ConfigError(
                f"The validator {name} has a margin for {unknown[0]!r}; kinds of repair are {', '.join(REPAIRS)}."
            )
        if margins:
            found[name] = kind
    return dict(sorted(found.items(), key=lambda item: ("represents" in item[1].margins, item[0])))


def _gains(tried: Tried, alone: Tried, validators: dict[str, type[JudgingValidator]], classes: int) -> dict[str, float]:
    """By how much validators and held-out source rows prefer it to the source alone."""
    found = {}
    for name, kind in validators.items():
        unit = float(np.log(classes)) if getattr(kind, "in_nats", False) else 1.0
        found[name] = (tried.scores[name] - alone.scores[name]) / unit
    return found | {"held_out": float((alone.losses - tried.losses).mean() / np.log(classes))}


def _convincing(
    tried: Tried,
    gains: dict[str, float],
    validators: dict[str, type[JudgingValidator]],
    far: bool,
    better: Set[str],
) -> bool:
    """Whether the validators are convinced; ``far``: the domains hardly overlap."""
    assert tried.fitted is not None
    adapter = tried.fitted.adapter_
    kinds = ["moves", "moves far"] if far else ["moves"]
    if adapter is not None and adapter.shared:
        kinds = ["represents"] if tried.name in better else []
    elif not isinstance(adapter, Standardize) and getattr(adapter, "weights_", None) is not None:
        kinds = ["weighs classes" if hasattr(adapter, "class_weights_") else "weighs rows"]
    margins = {**{name: kind.margins for name, kind in validators.items()}, "held_out": HELD_OUT}
    return any(
        all(gains[name] >= of_kind[kind] for name, of_kind in margins.items() if kind in of_kind) for kind in kinds
    )


def _better_representations(alone: Tried, others: Sequence[Tried], Xs: Array, Xt: Array, seed: int) -> set[str]:
    """Those that map both domains alike and tell held-out source rows better than the rows as they are: beyond chance
    by all of them, and not beyond chance worse by those that are like the target's."""
    shared = [t for t in others if t.fitted and t.fitted.adapter_ is not None and t.fitted.adapter_.shared]
    gains = {t.name: alone.losses - t.losses for t in shared}
    found = {k: g for k, g in gains.items() if _errors_from_zero(g, np.ones_like(g)) > BEYOND_CHANCE}
    if not found:
        return set()
    likeness = density_ratio(*reduced(Xs, Xt), seed)
    return {k for k, g in found.items() if _errors_from_zero(g, likeness) > -BEYOND_CHANCE}


def _errors_from_zero(values: FloatArray, weights: FloatArray) -> float:
    """How many of its standard errors a weighted mean lies above 0."""
    mean = np.average(values, weights=weights)
    error = np.sqrt((weights**2 * (values - mean) ** 2).sum()) / weights.sum()
    return float(mean / max(error, 1e-300))

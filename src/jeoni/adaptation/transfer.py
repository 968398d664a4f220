"""Predict the target: by the source model, by a method, or by the one that is chosen without target labels."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from jeoni.adaptation.adapt_backbone import adapt_backbone, taps_of_method
from jeoni.adaptation.adapter import Adapter
from jeoni.adaptation.advice import next_step
from jeoni.adaptation.alignment import Alignment
from jeoni.adaptation.auto import AutoAdaptedClassifier
from jeoni.adaptation.classifier import AdaptedClassifier
from jeoni.adaptation.density_ratio import entropies
from jeoni.adaptation.methods import build_method, known_methods, model_of
from jeoni.adaptation.norms import tracked_norms
from jeoni.backbones.backbone import Backbone
from jeoni.backbones.cut import Tap, cut
from jeoni.data.fitted_on import FittedOn
from jeoni.errors import ConfigError
from jeoni.features.examples import Context, Examples
from jeoni.heads.fitting.estimator import HeadClassifier
from jeoni.locale import Said
from jeoni.models.model import Model
from jeoni.specs import AdaptSpec, Recipe
from jeoni.tasks.classification import class_names_of
from jeoni.training.forward import outputs_of
from jeoni.training.rows import plain_rows
from jeoni.types import Array, FloatArray, IntArray

__all__ = [
    "SOURCE_ONLY",
    "Found",
    "adapt_by",
    "adaptation_taps",
    "asked_methods",
    "check_options",
    "check_source",
    "drawn",
    "found_of",
    "head_of",
    "learned_from",
    "source_only",
]

SOURCE_ONLY = "source_only"
SHARES = 0.1  # total variation of class shares beyond which nobody can say, without the source, which ones are right
APART = 0.01  # of probabilities: float32 against float64 gives some 1e-5
SHOWN = 400  # items of each domain in a map
SAID = 10  # classes whose estimated shares are put in words
NEUTRAL: dict[str, tuple[object, ...]] = {  # what deep methods do not use, and what asks for nothing
    "reuse": ("auto",),
    "mixup": (None, 0),
    "logit_adjustment": (None, 0),
    "patience": (None, 0),
    "accumulate": (1,),
}
SURER = 0.02  # least fall of the mean entropy, in shares of log K


@dataclass(frozen=True)
class Found:
    """One way to predict the target.

    Attributes:
        model: whose.
        probs: ``(nt, K)`` of the target.
        rows: ``(a, k)`` and ``(b, k)`` where the items that are :func:`drawn` of both domains lie for it; None where
            they lie as before.
        record: what is to be told of it.
    """

    model: Model
    probs: FloatArray
    rows: tuple[Array, Array] | None
    record: dict[str, Any]


def source_only(
    backbone: Backbone, source: Examples | None, target: Examples, start: Model | None, spec: AdaptSpec
) -> Found:
    """Predict by the source alone: a tuned, calibrated head on frozen features, or the model that was handed over."""
    whole = Tap(backbone.n, True)
    if source is None:
        assert start is not None
        return Found(start, start.predict_features(target.features(backbone, whole)), None, {})
    head = head_of(spec).fit(source.features(backbone, whole).numpy(), source.data.targets)
    model = model_of(backbone, head, None, class_names_of(source.data))
    return Found(model, model.predict_features(target.features(backbone, whole)), None, {})


def head_of(spec: AdaptSpec) -> HeadClassifier:
    """The head that learns from the adapted source."""
    return HeadClassifier(class_weights=spec.class_weights, folds=spec.folds, random_state=spec.seed)


def adapt_by(
    name: str,
    method: Adapter | Alignment | None,
    alone: Found,
    backbone: Backbone,
    source: Examples | None,
    target: Examples,
    start: Model | None,
    context: Context,
    spec: AdaptSpec,
) -> Found:
    """Adapt by a method; see :func:`check_source` for what must be there.

    Raises:
        ConfigError: rows that the method cannot use.
    """
    if name == SOURCE_ONLY:
        return replace(alone, record={"method": name})
    if isinstance(method, Alignment):
        model = adapt_backbone(
            method, backbone, source, target, context, spec.recipe, class_weights=spec.class_weights, start=start
        )
        after = _rows_after(model, backbone, target, context)
        rows = None
        if source:
            here, there = drawn(source, target, spec.seed)
            some = source.select(here, source.folds[:, here])
            rows = _rows_after(model, backbone, some, context), after[there]
        found = Found(model, model.predict_features(after), rows, {"method": name})
        return _in_doubt_as_before(found, alone) if name == "auto" else found
    assert source is not None
    whole = Tap(backbone.n, True)
    Xs, Xt = source.features(backbone, whole).numpy(), target.features(backbone, whole).numpy()
    names, told = class_names_of(source.data), {"method": name}
    try:
        if name == "auto":
            auto = AutoAdaptedClassifier(head_of(spec), class_names=names, random_state=spec.seed)
            fitted = auto.fit(Xs, source.data.targets, Xt).classifier_
            told = _told(auto) | _advice(auto, backbone)
        else:
            fitted = AdaptedClassifier(method, head_of(spec)).fit(Xs, source.data.targets, Xt)
    except ValueError as error:  # what an adapter cannot use, it says in scikit-learn's manner
        raise ConfigError(f"{name}: {error}") from error
    return found_of(name, fitted, backbone, source, target, spec, told)


def found_of(
    name: str,
    fitted: AdaptedClassifier,
    backbone: Backbone,
    source: Examples,
    target: Examples,
    spec: AdaptSpec,
    told: dict[str, Any],
) -> Found:
    """The model that a fitted adapter and its classifier come to.

    Args:
        name: of the method.
        fitted: on the pooled features of both domains.
        backbone: whose features they are.
        source: labelled.
        target: what is predicted.
        spec: gives the seed of the items shown.
        told: what is to be recorded beside.

    Raises:
        ConfigError: the adapter's moves are not its transform.
    """
    whole = Tap(backbone.n, True)
    Xs, Xt = source.features(backbone, whole).numpy(), target.features(backbone, whole).numpy()
    names, adapter = class_names_of(source.data), fitted.adapter_
    rows = None
    if adapter is not None and getattr(adapter, "weights_", None) is None:
        here, there = drawn(source, target, spec.seed)
        rows = adapter.transform(Xs, source=True)[here], adapter.transform(Xt)[there]
    model = model_of(backbone, fitted.estimator_, adapter, names)
    # what is saved is what is scored
    probs = model.predict_features(Xt)
    _check_assembled(name, probs, fitted.predict_proba(Xt))
    return Found(model, probs, rows, told | _weighing(adapter, names))


def _check_assembled(name: str, assembled: FloatArray, fitted: FloatArray) -> None:
    """Whether the saved model moves rows as the adapter did.

    Raises:
        ConfigError: it does not: the adapter's ``moves`` are not its ``transform``.
    """
    apart = float(np.abs(assembled - fitted).max())
    if apart > APART:
        raise ConfigError(
            f"{name} cannot be saved: a model made of its moves() gives probabilities that are up to {apart:.2f} off "
            "those of its transform(). An adapter that moves rows must say how in moves()."
        )


def drawn(source: Examples, target: Examples, seed: int) -> tuple[IntArray, IntArray]:
    """Items of both domains that are shown in a map: which, by number."""
    rng = np.random.default_rng(seed)
    here, there = (np.sort(rng.permutation(len(e))[:SHOWN]) for e in (source, target))
    return here, there


def check_source(name: str, method: Adapter | Alignment, start: Model | None) -> None:
    """Whether a method can do with a model in the place of its source; None: the source is there.

    Raises:
        ConfigError: it needs the source's examples, or a model that learned with batch statistics of its source.
    """
    if start is None:
        return
    if not isinstance(method, Alignment):
        raise ConfigError(f"{name} needs the source's examples; --method shot needs only a model.")
    if method.uses_source or method.trained_before:
        raise ConfigError(
            f"{name} needs the source's examples. Without them: --method shot, or adabn and tent for models that were "
            "trained with batch statistics."
        )
    if method.own_statistics and start.statistics != "batch":
        raise ConfigError(
            f"{name} puts the target's batch statistics in the place of the source's, and this model's head learned "
            "with neither, but with those of the pretraining. Give --source, so that its statistics come first, or "
            "take --method shot."
        )


def check_options(name: str, method: Adapter | Alignment | None, spec: AdaptSpec, start: Model | None) -> None:
    """Whether everything that was asked for has an effect.

    Raises:
        ConfigError: something has none; the message names it.
    """
    given = spec.recipe.decided
    if not isinstance(method, Alignment):
        unused, why = given, f"{name} trains no stages"
    elif not method.steps(1):
        unused, why = {k: v for k, v in given.items() if k != "frozen"}, f"{name} makes no steps of training"
    else:
        unused = {k: v for k, v in given.items() if v not in NEUTRAL.get(k, (v,))}
        why = "the methods that train stages do not use it"
    if method is None and spec.set:
        raise ConfigError(f"set is {spec.set!r}; {name} has no settings. Name a method, or leave it out.")
    for option, value in unused.items():
        raise ConfigError(f"{option} is {value!r}; {why}. Leave it out.")
    if start is not None:
        for option, value in spec.of_backbone.given.items():
            raise ConfigError(f"{option} is {value!r}; a model brings its own backbone. Leave it out.")
    if start is not None and spec.class_weights == "balanced":
        raise ConfigError(
            "class_weights is 'balanced'; a model's head stays as it is. Leave it out, or give the source."
        )


def _in_doubt_as_before(found: Found, alone: Found) -> Found:
    """SHOT's model where it is surer and leaves the shares of the classes, else the one before.

    SHOT pulls the shares towards equal ones, and without the source nothing tells whether that mends a shift or ruins
    a target where a class is rare.
    """
    classes = found.probs.shape[1]
    entropy = [float(entropies(one.probs).mean() / np.log(classes)) for one in (alone, found)]
    before, after = (np.bincount(one.probs.argmax(1), minlength=classes) / len(one.probs) for one in (alone, found))
    changed, surer = float(np.abs(before - after).sum() / 2), entropy[0] - entropy[1]
    tried = [{"name": "shot", "gains": {"entropy": surer, "class_shares": -changed}, "note": ""}]
    if changed <= SHARES and surer >= SURER:
        return replace(found, record={"method": "shot", "why": Said("why.surer"), "tried": tried})
    why = Said("why.other_shares", share=f"{changed:.0%}") if changed > SHARES else Said("why.not_surer")
    advice = next_step(["shot"], told=True)
    return replace(alone, record={"method": SOURCE_ONLY, "why": why, "tried": tried, "advice": advice})


def _weighing(adapter: Adapter | None, names: tuple[str, ...]) -> dict[str, Any]:
    """The effective size behind an adapter that re-weights, and the class shares it estimates."""
    if adapter is None or getattr(adapter, "weights_", None) is None:
        return {}
    size, n = float(adapter.effective_size_), len(adapter.weights_)
    found: dict[str, Any] = {"effective_size": round(size, 1)}
    said = [Said("weighing.size", size=f"{size:,.0f}", n=f"{n:,}")]
    if hasattr(adapter, "priors_"):
        found["target_shares"] = {k: round(float(p), 4) for k, p in zip(names, adapter.priors_, strict=True)}
        most = sorted(found["target_shares"].items(), key=lambda it: -it[1])[:SAID]
        shares = ", ".join(f"{name} {100 * share:.1f} %" for name, share in most)
        said.append(Said("weighing.shares", shares=shares))
    return {"weighing": {**found, "sentences": said}}


def _told(found: AutoAdaptedClassifier) -> dict[str, Any]:
    """The record of ``auto``, for ``metrics.json``."""
    return {
        "method": found.chosen_,
        "why": found.why_,
        "diagnosis": None if found.diagnosis_ is None else found.diagnosis_.as_dict(),
        "tried": [{"name": t.name, "gains": found.gains_.get(t.name), "note": t.note} for t in found.tried_],
    }


def _advice(found: AutoAdaptedClassifier, backbone: Backbone) -> dict[str, Any]:
    """The next step, where ``auto`` stays with the source model."""
    if found.chosen_ != SOURCE_ONLY:
        return {}
    if found.diagnosis_ is None:
        return {"advice": next_step((), told=False)}
    names = [name for name in found.gains_ if name in known_methods()]
    moved = any("subspace" in kind for kind in found.diagnosis_.kinds)
    if found.gains_ and moved and tracked_norms(backbone.network):
        names.append("adabn")
    return {"advice": next_step(names, told=True, source=True)}


def _rows_after(model: Model, backbone: Backbone, examples: Examples, context: Context) -> Array:
    """Pooled features behind the adapted network."""
    made = cut(model.backbone, model.frozen)
    network = made.from_rows(backbone.input).eval()
    return outputs_of(network, plain_rows(examples, backbone, made.tap, context)).astype(np.float32)


def learned_from(source: Examples | None, target: Examples, start: Model | None, adapted: Found) -> FittedOn:
    """The source, or what the model in its place was fitted on; and the target, though without its labels."""
    found = start.fitted_on if start is not None else FittedOn()
    parts = [
        part for part in (source, target if adapted.record.get("method") != SOURCE_ONLY else None) if part is not None
    ]
    return found.with_those(FittedOn.of(digest for part in parts for digest in part.digests))


def asked_methods(spec: AdaptSpec, start: Model | None) -> dict[str, Adapter | Alignment | None]:
    """The methods that were asked for, by name; see :func:`asked_method`.

    An option must have an effect on one of several at least.

    Raises:
        ConfigError: a name, a setting, an option or a start that a method cannot be used with; ``auto`` among others.
    """
    names = spec.methods
    if len(names) == 1:
        return {names[0]: asked_method(names[0], spec, start)}
    if "auto" in names:
        raise ConfigError(
            f"method is {spec.method!r}; auto chooses by itself. Name it alone, or the methods without it."
        )
    if spec.set:
        raise ConfigError(
            f"set is {spec.set!r}; several methods have several settings. Name one method, or leave it out."
        )
    plain = spec.changed(**dict.fromkeys(f.name for f in fields(Recipe)))  # None gives each its default
    methods = {name: asked_method(name, plain, start) for name in names}
    useless: list[ConfigError] = []
    for name, method in methods.items():
        try:
            check_options(name, method, spec, start)
        except ConfigError as error:
            useless.append(error)
    if len(useless) == len(methods):
        raise useless[-1]
    return methods


def asked_method(name: str, spec: AdaptSpec, start: Model | None) -> Adapter | Alignment | None:
    """The method of a name; without the source ``auto`` tries SHOT. None: nothing, or what ``auto`` finds.

    Raises:
        ConfigError: a name, a setting, an option or a start that the method cannot be used with.
    """
    name = "shot" if start is not None and name == "auto" else name
    method = None if name in ("auto", SOURCE_ONLY) else build_method(name, spec.settings)
    if method is not None:
        check_source(name, method, start)
    check_options(name, method, spec, start)
    return method


def adaptation_taps(
    method: Adapter | Alignment | None, backbone: Backbone, source: int, both: int, spec: AdaptSpec
) -> tuple[Tap, ...]:
    """The taps of a deep method, and the pooled features."""
    whole = Tap(backbone.n, True)
    if isinstance(method, Alignment):
        return tuple(dict.fromkeys((*taps_of_method(method, backbone, source, both, spec.recipe), whole)))
    return (whole,)

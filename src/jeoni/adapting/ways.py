"""The ways to predict the target: by the source model, by a method, or by what is chosen without target labels."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from jeoni.adaptation.auto import AutoAdaptedClassifier
from jeoni.adaptation.classifier import AdaptedClassifier
from jeoni.adaptation.deep._alignment import Alignment
from jeoni.adaptation.deep._backbone import adapt_backbone
from jeoni.adaptation.methods import model_of
from jeoni.adaptation.shallow._adapter import Adapter
from jeoni.backbones.backbone import Backbone
from jeoni.backbones.cut import Tap, cut
from jeoni.errors import ConfigError
from jeoni.features.examples import Context, Examples
from jeoni.heads._estimator import HeadClassifier
from jeoni.model import Model
from jeoni.spec import AdaptSpec
from jeoni.training.loop import logits_of
from jeoni.training.rows import plain_rows
from jeoni.types import Array, FloatArray

__all__ = ["SOURCE_ONLY", "Found", "chosen", "source_only"]

SOURCE_ONLY = "source_only"


@dataclass(frozen=True)
class Found:
    """One way to predict the target.

    Attributes:
        model: whose.
        probs: ``(nt, K)`` of the target.
        rows: ``(ns, k)`` and ``(nt, k)`` where both domains lie for it; None where they lie as before.
        record: what is to be told of it.
    """

    model: Model
    probs: FloatArray
    rows: tuple[Array, Array] | None
    record: dict[str, Any]


def source_only(
    backbone: Backbone, source: Examples | None, target: Examples, start: Model | None, spec: AdaptSpec
) -> Found:
    """What the source alone gives: a tuned, calibrated head on frozen features, or the model that was handed over."""
    whole = Tap(backbone.n, True)
    if source is None:
        assert start is not None
        return Found(start, start.predict_features(target.features(backbone, whole)), None, {})
    head = head_of(spec).fit(source.features(backbone, whole).numpy(), source.data.labels)
    model = model_of(backbone, head, None, source.data.class_names)
    return Found(model, model.predict_features(target.features(backbone, whole)), None, {})


def head_of(spec: AdaptSpec) -> HeadClassifier:
    if spec.head != "linear":
        raise ConfigError(f"head is {spec.head!r}; jeoni adapt takes the head linear only.")
    return HeadClassifier(class_weights=spec.class_weights, folds=spec.folds, random_state=spec.seed)


def chosen(
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
    """What the method gives.

    Raises:
        ConfigError: a method that needs the source, without one.
    """
    if name == SOURCE_ONLY:
        return replace(alone, record={"method": name})
    if isinstance(method, Alignment):
        if source is None and (method.uses_source or method.trained_before):
            raise ConfigError(
                f"{name} needs the source's examples. Without them: --method shot, or adabn and tent for networks with "
                "batch normalisation."
            )
        model = adapt_backbone(
            method, backbone, source, target, context, spec.recipe, class_weights=spec.class_weights, start=start
        )
        rows = _rows_after(model, backbone, source, target, context)
        return Found(model, model.predict_features(rows[1]), rows if source else None, {"method": name})
    if source is None:
        raise ConfigError(f"{name} needs the source's examples; --method shot needs only a model.")
    whole = Tap(backbone.n, True)
    Xs, Xt = source.features(backbone, whole).numpy(), target.features(backbone, whole).numpy()
    told: dict[str, Any] = {"method": name}
    try:
        if name == "auto":
            found = AutoAdaptedClassifier(head_of(spec), random_state=spec.seed).fit(Xs, source.data.labels, Xt)
            assert found.classifier_ is not None
            fitted, told = found.classifier_, _told(found)
        else:
            fitted = AdaptedClassifier(method, head_of(spec)).fit(Xs, source.data.labels, Xt)
    except ValueError as error:  # what an adapter cannot use, it says in scikit-learn's manner
        raise ConfigError(f"{name}: {error}") from error
    adapter = fitted.adapter_
    moved = adapter is not None and getattr(adapter, "weights_", None) is None
    return Found(
        model_of(backbone, fitted.estimator_, adapter, source.data.class_names),
        fitted.predict_proba(Xt),
        (adapter.transform(Xs, source=True), adapter.transform(Xt)) if adapter is not None and moved else None,
        told,
    )


def _told(found: AutoAdaptedClassifier) -> dict[str, Any]:
    """What ``auto`` did, for ``metrics.json``."""
    return {
        "method": found.chosen_,
        "why": found.why_,
        "diagnosis": None if found.diagnosis_ is None else found.diagnosis_.as_dict(),
        "tried": [{"name": t.name, "gains": found.gains_.get(t.name), "note": t.note} for t in found.tried_],
    }


def _rows_after(
    model: Model, backbone: Backbone, source: Examples | None, target: Examples, context: Context
) -> tuple[Array, Array]:
    """Pooled features of both domains behind the adapted network."""
    made = cut(model.backbone, model.frozen)
    network = made.from_rows(backbone.input).eval()
    found = []
    for examples in (source, target):
        if examples is None:
            found.append(np.zeros((0, backbone.dim), dtype=np.float32))
            continue
        rows = plain_rows(examples, backbone, made.tap, context)
        found.append(logits_of(network, rows).astype(np.float32))
    return found[0], found[1]

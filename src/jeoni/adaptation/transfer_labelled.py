"""Adapt with some target labels: they weigh the methods, teach those that learn from them, and score nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from jeoni.adaptation.adapter import Adapter
from jeoni.adaptation.alignment import Alignment
from jeoni.adaptation.averaged_methods import fit_average
from jeoni.adaptation.labelled_target import AVERAGE, SOURCE_ONLY, ByLabels, Choices, judge_by_labels, label_free
from jeoni.adaptation.methods import model_of, model_with
from jeoni.adaptation.transfer import Found, adapt_by, drawn, found_of, head_of
from jeoni.backbones.backbone import Backbone
from jeoni.backbones.cut import Tap
from jeoni.errors import ConfigError, DataError
from jeoni.features.examples import Context, Examples
from jeoni.locale import Said
from jeoni.specs import AdaptSpec
from jeoni.tasks.classification import class_names_of
from jeoni.types import IntArray

__all__ = ["TargetLabels", "adapt_with_labels", "labels_at"]

LEAST = 2  # one to learn from and one to judge by


@dataclass(frozen=True)
class TargetLabels:
    """Target items whose labels weigh and teach.

    Attributes:
        known: ``(m,)`` which of the target's examples.
        labels: ``(m,)`` their classes.
    """

    known: IntArray
    labels: IntArray

    def hidden(self, target: Examples) -> Examples:
        """The target without these labels: they score nothing."""
        targets = target.data.targets.copy()
        targets[self.known] = -1
        return target.with_targets(targets)


def labels_at(target: Examples, numbers: IntArray, origin: str) -> TargetLabels:
    """The labels of those items that can be used.

    Args:
        target: its examples.
        numbers: ``(nt,)`` classes of the given labels, -1 where none was given.
        origin: of the labels, for messages.

    Raises:
        DataError: fewer than two of them.
    """
    known = np.flatnonzero(numbers >= 0)
    if len(known) < LEAST:
        raise DataError(
            f"{origin} gives {len(known)} of the target's usable items a label; two at least are needed, one to learn "
            "from and one to judge by, and about twenty to tell methods apart."
        )
    return TargetLabels(known, numbers[known])


def adapt_with_labels(
    methods: Mapping[str, Adapter | Alignment | None],
    backbone: Backbone,
    source: Examples,
    target: Examples,
    given: TargetLabels,
    context: Context,
    spec: AdaptSpec,
) -> tuple[Found, Found]:
    """Average source model, adapters and methods for few labels as the labels weigh them, and learn from the labels.

    Args:
        methods: that were named; of ``auto`` the simplest adapters are tried.
        backbone: whose features they are.
        source: labelled.
        target: all of it; of its labels only those in ``given`` are looked at.
        given: the labels that weigh and teach.
        context: store, seed, console.
        spec: all options.

    Returns:
        What came out, and the source model.

    Raises:
        ConfigError: none of the named methods can be used on these data.
    """
    whole = Tap(backbone.n, True)
    Xs, Xt = source.features(backbone, whole).numpy(), target.features(backbone, whole).numpy()
    names = class_names_of(source.data)
    shallow = {name: method for name, method in methods.items() if isinstance(method, Adapter)}
    choices = label_free(
        Xs, source.data.targets, Xt, head_of(spec), None if "auto" in methods else shallow, seed=spec.seed
    )
    head = choices.fitted[SOURCE_ONLY].estimator_
    model = model_of(backbone, head, None, names)
    alone = Found(model, model.predict_features(Xt), None, {"method": SOURCE_ONLY})
    deep = {
        name: adapt_by(name, method, alone, backbone, source, target, None, context, spec)
        for name, method in methods.items()
        if isinstance(method, Alignment)
    }
    _refuse_useless(methods, choices, deep)
    free = {**choices.free, SOURCE_ONLY: alone.probs, **{name: one.probs for name, one in deep.items()}}
    choices = Choices(free, choices.fitted, choices.spaces, choices.failed)
    judged = judge_by_labels(choices, given.known, given.labels)
    told = {
        "method": judged.name,
        "why": _why(judged, len(given.labels)),
        "labels": _record(judged, given, choices, target),
    }
    name = judged.name
    if name == SOURCE_ONLY:
        return Found(alone.model, alone.probs, None, told), alone
    if name in deep:
        return Found(deep[name].model, deep[name].probs, deep[name].rows, told), alone
    if name in choices.fitted:
        return found_of(name, choices.fitted[name], backbone, source, target, spec, told), alone
    return _averaged(judged, choices, given, backbone, source, target, spec, told), alone


def _refuse_useless(methods: Mapping[str, Any], choices: Choices, deep: Mapping[str, Found]) -> None:
    """Whether any of the methods that were named can be used."""
    named = [name for name in methods if name not in ("auto", SOURCE_ONLY)]
    if named and not deep and all(name in choices.failed for name in named):
        raise ConfigError(f"None of the methods can be used. {named[0]}: {choices.failed[named[0]]}")


def _averaged(
    judged: ByLabels,
    choices: Choices,
    given: TargetLabels,
    backbone: Backbone,
    source: Examples,
    target: Examples,
    spec: AdaptSpec,
    told: dict[str, Any],
) -> Found:
    """The model of the methods that count, each with all labels; rows lie as for the one that counts most."""
    head = fit_average(judged, choices, given.known, given.labels)
    model = model_with(backbone, head.module(), head.adapter, class_names_of(source.data))
    adapter = choices.adapter(judged.contenders[judged.heaviest])
    whole = Tap(backbone.n, True)
    rows = None
    if adapter is not None:
        here, there = drawn(source, target, spec.seed)
        Xs, Xt = source.features(backbone, whole).numpy(), target.features(backbone, whole).numpy()
        rows = adapter.transform(Xs, source=True)[here], adapter.transform(Xt)[there]
    return Found(model, model.predict_features(target.features(backbone, whole)), rows, told)


def _why(judged: ByLabels, n: int) -> Said:
    tried = f"{len(judged.contenders) - 1}"
    if judged.name == SOURCE_ONLY:
        return Said("adaptation.source_counts", n=f"{n:,}", tried=tried)
    if judged.name != AVERAGE:
        return Said("adaptation.one_counts", n=f"{n:,}", tried=tried)
    share = f"{100 * judged.shares[judged.heaviest]:.0f}"
    return Said("adaptation.most", n=f"{n:,}", count=f"{len(judged.shares)}", most=judged.heaviest, share=share)


def _record(judged: ByLabels, given: TargetLabels, choices: Choices, target: Examples) -> dict[str, Any]:
    """Which labels were used, and what each method got on them, for ``metrics.json``."""
    names = class_names_of(target.data)
    counts = np.bincount(given.labels, minlength=len(names))
    shares = {name: judged.shares.get(name, 0.0) for name in judged.contenders}
    ordered = sorted(shares, key=lambda name: (-shares[name], -judged.leads[name].mean))
    return {
        "n": len(given.labels),
        "classes": {name: int(count) for name, count in zip(names, counts, strict=True)},
        "taught": judged.taught,
        "methods": [
            {
                "name": name,
                "share": shares[name],
                "lead": judged.leads[name].interval.as_dict(),
                "accuracy": judged.accuracy(name, given.labels),
            }
            for name in ordered
        ]
        + [{"name": name, "note": why} for name, why in choices.failed.items()],
        "items": [
            {"path": target.data.items.name(int(i)), "label": names[label], "predicted": names[row.argmax()]}
            for i, label, row in zip(given.known, given.labels, judged.logits, strict=True)
        ],
    }

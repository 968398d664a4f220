"""Several methods in one run, side by side; which of their models is kept is decided without target labels.

Shallow adapters are judged by the validators of :mod:`jeoni.adaptation.auto`, by the same margins; the one that they
trust most is kept. Deep methods train the network, which these validators have no margins for. So where they trust none
of what was named, the first named method is kept: the user put it first.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jeoni.adaptation.adapter import Adapter
from jeoni.adaptation.alignment import Alignment
from jeoni.adaptation.auto import AutoAdaptedClassifier
from jeoni.adaptation.transfer import SOURCE_ONLY, Found, adapt_by, found_of, head_of
from jeoni.backbones.backbone import Backbone
from jeoni.backbones.cut import Tap
from jeoni.errors import ConfigError
from jeoni.features.examples import Context, Examples
from jeoni.locale import Said
from jeoni.models.model import Model
from jeoni.specs import AdaptSpec
from jeoni.tasks.classification import class_names_of

__all__ = ["adapt_by_several", "choose"]


def adapt_by_several(
    methods: Mapping[str, Adapter | Alignment | None],
    alone: Found,
    backbone: Backbone,
    source: Examples | None,
    target: Examples,
    start: Model | None,
    context: Context,
    spec: AdaptSpec,
) -> tuple[Found, dict[str, Found], dict[str, str]]:
    """Adapt by each method.

    Args:
        methods: by name, in the order in which they were named.
        alone: the source model.
        backbone: whose features they are.
        source: labelled; None where there is a model in its place.
        target: without labels, as far as this is concerned.
        start: a model of the source.
        context: store, seed, console.
        spec: all options.

    Returns:
        What is kept, all that could be fitted by name, and why others could not.

    Raises:
        ConfigError: none of them can be used on these data.
    """
    shallow = {name: method for name, method in methods.items() if isinstance(method, Adapter)}
    auto = _judged(shallow, source, target, backbone, spec) if source is not None and shallow else None
    tried = {one.name: one for one in auto.tried_} if auto else {}
    founds: dict[str, Found] = {}
    failed: dict[str, str] = {}
    for name, method in methods.items():
        try:
            if name in shallow and source is not None:
                fitted = tried[name].fitted
                if fitted is None:
                    raise ConfigError(f"{name}: {tried[name].note}")
                founds[name] = found_of(name, fitted, backbone, source, target, spec, {"method": name})
            else:
                founds[name] = adapt_by(name, method, alone, backbone, source, target, start, context, spec)
        except ConfigError as error:
            failed[name] = str(error)
    if not founds:
        raise ConfigError(f"None of the methods can be used. {next(iter(failed.values()))}")
    chosen, why = choose(founds, "" if auto is None or auto.chosen_ == SOURCE_ONLY else auto.chosen_)
    record = {**founds[chosen].record, "method": chosen, "why": why, **(_validated(auto) if auto else {})}
    kept = founds[chosen]
    return Found(kept.model, kept.probs, kept.rows, record), founds, failed


def choose(founds: Mapping[str, Found], trusted: str) -> tuple[str, Said]:
    """The name of the method whose model is kept, and why.

    Args:
        founds: what each method came to, in the order in which they were named.
        trusted: the method that the validators trust most; empty where they trust none.
    """
    if trusted in founds:
        return trusted, Said("why.most_trusted")
    return next(iter(founds)), Said("why.first_named")


def _judged(
    shallow: Mapping[str, Adapter], source: Examples, target: Examples, backbone: Backbone, spec: AdaptSpec
) -> AutoAdaptedClassifier:
    whole = Tap(backbone.n, True)
    Xs, Xt = source.features(backbone, whole).numpy(), target.features(backbone, whole).numpy()
    names = class_names_of(source.data)
    auto = AutoAdaptedClassifier(head_of(spec), class_names=names, adapters=shallow, random_state=spec.seed)
    try:
        return auto.fit(Xs, source.data.targets, Xt)
    except ValueError as error:  # what cannot be learned, it says in scikit-learn's manner
        raise ConfigError(str(error)) from error


def _validated(auto: AutoAdaptedClassifier) -> dict[str, Any]:
    """What the validators said of each adapter, for ``metrics.json``."""
    return {
        "diagnosis": None if auto.diagnosis_ is None else auto.diagnosis_.as_dict(),
        "tried": [{"name": t.name, "gains": auto.gains_.get(t.name), "note": t.note} for t in auto.tried_],
    }

"""A deep method on a backbone: cut, rows of both domains from the store, a head fitted to the source, the training."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import asdict, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from jeoni.adaptation.alignment import Alignment, Network, SourceOnly
from jeoni.adaptation.deep_training import Domains, attach, part_groups, train_method
from jeoni.adaptation.norms import even_batches, take_statistics
from jeoni.backbones.backbone import Backbone
from jeoni.backbones.cut import Tap, cut, merge
from jeoni.features.examples import Context, Examples
from jeoni.heads.fitting.named import build_head
from jeoni.models.model import Model
from jeoni.specs import Recipe
from jeoni.tasks import task_of
from jeoni.tasks.classification import Classification, class_names_of
from jeoni.training.defaults import ResolvedRecipe, resolve_defaults
from jeoni.training.depth import default_frozen, frozen_alike, frozen_stages, identity_of, set_temperature, taps_for
from jeoni.training.forward import as_input
from jeoni.training.groups import build_groups
from jeoni.training.job import History
from jeoni.training.rows import Rows, plain_rows, training_rows
from jeoni.training.work import Training, Work
from jeoni.types import Array, IntArray

__all__ = ["adapt_backbone", "expected_work", "taps_of_method"]

PREFERRED = {"augment": "none", "views": 0}


def stays(method: Alignment, backbone: Backbone, n: int, recipe: Recipe) -> int:
    """How many stages stay as they are, for ``n`` source examples."""
    if method.frozen is not None and recipe.frozen == "auto":
        return method.frozen
    return frozen_stages(recipe, backbone, default_frozen(backbone, n))


def taps_of_method(method: Alignment, backbone: Backbone, n: int, both: int, recipe: Recipe) -> tuple[Tap, ...]:
    """The activations that must be in the store of both domains, which are ``both`` examples together."""
    return taps_for(backbone, stays(method, backbone, n, recipe), both, recipe)


def adapt_backbone(
    method: Alignment,
    backbone: Backbone,
    source: Examples | None,
    target: Examples,
    context: Context,
    recipe: Recipe,
    *,
    head: str = "linear",
    class_weights: str = "auto",
    start: Model | None = None,
) -> Model:
    """Adapt what is above the cut to the target, whose labels are not looked at.

    Args:
        method: how.
        backbone: what to start from; its rows are in the store for both domains.
        source: labelled; None where ``start`` brings what was learned from it.
        target: its labels are not used.
        context: store, seed, console.
        recipe: its defaults not yet resolved.
        head: its id.
        class_weights: ``auto``, ``balanced`` or ``none``.
        start: a model of the source; its backbone is ``backbone``.

    Raises:
        ConfigError: a network that the method cannot adapt; too few items.
    """
    both = len(target) + (len(source) if source else 0)
    own = PREFERRED if not method.strong_views else {"augment": "light", "views": 2}
    frozen = stays(method, backbone, len(source) if source else len(target), recipe)
    resolved = resolve_defaults(recipe, {**backbone.preferred, **own, **method.preferred}, both)
    made = cut(backbone, frozen)
    features = made.from_rows(backbone.input)
    choice: dict[str, Any]
    if start is not None:
        module, choice, head, names = start.head, start.choice, start.head_id, start.class_names
    else:
        assert source is not None
        names = class_names_of(source.data, "Adaptation")
        module, choice = _head(method, features, backbone, source, made.tap, context, head, class_weights)
    module = copy.deepcopy(module)
    warm = float(module.get_buffer("temperature").mean())
    set_temperature(module, 1.0)
    network = Network(features, module, nn.Identity())
    domains, said = _domains(method, backbone, source, target, made.tap, resolved, context, len(names), choice)
    passed: list[History] = []
    for turn in (*([SourceOnly()] if method.trained_before else []), method):
        attach(turn, network, backbone.dim, len(names), len(target), context.seed)
        stages = build_groups(backbone, made.frozen, made.prefix, network, resolved, wanted=turn.wanted)
        groups = stages + part_groups(network, resolved)
        groups = [g for g in groups if g.name != "head" or turn.uses_source]
        passed.append(train_method(turn, network, groups, domains, resolved, context))
    network.eval()
    set_temperature(module, warm)
    merged = merge(backbone, made)
    moved = groups if passed[-1].steps else []
    training = {
        "recipe": asdict(resolved),
        **_told(passed),
        "share": 1.0,
        "shares": {},
        "held_out": 0,
        "refitted": False,
        "rows": said,
        "apart": made.apart,
        "frozen_identical": frozen_alike(backbone, merged, frozen),
        "rates": {g.name: {"learning_rate": g.learning_rate, "starts": 0} for g in moved if g.name != "parts"},
        "statistics": "batch" if method.statistics or method.own_statistics else "own",
    }
    return Model(
        backbone=merged,
        head=module.eval(),
        head_id=head,
        task=Classification(names),
        frozen=frozen,
        reuse=backbone.n,
        choice=choice,
        training=training,
        statistics=str(training["statistics"]),
    )


def expected_work(method: Alignment, backbone: Backbone, source: int, both: int, recipe: Recipe) -> Work:
    """What :func:`adapt_backbone` will have to compute.

    Args:
        method: how.
        backbone: what is adapted.
        source: examples of it; of the target, where a model stands in the source's place.
        both: examples of both domains together.
        recipe: its defaults not yet resolved.
    """
    own = PREFERRED if not method.strong_views else {"augment": "light", "views": 2}
    frozen = stays(method, backbone, source, recipe)
    resolved = resolve_defaults(recipe, {**backbone.preferred, **own, **method.preferred}, both)
    turns = [SourceOnly(), method] if method.trained_before else [method]
    steps = sum(turn.steps(resolved.steps) for turn in turns)
    trained = (Training(backbone, frozen, resolved, steps, method.statistics),) if steps else ()
    return Work(1, trained)


def _domains(
    method: Alignment,
    backbone: Backbone,
    source: Examples | None,
    target: Examples,
    tap: Tap,
    recipe: ResolvedRecipe,
    context: Context,
    classes: int,
    choice: dict[str, Any],
) -> tuple[Domains, dict[str, object]]:
    """The training data of both domains, and what the run's record says of the rows."""
    rows, said = training_rows(target, backbone, tap, recipe, context)
    strong = None
    if method.strong_views:
        strong, _ = training_rows(target, backbone, tap, replace(recipe, augment="strong"), context)
    seen = source if source is not None and method.uses_source else None
    labels = seen.data.targets if seen else np.zeros(0, dtype=np.int64)
    weights = None
    if seen and choice.get("class_weights") == "balanced":
        counts = np.bincount(labels, minlength=classes).astype(np.float32)
        weights = torch.from_numpy(counts.sum() / (classes * np.maximum(counts, 1)))
    domains = Domains(
        source=training_rows(seen, backbone, tap, recipe, context)[0] if seen else None,
        labels=labels,
        target=rows,
        classes=classes,
        strong=strong,
        identity="".join(identity_of(e) for e in (seen, target) if e),
        weights=weights,
        order=_by_content(target),
    )
    return domains, said


def _told(passed: list[History]) -> dict[str, Any]:
    """Of the method's own training, and the cost of whatever came before it too."""
    last = passed[-1]
    found = {
        "steps": last.steps,
        "best_step": last.best_step,
        "evaluations": last.evaluations,
        "seconds": round(sum(h.seconds for h in passed), 3),
        "examples": sum(h.examples for h in passed),
    }
    return found if len(passed) == 1 else {**found, "steps_on_the_source": passed[0].steps}


def _head(
    method: Alignment,
    features: nn.Module,
    backbone: Backbone,
    source: Examples,
    tap: Tap,
    context: Context,
    head: str,
    class_weights: str,
) -> tuple[nn.Module, dict[str, Any]]:
    """A head fitted to the source: on the stored features, or, where the method changes batch normalisation, on those
    that the source's own statistics give."""
    kind = build_head(head)
    found: Any = source.features(backbone, Tap(backbone.n, True))
    if method.own_statistics:
        rows = plain_rows(source, backbone, tap, context)
        order = _by_content(source)
        take_statistics(features, _batches(rows, order))
        found = _through(features, rows)
    task = task_of(source.data)
    fitted = kind.fit(found, source.data.targets, task, source.folds, class_weights, source.clusters)
    return fitted.module, fitted.choice


def _by_content(examples: Examples) -> IntArray:
    """Their numbers in the order of their digests: mixed as by chance, and the same whatever the files are called."""
    digests = [examples.seen.digests[int(i)] for i in examples.index]
    return np.array(sorted(range(len(digests)), key=digests.__getitem__), dtype=np.int64)


def _batches(rows: Rows, order: IntArray) -> Iterator[Tensor]:
    for index in even_batches(order):
        yield as_input(rows.batch(index, np.zeros_like(index)), torch.device("cpu"))


def _through(features: nn.Module, rows: Rows) -> Array:
    with torch.inference_mode():
        return torch.cat([features(batch) for batch in _batches(rows, np.arange(len(rows)))]).numpy()

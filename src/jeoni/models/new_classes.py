"""A saved model takes new classes, with one example each if there are no more, and nothing is trained.

Heads that keep a vector or rows for each class can do so: class means, nearest neighbours, and the cosine classifier,
whose weights are imprinted (Qi et al. CVPR 2018). The weights of the others were fitted against the classes there were.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from jeoni.backbones.cut import Tap
from jeoni.data.examples import as_dataset
from jeoni.data.fitted_on import FittedOn
from jeoni.errors import ConfigError, DataError
from jeoni.features.examples import Context
from jeoni.features.extract import Request
from jeoni.tasks.classification import Classification

if TYPE_CHECKING:
    from jeoni.models.model import Model

__all__ = ["add_classes"]

HEADS = ("prototype", "knn", "cosine")


def add_classes(model: Model, new: Mapping[str, Any], context: Context) -> Model:
    """See :meth:`jeoni.models.model.Model.with_classes`."""
    task = _checked(model, new)
    tap = Tap(model.backbone.n, True)
    rows, digests = [], list[bytes]()
    for name, examples in new.items():
        items = as_dataset(examples, model.backbone.input.modality, kept=model.column).items
        seen = context.extract(items, [Request(model.backbone, (tap,))])
        if len(seen.errors):
            where, why = next(iter(seen.errors.items()))
            raise DataError(f"An example of the new class {name!r} cannot be read: {items.name(where)}: {why}")
        features = seen.features(model.backbone, tap, np.arange(len(items)))
        rows.append(torch.from_numpy(np.asarray(features.numpy(), dtype=np.float32)))
        digests += seen.digests
    with torch.no_grad():
        head: Any = model.head
        extended = head.with_classes(rows)
    facts = {key: value for key, value in model.facts.items() if key not in ("summary", "how", "scores")}
    return replace(
        model,
        head=extended,
        task=replace(task, class_names=(*task.class_names, *map(str, new))),
        facts=facts,  # scores were those of the model without the new classes
        fitted_on=model.fitted_on.with_those(FittedOn.of(digests)),
    )


def _checked(model: Model, new: Mapping[str, Any]) -> Classification:
    if not isinstance(model.task, Classification):
        raise ConfigError(f"The model's task is {model.task.id}; new classes are for a classification.")
    if not new:
        raise ConfigError("No new class was given. Needed: a name and examples, such as {'heron': ['heron.jpg']}.")
    known = [name for name in map(str, new) if name in model.class_names]
    if known:
        raise ConfigError(
            f"The model already knows {', '.join(map(repr, known))}. More examples of a known class need a new fit."
        )
    if not hasattr(model.head, "with_classes"):
        raise ConfigError(
            f"The head {model.head_id} cannot take new classes: its weights were fitted against the classes that there "
            f"were. Fit again with --head {HEADS[0]} (or {', '.join(HEADS[1:])}); with the features in the cache that "
            "takes seconds."
        )
    return model.task

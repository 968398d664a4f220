"""One fit of a task on places in pictures, and what its predictions on other pictures are worth."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from _kept import Kept

from jeoni import plugins
from jeoni.backbones.backbone import Backbone
from jeoni.backbones.catalog import load_backbone
from jeoni.backbones.sources.untrained import untrained_twin
from jeoni.data.annotations.read import read_annotated
from jeoni.dense.frames import with_frame
from jeoni.dense.transfer import Transfer, build_dense_head, default_head
from jeoni.features.examples import Context, Examples
from jeoni.features.extract import Request
from jeoni.specs import Recipe
from jeoni.types import Dataset

__all__ = ["Kept", "Pictures"]

TASKS = "jeoni.dense.tasks"


@dataclass
class Pictures:
    """Pictures of one task, and the means to fit on some of them and to score others."""

    data: Dataset
    task: Any
    name: str
    longest: int
    context: Context = field(default_factory=lambda: Context(workers=1))

    @classmethod
    def read(
        cls, path: Path, task: str, longest: int = 0, backbone: str = "efficientnet_lite0", **options: Any
    ) -> Pictures:
        data = read_annotated(path, task, **options)
        assert data is not None
        kind = plugins.load(TASKS, task)
        own, _ = kind.read([one for one, part in zip(data.targets, data.part, strict=True) if part != "test"])
        return cls(replace(data, task=own), own, backbone, longest or own.longest)

    def backbone(self, trained: bool = True, seed: int = 0) -> Backbone:
        """Framed for these pictures; with random weights where it is not trained."""
        loaded = load_backbone(self.name)
        return with_frame(loaded if trained else untrained_twin(loaded, seed), self.data, self.longest)

    def fit(
        self,
        strategy: str,
        chosen: Sequence[int],
        seed: int,
        *,
        trained: bool = True,
        head: str = "auto",
        **recipe: Any,
    ) -> tuple[Any, Backbone, float]:
        """The model, the backbone it started from, and the seconds of one core it took, features included."""
        start = time.process_time()
        backbone = self.backbone(trained, seed)
        head = default_head(self.task, head)
        transfer = Transfer(self.task, build_dense_head(self.task, head), head, strategy, Recipe(**recipe))
        context = replace(self.context, seed=seed)
        examples = self.examples(backbone, transfer, chosen, context)
        model = transfer.fit(backbone, examples, context)
        return model, backbone, time.process_time() - start

    def examples(self, backbone: Backbone, transfer: Transfer, chosen: Sequence[int], context: Context) -> Examples:
        index = np.asarray(chosen, dtype=np.int64)
        data = self.data.select(index)
        seen = context.extract(data.items, [Request(backbone, transfer.taps(backbone, len(index)))])
        rows = np.arange(len(index))
        return Examples(data, rows, seen, rows, np.zeros((1, len(index)), dtype=np.int64))

    def evidence(self, model: Any, chosen: Sequence[int]) -> list[Any]:
        """What the metrics need of some pictures."""
        found = model.predict(self.data.select(np.asarray(chosen, dtype=np.int64)), self.context)
        return [self.task.evidence(one, self.data.targets[i]) for one, i in zip(found.predictions, chosen, strict=True)]

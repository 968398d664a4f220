"""Examples whose frozen features are in the store, and the means to compute more of them."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from jeoni import distributed
from jeoni.backbones.backbone import Backbone
from jeoni.backbones.cut import Tap
from jeoni.deadline import Allowance, Deadline, Spent
from jeoni.features.executor import Executor
from jeoni.features.extract import Extraction, Request, extract
from jeoni.features.jobs import Engines
from jeoni.features.store import Features, FeatureStore
from jeoni.types import Array, Console, Dataset, IntArray, Items, Quiet

__all__ = ["Context", "Examples"]


@dataclass(frozen=True)
class Context:
    """Where and how a run computes.

    Attributes:
        store: the feature cache.
        engine: ``auto`` or an engine's name.
        workers: threads or processes, each of which keeps one core busy; 0 is one per core.
        strict: stop at the first example that cannot be read.
        seed: of all random choices.
        console: who is told.
        checkpoints: where the states of trainings are kept; None keeps none.
        checkpoint_s: seconds between two of them.
        engines: that were compiled, so that none is compiled twice.
        deadline: when the run must be done; None is no limit.
        spent: seconds of the parts of fits, by what they were spent on.
        decoding: by ``threads`` or ``processes``; ``auto`` takes what is faster.
        executor: other processes that run the frozen stages; None runs them here.
    """

    store: FeatureStore = field(default_factory=FeatureStore)
    engine: str = "auto"
    workers: int = 0
    strict: bool = False
    seed: int = 0
    console: Console = field(default_factory=Quiet)
    checkpoints: Path | None = None
    checkpoint_s: float = 30.0
    engines: Engines = field(default_factory=dict, repr=False, compare=False)
    deadline: Deadline | None = field(default=None, repr=False, compare=False)
    spent: Spent = field(default_factory=Spent, repr=False, compare=False)
    decoding: str = "auto"
    executor: Executor | None = field(default=None, repr=False, compare=False)

    @property
    def threads(self) -> int:
        """Threads that read, decode and compute."""
        return self.workers or distributed.cores()

    def allowance(self, kind: Hashable, steps: float) -> Allowance | None:
        """The time of a training that begins now; None where there is no limit. See :meth:`.Deadline.allow`."""
        return None if self.deadline is None else self.deadline.allow(kind, steps)

    def begin_fit(self, name: str = "") -> None:
        """Tell the deadline, if there is one, that the next fit begins, or the next of that name."""
        if self.deadline is not None:
            self.deadline.begin_fit(name)

    def extract(self, items: Items, requests: Sequence[Request]) -> Extraction:
        """See :func:`jeoni.features.extract.extract`; several processes share the work."""
        if distributed.world_size() == 1:
            return self._extract(items, requests)
        # a row number modulo the number of processes: neighbours in a folder are often alike in size
        mine = np.arange(distributed.rank(), len(items), distributed.world_size())
        share = self._extract(items.select(mine), requests) if len(mine) else None
        distributed.barrier()
        whole = self._extract(items, requests)  # all rows are there now; this reads the examples' digests
        return replace(
            whole,
            choices=share.choices if share else whole.choices,
            computed=distributed.sum_over_processes(share.computed if share else 0),
            seconds=whole.seconds + (share.seconds if share else 0.0),
        )

    def _extract(self, items: Items, requests: Sequence[Request]) -> Extraction:
        return extract(
            items,
            requests,
            self.store,
            engine=self.engine,
            threads=self.threads,
            strict=self.strict,
            console=self.console,
            engines=self.engines,
            decoding=self.decoding,
            executor=self.executor,
        )


@dataclass(frozen=True)
class Examples:
    """Labelled examples, their place in an extraction, and the folds that decide every choice on them.

    Attributes:
        data: the examples, all of them readable and labelled.
        clusters: ``(n,)``: examples of one number must stay on one side of every split.
        seen: the extraction they come from.
        index: ``(n,)``: where each is in ``seen``.
        folds: ``(repeats, n)``: the fold in which each is held out.
        of: how many there are in the whole data set: decides what must be alike in all its parts, such as the cut.
    """

    data: Dataset
    clusters: IntArray
    seen: Extraction
    index: IntArray
    folds: IntArray
    of: int = 0

    def __post_init__(self) -> None:
        if not self.of:
            object.__setattr__(self, "of", len(self.index))

    def __len__(self) -> int:
        return len(self.index)

    @property
    def digests(self) -> list[bytes]:
        """Of each example's content."""
        return [self.seen.digests[int(i)] for i in self.index]

    @property
    def groups(self) -> IntArray | None:
        """``(n,)`` what is resampled together: near-identical examples and members of one group are not independent.

        None where every example stands by itself.
        """
        return self.clusters if len(np.unique(self.clusters)) < len(self) else None

    def features(self, backbone: Backbone, tap: Tap) -> Features:
        """``(n, …)`` rows of one tap."""
        return self.seen.features(backbone, tap, self.index)

    def with_targets(self, targets: Array) -> Examples:
        """The same examples with other targets."""
        return replace(self, data=replace(self.data, targets=targets))

    def select(self, keep: IntArray, folds: IntArray) -> Examples:
        """The examples at ``keep``, with folds of their own."""
        return replace(
            self,
            data=self.data.select(keep),
            clusters=self.clusters[keep],
            index=self.index[keep],
            folds=folds,
        )

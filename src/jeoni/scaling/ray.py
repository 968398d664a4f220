"""Extraction by Ray Data (Moritz et al., 2018; Luan et al., 2025): a pool of processes, on one machine or many.

Each process decodes and runs the frozen stages of one block of examples after the other; what they computed streams
back and is written here, into the store that any other run uses. So the machines need the examples (or get them sent,
where they are no files) and jeoni, but no shared disk for the store; little is in memory at a time; and a row is kept
under the content it was computed from, whoever computed it.

A process that dies is started again and its block worked off anew. One whose every start fails on the same block is
looked at example by example: that which kills it is told as unreadable, and all else is there.
"""

from __future__ import annotations

import pickle
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow

from jeoni import distributed
from jeoni.errors import ConfigError
from jeoni.features.chunks import Chunk
from jeoni.features.executor import ToDo
from jeoni.features.known import KnownRows
from jeoni.scaling.blocks import Block, block_length, blocks, travels_alone
from jeoni.scaling.cluster import Cluster, connect, import_ray
from jeoni.scaling.extractor import Extractor, Setup
from jeoni.specs.where import Where
from jeoni.types import Items

__all__ = ["RayExecutor"]

LEAST = 256
STARTS = 3  # of a process for the same block
BYTES = 16 << 20  # that a process gives back at once


@dataclass(frozen=True)
class RayExecutor:
    """Processes of a Ray cluster; see :class:`jeoni.features.executor.Executor`.

    Attributes:
        where: the cluster.
        engine: that is wanted.
        processes: at most so many; 0 is one per GPU, or one per core where there is none.
        fewest: fewer examples than this are worked off in this process; starting others takes longer.
    """

    where: Where
    engine: str = "auto"
    processes: int = 0
    fewest: int = LEAST

    def check(self) -> None:
        """Connect.

        Raises:
            MissingExtra: Ray is not installed.
            ConfigError: see :func:`jeoni.scaling.cluster.connect`.
        """
        connect(self.where)

    def least(self) -> int:
        """Fewer examples than this are worked off sooner here."""
        return self.fewest

    def accelerated(self) -> bool:
        """Whether GPUs of the cluster are used."""
        return self._gpus(connect(self.where)) > 0

    def _gpus(self, cluster: Cluster) -> int:
        wanted = self.engine in ("auto", "torch") and distributed.selected_device() != "cpu"
        return cluster.gpus if wanted else 0

    def chunks(self, items: Items, index: Sequence[int], todo: ToDo, size: int) -> Iterator[Chunk]:
        """The examples at ``index`` in chunks of ``size`` neighbours; each example once, chunks in any order.

        Raises:
            ConfigError: no process of the cluster stays alive.
        """
        pool = _Pool(self, connect(self.where), items, todo, len(index))
        lost = dict.fromkeys(int(i) for i in index)
        for chunk in pool.run(list(lost), block_length(len(index), size, pool.processes), STARTS):
            for number in chunk.index:
                del lost[number]
            yield chunk
        if not lost:
            return
        if len(lost) == len(index):
            raise ConfigError(
                f"Each process that the Ray cluster {self.where.told} started for this run died before it gave "
                "anything back. Needed is memory for one network in each: start fewer with --workers; `ray status` and "
                "the cluster's logs tell more."
            )
        for chunk in pool.run(list(lost), 1, 1):
            for number in chunk.index:
                del lost[number]
            yield chunk
        for number in lost:
            name = items.name(number)
            said = f"{name} ended the process that read it; it may be damaged, or need more memory than there is."
            yield Chunk([number], [b""], {number: said}, rows=[[] for _ in todo.requests])


class _Pool:
    """What all blocks of one pass share."""

    def __init__(self, executor: RayExecutor, cluster: Cluster, items: Items, todo: ToDo, count: int) -> None:
        self._ray = import_ray()
        gpus = executor._gpus(cluster)
        self.processes = executor.processes or gpus or cluster.cpus
        self._cpus = max(1, cluster.cpus // gpus) if gpus else 1
        self._gpus = 1 if gpus else 0
        self._items, self._alone = items, travels_alone(items)
        put = self._ray.put
        self._setup = Setup(
            todo=pickle.dumps(replace(todo, known=KnownRows({})), protocol=5),
            known=put(todo.known),
            items=() if self._alone else (put(items),),
            device=distributed.selected_device(),
            threads=self._cpus,
            count=count // self.processes,
            folder=str(Path.cwd()),
        )

    def run(self, index: Sequence[int], length: int, starts: int) -> Iterator[Chunk]:
        """Blocks through the pool; those whose process died ``starts`` times are left out."""
        tables = [_as_table(b) for b in blocks(self._items, index, length, self._alone)]
        data = self._ray.data
        context = data.DataContext.get_current().copy()
        context.enable_progress_bars = False
        context.max_errored_blocks = -1
        context.target_max_block_size = BYTES
        with data.DataContext.current(context), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the last two arguments are given otherwise from 2.64 on
            worked_off = data.from_arrow(tables).map_batches(
                Extractor,
                fn_constructor_args=(self._setup,),
                batch_size=None,
                batch_format="pyarrow",
                compute=data.ActorPoolStrategy(size=min(self.processes, len(tables))),
                num_cpus=self._cpus,
                num_gpus=self._gpus,
                max_restarts=-1,
                max_task_retries=starts - 1,
            )
        for batch in worked_off.iter_batches(batch_size=None, batch_format="pyarrow", prefetch_batches=1):
            for cell in batch["chunk"]:
                yield _opened(cell.as_buffer())


def _as_table(block: Block) -> pyarrow.Table:
    return pyarrow.table({"block": pyarrow.array([pickle.dumps(block, protocol=5)], pyarrow.binary())})


def _opened(cell: Any) -> Chunk:
    """A chunk as it came.

    Raises:
        Exception: what went wrong in the process that worked it off.
    """
    chunk: Chunk | Exception = pickle.loads(cell)
    if isinstance(chunk, Exception):
        raise chunk
    return chunk

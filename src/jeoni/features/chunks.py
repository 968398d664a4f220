"""A few examples at a time, through the whole chain: read, decode, run the frozen stages."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from jeoni.data.kinds import plural
from jeoni.errors import DataError
from jeoni.features.ahead import ahead
from jeoni.features.decoding import Decoder, Plan, Wanted
from jeoni.features.engine import Choice
from jeoni.features.jobs import Job
from jeoni.features.known import Rows
from jeoni.features.store import FeatureKey
from jeoni.modalities.inputs import Input
from jeoni.types import Array, Items

__all__ = ["Chunk", "chunk_size", "chunks", "keys_beside", "lacking_of", "plan_of"]

ON_ACCELERATOR = 8  # times as many examples at once: with few of them it waits for its kernels' launches


@dataclass
class Chunk:
    """A few examples, worked off.

    Attributes:
        index: which.
        digests: of their content, empty where one could not be read.
        errors: example number to what is wrong with it.
        signatures: by digest, of those that were decoded.
        remarks: by digest, as they are kept.
        rows: of each request: digest, view, and by tap what was computed.
        computed: how many were decoded and run.
        choices: of each request the engine; only where another process computed it.
        warnings: of another process, which has nobody to tell.
    """

    index: Sequence[int]
    digests: list[bytes] = field(default_factory=list)
    errors: dict[int, str] = field(default_factory=dict)
    signatures: dict[bytes, Array] = field(default_factory=dict)
    remarks: dict[bytes, Array] = field(default_factory=dict)
    rows: list[list[tuple[bytes, int, list[Array]]]] = field(default_factory=list)
    computed: int = 0
    choices: tuple[Choice | None, ...] = ()
    warnings: tuple[str, ...] = ()

    def precision(self, request: int) -> str:
        """What another process computed its rows in; empty where it was this one, or none was needed."""
        choice = self.choices[request] if self.choices else None
        return choice.precision if choice is not None else ""


def keys_beside(spec: Input) -> tuple[FeatureKey, ...]:
    """Of the tables of signatures and, where there can be some, of remarks."""
    kind = plural(spec.modality)
    signatures = FeatureKey("signature-1", 0, True, spec.alike, "uint8", f"signatures of {kind}")
    described = json.dumps(spec.describe(), sort_keys=True)
    remarks = FeatureKey("remarks-4", 0, True, described, "uint8", f"remarks on {kind}", ragged=True)
    return (signatures, remarks) if spec.remarkable else (signatures,)


def plan_of(jobs: Sequence[Job[Any]]) -> Plan:
    """What is made of each example."""
    return Plan(tuple(job.preparation for job in jobs))


def chunks(
    items: Items,
    todo: Sequence[int],
    jobs: Sequence[Job[Any]],
    looked: Sequence[Rows],
    threads: int,
    strict: bool,
    decoder: Decoder,
) -> Iterator[Chunk]:
    """Worked-off chunks in order, with only a few under way so that memory stays flat."""
    least, gpu = min(job.input.chunk for job in jobs), all(job.accelerated for job in jobs)
    size = chunk_size(least, gpu, len(todo), threads)
    # a thread that waits for the GPU keeps no worker: another one takes its turn with that
    count = 2 * threads if gpu and decoder.processes else threads
    tasks = (
        partial(_work, items, todo[first : first + size], jobs, looked, strict, decoder)
        for first in range(0, len(todo), size)
    )
    return ahead(tasks, count, 2 * count + 1, "jeoni-extract")


def lacking_of(digest: bytes, jobs: Sequence[Job[Any]], looked: Sequence[Rows]) -> Wanted | None:
    """Of each request the views of which an example has no row; None where it has all, and what stands beside them."""
    views = [job.lacking(digest) for job in jobs]
    return views if any(views) or any(digest not in table for table in looked) else None


def chunk_size(least: int, gpu: bool, count: int, threads: int) -> int:
    """Examples that go through the frozen stages together: ``least``, on an accelerator up to :data:`ON_ACCELERATOR`
    times as many if each thread that decodes keeps its part of ``count``. What wants to be alone stays alone."""
    share = -(-count // (2 * threads))
    return max(least, min(least * ON_ACCELERATOR, share)) if gpu and least > 1 else least


def _work(
    items: Items,
    index: Sequence[int],
    jobs: Sequence[Job[Any]],
    looked: Sequence[Rows],
    strict: bool,
    decoder: Decoder,
) -> Chunk:
    chunk = Chunk(index, rows=[[] for _ in jobs])
    batches: list[dict[tuple[bytes, int], Array]] = [{} for _ in jobs]

    def lacking(place: int, digest: bytes) -> Wanted | None:
        return lacking_of(digest, jobs, looked)

    for i, made in zip(index, decoder.prepare(items, index, lacking), strict=True):
        if isinstance(made, DataError):
            if strict:
                raise made
            chunk.errors[i] = str(made)
            chunk.digests.append(b"")
            continue
        chunk.digests.append(made.digest)
        chunk.computed += made.opened
        if made.signature is not None:
            chunk.signatures[made.digest] = made.signature
        if made.remarks is not None:
            chunk.remarks[made.digest] = made.remarks
        for (number, view), row in made.rows.items():
            batches[number][made.digest, view] = row
    for n, batch in enumerate(batches):
        if batch:
            outputs = jobs[n].run(list(batch.values()))
            chunk.rows[n] = [(digest, view, [o[k] for o in outputs]) for k, (digest, view) in enumerate(batch)]
    return chunk

"""One pass over the examples: read, fingerprint, decode, run the frozen stages, keep their output.

What is kept at stage 0 are the rows themselves (pixels, token numbers, samples), and an example may be kept in several
random views. Where rows differ in length, examples of like size go together, the longest first.

Every thread takes a handful of examples through the whole chain: it decodes them, or lets a worker process do that
(:mod:`.decoding`), and runs the engine on one core. So decoding and computing overlap without queues between them, and
no core waits at a barrier. All backbones that are asked for share what was decoded.

Other processes and machines can do the same, see :mod:`.executor`.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from jeoni.backbones.backbone import Backbone
from jeoni.backbones.cut import Tap, kept_as
from jeoni.data.items import content_digest
from jeoni.errors import DataError
from jeoni.features.beside import Beside
from jeoni.features.chunks import chunks, keys_beside, lacking_of, plan_of
from jeoni.features.decoding import Decoder, processes_pay
from jeoni.features.engine import Choice
from jeoni.features.executor import Executor, Source
from jeoni.features.jobs import FIRST, Engines, Job, Request
from jeoni.features.store import Features, FeatureStore, ShardWriter, Table
from jeoni.modalities.inputs import Input
from jeoni.types import Array, Console, IntArray, Items, Quiet

__all__ = ["Extraction", "Request", "extract", "missing_share"]

BLOCK = 4096


@dataclass(frozen=True)
class Extraction:
    """The result of one pass.

    Attributes:
        digests: of each example's content; empty where it could not be read.
        signatures: ``(m, 1024)`` uint8 of the ``m`` readable ones, by which near-identical ones are found.
        near: the correlation of two signatures from which on they count as near-identical.
        readable: ``(n,)`` bool.
        errors: example number to what is wrong with it.
        remarks: kind of remark to the numbers of the examples it is about, each with its detail, which may be empty.
        choices: the engine of each request; None where all rows were cached.
        computed: examples that had to be decoded and run.
        seconds: how long the pass took.
        decoded_by: ``2 threads`` or ``16 processes``; empty where nothing was decoded.
    """

    digests: list[bytes]
    signatures: Features
    near: float
    readable: Array
    errors: dict[int, str]
    remarks: dict[str, dict[int, str]]
    choices: tuple[Choice | None, ...]
    computed: int
    seconds: float
    _tables: dict[tuple[str, Tap, int], Table] = field(repr=False)
    decoded_by: str = ""

    def holds(self, backbone: Backbone, tap: Tap, view: int = 0) -> bool:
        """Whether rows of this tap and view were asked for."""
        return all((backbone.fingerprint, one, view) in self._tables for one in kept_as(backbone, tap))

    def features(self, backbone: Backbone, tap: Tap, index: IntArray | None = None, view: int = 0) -> Features:
        """The rows of one tap and view for the examples at ``index`` (all, if left out).

        Raises:
            KeyError: an example that could not be read, or a tap that was not asked for.
        """
        chosen = range(len(self.digests)) if index is None else index
        digests = [self.digests[int(i)] for i in chosen]
        parts = [self._tables[backbone.fingerprint, one, view].features(digests) for one in kept_as(backbone, tap)]
        return parts[0] if len(parts) == 1 else Beside(parts)


def extract(
    items: Items,
    requests: Sequence[Request],
    store: FeatureStore,
    *,
    engine: str = "auto",
    threads: int = 1,
    strict: bool = False,
    console: Console | None = None,
    engines: Engines | None = None,
    decoding: str = "auto",
    executor: Executor | None = None,
) -> Extraction:
    """Compute what is not in the store yet, for all examples.

    Args:
        items: the examples.
        requests: what to compute; all of them share what was decoded.
        store: where rows are looked up and kept.
        engine: ``auto`` or an engine's name.
        threads: examples in work at the same time, one core each.
        strict: stop at the first example that cannot be read.
        console: hears of progress, damaged shards and fall-backs.
        engines: that were compiled for earlier calls; new ones are put there.
        decoding: by ``threads`` or ``processes``; ``auto`` takes what is faster.
        executor: other processes that compute, where there are enough examples; None computes here.

    Raises:
        DataError: ``strict``, and an example cannot be read; the message names it.
        StorageError: the cache cannot be written.
    """
    console = console or Quiet()
    start = time.perf_counter()
    engines = {} if engines is None else engines
    jobs = [Job(r, store, engine, threads, console, engines) for r in requests]
    spec = requests[0].backbone.input
    looked = tuple(store.table(key) for key in keys_beside(spec))
    signatures, remarks = looked[0], looked[-1]
    some = list(_first_digests(items))
    for job in jobs:
        job.prefer(some)
    digests, errors, computed = [b""] * len(items), dict[int, str](), 0
    decoder = _decoder(jobs, spec, some, len(items), threads, decoding, console)
    here = partial(chunks, items, jobs=jobs, looked=looked, threads=threads, strict=strict, decoder=decoder)
    source = Source(items, jobs, looked, here, executor, strict, engine, decoding, console)
    todo: Sequence[int] = range(len(items))
    if spec.ragged:
        todo = sorted(todo, key=items.size, reverse=True)
    while todo:
        with ExitStack() as stack:
            advance = stack.enter_context(console.track("Features", len(todo)))
            signature_writer = stack.enter_context(signatures.writer())
            remark_writer = stack.enter_context(remarks.writer())
            writers: dict[tuple[int, str], dict[tuple[Tap, int], ShardWriter]] = {}
            for chunk in source.chunks(todo):
                for number, job in enumerate(jobs):
                    precision = chunk.precision(number) or job.precision
                    if chunk.rows[number] and (number, precision) not in writers:
                        into = job.tables_in(precision)
                        writers[number, precision] = {s: stack.enter_context(t.writer()) for s, t in into.items()}
                    for digest, view, outputs in chunk.rows[number]:
                        for tap, output in zip(job.request.taps, outputs, strict=True):
                            writers[number, precision][tap, view].add(digest, output)
                for digest, value in chunk.remarks.items():
                    remark_writer.add(digest, value)
                for digest, value in chunk.signatures.items():
                    signature_writer.add(digest, value)
                for i, digest in zip(chunk.index, chunk.digests, strict=True):
                    digests[i] = digest
                errors.update(chunk.errors)
                computed += chunk.computed
                advance(len(chunk.index))
        # an engine may compute in another precision than the rows that were there: then these are missing
        todo = [i for i in todo if digests[i] and lacking_of(digests[i], jobs, looked) is not None]
    readable = np.array([bool(d) for d in digests], dtype=bool)
    found = signatures.features([d for d in digests if d])
    tables = {(j.request.backbone.fingerprint, *spot): table for j in jobs for spot, table in j.tables.items()}
    choices = tuple(job.used_engine for job in jobs)
    told = _remarks(spec, remarks, digests)
    seconds = time.perf_counter() - start
    by = decoder.told if computed and executor is None else ""
    return Extraction(digests, found, spec.near, readable, errors, told, choices, computed, seconds, tables, by)


def _decoder(
    jobs: Sequence[Job[Table]],
    spec: Input,
    some: Sequence[bytes],
    count: int,
    threads: int,
    wanted: str,
    console: Console,
) -> Decoder:
    """Processes only where there is something to decode: what is in the store is found sooner by threads."""
    inputs = [job.input for job in jobs]
    fresh = any(job.lacking(digest) for job in jobs for digest in some)
    processes = fresh and processes_pay(inputs, count, threads, wanted)
    return Decoder(plan_of(jobs), threads, processes, console)


def missing_share(items: Items, request: Request, store: FeatureStore) -> float:
    """The share of a request's views that are not in the store yet, by a look at a few of the examples."""
    job = Job(request, store, "auto", 1, Quiet(), {})
    some = list(_first_digests(items))
    job.prefer(some)
    lacking = sum(len(job.lacking(digest)) for digest in some)
    return lacking / max(1, len(some) * len(request.views))


def _remarks(spec: Input, table: Table, digests: Sequence[bytes]) -> dict[str, dict[int, str]]:
    """By kind of remark, the numbers of the examples and the details."""
    found: dict[str, dict[int, str]] = {kind: {} for kind in spec.remarkable}
    index = [i for i, d in enumerate(digests) if d] if found else []
    for start in range(0, len(index), BLOCK):
        block = index[start : start + BLOCK]
        for i, row in zip(block, table.features([digests[i] for i in block]).numpy(), strict=True):
            for remark in row.tobytes().rstrip(b"\0\n").decode().splitlines():  # zeros pad rows
                kind, _, detail = remark.partition(": ")
                found[kind][i] = detail
    return found


def _first_digests(items: Items) -> Iterator[bytes]:
    """Of a few examples from all over: enough to know in which precision a data set's rows were computed."""
    count = len(items)
    for i in np.linspace(0, max(0, count - 1), min(count, FIRST)).astype(int).tolist():
        with suppress(DataError):
            yield content_digest(items.read(i))

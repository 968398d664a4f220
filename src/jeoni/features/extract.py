"""One pass over the examples: read, fingerprint, decode, run the frozen stages, keep their output.

What is kept at stage 0 are the rows themselves (pixels, token numbers, samples), and an example may be kept in several
random views. Where rows differ in length, examples of like size go together, the longest first.

Every worker thread takes a handful of examples through the whole chain, decoding included, and runs the engine on
one core. So decoding and computing overlap without queues between them, and no core waits at a barrier. All
backbones that are asked for share what was decoded.

Other processes and machines can do the same, see :mod:`.crew`.
"""

from __future__ import annotations

import json
import threading
import time
from collections import deque
from collections.abc import Hashable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Generic

import numpy as np

from jeoni.backbones.backbone import Backbone
from jeoni.backbones.cut import Tap, Taps
from jeoni.backbones.entry import entry
from jeoni.data.items import content_digest
from jeoni.data.kinds import plural
from jeoni.errors import DataError
from jeoni.features.crew import Crew, Source, ToDo
from jeoni.features.engine import Choice, accelerated, choose
from jeoni.features.known import KnownTable, Rows, RowsT, Tables
from jeoni.features.store import FeatureKey, Features, FeatureStore, ShardWriter, Table
from jeoni.modalities.inputs import Input, collate
from jeoni.types import Array, Console, IntArray, Items, Quiet

__all__ = ["Chunk", "Engines", "Extraction", "Request", "Worker", "chunk_size", "extract"]

FIRST = 8
BLOCK = 4096
ON_ACCELERATOR = 8  # times as many examples at once: with few of them it waits for its kernels' launches
PRECISIONS = ("float32", "bfloat16")
Engines = dict[tuple[Hashable, ...], Choice]


@dataclass(frozen=True)
class Request:
    """Rows to compute.

    Attributes:
        backbone: the network.
        taps: where to take something out of it; stage 0 gives the row itself, such as ``(size, size, 3)`` uint8.
        views: 0 is the example as it is; others are random views of it, the same ones every time.
        policy: what random views may change; see :meth:`jeoni.modalities.inputs.Input.view`.
    """

    backbone: Backbone
    taps: tuple[Tap, ...]
    views: tuple[int, ...] = (0,)
    policy: str = "none"

    @property
    def spots(self) -> tuple[tuple[Tap, int], ...]:
        """Every tap of every view."""
        return tuple((tap, view) for view in self.views for tap in self.taps)


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

    def holds(self, backbone: Backbone, tap: Tap, view: int = 0) -> bool:
        """Whether rows of this tap and view were asked for."""
        return (backbone.fingerprint, tap, view) in self._tables

    def features(self, backbone: Backbone, tap: Tap, index: IntArray | None = None, view: int = 0) -> Features:
        """The rows of one tap and view for the examples at ``index`` (all, if left out).

        Raises:
            KeyError: an example that could not be read, or a tap that was not asked for.
        """
        chosen = range(len(self.digests)) if index is None else index
        return self._tables[backbone.fingerprint, tap, view].features([self.digests[int(i)] for i in chosen])


class _Job(Generic[RowsT]):
    """One request under way: its tables, and its engine once something must be computed."""

    def __init__(
        self,
        request: Request,
        store: Tables[RowsT],
        wanted: str,
        threads: int,
        console: Console,
        engines: Engines,
    ) -> None:
        self.request = request
        self.choice: Choice | None = None
        # what learned nothing gives what it is given; no engine does that faster
        self._wanted = wanted if request.backbone.learned else "torch"
        self._threads, self._console, self._engines = threads, console, engines
        self._lock = threading.Lock()
        self.input: Input = request.backbone.input
        self.described = json.dumps(self.input.describe(), sort_keys=True)
        self._run_taps = tuple(t for t in request.taps if t.stage > 0)
        self._by_precision = {p: {spot: store.table(self._key(*spot, p)) for spot in request.spots} for p in PRECISIONS}
        self.precision = PRECISIONS[0]
        self.forced = ""
        self.reported: Choice | None = None

    def prefer(self, digests: Sequence[bytes]) -> None:
        """Start with the precision in which most of these examples have rows, else with the fuller one."""

        def rows(precision: str) -> tuple[int, int]:
            tables = self._by_precision[precision].values()
            return sum(d in t for t in tables for d in digests), sum(len(t) for t in tables)

        self.precision = max(PRECISIONS, key=rows)

    def report(self, choice: Choice) -> None:
        """Take in what another process computed in; where they differ, all go on in float32."""
        if self.reported is None:
            self.reported, self.precision = choice, choice.precision
        elif choice.precision != self.precision:
            self.choice, self.precision, self.forced = None, PRECISIONS[0], PRECISIONS[0]

    def _key(self, tap: Tap, view: int, precision: str) -> FeatureKey:
        backbone, spec = self.request.backbone, self.input
        varied = {"policy": spec.policy(self.request.policy), "view": view} if view else {}
        preprocessing = json.dumps(spec.describe() | varied, sort_keys=True)
        if tap.stage == 0:  # rows are the same for all weights that expect the same input
            return FeatureKey(spec.rows, 0, False, preprocessing, "uint8", spec.rows, spec.ragged)
        ragged = spec.ragged and not tap.pooled and tap.stage < backbone.n
        return FeatureKey(backbone.fingerprint, tap.stage, tap.pooled, preprocessing, precision, backbone.name, ragged)

    @property
    def used_engine(self) -> Choice | None:
        """The engine that computed its rows, in this call or an earlier one of the same run."""
        return self.choice or self._engines.get(self._engine_key) or self.reported

    @property
    def undecided(self) -> bool:
        """Whether it needs an engine, and has none yet."""
        return bool(self._run_taps) and self.used_engine is None

    @property
    def _engine_key(self) -> tuple[Hashable, ...]:
        return self.request.backbone.fingerprint, self.described, self._run_taps, self._wanted, self._threads

    @property
    def accelerated(self) -> bool:
        return not self._run_taps or accelerated(self._wanted)

    @property
    def tables(self) -> dict[tuple[Tap, int], RowsT]:
        return self._by_precision[self.precision]

    def tables_in(self, precision: str) -> dict[tuple[Tap, int], RowsT]:
        """Its tables of rows that were computed in that precision."""
        return self._by_precision[precision]

    @property
    def every_table(self) -> Iterator[RowsT]:
        for tables in self._by_precision.values():
            yield from tables.values()

    def lacking(self, digest: bytes) -> list[int]:
        """The views of which a row is missing."""
        tables = self.tables
        return [v for v in self.request.views if any(digest not in tables[t, v] for t in self.request.taps)]

    def row(self, opened: Any, digest: bytes, view: int) -> Array:
        return self.input.view(opened, self.request.policy, digest, view)[0] if view else self.input.row(opened)

    def at_least(self) -> int:
        """How much of an example must survive its opening."""
        return self.input.at_least(self.request.policy if max(self.request.views) else "")

    def run(self, rows: list[Array]) -> list[list[Array]]:
        """By tap, one array for each of ``rows``."""
        batch = collate(rows)
        with self._lock:
            if self.choice is None and self._run_taps:
                compiled = self._engines.get(self._engine_key)
                if compiled is not None and self.forced in ("", compiled.precision):
                    self.choice = compiled
            if self.choice is None and self._run_taps:
                network = entry(Taps(self.request.backbone, self._run_taps), self.input).eval()
                with self._console.status("Preparing the engine"):
                    self.choice = choose(
                        network, batch[:FIRST], self._wanted, self._threads, self._console, self.forced
                    )
                self._engines[self._engine_key] = self.choice
            if self.choice is not None:
                self.precision = self.choice.precision
        computed = iter(self.choice.run(batch) if self.choice else ())
        return [rows if t.stage == 0 else _kept(next(computed), t, self.input.ragged) for t in self.request.taps]


def _kept(values: Array, tap: Tap, ragged: bool) -> list[Array]:
    """Rows as they go to disk: whole activations in half precision, a rounding far below what training notices."""
    if tap.pooled or values.ndim == 2:
        return list(values)
    limit = np.finfo(np.float16).max
    halved = np.clip(values, -limit, limit).astype(np.float16)
    if not ragged:
        return list(halved)
    lengths = (values[..., -1] > 0).sum(1)  # padding is at the end
    return [row[:length] for row, length in zip(halved, lengths, strict=True)]


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
    """

    index: Sequence[int]
    digests: list[bytes] = field(default_factory=list)
    errors: dict[int, str] = field(default_factory=dict)
    signatures: dict[bytes, Array] = field(default_factory=dict)
    remarks: dict[bytes, Array] = field(default_factory=dict)
    rows: list[list[tuple[bytes, int, list[Array]]]] = field(default_factory=list)
    computed: int = 0
    choices: tuple[Choice | None, ...] = ()

    def precision(self, request: int) -> str:
        """What another process computed its rows in; empty where it was this one, or none was needed."""
        choice = self.choices[request] if self.choices else None
        return choice.precision if choice is not None else ""


class Worker:
    """One process of several: takes examples through the whole chain, and keeps nothing.

    Args:
        todo: what to compute, and what is known.
        threads: examples in work at the same time, one core each.

    Example:
        ``for chunk in Worker(todo).chunks(items, range(len(items))): ...``
    """

    def __init__(self, todo: ToDo, threads: int = 1) -> None:
        engines: Engines = {}
        self._jobs: list[_Job[KnownTable]] = []
        for request, engine in zip(todo.requests, todo.engines, strict=True):
            self._jobs.append(_Job(request, todo.known, engine, threads, Quiet(), engines))
        for job, precision, forced in zip(self._jobs, todo.precisions, todo.forced, strict=True):
            job.precision, job.forced = precision, forced
        self._looked = tuple(todo.known.table(key) for key in _looked(self._jobs[0].input))
        self._threads = threads

    def chunks(self, items: Items, index: Sequence[int]) -> Iterator[Chunk]:
        """The examples at ``index`` in chunks, in that order."""
        for chunk in _chunks(items, index, self._jobs, self._looked, self._threads, strict=False):
            chunk.choices = tuple(job.choice and replace(job.choice, run=_elsewhere) for job in self._jobs)
            yield chunk


def _elsewhere(rows: Array) -> list[Array]:
    """What runs the engine of another process: nothing."""
    raise RuntimeError("This engine is in another process.")


def _looked(spec: Input) -> tuple[FeatureKey, ...]:
    """Of the tables of signatures and, where there can be some, of remarks."""
    kind = plural(spec.modality)
    signatures = FeatureKey("signature-1", 0, True, spec.alike, "uint8", f"signatures of {kind}")
    described = json.dumps(spec.describe(), sort_keys=True)
    remarks = FeatureKey("remarks-4", 0, True, described, "uint8", f"remarks on {kind}", ragged=True)
    return (signatures, remarks) if spec.remarkable else (signatures,)


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
    crew: Crew | None = None,
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
        crew: other processes that compute, where there are enough examples; None computes here.

    Raises:
        DataError: ``strict``, and an example cannot be read; the message names it.
        StorageError: the cache cannot be written.
    """
    console = console or Quiet()
    start = time.perf_counter()
    engines = {} if engines is None else engines
    jobs = [_Job(r, store, engine, threads, console, engines) for r in requests]
    spec = requests[0].backbone.input
    looked = tuple(store.table(key) for key in _looked(spec))
    signatures, remarks = looked[0], looked[-1]
    here = partial(_chunks, items, jobs=jobs, looked=looked, threads=threads, strict=strict)
    source = Source(items, jobs, looked, here, crew, strict, engine)
    some = list(_first_digests(items))
    for job in jobs:
        job.prefer(some)
    digests, errors, computed = [b""] * len(items), dict[int, str](), 0
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
        todo = [i for i in todo if digests[i] and _lacks(digests[i], jobs, looked)]
    readable = np.array([bool(d) for d in digests], dtype=bool)
    found = signatures.features([d for d in digests if d])
    tables = {(j.request.backbone.fingerprint, *spot): table for j in jobs for spot, table in j.tables.items()}
    choices = tuple(job.used_engine for job in jobs)
    told = _remarks(spec, remarks, digests)
    seconds = time.perf_counter() - start
    return Extraction(digests, found, spec.near, readable, errors, told, choices, computed, seconds, tables)


def _lacks(digest: bytes, jobs: Sequence[_Job[Any]], looked: Sequence[Rows]) -> bool:
    return any(job.lacking(digest) for job in jobs) or any(digest not in table for table in looked)


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
    """Of the first few examples: enough to know in which precision a data set's rows were computed."""
    for i in range(min(len(items), FIRST)):
        with suppress(DataError):
            yield content_digest(items.read(i))


def _chunks(
    items: Items, todo: Sequence[int], jobs: Sequence[_Job[Any]], looked: Sequence[Rows], threads: int, strict: bool
) -> Iterator[Chunk]:
    """Worked-off chunks in order, with only a few under way so that memory stays flat."""
    pool = ThreadPoolExecutor(threads, thread_name_prefix="jeoni-extract")
    under_way: deque[Future[Chunk]] = deque()
    least, gpu = min(job.input.chunk for job in jobs), all(job.accelerated for job in jobs)
    size = chunk_size(least, gpu, len(todo), threads)
    try:
        for first in range(0, len(todo), size):
            under_way.append(pool.submit(_work, items, todo[first : first + size], jobs, looked, strict))
            if len(under_way) > 2 * threads + 1:
                yield under_way.popleft().result()
        while under_way:
            yield under_way.popleft().result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def chunk_size(least: int, gpu: bool, count: int, threads: int) -> int:
    """Examples that go through the frozen stages together: ``least``, on an accelerator up to :data:`ON_ACCELERATOR`
    times as many if each thread that decodes keeps its part of ``count``. What wants to be alone stays alone."""
    share = -(-count // (2 * threads))
    return max(least, min(least * ON_ACCELERATOR, share)) if gpu and least > 1 else least


def _work(items: Items, index: Sequence[int], jobs: Sequence[_Job[Any]], looked: Sequence[Rows], strict: bool) -> Chunk:
    chunk = Chunk(index, rows=[[] for _ in jobs])
    batches: list[dict[tuple[bytes, int], Array]] = [{} for _ in jobs]
    for i in index:
        try:
            raw = items.read(i)
            digest = content_digest(raw)
            lacking = [job.lacking(digest) for job in jobs]
            if any(lacking) or any(digest not in table for table in looked):
                _decode(raw, items.name(i), digest, jobs, lacking, batches, chunk)
                chunk.computed += 1
            chunk.digests.append(digest)
        except DataError as error:
            if strict:
                raise
            chunk.errors[i] = str(error)
            chunk.digests.append(b"")
    for n, batch in enumerate(batches):
        if batch:
            outputs = jobs[n].run(list(batch.values()))
            chunk.rows[n] = [(digest, view, [o[k] for o in outputs]) for k, (digest, view) in enumerate(batch)]
    return chunk


def _decode(
    raw: bytes | Array,
    name: str,
    digest: bytes,
    jobs: Sequence[_Job[Any]],
    lacking: list[list[int]],
    batches: list[dict[tuple[bytes, int], Array]],
    chunk: Chunk,
) -> None:
    """Decode once; add the views that are lacking to the batches. Backbones that expect the same share the rows."""
    least: dict[Hashable, int] = {}
    for job, views in zip(jobs, lacking, strict=True):
        wanted = job.at_least() if views else 64
        least[job.input.opening] = max(least.get(job.input.opening, 0), wanted)
    first = jobs[0].input
    opened = {job.input.opening: job.input.open(raw, name, least[job.input.opening]) for job in reversed(jobs)}
    chunk.signatures[digest] = first.signature(opened[first.opening])
    if first.remarkable:
        said = "\n".join(first.remarks(opened[first.opening]))
        chunk.remarks[digest] = np.frombuffer(f"{said}\n".encode(), dtype=np.uint8)
    made: dict[tuple[str, str, int], Array] = {}
    for job, views, batch in zip(jobs, lacking, batches, strict=True):
        for view in views:
            key = (job.described, job.request.policy if view else "", view)
            if key not in made:
                made[key] = job.row(opened[job.input.opening], digest, view)
            batch[digest, view] = made[key]

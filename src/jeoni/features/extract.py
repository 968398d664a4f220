"""One pass over the examples: read, fingerprint, decode, run the frozen stages, keep what came out.

Every worker thread takes a handful of examples through the whole chain, decoding included, and runs the engine on
one core. So decoding and computing overlap without queues between them, and no core waits at a barrier. All
backbones that are asked for share the decoded pixels.
"""

from __future__ import annotations

import json
import threading
import time
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field

import numpy as np

from jeoni.backbones.backbone import Backbone
from jeoni.backbones.cut import ByteInput, Tap, Taps
from jeoni.data.images import ImageInput, open_image, signature, to_input
from jeoni.data.items import content_digest
from jeoni.errors import DataError
from jeoni.features.engine import Choice, choose
from jeoni.features.store import FeatureKey, Features, FeatureStore, ShardWriter, Table
from jeoni.types import Array, Console, IntArray, Items, Quiet

__all__ = ["Extraction", "Request", "extract"]

CHUNK = 8
SIGNATURE_KEY = FeatureKey("signature-1", 0, True, "grey 32 px", "uint8", "signatures of images")
PRECISIONS = ("float32", "bfloat16")


@dataclass(frozen=True)
class Request:
    """What to compute: a backbone, and where to tap it."""

    backbone: Backbone
    taps: tuple[Tap, ...]


@dataclass(frozen=True)
class Extraction:
    """What one pass gave.

    Attributes:
        digests: of each example's content; empty where it could not be read.
        signatures: ``(m, 1024)`` uint8 of the ``m`` readable ones, by which near-identical images are found.
        readable: ``(n,)`` bool.
        errors: example number to what is wrong with it.
        choices: the engine of each request; None where all rows were cached.
        computed: examples that had to be decoded and run.
        seconds: how long the pass took.
    """

    digests: list[bytes]
    signatures: Features
    readable: Array
    errors: dict[int, str]
    choices: tuple[Choice | None, ...]
    computed: int
    seconds: float
    _tables: dict[tuple[str, Tap], Table] = field(repr=False)

    def features(self, backbone: Backbone, tap: Tap, index: IntArray | None = None) -> Features:
        """The rows of one tap for the examples at ``index`` (all, if left out).

        Raises:
            KeyError: an example that could not be read, or a tap that was not asked for.
        """
        chosen = range(len(self.digests)) if index is None else index
        return self._tables[backbone.fingerprint, tap].features([self.digests[int(i)] for i in chosen])


class _Job:
    """One request under way: its tables, and its engine once something must be computed."""

    def __init__(self, request: Request, store: FeatureStore, wanted: str, threads: int, console: Console) -> None:
        self.request = request
        self.choice: Choice | None = None
        self._wanted, self._threads, self._console = wanted, threads, console
        self._lock = threading.Lock()
        self.input = request.backbone.input
        self._by_precision = {p: [store.table(self._key(tap, p)) for tap in request.taps] for p in PRECISIONS}
        self.precision = max(PRECISIONS, key=lambda p: len(self._by_precision[p][0]))

    def _key(self, tap: Tap, precision: str) -> FeatureKey:
        preprocessing = json.dumps(asdict(self.input), sort_keys=True)
        backbone = self.request.backbone
        return FeatureKey(backbone.fingerprint, tap.stage, tap.pooled, preprocessing, precision, backbone.name)

    @property
    def tables(self) -> list[Table]:
        return self._by_precision[self.precision]

    def lacks(self, digest: bytes) -> bool:
        return any(digest not in table for table in self.tables)

    def run(self, pixels: Array) -> list[Array]:
        with self._lock:
            if self.choice is None:
                network = ByteInput(Taps(self.request.backbone, self.request.taps), self.input).eval()
                self.choice = choose(network, pixels, self._wanted, self._threads, self._console)
                self.precision = self.choice.precision
        return self.choice.run(pixels)


@dataclass
class _Chunk:
    index: Sequence[int]
    digests: list[bytes] = field(default_factory=list)
    errors: dict[int, str] = field(default_factory=dict)
    signatures: dict[bytes, Array] = field(default_factory=dict)
    rows: list[list[tuple[bytes, list[Array]]]] = field(default_factory=list)
    computed: int = 0


def extract(
    items: Items,
    requests: Sequence[Request],
    store: FeatureStore,
    *,
    engine: str = "auto",
    threads: int = 1,
    strict: bool = False,
    console: Console | None = None,
) -> Extraction:
    """Compute what is not in the store yet, for all examples.

    Args:
        items: the examples.
        requests: what to compute; all of them share the decoded pixels.
        store: where rows are looked up and kept.
        engine: ``auto`` or an engine's name.
        threads: examples in work at the same time, one core each.
        strict: stop at the first example that cannot be read.
        console: hears of progress, damaged shards and fall-backs.

    Raises:
        DataError: ``strict``, and an example cannot be read; the message names it.
        StorageError: the cache cannot be written.
    """
    console = console or Quiet()
    start = time.perf_counter()
    jobs = [_Job(r, store, engine, threads, console) for r in requests]
    signatures = store.table(SIGNATURE_KEY)
    digests, errors, computed = [b""] * len(items), dict[int, str](), 0
    todo: Sequence[int] = range(len(items))
    while todo:
        with ExitStack() as stack:
            advance = stack.enter_context(console.track("Features", len(todo)))
            signature_writer = stack.enter_context(signatures.writer())
            writers: dict[int, list[ShardWriter]] = {}
            for chunk in _chunks(items, todo, jobs, signatures, threads, strict):
                for number, job in enumerate(jobs):
                    if chunk.rows[number] and number not in writers:
                        writers[number] = [stack.enter_context(t.writer()) for t in job.tables]
                    for digest, outputs in chunk.rows[number]:
                        for writer, output in zip(writers[number], outputs, strict=True):
                            writer.add(digest, output)
                for digest, value in chunk.signatures.items():
                    signature_writer.add(digest, value)
                for i, digest in zip(chunk.index, chunk.digests, strict=True):
                    digests[i] = digest
                errors.update(chunk.errors)
                computed += chunk.computed
                advance(len(chunk.index))
        # an engine may compute in another precision than the rows that were there: then these are missing
        todo = [i for i in todo if digests[i] and any(job.lacks(digests[i]) for job in jobs)]
    readable = np.array([bool(d) for d in digests], dtype=bool)
    found = signatures.features([d for d in digests if d])
    tables = {
        (j.request.backbone.fingerprint, t): b for j in jobs for t, b in zip(j.request.taps, j.tables, strict=True)
    }
    choices = tuple(job.choice for job in jobs)
    return Extraction(digests, found, readable, errors, choices, computed, time.perf_counter() - start, tables)


def _chunks(
    items: Items, todo: Sequence[int], jobs: list[_Job], signatures: Table, threads: int, strict: bool
) -> Iterator[_Chunk]:
    """Worked-off chunks in order, with only a few under way so that memory stays flat."""
    pool = ThreadPoolExecutor(threads, thread_name_prefix="jeoni-extract")
    under_way: deque[Future[_Chunk]] = deque()
    try:
        for first in range(0, len(todo), CHUNK):
            under_way.append(pool.submit(_work, items, todo[first : first + CHUNK], jobs, signatures, strict))
            if len(under_way) > 2 * threads + 1:
                yield under_way.popleft().result()
        while under_way:
            yield under_way.popleft().result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _work(items: Items, index: Sequence[int], jobs: list[_Job], signatures: Table, strict: bool) -> _Chunk:
    chunk = _Chunk(index, rows=[[] for _ in jobs])
    batches: list[tuple[list[bytes], list[Array]]] = [([], []) for _ in jobs]
    for i in index:
        try:
            raw = items.read(i)
            digest = content_digest(raw)
            lacking = [n for n, job in enumerate(jobs) if job.lacks(digest)]
            if lacking or digest not in signatures:
                pixels, value = _decode(raw, items.name(i), jobs, lacking)
                chunk.signatures[digest] = value
                chunk.computed += 1
                for n in lacking:
                    if digest not in batches[n][0]:
                        batches[n][0].append(digest)
                        batches[n][1].append(pixels[jobs[n].input])
            chunk.digests.append(digest)
        except DataError as error:
            if strict:
                raise
            chunk.errors[i] = str(error)
            chunk.digests.append(b"")
    for n, (digests, pictures) in enumerate(batches):
        if digests:
            outputs = jobs[n].run(np.stack(pictures))
            chunk.rows[n] = [(d, [o[k] for o in outputs]) for k, d in enumerate(digests)]
    return chunk


def _decode(
    raw: bytes | Array, name: str, jobs: list[_Job], lacking: list[int]
) -> tuple[dict[ImageInput, Array], Array]:
    inputs = {jobs[n].input for n in lacking}
    image = open_image(raw, name, at_least=max((round(i.size / i.crop_pct) for i in inputs), default=64))
    return {spec: to_input(image, spec) for spec in inputs}, signature(image)

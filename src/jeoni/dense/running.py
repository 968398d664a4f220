"""A whole model on pictures of which nothing is kept: each is decoded once, run by the fastest engine, and read.

The engine is chosen as for features (:mod:`jeoni.features.engine`), always in float32: what is run ends in boxes and
points, which a network rounded to half of that moves. It gets batches of one size, the last one filled up, since not
every head bears another number of pictures than the one that it was exported with.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

from jeoni.data.annotations import Prediction
from jeoni.data.items import content_digest
from jeoni.dense.merging.tile import Tile
from jeoni.dense.network import DenseNetwork, extent_of
from jeoni.dense.protocol import DenseTask
from jeoni.errors import DataError
from jeoni.features.ahead import ahead
from jeoni.features.chunks import chunk_size
from jeoni.features.decoding import Decoder, Plan, Preparation, processes_pay
from jeoni.features.engine import Choice, accelerated, choose
from jeoni.features.examples import Context
from jeoni.modalities.inputs.frame import FrameInput
from jeoni.types import Array, Items

__all__ = ["NetworkRunner", "PicturePrediction", "predictions_of_pictures"]

FEW = 16  # pictures: to prepare another engine than torch takes longer than it saves
PRECISION = "float32"
THREADS = "jeoni-predict"  # their name


@dataclass(frozen=True)
class PicturePrediction:
    """What was predicted of one picture.

    Attributes:
        index: its number.
        digest: of its content; empty where it could not be read.
        extent: width and height, pixels.
        prediction: in its own coordinates; None where it could not be read.
        error: why it could not be read; empty where it could.
    """

    index: int
    digest: bytes = b""
    extent: tuple[int, int] = (0, 0)
    prediction: Prediction | None = None
    error: str = ""


class NetworkRunner:
    """Runs a network on rows, on the device and by the engine that the context asks for.

    Args:
        network: rows to outputs; it stays as it is.
        context: engine, threads and console.
        together: rows that are run at a time.
        count: rows that will be run; of few, torch runs them at once.
    """

    def __init__(self, network: DenseNetwork, context: Context, together: int, count: int) -> None:
        self.network, self.together = network, together
        self._context = context
        quick = count < FEW and context.engine == "auto" and not accelerated("auto")
        self._wanted = "torch" if quick else context.engine
        self._choice: Choice | None = None
        self._choosing = threading.Lock()

    def outputs(self, rows: Sequence[Array]) -> Tensor:
        """Outputs ``(b, …)`` of at most ``together`` rows, on the processor."""
        filled = np.stack([*rows, *[rows[-1]] * (self.together - len(rows))])
        found = self._engine(filled).run(filled)[0]
        return torch.from_numpy(np.ascontiguousarray(found[: len(rows)]))

    def decoded(self, rows: Sequence[Array]) -> list[Prediction]:
        """Predictions in the coordinates of each row."""
        with torch.inference_mode():
            return self.network.head.decode(self.outputs(rows), self.network.size)

    def _engine(self, rows: Array) -> Choice:
        with self._choosing:
            if self._choice is None:
                network = _AsTuple(self.network).eval()
                threads, console = self._context.threads, self._context.console
                self._choice = choose(network, rows, self._wanted, threads, console, PRECISION)
            return self._choice


class _AsTuple(nn.Module):
    """Engines run what has several outputs."""

    def __init__(self, network: DenseNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, rows: Tensor) -> tuple[Tensor]:
        """One output."""
        return (self.network(rows),)


def predictions_of_pictures(
    network: DenseNetwork, task: DenseTask, items: Items, spec: FrameInput, context: Context
) -> Iterator[PicturePrediction]:
    """Predictions one by one, in order, each in the coordinates of its own picture.

    A picture that cannot be read costs itself only. Of tiles one picture is decoded at a time, as a whole.

    Args:
        network: trained, from pixels.
        task: what is predicted; it merges where frames are tiles.
        items: the pictures.
        spec: the backbone's input.
        context: engine, who decodes and how many at a time.

    Raises:
        DataError: ``context.strict``, and a picture cannot be read.
    """
    network.eval()
    made = _over_tiles if spec.tiled else _over_frames
    for one in made(network, task, items, spec, context):
        if one.error and context.strict:
            raise DataError(one.error, path=items.name(one.index))
        yield one


def _over_frames(
    network: DenseNetwork, task: DenseTask, items: Items, spec: FrameInput, context: Context
) -> Iterator[PicturePrediction]:
    """Some pictures for each thread, which takes them through the whole chain."""
    count, threads = len(items), context.threads
    if not count:
        return
    gpu = accelerated(context.engine)
    runner = NetworkRunner(network, context, min(count, chunk_size(spec.chunk, gpu, count, threads)), count)
    processes = processes_pay((spec,), count, threads, context.decoding)
    decoder = Decoder(Plan((Preparation(spec, ""),), beside=False), threads, processes, context.console)

    def work(index: Sequence[int]) -> list[PicturePrediction]:
        found: list[PicturePrediction] = []
        rows: dict[int, Array] = {}
        for i, made in zip(index, decoder.prepare(items, index, lambda place, digest: [[0]]), strict=True):
            if isinstance(made, DataError):
                found.append(PicturePrediction(i, error=str(made)))
                continue
            rows[len(found)] = made.rows[0, 0]
            found.append(PicturePrediction(i, made.digest))
        decoded = runner.decoded(list(rows.values())) if rows else []
        for place, one in zip(rows, decoded, strict=True):
            found[place] = _placed(found[place], one, task, items, spec)
        return found

    parts = [range(first, min(first + runner.together, count)) for first in range(0, count, runner.together)]
    workers = 2 * threads if gpu and decoder.processes else threads
    for worked in ahead((partial(work, part) for part in parts), workers, workers, THREADS):
        yield from worked


def _placed(
    one: PicturePrediction, prediction: Prediction, task: DenseTask, items: Items, spec: FrameInput
) -> PicturePrediction:
    """A prediction of a frame, in the picture's coordinates."""
    try:
        extent = extent_of(items, one.index, spec)
    except DataError as error:
        return PicturePrediction(one.index, error=str(error))
    back = task.returned(prediction, spec.geometry(extent), extent)
    return PicturePrediction(one.index, one.digest, extent, back)


def _over_tiles(
    network: DenseNetwork, task: DenseTask, items: Items, spec: FrameInput, context: Context
) -> Iterator[PicturePrediction]:
    """Picture by picture; its parts are worked off by several threads, and merged as they come."""
    together = chunk_size(spec.chunk, accelerated(context.engine), FEW * context.threads, context.threads)
    runner = NetworkRunner(network, context, together, FEW)
    for i in range(len(items)):
        try:
            raw = items.read(i)
            opened = spec.open(raw, items.name(i))
        except DataError as error:
            yield PicturePrediction(i, error=str(error))
            continue
        merged = task.merged(_tiles_of(runner, opened, spec, context.threads), opened.size)
        yield PicturePrediction(i, content_digest(raw), opened.size, merged)


def _tiles_of(
    runner: NetworkRunner, opened: Image.Image, spec: FrameInput, threads: int
) -> Iterator[tuple[Prediction, Tile]]:
    """What is predicted of the tiles of a picture, row by row, when it is asked for."""
    boxes = spec.tiles(opened.size)

    def work(some: Sequence[tuple[float, float, float, float]]) -> list[Prediction]:
        return runner.decoded([spec.tile_row(opened, box) for box in some])

    parts = [boxes[first : first + runner.together] for first in range(0, len(boxes), runner.together)]
    for some, found in zip(
        parts, ahead((partial(work, part) for part in parts), threads, threads, THREADS), strict=True
    ):
        for one, box in zip(found, some, strict=True):
            left, top, right, bottom = (round(side) for side in box)
            yield one, Tile(left, top, right, bottom, opened.size)

"""The rows that training reads, at the cut, from the store where they fit on the disk, else computed in every epoch."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

import numpy as np
import torch

from jeoni import distributed
from jeoni.backbones.backbone import Backbone
from jeoni.backbones.cut import Tap, Taps
from jeoni.backbones.entry import entry, rows_like
from jeoni.errors import DataError
from jeoni.features.decoding import PORTION, Decoder, Plan, Preparation, processes_pay
from jeoni.features.engine import Choice, choose
from jeoni.features.examples import Context, Examples
from jeoni.features.extract import Request, missing_share
from jeoni.features.geometry import RowGeometry
from jeoni.features.store import Features
from jeoni.modalities.geometry import Geometry
from jeoni.modalities.inputs import collate
from jeoni.training.defaults import ResolvedRecipe
from jeoni.training.staging import ViewCosts, disk_s, timed
from jeoni.types import Array, IntArray

__all__ = ["ArrayRows", "CachedRows", "LiveRows", "Rows", "fits", "plain_rows", "row_bytes", "training_rows", "turns"]


BATCHES_AT_ONCE = 4  # of which worker processes have portions: twice as many portions as there are workers


class Rows(Protocol):
    """Rows by number and epoch."""

    def __len__(self) -> int:
        """How many examples."""

    @property
    def lengths(self) -> IntArray | None:
        """``(n,)`` how long each row is, where they differ and it is known."""

    @property
    def constant(self) -> bool:
        """Whether an example looks the same in every epoch."""

    def batch(self, index: IntArray, epoch: IntArray) -> Array:
        """``(b, …)``: the examples at ``index``, as they look in each one's ``epoch``."""

    def geometries(self, index: IntArray, epoch: IntArray) -> tuple[Geometry | None, ...]:
        """Where places in the examples lie in these rows, or in the inputs that they were computed from."""


class ArrayRows:
    """Rows of an array ``(n, …)``, alike in every epoch."""

    def __init__(self, array: Array) -> None:
        self._array = array

    def __len__(self) -> int:
        return len(self._array)

    @property
    def lengths(self) -> IntArray | None:
        """All are alike."""
        return None

    @property
    def constant(self) -> bool:
        """They do not change."""
        return True

    def batch(self, index: IntArray, epoch: IntArray) -> Array:
        """See :class:`Rows`."""
        return self._array[index]

    def geometries(self, index: IntArray, epoch: IntArray) -> tuple[Geometry | None, ...]:
        """Nothing is known of where they come from."""
        return (None,) * len(index)


class CachedRows:
    """Rows from the store. Each example goes through its views in turn, from a place of its own.

    Args:
        views: ``(n, …)`` each; one, and every epoch is alike.
        numbers: of the views, in the same order; the plain rows if left out.
        geometry: of the examples' rows, where it is known.
    """

    def __init__(self, *views: Features, numbers: tuple[int, ...] = (0,), geometry: RowGeometry | None = None) -> None:
        self._sources, self._numbers, self._geometry = views, numbers, geometry

    def __len__(self) -> int:
        return len(self._sources[0])

    @property
    def lengths(self) -> IntArray | None:
        """See :class:`Rows`."""
        return self._sources[0].lengths

    @property
    def constant(self) -> bool:
        """See :class:`Rows`."""
        return len(self._sources) == 1

    @property
    def nbytes(self) -> int:
        """Their size on the disk, in bytes."""
        return sum(s.nbytes for s in self._sources)

    def batch(self, index: IntArray, epoch: IntArray) -> Array:
        """See :class:`Rows`."""
        view = turns(index, epoch, len(self._sources))
        if len(self._sources) == 1:
            return self._sources[0][index]
        found: dict[int, Array] = {}
        for v in np.unique(view):
            here = np.flatnonzero(view == v)
            found |= dict(zip(here.tolist(), self._sources[v][index[here]], strict=True))
        return collate([found[k] for k in range(len(index))])

    def geometries(self, index: IntArray, epoch: IntArray) -> tuple[Geometry | None, ...]:
        """See :class:`Rows`."""
        if self._geometry is None:
            return (None,) * len(index)
        view = turns(index, epoch, len(self._sources))
        return tuple(self._geometry.of(int(i), self._numbers[v]) for i, v in zip(index, view, strict=True))


class LiveRows:
    """Rows that are decoded, and run through the frozen stages, whenever they are asked for.

    Several batches may be asked for at once, from threads of their own.

    Args:
        examples: whose.
        backbone: the network.
        tap: where to take rows out.
        policy: of random views; ``none`` gives the examples as they are.
        context: engine, workers, console.
        views: how many of each example there are, which take turns as those of :class:`CachedRows` do; 0: every epoch
            has one of its own.
    """

    def __init__(
        self, examples: Examples, backbone: Backbone, tap: Tap, policy: str, context: Context, views: int = 0
    ) -> None:
        self._items, self._backbone, self._tap = examples.data.items, backbone, tap
        self._policy, self._views = "" if policy == "none" else policy, views
        self._context = context
        self._geometry = RowGeometry(self._items, backbone.input, self._policy)
        plan = Plan((Preparation(backbone.input, "", self._policy, bool(self._policy)),), beside=False)
        processes = processes_pay((backbone.input,), len(self._items), context.threads, context.decoding)
        self._decoder = Decoder(plan, context.threads, processes, context.console)
        self._pool = ThreadPoolExecutor(context.threads, thread_name_prefix="jeoni-rows")
        self._choice: Choice | None = None
        self._choosing = threading.Lock()

    def __len__(self) -> int:
        return len(self._items)

    @property
    def lengths(self) -> IntArray | None:
        """Not known."""
        return None

    @property
    def constant(self) -> bool:
        """See :class:`Rows`."""
        return not self._policy

    @property
    def at_once(self) -> int:
        """How many batches to ask for at the same time, so that no worker waits for the last of one to be done."""
        return BATCHES_AT_ONCE if self._decoder.processes else 1

    @property
    def decoded_by(self) -> str:
        """Who decodes, for the record."""
        return self._decoder.told

    def batch(self, index: IntArray, epoch: IntArray) -> Array:
        """See :class:`Rows`."""
        numbers = self._numbers(index, epoch)
        size = min(PORTION, -(-2 * len(index) // self._context.threads)) if self._decoder.processes else 1
        portions = [(index[k : k + size], numbers[k : k + size]) for k in range(0, len(index), size)]
        found = [row for rows in self._pool.map(self._decoded, portions) for row in rows]
        if self._tap.stage == 0:
            return collate(found)
        # no more at a time than the network bears to be padded to each other's length
        size = len(found) if self._backbone.input.chunk > 1 else 1
        parts = [collate(found[k : k + size]) for k in range(0, len(found), size)]
        choice = self._engine(parts[0])
        return collate([row for part in parts for row in choice.run(part)[0]])

    def geometries(self, index: IntArray, epoch: IntArray) -> tuple[Geometry | None, ...]:
        """See :class:`Rows`."""
        views = zip(index, self._numbers(index, epoch), strict=True)
        return tuple(self._geometry.of(int(i), int(number)) for i, number in views)

    def _numbers(self, index: IntArray, epoch: IntArray) -> IntArray:
        """``(b,)`` which view of each example; 0 is the plain row."""
        if not self._policy:
            return np.zeros_like(index)
        return (turns(index, epoch, self._views) if self._views else epoch) + 1

    def _decoded(self, portion: tuple[IntArray, IntArray]) -> list[Array]:
        index, numbers = (part.tolist() for part in portion)
        found = self._decoder.prepare(self._items, index, lambda place, digest: [[numbers[place]]])
        rows = []
        for made, number in zip(found, numbers, strict=True):
            if isinstance(made, DataError):
                raise made
            rows.append(made.rows[0, number])
        return rows

    def _engine(self, rows: Array) -> Choice:
        with self._choosing:
            if self._choice is None:
                network = entry(Taps(self._backbone, (self._tap,)), self._backbone.input).eval()
                self._choice = choose(network, rows, self._context.engine, 1, self._context.console)
            return self._choice


def turns(index: IntArray, epoch: IntArray, views: int) -> IntArray:
    """``(b,)`` whose turn it is among so many views; by a prime, so that neighbours start at different ones.

    Example:
        >>> turns(np.array([0, 1, 1]), np.array([0, 0, 1]), 4).tolist()
        [0, 3, 0]
    """
    return (index * 7919 + epoch) % views


def row_bytes(backbone: Backbone, tap: Tap) -> int:
    """The size of one example on the disk at ``tap``; of sequences, one as long as is allowed."""
    spec = backbone.input
    rows = rows_like(spec, 1)
    if tap.stage:
        with torch.inference_mode():
            (value,) = entry(Taps(backbone, (tap,)), spec)(rows)
        each = int(value[0].numel()) * (4 if tap.pooled or value.ndim == 2 else 2)
    else:
        each = rows[0].numel() * rows.element_size()
    whole = tap.pooled or tap.stage == backbone.n or not spec.ragged
    return each if whole else each * spec.longest // rows.shape[1]


def fits(backbone: Backbone, tap: Tap, n: int, room_gb: float) -> bool:
    """Whether rows of ``n`` examples fit into so much room."""
    return n * row_bytes(backbone, tap) <= room_gb * 1e9


def _staged(
    live: LiveRows,
    examples: Examples,
    backbone: Backbone,
    tap: Tap,
    recipe: ResolvedRecipe,
    context: Context,
    step_s: Callable[[Array], float] | None,
    views: int,
) -> tuple[bool, dict[str, object]]:
    """Whether views are written first, and the expected seconds of both ways."""
    n, size = len(examples), row_bytes(backbone, tap)
    passes = recipe.steps * recipe.batch_size / n
    request = Request(backbone, (tap,), tuple(range(1, views + 1)), recipe.augment)
    lacking = missing_share(examples.data.items, request, context.store)
    write, read = disk_s(context.store.root)
    decode_s = timed(live.batch, n, min(n, recipe.batch_size)) if lacking else 0.0
    index = np.arange(min(n, recipe.batch_size))
    beside = step_s(live.batch(index, np.zeros_like(index))) if step_s and lacking else 0.0
    costs = ViewCosts(decode_s, write * size, read * size, beside, lacking)
    keeps = distributed.broadcast_object(costs.keeps(n, views, passes))
    if not lacking:
        return True, {}
    return keeps, {"kept_s": round(costs.kept_s(n, views, passes), 2), "live_s": round(costs.live_s(n, passes), 2)}


def plain_rows(examples: Examples, backbone: Backbone, tap: Tap, context: Context) -> Rows:
    """The examples as they are: from the store if they were put there, else computed when asked for."""
    try:
        geometry = RowGeometry(examples.data.items, backbone.input)
        return CachedRows(examples.features(backbone, tap), geometry=geometry)
    except KeyError:
        return LiveRows(examples, backbone, tap, "none", context)


def training_rows(
    examples: Examples,
    backbone: Backbone,
    tap: Tap,
    recipe: ResolvedRecipe,
    context: Context,
    step_s: Callable[[Array], float] | None = None,
) -> tuple[Rows, dict[str, object]]:
    """The rows to train on, and what the run's record says of them.

    Random views of pixels are written to the store first, or decoded in every epoch, whichever takes less; see
    :mod:`jeoni.training.staging`. The rows are the same.

    Args:
        examples: which.
        backbone: the network.
        tap: of the cut.
        recipe: all its defaults resolved; says how many views, under which policy, and how much room there is.
        context: where to compute.
        step_s: from rows to the seconds that the network takes for each in a step, while decoding goes on.
    """
    size = row_bytes(backbone, tap)
    views = recipe.views if backbone.input.varied else 0
    room = int(recipe.cache_gb * 1e9) // (size * len(examples))
    said: dict[str, object] = {"row_bytes": size, "policy": recipe.augment}
    if max(1, views) > room:
        wanted = max(1, views) * len(examples) * size / 1e9
        then = f"{room} are kept." if room >= 2 else "They are computed again in every epoch."
        context.console.warn(
            f"{max(1, views)} views of {len(examples):,} examples take {wanted:.1f} GB at this cut; cache_gb allows "
            f"{recipe.cache_gb:g}. {then}"
        )
    kept = min(views, room)
    if not views:
        rows = plain_rows(examples, backbone, tap, context)
        cached = isinstance(rows, CachedRows)
        taken = rows.nbytes if isinstance(rows, CachedRows) else 0
        return rows, {**said, "row_bytes": taken // len(examples) if cached else size, "policy": "none",
                      "cached": cached, "views": 0, "bytes": taken}  # fmt: skip
    if kept < min(views, 2):
        live = LiveRows(examples, backbone, tap, recipe.augment, context)
        return live, {**said, "cached": False, "views": 0, "bytes": 0}
    if tap.stage == 0:
        live = LiveRows(examples, backbone, tap, recipe.augment, context, views=kept)
        keeps, costs = _staged(live, examples, backbone, tap, recipe, context, step_s, kept)
        said |= costs
        if not keeps:
            return live, {**said, "cached": False, "views": kept, "bytes": 0}
    numbers = tuple(range(1, kept + 1))
    seen = context.extract(examples.data.items, [Request(backbone, (tap,), numbers, recipe.augment)])
    geometry = RowGeometry(examples.data.items, backbone.input, recipe.augment)
    views_of = (seen.features(backbone, tap, view=v) for v in numbers)
    rows = CachedRows(*views_of, numbers=numbers, geometry=geometry)
    return rows, {**said, "cached": True, "views": kept, "bytes": kept * size * len(examples)}

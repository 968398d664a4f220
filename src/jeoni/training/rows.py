"""What training reads: rows at the cut, from the store where they fit on the disk, else computed in every epoch."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

import numpy as np
import torch

from jeoni.backbones.backbone import Backbone
from jeoni.backbones.cut import ByteInput, Tap, Taps
from jeoni.data.augment import augment, find_policy
from jeoni.data.images import open_image, to_input
from jeoni.data.items import content_digest
from jeoni.features.engine import Choice, choose
from jeoni.features.examples import Context, Examples, cores
from jeoni.features.extract import Request
from jeoni.features.store import Features
from jeoni.spec import Recipe
from jeoni.types import Array, IntArray

__all__ = ["CachedRows", "LiveRows", "Rows", "fits", "plain_rows", "row_bytes", "training_rows"]


class Rows(Protocol):
    """Rows by number and epoch."""

    def __len__(self) -> int:
        """How many examples."""

    def batch(self, index: IntArray, epoch: IntArray) -> Array:
        """``(b, …)``: the examples at ``index``, as they look in each one's ``epoch``."""


class CachedRows:
    """Rows from the store. Each example goes through its views in turn, from a place of its own.

    Args:
        views: ``(n, …)`` each; one, and every epoch is alike.
    """

    def __init__(self, *views: Features) -> None:
        self._sources = views

    def __len__(self) -> int:
        return len(self._sources[0])

    def batch(self, index: IntArray, epoch: IntArray) -> Array:
        """See :class:`Rows`."""
        view = (index * 7919 + epoch) % len(self._sources)  # a prime, so that neighbours start at different views
        out: Array | None = None
        for v in np.unique(view):
            here = np.flatnonzero(view == v)
            rows = self._sources[v][index[here]]
            out = np.empty((len(index), *rows.shape[1:]), rows.dtype) if out is None else out
            out[here] = rows
        assert out is not None
        return out


class LiveRows:
    """Rows that are decoded, and run through the frozen stages, whenever they are asked for.

    Args:
        examples: whose.
        backbone: the network.
        tap: where to take rows out.
        policy: of random views; ``none`` gives the examples as they are.
        context: engine, threads, console.
    """

    def __init__(self, examples: Examples, backbone: Backbone, tap: Tap, policy: str, context: Context) -> None:
        self._items, self._backbone, self._tap = examples.data.items, backbone, tap
        self._policy = find_policy(policy)
        self._plain = policy == "none"
        self._context = context
        self._pool = ThreadPoolExecutor(context.workers or cores(), thread_name_prefix="jeoni-rows")
        self._choice: Choice | None = None

    def __len__(self) -> int:
        return len(self._items)

    def batch(self, index: IntArray, epoch: IntArray) -> Array:
        """See :class:`Rows`."""
        pixels = np.stack(list(self._pool.map(self._pixels, index.tolist(), epoch.tolist())))
        if self._tap.stage == 0:
            return pixels
        if self._choice is None:
            network = ByteInput(Taps(self._backbone, (self._tap,)), self._backbone.input).eval()
            self._choice = choose(network, pixels, self._context.engine, 1, self._context.console)
        return self._choice.run(pixels)[0]

    def _pixels(self, index: int, epoch: int) -> Array:
        raw, spec = self._items.read(index), self._backbone.input
        share = spec.crop_pct**2 if self._plain else self._policy.area
        image = open_image(raw, self._items.name(index), at_least=round(spec.size / share**0.5))
        if self._plain:
            return to_input(image, spec)
        return augment(image, spec, self._policy, content_digest(raw), epoch + 1)


def row_bytes(backbone: Backbone, tap: Tap) -> int:
    """What one example takes on the disk at ``tap``."""
    if tap.stage == 0:
        return 3 * backbone.input.size**2
    with torch.inference_mode():
        (value,) = Taps(backbone, (tap,))(torch.zeros(1, 3, backbone.input.size, backbone.input.size))
    return int(value[0].numel()) * (4 if tap.pooled or value.ndim == 2 else 2)


def fits(backbone: Backbone, tap: Tap, n: int, recipe: Recipe) -> bool:
    """Whether rows of ``n`` examples fit into the room that the recipe gives the cache."""
    return n * row_bytes(backbone, tap) <= recipe.cache_gb * 1e9


def plain_rows(examples: Examples, backbone: Backbone, tap: Tap, context: Context) -> Rows:
    """The examples as they are: from the store if they were put there, else computed when asked for."""
    try:
        return CachedRows(examples.features(backbone, tap))
    except KeyError:
        return LiveRows(examples, backbone, tap, "none", context)


def training_rows(
    examples: Examples, backbone: Backbone, tap: Tap, recipe: Recipe, context: Context
) -> tuple[Rows, dict[str, object]]:
    """The rows to train on, and what the run's record says of them.

    Args:
        examples: which.
        backbone: the network.
        tap: of the cut.
        recipe: settled; says how many views, under which policy, and how much room there is.
        context: where to compute.
    """
    size, views = row_bytes(backbone, tap), recipe.views
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
        return rows, {**said, "cached": cached, "views": 0, "bytes": cached * size * len(examples)}
    if kept < min(views, 2):
        live = LiveRows(examples, backbone, tap, recipe.augment, context)
        return live, {**said, "cached": False, "views": 0, "bytes": 0}
    numbers = tuple(range(1, kept + 1))
    seen = context.extract(examples.data.items, [Request(backbone, (tap,), numbers, recipe.augment)])
    rows = CachedRows(*(seen.features(backbone, tap, view=v) for v in numbers))
    return rows, {**said, "cached": True, "views": kept, "bytes": kept * size * len(examples)}

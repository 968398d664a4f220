"""The fits of a comparison: one after the other, or several at once, each in a process of its own.

The steps of a small training on a processor leave cores idle: most of its operations are too small to be shared. Two
trainings with one thread each then end sooner than the same two with two threads, one after the other. So where fits
train for long, on a processor, they go to worker processes (joblib's loky, which needs no guarded main module), as
many as there are cores, each with its share of the threads. Nothing else changes: a fit is made by the same function,
from the same seed, and gives the same weights in either place with as many threads. Features and random views are in
the store before; a worker reads them there.

They stay in this process where a budget is kept (what one fit leaves goes to the next), on a GPU, where several
processes share a training already, where there is one core, where memory is short, and where something cannot be sent.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import BrokenExecutor
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from pickle import PicklingError, dumps, loads
from typing import Any

import numpy as np
import torch

from jeoni import distributed
from jeoni.assessment.holdout import Strategy, taps_of
from jeoni.backbones.backbone import Backbone
from jeoni.backbones.cut import cut
from jeoni.deadline import Spent
from jeoni.features.examples import Context, Examples
from jeoni.features.extract import Request
from jeoni.features.store import FeatureStore
from jeoni.libraries import import_torchvision, timm_model
from jeoni.locale import Said
from jeoni.training.rows import training_rows
from jeoni.training.work import Training
from jeoni.types import FloatArray, Quiet

__all__ = ["Fit", "Fitted", "Workers", "made_by_workers", "make_fit", "make_fits", "workers_for"]

LONG_S = 30.0  # of a fit with all cores: starting a worker takes a third of that
LONG = 4000  # examples through steps of a training that count as long, where its seconds are not known
THREADED = 0.7  # n threads do the work of n ** 0.7: two did that of 1.4 to 1.8 in steps of EfficientNet-Lite0
# of what cannot be sent (a class that was made inside a function), and of workers that the system ends
_BROKEN = (PicklingError, AttributeError, TypeError, BrokenExecutor)
ROOM = 3e9  # bytes of memory that a worker is taken to need, while it trains on pictures


@dataclass(frozen=True)
class Fit:
    """A fit that is to be made.

    Attributes:
        name: by which a deadline knows it.
        strategy: how.
        backbone: to transfer from.
        train: to fit on.
        test: to predict.
        seed: of the fit.
        found: what a search found for it; None where it searches for itself.
        expected_s: seconds that it will take with all cores; 0 where that is not known.
    """

    name: str
    strategy: Strategy
    backbone: Backbone
    train: Examples
    test: Examples
    seed: int
    found: Any = None
    expected_s: float = 0.0

    @property
    def long(self) -> bool:
        """Whether it takes much longer than to start a worker."""
        if self.expected_s:
            return self.expected_s >= LONG_S
        return sum(t.steps * t.recipe.batch_size for t in self.trainings) >= LONG

    @property
    def trainings(self) -> tuple[Training, ...]:
        """What it trains, as far as it says so."""
        work = getattr(self.strategy, "work", None)
        found: tuple[Training, ...] = work(self.backbone, len(self.train), self.train.of).trainings if work else ()
        return found


@dataclass(frozen=True)
class Fitted:
    """What became of a fit.

    Attributes:
        predictions: ``(m, p)`` for the test examples.
        training: the model's record of its training; empty where nothing was trained.
        seconds: of fitting, with those of interrupted calls, and its share of a search.
        warnings: that it gave, where nobody has heard them yet.
        spent: seconds by what they were spent on, where they are not counted yet.
    """

    predictions: FloatArray
    training: dict[str, Any]
    seconds: float
    warnings: tuple[str, ...] = ()
    spent: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Workers:
    """Processes that make fits at once.

    Attributes:
        count: how many.
        threads: of each.
        first: so many of the fits they make; those after these are made one by one, with all cores. None is all.
    """

    count: int
    threads: int
    first: int | None = None


def make_fit(fit: Fit, context: Context) -> Fitted:
    """Fit, and predict the test examples."""
    context.begin_fit(fit.name)
    start, own = time.perf_counter(), replace(context, seed=fit.seed)
    if fit.found is None:
        model = fit.strategy.fit(fit.backbone, fit.train, own)
    else:
        model = fit.strategy.fit_found(fit.backbone, fit.train, own, fit.found)  # type: ignore[attr-defined]
    seconds = time.perf_counter() - start + model.training.get("earlier_s", 0.0)
    if fit.found is not None:
        seconds += fit.found.seconds / fit.found.repeats
    return Fitted(model.predict_examples(fit.test, fit.backbone, context), model.training, seconds)


def make_fits(fits: Sequence[Fit], context: Context) -> Iterator[Fitted]:
    """All of them, in their order; at once where :func:`workers_for` says so."""
    workers = workers_for(fits, context)
    made = 0
    if workers is not None:
        _prepare_views(fits[: workers.first], context)
        try:
            for fitted in made_by_workers(fits[: workers.first], context, workers):
                for warning in fitted.warnings:
                    context.console.warn(warning)
                for what, seconds in fitted.spent.items():
                    context.spent.seconds[what] = context.spent.seconds.get(what, 0.0) + seconds / workers.count
                made += 1
                yield fitted
        except _BROKEN as error:
            reason = str(error).partition("\n")[0] or type(error).__name__
            context.console.warn(Said("warning.no_workers", reason=reason))
    for fit in fits[made:]:
        yield make_fit(fit, context)


def workers_for(fits: Sequence[Fit], context: Context) -> Workers | None:
    """How many processes make these fits, and how many of these; None is this one alone.

    Of three fits on two cores, two are made at once, and then the third with both cores: in a process of its own it
    would have one, and the other would idle.
    """
    cores = context.threads
    alone = context.deadline is not None or distributed.world_size() > 1 or distributed.device().type != "cpu"
    long = [] if alone else [number for number, fit in enumerate(fits) if fit.long]
    count = min(len(long), cores, int(_free_bytes() / ROOM))
    if count < 2:
        return None
    threads = max(1, cores // count)
    by_all_cores = (threads / cores) ** THREADED  # the time of a fit with all cores, of that in a worker
    rounds, left = divmod(len(long), count)
    every = Workers(count, threads)
    ways: list[tuple[float, Workers | None]] = [(len(long) * by_all_cores, None), (rounds + bool(left), every)]
    if left:
        ways.append((rounds + left * by_all_cores, replace(every, first=long[-left - 1] + 1)))
    return min(ways, key=lambda way: way[0])[1]


def _free_bytes() -> float:
    """Memory that can be had without taking any from others; plenty where that is not told."""
    with suppress(OSError, ValueError, IndexError):
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        return next(1024.0 * int(line.split()[1]) for line in lines if line.startswith("MemAvailable"))
    return float("inf")


def _prepare_views(fits: Sequence[Fit], context: Context) -> None:
    """Put random views of all examples into the store, with all cores, before workers read them."""
    for training in {(t.frozen, t.recipe.augment, t.views): t for fit in fits for t in fit.trainings}.values():
        fit = fits[0]
        if not training.views or training.backbone.fingerprint != fit.backbone.fingerprint:
            continue
        tap = cut(training.backbone, training.frozen).tap
        for examples in {tuple(fit.train.index.tolist()): fit.train for fit in fits}.values():
            with context.spent.on("views"):
                training_rows(examples, training.backbone, tap, training.recipe, context)


@dataclass(frozen=True)
class _Sent:
    """A fit on its way to a worker: its rows stay in the store, and are found there again.

    Attributes:
        fit: its examples without an extraction.
        settings: fields of the context that it is made in.
        cache: the folder of the store.
        threads: of the worker.
    """

    fit: Fit
    settings: dict[str, Any]
    cache: Path
    threads: int


class _Noted(Quiet):
    """Keeps warnings for the process that the user listens to."""

    def __init__(self) -> None:
        self.warnings: list[str] = []

    def warn(self, text: str) -> None:
        self.warnings.append(text)


def made_by_workers(fits: Sequence[Fit], context: Context, workers: Workers) -> Iterator[Fitted]:
    """Each in a process of its own, in their order; features and random views are in the store."""
    from joblib import Parallel, delayed  # comes with scikit-learn; takes a quarter of a second

    kept = ("engine", "strict", "checkpoints", "checkpoint_s")
    settings = {name: getattr(context, name) for name in kept}
    sent = [_Sent(_without_rows(fit), settings, context.store.root.parent, workers.threads) for fit in fits]
    parallel = Parallel(n_jobs=workers.count, return_as="generator", backend="loky", pre_dispatch="all", batch_size=1)
    # packed beforehand: an error while joblib takes its tasks is never told
    tasks = [delayed(_made_by_worker)(dumps(one), _of_timm(one.fit.backbone)) for one in sent]
    yield from parallel(tasks)


def _without_rows(fit: Fit) -> Fit:
    """The fit, its examples without their extraction, which holds open files."""
    nothing: Any = None
    return replace(fit, train=replace(fit.train, seen=nothing), test=replace(fit.test, seen=nothing))


def _of_timm(backbone: Backbone) -> str:
    """The name of its architecture in timm; empty where it is of another library."""
    return backbone.architecture if backbone.library == "timm" else ""


def _made_by_worker(packed: bytes, architecture: str) -> Fitted:
    """Make a fit in a worker. Before it is unpacked, the file of timm that its network comes from is imported: that
    alone, and not all others with it."""
    if architecture:
        timm_model(architecture)
    else:
        import_torchvision()
    sent: _Sent = loads(packed)
    torch.set_num_threads(sent.threads)
    heard, spent = _Noted(), Spent()
    store = FeatureStore(sent.cache, heard)
    context = Context(store, workers=sent.threads, console=heard, spent=spent, **sent.settings)
    request = Request(sent.fit.backbone, taps_of(sent.fit.strategy, sent.fit.backbone, sent.fit.train.of))
    train, test = (_with_rows(some, request, context) for some in (sent.fit.train, sent.fit.test))
    fitted = make_fit(replace(sent.fit, train=train, test=test), context)
    return replace(fitted, warnings=tuple(heard.warnings), spent=spent.seconds)


def _with_rows(examples: Examples, request: Request, context: Context) -> Examples:
    """The examples with what the store holds of them."""
    seen = context.extract(examples.data.items, [request])
    return replace(examples, seen=seen, index=np.arange(len(examples)))

"""Choosing what runs the frozen stages, and trusting it only after it was held against torch.

An engine is one file in ``engines/``. Each offers ``name``, ``missing()``, ``accelerated()``, ``precisions()`` and
``compile(network, rows, threads, precision)``, which returns a function from rows ``(n, …)``, as inputs make them, to a
list of arrays, one per output. That function may be called from several threads at once, each call using one core.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np
import torch
from torch import nn

from jeoni import plugins
from jeoni.errors import ConfigError, JeoniError, did_you_mean
from jeoni.features.halving import InWhatFits, too_large_for_gpu
from jeoni.locale import Said
from jeoni.types import Array, Console

__all__ = ["Choice", "Engine", "Run", "accelerated", "agreement", "check_engine", "choose"]

AGREEMENT = 0.999
Run = Callable[[Array], list[Array]]


class Engine(Protocol):
    """An inference engine, as its file offers it."""

    name: str

    def missing(self) -> str:
        """Why it cannot be used here, with the remedy; empty if it can."""

    def accelerated(self) -> bool:
        """Whether it runs on an accelerator of this machine: then processors are not asked."""

    def precisions(self) -> tuple[str, ...]:
        """Precisions that it can compute in on this machine, the fastest first."""

    def compile(self, network: nn.Module, rows: Array, threads: int, precision: str) -> Run:
        """Make ``network`` ready to run on batches like ``rows``."""


@dataclass(frozen=True)
class Choice:
    """An engine that passed.

    Attributes:
        run: rows ``(n, …)``, as inputs make them, to a list of arrays.
        name: the engine.
        precision: ``float32``, ``bfloat16`` or ``float16``.
        cosine: the smallest cosine to torch on a real batch.
        notes: what was tried and refused, in sentences.
    """

    run: Run
    name: str
    precision: str
    cosine: float
    notes: tuple[str, ...] = field(default=())


def agreement(got: list[Array], wanted: list[Array]) -> float:
    """The smallest cosine over all rows of all outputs; 0 where shape or scale differ, or a value is not finite."""
    worst = 1.0
    for a, b in zip(got, wanted, strict=True):
        if a.shape != b.shape or not np.isfinite(a).all():
            return 0.0
        x, y = a.reshape(len(a), -1).astype(np.float64), b.reshape(len(b), -1).astype(np.float64)
        norms = np.linalg.norm(x, axis=1), np.linalg.norm(y, axis=1)
        if np.any(np.abs(norms[0] - norms[1]) > 0.05 * norms[1] + 1e-6):
            return 0.0
        worst = min(worst, float(((x * y).sum(1) / (norms[0] * norms[1] + 1e-12)).min()))
    return worst


def check_engine(wanted: str) -> None:
    """Look whether there is such an engine, and whether it can be used here; ``auto`` always can.

    Raises:
        ConfigError: no; near names are offered, or how to install it.
    """
    known = plugins.names("jeoni.features.engines")
    if wanted not in ("auto", *known):
        raise ConfigError(f"No engine is called {wanted!r}.{did_you_mean(wanted, known)} Known: {', '.join(known)}.")
    for engine in _engines(wanted) if wanted != "auto" else ():
        reason = engine.missing()
        if reason:
            raise ConfigError(f"The engine {wanted!r} cannot be used: {reason}")


def accelerated(wanted: str) -> bool:
    """Whether an accelerator will run the network, where it can, if this engine is wanted.

    Raises:
        ConfigError: an engine that does not exist.
    """
    check_engine(wanted)
    return any(engine.accelerated() for engine in _engines(wanted))


def choose(network: nn.Module, rows: Array, wanted: str, threads: int, console: Console, precision: str = "") -> Choice:
    """The fastest engine that gives what torch gives.

    Args:
        network: takes rows, returns a tuple of tensors; in eval mode.
        rows: a real batch, ``(n, …)``.
        wanted: ``auto``, or an engine's name; a name that fails its test falls back to torch.
        threads: how many calls will run at the same time.
        console: told about fall-backs.
        precision: the only one that it may compute in; empty where the engine may choose. The fall-back, torch on a
            processor, always computes in float32.

    Raises:
        ConfigError: an engine that does not exist, or is not installed; a GPU that has no memory for one row.
    """
    check_engine(wanted)
    with torch.inference_mode():
        reference = [t.float().numpy() for t in network(torch.from_numpy(rows))]
    passed: list[Choice] = []
    notes: list[str] = []
    for engine, kind in _candidates(wanted):
        if precision not in ("", kind):
            continue
        tried = _tried(engine, kind, network, rows, threads, reference, console)
        if not isinstance(tried, Choice):
            notes.append(tried)
            continue
        passed.append(tried)
        if kind != "float32" or engine.accelerated():
            break
    if not passed:
        engine = plugins.load("jeoni.features.engines", "torch")()
        run = _compiled(engine, network, rows, threads, "float32", console)
        passed.append(Choice(run, engine.name, "float32", agreement(run(rows), reference)))
        if wanted not in ("auto", "torch") and notes:
            console.warn(Said("engine.instead", why=notes[-1]))
    best = passed[0] if len(passed) == 1 else min(passed, key=lambda choice: _seconds(choice.run, rows))
    return replace(best, notes=tuple(notes))


def _tried(
    engine: Engine,
    precision: str,
    network: nn.Module,
    rows: Array,
    threads: int,
    reference: list[Array],
    console: Console,
) -> Choice | str:
    """The engine, held against torch, or why it is not taken."""
    try:
        run = _compiled(engine, network, rows, threads, precision, console)
        cosine = agreement(run(rows), reference)
    except (JeoniError, KeyboardInterrupt):
        raise
    except Exception as error:  # an engine may fail in any way of its own; torch remains
        reason = (str(error).splitlines() or [type(error).__name__])[0][:160]
        return Said("engine.failed", engine=engine.name, precision=precision, reason=reason)
    if cosine < AGREEMENT:
        measured = {"cosine": f"{cosine:.4f}", "needed": f"{AGREEMENT:g}"}
        return Said("engine.refused", engine=engine.name, precision=precision, **measured)
    return Choice(run, engine.name, precision, cosine)


def _compiled(engine: Engine, network: nn.Module, rows: Array, threads: int, precision: str, console: Console) -> Run:
    """Ready to run; on a GPU, also for batches for which it has no memory.

    Raises:
        ConfigError: a GPU has no memory for the network itself.
    """
    try:
        return InWhatFits(engine.compile(network, rows, threads, precision), console)
    except torch.OutOfMemoryError:
        raise too_large_for_gpu() from None


def _engines(wanted: str) -> list[Engine]:
    names = plugins.names("jeoni.features.engines") if wanted == "auto" else (wanted,)
    return [plugins.load("jeoni.features.engines", name)() for name in names]


def _candidates(wanted: str) -> list[tuple[Engine, str]]:
    found: list[tuple[Engine, str]] = []
    for engine in _engines(wanted):
        if engine.missing() or (wanted == "auto" and engine.name == "torch" and not engine.accelerated()):
            continue
        found += [(engine, precision) for precision in engine.precisions()]
    return sorted(found, key=lambda c: (not c[0].accelerated(), c[1] == "float32"))


def _seconds(run: Run, rows: Array) -> float:
    times = []
    for _ in range(3):
        start = time.perf_counter()
        run(rows)
        times.append(time.perf_counter() - start)
    return min(times)

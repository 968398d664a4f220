"""A deep method through the training loop: both domains' rows, a method's step, and the network that comes out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from jeoni import distributed
from jeoni.adaptation.alignment import Alignment, Network, SourceOnly, Step
from jeoni.adaptation.norms import even_batches
from jeoni.errors import ConfigError
from jeoni.features.examples import Context
from jeoni.modalities.geometry import Geometry
from jeoni.modalities.inputs import collate
from jeoni.tasks.classification import one_hot
from jeoni.training.defaults import ResolvedRecipe
from jeoni.training.forward import as_input
from jeoni.training.groups import Group
from jeoni.training.job import Batch as JobBatch
from jeoni.training.job import History, Job, Update
from jeoni.training.loop import train
from jeoni.training.order import Domain
from jeoni.training.rows import Rows
from jeoni.types import Array, IntArray

__all__ = ["Domains", "attach", "part_groups", "train_method"]


@dataclass(frozen=True)
class Domains:
    """The training data of both domains.

    Attributes:
        source: rows of the source, or None for methods that need none.
        labels: ``(ns,)`` of the source.
        target: rows of the target.
        strong: strongly changed views of the same target examples, for methods that ask for them.
        classes: how many.
        identity: names the data.
        weights: ``(classes,)`` in the task's loss; None takes all alike.
        order: ``(nt,)`` target rows in an order of their own, which no naming of files changes; None takes them as they
            come.
    """

    source: Rows | None
    labels: IntArray
    target: Rows
    classes: int
    strong: Rows | None = None
    identity: str = ""
    weights: Tensor | None = None
    order: IntArray | None = None

    @property
    def shares(self) -> tuple[Domain, ...]:
        """The share of each part in a batch: strongly changed views are of the same examples as the target's."""
        own = [] if self.source is None else [Domain(len(self.source))]
        own.append(Domain(len(self.target)))
        return (*own, *([] if self.strong is None else [Domain(len(self.strong), views_of=len(own) - 1)]))

    @property
    def parts(self) -> tuple[Rows, ...]:
        """Those there are, in the order of their numbers."""
        return tuple(rows for rows in (self.source, self.target, self.strong) if rows is not None)


class _Joined:
    """Rows of several domains, numbered one after the other."""

    def __init__(self, parts: tuple[Rows, ...]) -> None:
        self._parts = parts
        self._starts = np.cumsum([0, *(len(p) for p in parts)])
        self._lengths = [p.lengths for p in parts]

    def __len__(self) -> int:
        return int(self._starts[-1])

    @property
    def lengths(self) -> IntArray | None:
        """See :class:`jeoni.training.rows.Rows`."""
        known = [length for length in self._lengths if length is not None]
        return np.concatenate(known) if len(known) == len(self._lengths) else None

    @property
    def constant(self) -> bool:
        """See :class:`jeoni.training.rows.Rows`."""
        return all(p.constant for p in self._parts)

    def batch(self, index: IntArray, epoch: IntArray) -> Array:
        """See :class:`jeoni.training.rows.Rows`; a batch holds its domains one after the other."""
        found = []
        for part, start, end in zip(self._parts, self._starts, self._starts[1:], strict=False):
            here = (index >= start) & (index < end)
            if here.any():
                found.append(part.batch(index[here] - start, epoch[here]))
        if len(found) == 1:
            return found[0]
        if len({rows.shape[1:] for rows in found}) == 1:
            return np.concatenate(found)
        return collate([row for rows in found for row in rows])

    def geometries(self, index: IntArray, epoch: IntArray) -> tuple[Geometry | None, ...]:
        """See :class:`jeoni.training.rows.Rows`."""
        found: list[Geometry | None] = []
        for k, number in enumerate(index.tolist()):
            part = int(np.searchsorted(self._starts, number, side="right")) - 1
            found += self._parts[part].geometries(index[k : k + 1] - self._starts[part], epoch[k : k + 1])
        return tuple(found)


class _Objective:
    """Splits a batch into its domains, and lets the method make the step."""

    def __init__(self, method: Alignment, network: Network, domains: Domains, recipe: ResolvedRecipe) -> None:
        self._method, self._network, self._domains, self._recipe = method, network, domains, recipe
        self._first = 0 if domains.source is None else len(domains.source)
        self._each = max(1, recipe.batch_size // len(domains.parts))

    def begin(self, step: int) -> None:
        """At the beginning of a pass over the target the method may look at all of it."""
        passes = [(s * self._each) // len(self._domains.target) for s in (step - 1, step)]
        if step == 0 or passes[0] < passes[1]:
            self.prepare(passes[1])

    def prepare(self, passed: int) -> None:
        """Let the method look at the target."""
        self._network.eval()
        self._method.prepare(self._network, self._targets, passed)

    def finish(self) -> None:
        """Let the method look at the target once more."""
        self._network.eval()
        self._method.finish(self._network, self._targets)

    def updates(self, batch: JobBatch, progress: float) -> Iterator[Update]:
        """See :class:`jeoni.training.job.Objective`."""
        x, index = batch.rows, batch.index
        end = self._first + len(self._domains.target)
        source, strong = index < self._first, index >= end
        target = ~source & ~strong
        step = Step(
            network=self._network,
            source=x[torch.from_numpy(source).to(x.device)],
            target=x[torch.from_numpy(target).to(x.device)],
            strong=x[torch.from_numpy(strong).to(x.device)],
            labels=one_hot(torch.from_numpy(batch.targets[source]).to(x.device), self._domains.classes),
            numbers=index[target] - self._first,
            progress=progress,
            smoothing=self._recipe.label_smoothing,
            weights=self._domains.weights,
        )
        yield from self._method.updates(step)

    def _targets(self) -> Iterator[tuple[IntArray, Tensor]]:
        device = next((p.device for p in self._network.parameters()), torch.device("cpu"))
        rows, order = self._domains.target, self._domains.order
        if rows.lengths is not None:
            order = np.argsort(-rows.lengths, kind="stable")
        for index in even_batches(np.arange(len(rows)) if order is None else order):
            yield index, as_input(rows.batch(index, np.zeros_like(index)), device)


def attach(method: Alignment, network: Network, dim: int, classes: int, targets: int, seed: int) -> None:
    """Give the network what the method trains beside.

    Raises:
        ConfigError: a network that the method cannot adapt.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network.parts = method.build(dim, classes, network, targets)


def part_groups(network: Network, recipe: ResolvedRecipe) -> list[Group]:
    """The method's own parameters, at the head's learning rate; those it calls ``frozen`` stay."""
    found = {n: p for n, p in network.named_parameters() if n.startswith("parts.") and ".frozen." not in n}
    return [Group("parts", found, recipe.head_learning_rate, recipe.weight_decay)] if found else []


def train_method(
    method: Alignment, network: Network, groups: list[Group], domains: Domains, recipe: ResolvedRecipe, context: Context
) -> History:
    """Adapt ``network`` in place.

    Args:
        method: whose step is made.
        network: with its parts attached.
        groups: what is trained.
        domains: to train on.
        recipe: all its defaults resolved.
        context: seed, checkpoints, console.

    Raises:
        ConfigError: fewer examples, in all or in a batch, than the method can make a step of.
    """
    _check_shares(method, domains, recipe)
    recipe = replace(recipe, steps=method.steps(recipe.steps))
    objective = _Objective(method, network, domains, recipe)
    if not recipe.steps:
        network.to(distributed.device())
        objective.prepare(0)
        network.cpu()
        return History(0, 0)
    targets = np.full(len(domains.target), -1, dtype=np.int64)
    labels = [domains.labels] if domains.source is not None else []
    labels += [targets] * (2 if domains.strong is not None else 1)
    job = Job(
        title="Learning the source" if isinstance(method, SourceOnly) else f"Adapting ({type(method).__name__})",
        network=network,
        groups=groups,
        rows=_Joined(domains.parts),
        targets=np.concatenate(labels),
        criterion=None,
        recipe=recipe,
        seed=context.seed,
        train_statistics=method.statistics,
        objective=objective,
        domains=domains.shares,
        identity=f"{domains.identity} {method!r}",
    )
    history = train(job, context.checkpoints, context.checkpoint_s, context.console)
    objective.finish()
    network.cpu()
    return history


def _check_shares(method: Alignment, domains: Domains, recipe: ResolvedRecipe) -> None:
    name, least = type(method).__name__, method.least
    for what, rows in (("source", domains.source), ("target", domains.target)):
        if rows is not None and len(rows) < least:
            raise ConfigError(
                f"{name} needs at least {least} {what} items, and better some dozens; there is {len(rows)}. Add {what} "
                "items, or take a method that looks at single items, such as mcc, or shot."
            )
    parts = len(domains.parts)
    each = recipe.batch_size // parts
    if method.steps(recipe.steps) and each < least:
        raise ConfigError(
            f"{name} needs at least {least} items of each domain in a step; batch_size {recipe.batch_size} in {parts} "
            f"parts gives {each}. Take --batch-size {least * parts} or more."
        )

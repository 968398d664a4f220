"""The training loop: AdamW over groups of parameters, warm-up and cosine, the held-out part evaluated now and then.

Everything random at a step follows from (seed, step) alone, and which examples it takes from (seed, epoch). So there
is no random state to keep: a training that was killed goes on from its last checkpoint and ends with the same weights.
Several processes share every step's examples; their gradients are summed in one flat tensor, since parameters that
thaw on the way would not fit the buckets of DistributedDataParallel.

Mixup: Zhang et al. 2018; on rows above the input it is manifold mixup (Verma et al. 2019). Label smoothing: Szegedy et
al. 2016. Logit adjustment: Menon et al. 2021. Anchor (L2-SP): Li et al. 2018.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from jeoni import distributed
from jeoni.deadline import Allowance
from jeoni.errors import ConfigError
from jeoni.features.halving import too_large_for_gpu
from jeoni.training.checkpoint import DamagedState, load_state, pack_optimizer, save_state, unpack_optimizer
from jeoni.training.defaults import ResolvedRecipe
from jeoni.training.fetching import Fetched, Parts, fetch_steps, halves
from jeoni.training.forward import as_input, outputs_of, parts_alike
from jeoni.training.groups import Group
from jeoni.training.job import Batch, Diverged, History, Job
from jeoni.training.losses import Losses, readable
from jeoni.training.memory import kept_memory, without_copies
from jeoni.training.optimizer import AdamW
from jeoni.training.order import Domain, DomainBalancedSampler
from jeoni.training.pace import Pace
from jeoni.training.precision import plain_attention
from jeoni.training.repeatable import repeatable, seed_devices
from jeoni.training.rows import Rows
from jeoni.training.sizes import ResizedRows, resize
from jeoni.training.vocabulary import only_tokens_of
from jeoni.types import Array, Console, Quiet

__all__ = ["train"]

EVALUATIONS = 10
CLIP = 1.0


def train(
    job: Job,
    folder: Path | None = None,
    every_s: float = 30.0,
    console: Console | None = None,
    allowance: Allowance | None = None,
) -> History:
    """Train ``job.network`` in place; at the end it holds the best weights, in eval mode.

    Args:
        job: what to train.
        folder: where checkpoints go; a training of the same name that is there is resumed. None keeps none.
        every_s: seconds between checkpoints.
        console: shows progress.
        allowance: the time that it may take; its schedule is planned into that. None is no limit.

    Raises:
        Diverged: the loss is not finite; the message says what to lower.
        StorageError: a checkpoint cannot be written.
        ConfigError: a GPU has no memory for a step; the message says what to lower.
    """
    seen = [job.rows, *([job.held.rows] if job.held else [])]
    with only_tokens_of(seen, job.network, [p for g in job.groups for p in g.parameters.values()]):
        history = _train(job, folder, every_s, console or Quiet(), allowance)
    job.network.eval()
    return history


def _train(job: Job, folder: Path | None, every_s: float, console: Console, allowance: Allowance | None) -> History:
    machine = distributed.state()
    path = folder / f"{job.name()}.safetensors" if folder else None
    device = distributed.device()
    state = _State(job, device, allowance, console)
    state.restore(path, console)
    distributed.broadcast(job.network.state_dict().values())
    domains = job.domains or (Domain(len(job.targets)),)
    order = DomainBalancedSampler(domains, job.recipe.batch_size, job.seed, job.rows.lengths)
    saved, first = time.perf_counter(), state.step
    with (
        _only(job.groups, job.network),
        plain_attention(job.network, job.recipe.precision, device),
        kept_memory(),
        without_copies(job.network),
        repeatable(job.recipe.deterministic),
        console.track(job.title, job.recipe.steps) as advance,
    ):
        advance(round(state.pace.moment(state.step)))
        share = slice(machine.process_index, None, machine.num_processes)
        coming = fetch_steps(job.rows, order, state.step, share, state.parts_of, device)
        try:
            with closing(coming):
                while state.step < state.pace.total and not state.stopped:
                    before = state.pace.moment(state.step)
                    state.make_step(next(coming), machine)
                    advance(round(state.pace.moment(state.step)) - round(before))
                    if path and machine.is_main_process and time.perf_counter() - saved >= every_s:
                        state.save(path)
                        saved = time.perf_counter()
        except KeyboardInterrupt:
            if path and machine.is_main_process and state.whole:
                state.save(path)
            raise
    state.finish()
    if path and machine.is_main_process and state.step > first:
        state.save_result(path)
    distributed.barrier()  # whoever asks for this training again finds its result
    made = state.step * len(order.at(0)[0])
    return History(
        state.step, state.best_step, state.evaluations, state.seconds, made, state.earlier_s, job.recipe.steps,
        state.limit,
    )  # fmt: skip


class _State:
    """All that changes while training."""

    def __init__(
        self, job: Job, device: torch.device, allowance: Allowance | None = None, console: Console | None = None
    ) -> None:
        self.job, self.device, self.console = job, device, console or Quiet()
        try:
            job.network.to(device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # the stubs lack it
        except torch.OutOfMemoryError as error:
            raise too_large_for_gpu() from error
        self.step, self.best_step, self.best, self.stopped = 0, 0, math.inf, False
        self.whole = True  # not in the middle of an update
        self.finished = False
        self.started, self.earlier_s = time.perf_counter(), 0.0
        self.evaluations: list[dict[str, float | None]] = []
        self.losses = Losses(
            f"Lower --learning-rate (it is {job.recipe.learning_rate:g}) or --head-learning-rate "
            f"({job.recipe.head_learning_rate:g})."
        )
        self._thawed: list[bool] = []
        self.trained = {n: p for g in job.groups for n, p in g.parameters.items()}
        self.start = {n: p.detach().clone() for g in job.groups if g.anchor for n, p in g.parameters.items()}
        self.average = {n: p.detach().clone() for n, p in self.trained.items()} if job.recipe.ema else {}
        self.kept: dict[str, Tensor] = {}
        self.optimizer = AdamW(
            [{"params": list(g.parameters.values()), "weight_decay": g.weight_decay} for g in job.groups],
            device,
            job.betas,
        )
        held = len(job.held.rows) / job.recipe.batch_size if job.held else 0.0
        self.pace = Pace(job.recipe.steps, EVALUATIONS, held, allowance, job.sizes)
        self.limit = ""  # what the time that it may take did to it
        together = job.loss is not None or job.recipe.mixup or job.recipe.accumulate > 1
        together = together or (job.train_statistics and any(map(_normalises_by_batch, job.network.modules())))
        self.divisible = job.objective is None and (not together or job.recipe.accumulate > 1)
        self.halved = 0  # times: a GPU had no memory for more examples at once
        self.alike = job.rows.lengths is not None and device.type == "cpu" and not together and job.objective is None

    def make_step(self, fetched: Fetched, machine: Any) -> None:
        """One update of the weights."""
        job, recipe = self.job, self.job.recipe
        moment, side = self.pace.moment(self.step), self._side
        for group, options in zip(job.groups, self.optimizer.param_groups, strict=True):
            options["lr"] = group.learning_rate * _height(moment, recipe)
        self._thaw(moment)
        if job.objective:
            job.objective.begin(self.step)
            _set_mode(job.network, job.groups, job.train_statistics)
        with torch.random.fork_rng(devices=[]):
            self._seed()
            try:
                for number, loss in enumerate(self._passes(fetched)):
                    self._update(loss, machine, counts=number == 0)
            except torch.OutOfMemoryError as error:
                raise self._too_large(len(fetched.index)) from error
        self.step += 1
        if self.average:
            decay = min(recipe.ema, (1 + self.step) / (10 + self.step))
            for name, p in self.trained.items():
                self.average[name].lerp_(p.detach(), 1 - decay)
        self.pace.made(self.step)
        if self.pace.evaluates_after(self.step):
            self._evaluate(side)
            self.pace.evaluated(self.step)
        if self.pace.stopped or self.step >= self.pace.total:
            self.limit = "stopped" if self.pace.stopped else "shortened" if self.pace.total < recipe.steps else ""
        self.whole = True

    def _seed(self) -> None:
        """All that is random at this step in this process."""
        seed_devices(hash((self.job.seed, self.step, distributed.rank())) % (1 << 31), self.device)

    def _thaw(self, moment: float) -> None:
        """Gradients and modes of the network, where they are not what they were at the step before."""
        thawed = [moment >= group.starts for group in self.job.groups]
        if thawed == self._thawed and self.job.network.training:
            return
        for group, now in zip(self.job.groups, thawed, strict=True):
            for p in group.parameters.values():
                p.requires_grad_(now)
        _set_mode(self.job.network, self.job.groups, self.job.train_statistics)
        self._thawed = thawed

    def _passes(self, fetched: Fetched) -> Iterator[Tensor | float]:
        """The step's losses, one after the other; when one is given, the gradients are there."""
        job = self.job
        if job.objective is None:
            yield self._backward_in_what_fits(fetched)
            return
        index = fetched.index
        ((_, rows),) = fetched.parts
        batch = Batch(as_input(rows, self.device), job.targets[index], index, fetched.views, job.rows)
        updates = job.objective.updates(batch, self.pace.moment(self.step) / job.recipe.steps)
        while True:
            with self._precision():
                update = next(updates, None)
            if update is None:
                return
            self.optimizer.zero_grad(set_to_none=True)
            loss = update.loss * (len(index) / fetched.total)
            torch.autograd.backward(loss)
            if update.wanted is not None:
                for name, p in self.trained.items():
                    if not update.wanted(name):
                        p.grad = None
            yield readable(loss)

    def _precision(self) -> torch.autocast:
        return torch.autocast(self.device.type, torch.bfloat16, enabled=self.job.recipe.precision == "bfloat16")

    def _update(self, loss: Tensor | float, machine: Any, counts: bool) -> None:
        """Move the weights along the gradients that are there; ``counts``: the loss belongs to the mean."""
        job = self.job
        if machine.num_processes > 1:
            loss = _sum_gradients(self.trained.values(), loss, machine)
        for group in job.groups:
            if group.anchor:
                for name, p in group.parameters.items():
                    if p.grad is not None:
                        p.grad.add_(p.detach() - self.start[name], alpha=group.anchor)
        self.losses.watch(loss, self.step + 1, counts)
        torch.nn.utils.clip_grad_norm_(self.trained.values(), CLIP)
        self.whole = False
        self.optimizer.step()

    def _backward_in_what_fits(self, fetched: Fetched) -> Tensor | float:
        """See :meth:`_backward`; where a GPU has no memory for that, in smaller parts, from then on.

        What a failed attempt changed is undone: a resumed training, which makes none, must end with the same weights.
        """
        moving = self.divisible and self.job.train_statistics
        before = [(b, b.clone()) for b in self.job.network.buffers()] if moving else []
        while True:
            self.optimizer.zero_grad(set_to_none=True)
            parts = fetched.parts
            for _ in range(self.halved):
                parts = halves(parts)
            largest = max((len(part) for part, _ in parts), default=0)
            try:
                return self._backward(fetched, parts)
            except torch.OutOfMemoryError:
                if not self.divisible or largest < 2:
                    raise
            self.halved += 1
            torch.cuda.empty_cache()
            self._seed()
            for buffer, value in before:
                buffer.copy_(value)
            half = largest - largest // 2
            self.console.warn(f"The GPU has no memory for {largest} examples in a step at once; {half} are taken now.")

    def _too_large(self, count: int) -> ConfigError:
        """The error where a step of so many examples of this process does not fit, in whatever parts."""
        if self.divisible or count < 2:
            return too_large_for_gpu()
        size = self.job.recipe.batch_size
        return ConfigError(
            f"The GPU has no memory for a step of {size} examples, and this training cannot divide it: its examples "
            "are learned from together. Give a smaller --batch-size, or --device cpu."
        )

    def _backward(self, fetched: Fetched, parts: Parts) -> Tensor | float:
        """Gradients of the mean loss of this process's share; the share's part of it."""
        job = self.job
        value: Tensor | float = 0.0
        for part, rows in parts:
            index = fetched.index[part]
            x = self._sized(as_input(rows, self.device))
            batch = Batch(x, job.targets[index], index, fetched.views[part], job.rows)
            mixed = _mixed(batch, job.recipe.mixup) if batch.rows.is_floating_point() else [(1.0, batch)]
            with self._precision():
                outputs = job.network(mixed[0][1].rows)
            outputs = outputs.float()
            each = torch.stack([share * self._losses(outputs, one) for share, one in mixed]).sum(0)
            loss = each.mean() * (len(part) / fetched.total)
            torch.autograd.backward(loss)
            value = value + readable(loss)
        return value

    @property
    def _side(self) -> int:
        """Of pictures at the next step, where they grow; 0: they do not."""
        sizes = self.job.sizes
        return sizes.at(self.pace.moment(self.step) / self.job.recipe.steps) if sizes else 0

    def _sized(self, x: Tensor) -> Tensor:
        """Pictures in the size of this step."""
        return resize(x, self._side) if self.job.sizes else x

    def _losses(self, outputs: Tensor, batch: Batch) -> Tensor:
        """``(b,)``."""
        if self.job.loss is not None:
            return self.job.loss(outputs, batch)
        assert self.job.criterion is not None
        return self.job.criterion(outputs, batch.targets)

    def parts_of(self, rows: Array) -> Parts:
        """Which examples of a step go through the network together, and their rows: as many parts as were asked for,
        or, on a CPU, parts of like length where no example minds which others are with it."""
        if self.alike:
            return parts_alike(rows)
        count = 1 if self.job.objective else min(self.job.recipe.accumulate, len(rows))
        if count == 1:
            return [(np.arange(len(rows)), rows)]
        return [(part, rows[part]) for part in np.array_split(np.arange(len(rows)), count)]

    def _evaluate(self, side: int) -> None:
        """Look at what is held out, its pictures in a size; only the whole one may decide which weights are kept."""
        score, loss = None, self.losses.mean()
        if self.job.train_statistics:  # each process saw its own share of every batch
            distributed.average(b for b in self.job.network.buffers() if b.is_floating_point())
        if self.job.held:
            with self._averaged():
                logits = outputs_of(self.job.network, self._held_rows(self.job.held.rows, side))
                if not np.isfinite(logits).all():
                    raise Diverged(f"The weights are no longer finite at step {self.step}. Lower --learning-rate.")
                score = distributed.broadcast_object(self.job.held.score(logits))
                if self.job.held.decides and (self.job.sizes is None or side == self.job.sizes.whole):
                    self._keep(score)
                if self.job.held.watch is not None:
                    behind = self.pace.moment(self.step) / self.job.recipe.steps
                    self.stopped |= distributed.broadcast_object(self.job.held.watch(behind, logits))
        self.evaluations.append({"step": self.step, "loss": loss, "held": score})

    def _held_rows(self, rows: Rows, side: int) -> Rows:
        return ResizedRows(rows, side) if self.job.sizes and side != self.job.sizes.whole else rows

    def _keep(self, score: float) -> None:
        """The weights, if they are the best so far."""
        if score < self.best:
            self.best, self.best_step = score, self.step
            self.kept = {k: v.detach().clone() for k, v in self.job.network.state_dict().items()}
        without = sum((one["step"] or 0) > self.best_step for one in self.evaluations) + (self.step > self.best_step)
        self.stopped = 0 < self.job.recipe.patience <= without

    @contextmanager
    def _averaged(self) -> Iterator[None]:
        """The moving average in the place of the weights, if there is one."""
        current = {n: p.detach().clone() for n, p in self.trained.items()} if self.average else {}
        self._put(self.average)
        yield
        self._put(current)

    def _put(self, values: dict[str, Tensor]) -> None:
        with torch.no_grad():
            for name, value in values.items():
                self.trained[name].copy_(value)

    def finish(self) -> None:
        """Leave the best weights in the network."""
        if self.finished:
            return
        self._put(self.average)
        if self.kept:
            self.job.network.load_state_dict(self.kept)
        else:
            self.best_step = self.step

    @property
    def seconds(self) -> float:
        """Of this call, and of those that were interrupted, up to their checkpoints."""
        return self.earlier_s + time.perf_counter() - self.started

    def save(self, path: Path) -> None:
        """One file: the last state and the best.

        Raises:
            Diverged: a loss was not finite: such a state is not kept.
        """
        self.losses.look()
        tensors = {f"last.{n}": v for n, v in self.job.network.state_dict().items()}
        tensors |= {f"best.{n}": v for n, v in self.kept.items()}
        tensors |= {f"average.{n}": v for n, v in self.average.items()}
        tensors |= pack_optimizer(self.optimizer)
        facts = {k: getattr(self, k) for k in ("step", "best_step", "stopped", "evaluations", "seconds", "halved")}
        best = self.best if math.isfinite(self.best) else None
        held = {"losses": self.losses.values, "best": best, "pace": self.pace.state(), **self._watched()}
        save_state(path, tensors, {**facts, **held})

    def save_result(self, path: Path) -> None:
        """In the place of the state, the weights that were chosen; there is nothing left to resume."""
        facts = {k: getattr(self, k) for k in ("step", "best_step", "evaluations", "seconds", "limit")}
        save_state(
            path,
            {f"last.{n}": v for n, v in self.job.network.state_dict().items()},
            {**facts, **self._watched(), "finished": True},
        )

    def _watched(self) -> dict[str, Any]:
        """What somebody who looks on has seen."""
        watch = self.job.held.watch if self.job.held else None
        return {} if watch is None else {"watched": watch.state()}

    def restore(self, path: Path | None, console: Console) -> None:
        """Resume from a checkpoint, if there is one that is sound."""
        # the first process's file, so that all go on from the same step
        found = distributed.broadcast_object(
            self._load(path, console) if path and distributed.is_main_process() else None
        )
        if found is None:
            return
        tensors, facts = found
        facts.setdefault("evaluations", facts.get("looks", []))  # the name in checkpoints of earlier versions
        self.job.network.load_state_dict(_under("last.", tensors))
        self.earlier_s = facts["seconds"]
        if "watched" in facts and self.job.held and self.job.held.watch:
            self.job.held.watch.restore(facts["watched"])
        if facts.get("finished"):
            self.finished = self.stopped = True
            self.step, self.best_step, self.evaluations = facts["step"], facts["best_step"], facts["evaluations"]
            self.limit = facts.get("limit", "")
            return
        self.kept = {k: v.to(self.device) for k, v in _under("best.", tensors).items()}
        self.average = {k: v.to(self.device) for k, v in _under("average.", tensors).items()}
        unpack_optimizer(self.optimizer, tensors)
        self.best = math.inf if facts["best"] is None else facts["best"]
        for name in ("step", "best_step", "stopped", "evaluations"):
            setattr(self, name, facts[name])
        self.halved = facts.get("halved", 0)  # checkpoints of earlier versions lack it
        self.losses.values = facts["losses"]
        if "pace" in facts:
            self.pace.restore(facts["pace"], self.step)

    def _load(self, path: Path, console: Console) -> tuple[dict[str, Tensor], dict[str, Any]] | None:
        try:
            found = load_state(path)
        except DamagedState:
            console.warn(f"The checkpoint {path} is damaged; this training starts from its beginning.")
            with suppress(OSError):
                path.unlink()
            return None
        return found


def _under(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)}


def _height(step: float, recipe: ResolvedRecipe) -> float:
    """The schedule, 0 … 1: a rise, then a cosine down to nothing."""
    rise = max(1, round(recipe.warmup * recipe.steps))
    if step < rise:
        return (step + 1) / rise
    return 0.5 * (1 + math.cos(math.pi * (step - rise) / max(1, recipe.steps - rise)))


@contextmanager
def _only(groups: list[Group], network: nn.Module) -> Iterator[None]:
    """Gradients for nothing but the groups' parameters; none for anything afterwards."""
    network.requires_grad_(False)
    yield
    network.requires_grad_(False)
    for group in groups:
        for p in group.parameters.values():
            p.grad = None


def _normalises_by_batch(module: nn.Module) -> bool:
    return isinstance(module, nn.modules.batchnorm._BatchNorm)


def _set_mode(network: nn.Module, groups: list[Group], train_statistics: bool) -> None:
    """Dropout is on; batch normalisation uses its own statistics where it is not trained, or where all shall."""
    network.train()
    trained = {id(p) for g in groups for p in g.parameters.values() if p.requires_grad}
    for module in network.modules():
        if _normalises_by_batch(module):
            own = any(id(p) in trained for p in module.parameters(recurse=False))
            module.train(train_statistics and own)


def _mixed(batch: Batch, strength: float) -> list[tuple[float, Batch]]:
    """The batch, mixed with itself in another order: what share of the loss each order's targets have."""
    if not strength:
        return [(1.0, batch)]
    share = float(torch.distributions.Beta(strength, strength).sample())
    partner = torch.randperm(len(batch.rows), device="cpu")
    rows = share * batch.rows + (1 - share) * batch.rows[partner.to(batch.rows.device, non_blocking=True)]
    return [
        (share, batch.part(np.arange(len(batch.index)), rows)),
        (1 - share, batch.part(partner.numpy(), rows)),
    ]


def _sum_gradients(parameters: Any, loss: Tensor | float, machine: Any) -> Tensor | float:
    """Sum gradients and loss over all processes: each holds its examples' share of the mean."""
    thawed = [p for p in parameters if p.requires_grad]
    flat = torch.cat([
        torch.as_tensor(loss, dtype=torch.float32, device=machine.device).reshape(1),
        *((p.grad if p.grad is not None else torch.zeros_like(p)).flatten() for p in thawed),
    ])  # fmt: skip
    distributed.all_reduce(flat)
    at = 1
    for p in thawed:
        p.grad = flat[at : at + p.numel()].view_as(p).clone()
        at += p.numel()
    return readable(flat[0].clone())

"""How long a fit of a dense task will take, said before it begins; with a budget, one that keeps it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from jeoni.assessment.draws import Draw
from jeoni.assessment.trials import fit_name
from jeoni.backbones.backbone import Backbone
from jeoni.console.durations import duration
from jeoni.deadline import PlannedFit
from jeoni.dense.reading import dense_task_of
from jeoni.dense.rows import map_bytes
from jeoni.dense.transfer import Transfer
from jeoni.errors import ConfigError, DataError
from jeoni.features.examples import Examples
from jeoni.features.extract import Request
from jeoni.locale import Said
from jeoni.planning.budget import LEAST, MARGIN
from jeoni.planning.dense_cost import FORWARD, DenseArm, DenseCost, dense_cost
from jeoni.specs import CompareSpec, FitSpec
from jeoni.specs.amounts import write_duration
from jeoni.types import Dataset
from jeoni.verbs.session.session import Session

__all__ = ["keep_dense_limits", "keep_trials", "some_examples", "tell_of_maps", "within_disk"]

FEW_PASSES = 1500  # pictures through training steps below which a training is not worth a calibration
ROUNDED_S = 5.0
LEAST_GB = 1e-9  # no room at all


def keep_dense_limits(session: Session, data: Dataset, arms: Sequence[DenseArm]) -> bool:
    """Tell how long a fit will take; with a budget, plan it into that.

    Args:
        session: of the run; its deadline learns what is to come.
        data: the pictures.
        arms: the transfer and, where there is one, its control.

    Returns:
        Whether there is time for the control.

    Raises:
        ConfigError: a budget that is too small for anything; the message names the smallest that would do.
    """
    spec = session.spec
    assert isinstance(spec, FitSpec)
    deadline = session.context.deadline
    recipe = arms[0].transfer.resolved(arms[0].backbone, len(data))
    passes = sum(arm.fits for arm in arms) * recipe.steps * recipe.batch_size
    if deadline is None and passes < FEW_PASSES:
        return True
    calibration = session.calibration(data, arms[0].backbone)
    some = some_examples(session, data, arms, recipe.batch_size)
    if deadline is None:
        with session.optional("An estimate of the time"):
            session.tell(dense_cost(calibration, arms, some, len(data), spec.pictures).estimate(session.passed_s))
        return True
    cost = dense_cost(calibration, arms, some, len(data), spec.pictures)
    kept = cost
    if len(arms) > 1 and _share(cost, deadline.left_s) < LEAST:
        session.console.warn(Said("budget.no_control", budget=duration(deadline.budget_s)))
        kept = replace(cost, arms=cost.arms[:1])
    share = _share(kept, deadline.left_s)
    if share < LEAST:
        raise _too_small(spec.budget, session.passed_s, kept.fixed_s, kept.training_s)
    if share < 1:
        said = Said("budget.share", budget=duration(deadline.budget_s), percent=f"{max(1, round(100 * share))}")
        session.console.warn(said)
    deadline.expect(kept.fits, kept.report_s + (1 - MARGIN) * deadline.left_s, kept.prices)
    session.tell(kept.estimate(session.passed_s))
    return len(kept.arms) == len(arms)


def _share(cost: DenseCost, left_s: float) -> float:
    """Of their full length that trainings can have."""
    return (MARGIN * left_s - cost.fixed_s) / cost.training_s if cost.training_s else float(left_s > cost.fixed_s)


def _too_small(budget: str, passed_s: float, fixed_s: float, training_s: float) -> ConfigError:
    needed = passed_s + (fixed_s + LEAST * training_s) / MARGIN
    rounded = write_duration(ROUNDED_S * -(-needed * 1.05 // ROUNDED_S))
    return ConfigError(Said("budget.too_small", budget=repr(budget), passed=duration(passed_s), needed=rounded))


def keep_trials(
    session: Session,
    examples: Examples,
    transfers: Mapping[str, Transfer],
    starts: Mapping[str, Backbone],
    draws: Sequence[Draw],
    budgets: Sequence[int | None],
) -> None:
    """With a budget, plan all trainings of a comparison into it, by the same share of their full length.

    Args:
        session: of the run; its deadline learns what is to come.
        examples: all pictures.
        transfers: strategies by id.
        starts: what each starts from.
        draws: what is trained on and tested on.
        budgets: pictures to train on.

    Raises:
        ConfigError: a budget that is too small for anything; the message names the smallest that would do.
    """
    deadline, spec = session.context.deadline, session.spec
    if deadline is None:
        return
    assert isinstance(spec, CompareSpec)
    first = next(iter(transfers))
    calibration = session.calibration(examples.data, starts[first])
    step_s = {name: _step_s(session, examples.data, transfers[name], starts[name]) for name in transfers}
    fits = []
    for budget in budgets:
        for draw in draws:
            n = min(len(draw.train), budget or len(draw.train))
            for name, transfer in transfers.items():
                recipe = transfer.resolved(starts[name], n)
                predicting = FORWARD * step_s[name] * len(draw.test) / recipe.batch_size
                training = recipe.steps * step_s[name]
                fits.append(PlannedFit(training, predicting, fit_name(name, budget, draw.number)))
    training_s, report_s = sum(fit.training_s for fit in fits), calibration.report_s(pictures=False)
    fixed_s = sum(fit.other_s for fit in fits) + report_s
    share = (MARGIN * deadline.left_s - fixed_s) / training_s if training_s else float(deadline.left_s > fixed_s)
    if share < LEAST:
        raise _too_small(spec.budget, session.passed_s, fixed_s, training_s)
    if share < 1:
        said = Said("budget.share", budget=duration(deadline.budget_s), percent=f"{max(1, round(100 * share))}")
        session.console.warn(said)
    prices = {transfers[name].kind(starts[name]): seconds for name, seconds in step_s.items()}
    deadline.expect(fits, report_s + (1 - MARGIN) * deadline.left_s, prices)


def _step_s(session: Session, data: Dataset, transfer: Transfer, backbone: Backbone) -> float:
    """Seconds of a step, timed on a few pictures."""
    arm = DenseArm(transfer, backbone, 1, 0)
    some = some_examples(session, data, [arm], transfer.resolved(backbone, len(data)).batch_size)
    return transfer.step_s(backbone, some, session.context)


def some_examples(session: Session, data: Dataset, arms: Sequence[DenseArm], count: int) -> Examples:
    """A few labelled pictures with their rows.

    Args:
        session: of the run.
        data: all pictures.
        arms: whose rows they have.
        count: how many at most.

    Raises:
        DataError: none can be read.
    """
    learned = np.flatnonzero(dense_task_of(data).learns_from(data.targets))
    index = learned[np.unique(np.linspace(0, len(learned) - 1, min(count, len(learned))).astype(np.int64))]
    requests = [Request(arm.backbone, arm.transfer.taps(arm.backbone, len(data))) for arm in arms]
    seen = session.context.extract(data.items.select(index), requests)
    there = np.flatnonzero(seen.readable)
    if not len(there):
        raise DataError(f"None of the first pictures could be read. {next(iter(seen.errors.values()))}")
    chosen = data.select(index[there])
    return Examples(chosen, there, seen, there, np.zeros((1, len(there)), dtype=np.int64))


def within_disk(transfer: Transfer, limit: int | None, arms: int = 1) -> Transfer:
    """The same, with no more room for feature maps than a limit of the disk leaves.

    Args:
        transfer: as it was asked for.
        limit: bytes that the run may add to the feature cache; None is no limit.
        arms: how many sides of the run keep maps of their own, such as a control, with an equal share each.
    """
    if limit is None:
        return transfer
    room = max(LEAST_GB, limit / 1e9 / arms)
    return replace(transfer, recipe=replace(transfer.recipe, cache_gb=min(transfer.recipe.cache_gb, room)))


def tell_of_maps(session: Session, transfer: Transfer, backbone: Backbone, n: int) -> None:
    """Say so where maps of all random views do not fit into the room for cached activations."""
    full = replace(transfer, recipe=replace(transfer.recipe, cache_gb=1e6)).resolved(backbone, n)
    kept, maps = transfer.resolved(backbone, n), transfer.maps(backbone)
    size = transfer.copies * map_bytes(maps) * n
    if not transfer.stored(maps, kept, n):
        then = "the frozen stages are run again in every step"
    elif kept.views < full.views:
        then = f"{kept.views} are kept"
    else:
        return
    session.console.warn(
        f"{full.views} random views of {n:,} pictures take {size * (1 + full.views) / 1e9:.1f} GB of feature maps; "
        f"--cache-gb or --disk allows {kept.cache_gb:.3g}: {then}."
    )

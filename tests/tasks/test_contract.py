"""What every task must do, whichever it is."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch

from jeoni import plugins
from jeoni.evaluation.compare import paired_difference
from jeoni.evaluation.evaluate import evaluate
from jeoni.tasks import LossOptions, restore, task_names

TASKS = task_names()
N = 80


def columns_for(name: str) -> dict[str, list[object]]:
    """Label cells for a task; one example has no label at all."""
    rng = np.random.default_rng(0)
    words = [*rng.choice(["ant", "bee", "cat"], N - 1), None]
    numbers = [*(3 + 2 * rng.normal(size=N - 1)), None]
    sets = [*(";".join(sorted(rng.choice(["a", "b", "c"], k, replace=False))) for k in rng.integers(1, 4, N - 1)), None]
    made = {
        "classification": {"label": words},
        "regression": {"width (mm)": numbers},
        "multilabel": {"labels": sets},
        "multitask": {"kind": words, "width": numbers},
    }
    return made[name]


def made(name: str):
    task, targets, _ = plugins.load("jeoni.tasks", name).read(columns_for(name))
    outputs = np.random.default_rng(1).normal(size=(N, task.width))
    return task, targets, outputs


@pytest.mark.parametrize("name", TASKS)
def test_what_was_saved_gives_the_same_task(name):
    task, _, _ = made(name)
    again = restore(json.loads(json.dumps({"id": task.id, **task.describe()})))
    assert again == task and again.id == name


@pytest.mark.parametrize("name", TASKS)
def test_cells_give_the_same_targets_again(name):
    task, targets, _ = made(name)
    again = task.reread(task.cells(targets))
    assert again.dtype == targets.dtype and again.tobytes() == targets.tobytes()


@pytest.mark.parametrize("name", TASKS)
def test_an_example_without_a_label_is_known_as_such_and_has_no_loss(name):
    task, targets, outputs = made(name)
    known = task.known(targets)
    assert known.tolist() == [True] * (N - 1) + [False]
    assert task.strata(targets)[-1] == -1 and task.strata(targets)[:-1].min() >= 0
    losses = task.criterion(targets[known], LossOptions())(torch.from_numpy(outputs).float(), targets)
    assert losses.shape == (N,) and float(losses[-1]) == 0 and float(losses[:-1].min()) >= 0


@pytest.mark.parametrize("name", TASKS)
def test_the_best_constant_outputs_cost_what_the_uninformed_prediction_costs(name):
    task, targets, _ = made(name)
    targets = targets[task.known(targets)]
    constant = np.tile(task.uninformed(targets), (len(targets), 1))
    assert task.columns and constant.shape[1] == len(task.columns)
    best = task.losses(constant, targets).mean()
    rng = np.random.default_rng(3)
    for _ in range(20):
        other = np.tile(task.decode(rng.normal(size=(1, task.width)) * 0.5), (len(targets), 1))
        assert task.losses(other, targets).mean() >= best - 1e-9


@pytest.mark.parametrize("name", TASKS)
def test_gradient_descent_on_the_loss_lowers_the_held_out_measure_too(name):
    task, targets, outputs = made(name)
    targets, outputs = targets[:-1], torch.from_numpy(outputs[:-1]).float().requires_grad_()
    criterion = task.criterion(targets, LossOptions())
    before = task.losses(task.decode(outputs.detach().numpy()), targets).mean()
    optimizer = torch.optim.SGD([outputs], lr=20.0)
    for _ in range(30):
        optimizer.zero_grad()
        criterion(outputs, targets).mean().backward()
        optimizer.step()
    after = task.losses(task.decode(outputs.detach().numpy()), targets)
    assert after.mean() < before
    assert task.scores(task.decode(outputs.detach().numpy()), targets).shape == (N - 1,)


@pytest.mark.parametrize("name", TASKS)
def test_every_metric_has_an_interval_and_identical_predictions_differ_by_nothing(name):
    task, targets, outputs = made(name)
    targets, predictions = targets[:-1], task.decode(outputs[:-1])
    found = evaluate(task, targets, predictions, resamples=50)
    assert task.headline in found.metrics and set(found.metrics) == set(found.measures)
    for interval in found.metrics.values():
        assert interval.low <= interval.value <= interval.high
    json.dumps(found.as_dict())
    for interval in paired_difference(task, targets, predictions, predictions.copy(), resamples=20).values():
        assert (interval.value, interval.low, interval.high) == (0, 0, 0)


@pytest.mark.parametrize("name", TASKS)
def test_predictions_are_named_one_for_each_example(name):
    task, targets, outputs = made(name)
    predictions = task.decode(outputs)
    assert len(task.named(predictions)) == len(task.named_targets(targets)) == N
    assert task.certainty(predictions).shape == (N,)


@pytest.mark.parametrize("name", TASKS)
def test_the_temperature_divides_outputs_of_any_size(name):
    task, targets, outputs = made(name)
    divisor = task.temperature(outputs[:-1], targets[:-1])
    assert divisor.shape in ((), (task.width,)) and (divisor > 0).all()
    cooled = task.losses(task.decode(outputs[:-1] / divisor), targets[:-1]).mean()
    assert cooled <= task.losses(task.decode(outputs[:-1]), targets[:-1]).mean() + 1e-9


@pytest.mark.parametrize("name", TASKS)
def test_constant_outputs_are_known_as_such(name):
    task, _, outputs = made(name)
    assert task.constant(np.tile(outputs[:1], (N, 1))) and not task.constant(outputs)

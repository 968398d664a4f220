from __future__ import annotations

import numpy as np
import pytest
import torch

from jeoni.evaluation.evaluate import evaluate
from jeoni.tasks import LossOptions, Unreadable
from jeoni.tasks.multitask import Multitask


def made(n: int = 90):
    rng = np.random.default_rng(0)
    kinds, widths = rng.choice(["a", "b", "c"], n).tolist(), (100 * rng.normal(size=n)).tolist()
    kinds[:10], widths[-20:] = [None] * 10, [None] * 20
    return Multitask.read({"kind": kinds, "width": widths})[:2]


def test_each_part_is_scored_as_it_would_be_alone():
    task, targets = made()
    predictions = task.decode(np.random.default_rng(1).normal(size=(90, task.width)))
    found = evaluate(task, targets, predictions, resamples=10).metrics
    for (name, part), place in zip(task.tasks, task.predictions, strict=True):
        known = part.known(targets[name])
        alone = evaluate(part, targets[name][known], predictions[known][:, place], resamples=10).metrics
        for metric, score in alone.items():
            assert found[f"{name}.{metric}"].value == pytest.approx(score.value)


def test_losses_begin_at_one_for_every_part_whatever_its_unit():
    task, targets = made()
    best = torch.zeros(90, task.width)
    counts = np.bincount(targets["kind"][targets["kind"] >= 0])
    best[:, :3] = torch.from_numpy(np.log(counts / counts.sum()))
    total = task.criterion(targets, LossOptions())(best, targets).mean()
    assert float(total) == pytest.approx(1.0, abs=0.02)


def test_columns_that_say_the_same_are_refused():
    with pytest.raises(Unreadable, match="'a' and 'b' say the same of every example"):
        Multitask.read({"a": ["x", "y"], "b": ["x", "y"]})
    with pytest.raises(Unreadable, match="Several tasks need several columns of labels, and a is one"):
        Multitask.read({"a": ["x", "y"]})


def test_a_part_that_is_missing_is_named():
    task, _ = made()
    with pytest.raises(Unreadable, match="no column 'width'; the columns are kind"):
        task.reread({"kind": ["a"]})

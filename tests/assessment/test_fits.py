"""The fits of a comparison, one after the other or several at once."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from jeoni.assessment import fits as fits_of_comparison
from jeoni.assessment.fits import Fit, Workers, make_fit, make_fits, workers_for
from jeoni.deadline import Deadline
from jeoni.features.examples import Context
from jeoni.types import Quiet
from tests.strategies.made_networks import SHORT, build, examples, small_backbone


class Heard(Quiet):
    def __init__(self):
        self.warnings = []

    def warn(self, text):
        self.warnings.append(str(text))


def made(make_photos, count=2, steps=12, **fields):
    recipe = dataclasses.replace(SHORT, steps=steps, learning_rate=1e-2)
    strategy, backbone = build("scratch", recipe), small_backbone()
    context = Context(engine="torch", workers=2, console=Heard(), **fields)
    data, context = examples(strategy, backbone, make_photos(each=8), context)
    return [Fit(f"fit {seed}", strategy, backbone, data, data, seed) for seed in range(count)], context


def predictions(found):
    return [one.predictions for one in found]


@pytest.mark.slow  # two processes that import torch
def test_fits_in_worker_processes_are_those_made_here(make_photos, one_thread, monkeypatch):
    fits, context = made(make_photos)
    here = [make_fit(fit, context) for fit in fits]
    assert context.console.warnings == []
    monkeypatch.setattr(fits_of_comparison, "workers_for", lambda *given: Workers(2, 1))
    monkeypatch.setattr(fits_of_comparison, "make_fit", lambda *given: pytest.fail("it was made here"))
    there = list(make_fits(fits, context))
    assert all(np.array_equal(a, b) for a, b in zip(predictions(here), predictions(there), strict=True))
    assert not np.array_equal(there[0].predictions, there[1].predictions)  # their seeds differ
    assert there[0].training["steps"] == 12 and there[0].seconds > 0 and context.spent.seconds["training"] > 0
    assert context.console.warnings == []


def test_fits_that_are_left_over_are_made_here_with_all_cores(make_photos, one_thread, monkeypatch):
    fits, context = made(make_photos, count=3)
    sent = []

    def stand_in(some, context, workers):
        sent.extend(fit.name for fit in some)
        return (dataclasses.replace(make_fit(fit, context), warnings=("heard",)) for fit in some)

    monkeypatch.setattr(fits_of_comparison, "workers_for", lambda *given: Workers(2, 1, first=2))
    monkeypatch.setattr(fits_of_comparison, "made_by_workers", stand_in)
    found = list(make_fits(fits, context))
    assert sent == ["fit 0", "fit 1"]
    assert np.array_equal(found[2].predictions, make_fit(fits[2], context).predictions)


class _Unsendable:
    """A strategy that is at home in this process only."""

    def __init__(self, inner):
        self.inner, self.here = inner, lambda: None

    def __reduce__(self):
        raise TypeError("cannot be sent")

    def __getattr__(self, name):
        return getattr(self.inner, name)


def test_what_cannot_be_sent_is_fitted_here_and_that_is_said(make_photos, one_thread, monkeypatch):
    fits, context = made(make_photos)
    fits = [dataclasses.replace(fit, strategy=_Unsendable(fit.strategy)) for fit in fits]
    monkeypatch.setattr(fits_of_comparison, "workers_for", lambda *given: Workers(2, 1))
    assert len(list(make_fits(fits, context))) == 2
    (warning,) = context.console.warnings
    assert "made one after the other: worker processes failed (cannot be sent)" in warning


def test_workers_are_for_long_trainings_on_a_processor_without_a_budget(make_photos, monkeypatch):
    fits, context = made(make_photos, count=4, steps=1000)
    free = [1e12]
    monkeypatch.setattr(fits_of_comparison, "_free_bytes", lambda: free[0])
    assert workers_for(fits, context) == workers_for(fits[:2], context) == Workers(2, 1)
    assert workers_for(fits, dataclasses.replace(context, workers=8)) == Workers(4, 2)
    assert workers_for(fits[:1], context) is None
    assert workers_for(fits[:3], context) == Workers(2, 1, first=2)  # the third has both cores, after these
    assert workers_for(fits[:3], dataclasses.replace(context, workers=3)) == Workers(3, 1)
    assert workers_for(fits, dataclasses.replace(context, workers=1)) is None
    assert workers_for(fits, dataclasses.replace(context, deadline=Deadline(60.0))) is None
    short, _ = made(make_photos, count=3, steps=20)
    assert workers_for(short, context) is None
    known = [dataclasses.replace(fit, expected_s=60.0) for fit in short]
    assert workers_for(known[:2], context) == Workers(2, 1)  # few steps, of a large network
    assert workers_for([dataclasses.replace(fit, expected_s=5.0) for fit in fits], context) is None
    free[0] = 4e9  # room for one
    assert workers_for(fits, context) is None


def test_a_share_of_the_search_counts_as_time_of_a_fit(make_photos, one_thread):
    from jeoni.strategies.finetuning.search import Found

    (fit,), context = made(make_photos, count=1)
    found = Found(0.001, {0.001: 0.6}, seconds=3000.0, repeats=3)
    assert 1000 < make_fit(dataclasses.replace(fit, found=found), context).seconds < 1500


def test_free_memory_is_what_the_system_says():
    assert 0 < fits_of_comparison._free_bytes() < 1e15

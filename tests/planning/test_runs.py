from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

import jeoni
from jeoni.backbones.cut import Tap
from jeoni.features.extract import Request
from jeoni.planning import runs
from jeoni.planning.cost import look_s
from jeoni.planning.stage_cost import StageCost
from jeoni.runs import read_json
from jeoni.runs.records import RunRecord
from jeoni.runs.typed import read_record
from jeoni.specs import CompareSpec, FitSpec
from jeoni.strategies import build_strategy
from jeoni.types import Dataset, Quiet
from jeoni.verbs.session.took import took_by_part
from tests.conftest import TINY


class Priced:
    """A calibration whose prices are known: 10 s of features, 1 s a step, 0.1 s a head."""

    computed = 20  # examples whose features were not in the store

    def __init__(self, data):
        self.data = data
        self.activations, self.prices = {}, {}

    def stage_cost(self, backbone):
        return StageCost((0.001,) * backbone.n)

    def features_s(self, requests, most=None):
        return 10.0

    def views_s(self, training, n):
        return 0.01 * training.views * n

    def keeps_views(self, training, n):
        return True

    def training_s(self, trainings):
        return float(sum(t.steps for t in trainings))

    def features_bytes(self, requests):
        return 1000 * len(requests)

    def row_bytes(self, backbone, tap):
        return 100.0

    def heads_s(self, work, n, head="", dim=0, repeats=0):
        return 0.1 * work.heads

    def report_s(self, pictures):
        return 2.0 if pictures else 1.0


@pytest.fixture
def backbone():
    from jeoni.backbones.catalog import load_backbone

    return load_backbone(TINY)


@pytest.fixture
def data():
    from jeoni.data.items import ArrayItems
    from jeoni.tasks.classification import Classification

    items = ArrayItems(np.zeros((300, 8, 8, 3), dtype=np.uint8))
    return Dataset("made", items, np.arange(300) % 3, Classification(("a", "b", "c")))


LEAST = {True: 1000, False: 200}


def fit_estimate(data, backbone, **options):
    spec = FitSpec(**{"strategy": "probe", **options})
    strategy, probe = (build_strategy(name, spec) for name in (spec.strategy, "probe"))
    return runs.estimate_fit(Priced(data), strategy, probe, backbone, [], spec, LEAST, 3.0)


def test_a_probe_is_fitted_once_for_each_fold_and_once_for_all(data, backbone):
    found = fit_estimate(data, backbone)
    assert found.parts == pytest.approx(
        {"features": 10, "views": 0, "training": 0, "heads": 1.6, "controls": 1.6, "report": 2}
    )
    assert found.seconds + found.before_s == pytest.approx(18.2)


def test_a_plan_that_looks_first_is_counted_and_leaves_the_features_of_the_control(data, backbone):
    spec = FitSpec(strategy="probe", control_items=100)
    probe, control = build_strategy("probe", spec), Request(backbone, (Tap(backbone.n, True),))
    asked = (Priced(data), probe, probe, backbone, [control], spec, LEAST, 3.0, control)
    alone, looked = (runs.estimate_fit(*asked, looks=looks) for looks in (False, True))
    assert next(iter(looked.parts)) == "plan" and "plan" not in alone.parts
    assert looked.parts["plan"] == pytest.approx(10 + 0.1 * 2)  # a head on each network's features
    assert looked.parts["controls"] == pytest.approx(alone.parts["controls"] - 10)
    assert took_by_part(looked.parts, {"plan_s": 12.0}, {})["plan"] == 12.0


def test_a_plan_for_sounds_looks_at_lower_stages_and_lets_candidates_race(data, backbone):
    spec = FitSpec(strategy="probe")
    heard = replace(backbone, input=SimpleNamespace(kind="spectrogram"))
    seconds = look_s(Priced(data), heard, build_strategy("probe", spec), spec, LEAST, [], None)
    looks, race = 2 + backbone.n - 1, 5 * 3
    assert seconds == pytest.approx(10 + 0.1 * (looks + race))


def test_a_probe_on_features_that_are_in_the_store_is_too_short_for_an_estimate(data, backbone, monkeypatch):
    monkeypatch.setattr(Priced, "computed", 0)
    assert fit_estimate(data, backbone) is None
    assert fit_estimate(data, backbone, strategy="finetune") is not None


def test_a_training_is_counted_by_its_steps_and_its_views(data, backbone):
    found = fit_estimate(data, backbone, strategy="finetune", steps=100, control=False, pictures=False)
    held = 240 // 5
    steps = 100 + 5 * held / 32 + 60  # to the end on a part, evaluations, then again to the best moment
    assert found.parts["training"] == pytest.approx(steps)
    assert found.parts["views"] == pytest.approx(0.01 * 4 * 240)
    assert found.parts["controls"] == pytest.approx(0.1) and found.parts["report"] == 1.0


def test_the_probe_is_the_cheaper_way_of_a_training(data, backbone):
    found = fit_estimate(data, backbone, strategy="finetune", steps=1000)
    assert found.cheaper[0].options == "--strategy probe"
    assert found.cheaper[0].seconds == pytest.approx(10 + 2 * 1.6 + 2)


def test_a_short_run_gets_no_estimate(data, backbone):
    few = data.select(np.arange(60))
    assert fit_estimate(few, backbone) is None
    assert fit_estimate(few, backbone, strategy="finetune", steps=1) is None


def test_a_comparison_counts_every_trial_by_its_budget(data, backbone):
    spec = CompareSpec(strategies="probe,finetune", budgets="5,all", repeats=3, steps=50, stages=False)
    strategies = {name: build_strategy(name, spec) for name in spec.arms}
    found = runs.estimate_compare(Priced(data), strategies, backbone, [], spec, 0.0)
    assert found.seconds["probe", 5] == found.seconds["probe", None] == pytest.approx(0.1)
    n = 5 * len(data.task.class_names)  # fewer than a batch has: a step takes as much less
    few = (50 * (n - n // 5) + 5 * (n // 5) + 30 * n) / 32 + 0.2
    assert found.seconds["finetune", 5] == pytest.approx(few)
    assert found.seconds["finetune", None] >= 50 + 30
    parts = found.estimate.parts
    assert parts["strategies"] == pytest.approx(3 * 0.2) and parts["control (finetune)"] == pytest.approx(
        3 * (found.seconds["finetune", 5] + found.seconds["finetune", None])
    )
    assert found.estimate.cheaper[0].options == "--repeats 2 --budgets all --no-stages"


@pytest.mark.slow
def test_a_comparison_tells_the_time_left_by_what_trials_cost(make_photos, tmp_path):
    """Trials of a probe do not count as much as those of a training."""
    seen = []

    class Told(Quiet):
        def track(self, title, total, expected_s=None):
            if title == "Comparing":
                seen.append((total, expected_s))
                return nullcontext(lambda steps, seconds=0.0: seen.append((steps, seconds)))
            return nullcontext(lambda steps, seconds=0.0: None)

    jeoni.compare(make_photos(), backbone=TINY, strategies="probe,finetune", budgets="4", repeats=2, steps=40,
                  stages=False, out=tmp_path / "c", console=Told())  # fmt: skip
    (total, whole), *advanced = seen
    assert total == len(advanced) == 4 and whole == pytest.approx(sum(s for _, s in advanced))
    probe, training = advanced[0][1], advanced[1][1]
    assert training > 5 * probe > 0


def test_the_record_holds_the_estimate_beside_the_timings(make_photos, tmp_path):
    run = jeoni.fit(make_photos(), backbone=TINY, strategy="finetune", steps=30, folds=2, repeats=1, control=False,
                    out=tmp_path / "r", quiet=True).run  # fmt: skip
    record = read_record(RunRecord, run / "run.json")
    assert record.estimate is not None and record.estimate.parts["training"] > 0
    assert 0 < record.estimate.seconds < 20 * record.timings["total_s"]
    assert not [text for text in record.warnings if "estimate" in text]
    assert read_json(run / "run.json")["engine"]["name"] != "cache"

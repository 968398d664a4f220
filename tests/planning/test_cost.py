from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from jeoni.backbones.catalog import load_backbone
from jeoni.backbones.cut import Tap, cut
from jeoni.backbones.sources.untrained import untrained_twin
from jeoni.data.items import ArrayItems
from jeoni.errors import ConfigError
from jeoni.features.examples import Context
from jeoni.features.extract import Request
from jeoni.planning.calibration import Calibration
from jeoni.planning.candidates import Candidate, NamedBackbone
from jeoni.planning.cost import cost_of, disk_bytes
from jeoni.planning.disk import room_at_the_cut
from jeoni.planning.memory import activation_bytes, peak_bytes, weight_bytes
from jeoni.planning.pricing import Pricing
from jeoni.specs import FitSpec
from jeoni.strategies import build_strategy
from jeoni.strategies.finetuning.expected import expected_trial
from jeoni.tasks.classification import Classification
from jeoni.training.rows import row_bytes
from jeoni.training.work import Work
from jeoni.types import Dataset
from tests.conftest import TINY
from tests.planning.test_runs import LEAST, Priced


@pytest.fixture(scope="module")
def backbone():
    return load_backbone(TINY)


@pytest.fixture
def data():
    rng = np.random.default_rng(0)
    items = ArrayItems(rng.integers(0, 255, (60, 24, 24, 3), dtype=np.uint8))
    return Dataset("made", items, np.arange(60) % 3, Classification(("a", "b", "c")))


def cost(data, backbone, **options):
    spec = FitSpec(**options)
    strategy, probe = (build_strategy(name, spec) for name in (spec.strategy, "probe"))
    return cost_of(Priced(data), strategy, probe, backbone, [], spec, LEAST)


def test_every_fit_is_planned_by_itself_and_the_first_computes_the_views(data, backbone):
    found = cost(data, backbone, strategy="finetune", steps=50, folds=5, repeats=1)
    assert len(found.fits) == 6 and found.training_s == pytest.approx(found.parts["training"])
    assert found.fits[0].other_s - found.fits[1].other_s == pytest.approx(found.parts["views"])
    others = sum(fit.other_s for fit in found.fits)
    assert others == pytest.approx(found.parts["views"] + found.parts["heads"])
    assert found.views == 4 and found.epochs == pytest.approx(50 * 32 / 48)
    assert found.seconds == pytest.approx(sum(found.parts.values()))


def test_examples_that_are_tested_on_go_through_the_trained_stages_once(data, backbone):
    tested = replace(data, part=np.array(["train"] * 30 + ["test"] * 30))
    found = cost(tested, backbone, strategy="finetune", steps=50)
    assert len(found.fits) == 1
    assert found.parts["heads"] == pytest.approx(0.1 * 2 + 30 / 32 / 3)  # two heads, and a forward pass of 30


def test_a_candidate_that_trains_is_tried_by_the_training_with_which_its_fit_begins(data, backbone):
    """Of a hundred examples and more; not where the fit is made without suspects, nor of a control."""
    named, priced = NamedBackbone("tiny", backbone), Priced(data)
    way = {"upper stages": "finetune", "scratch": "scratch", "probe": "probe"}
    several = {
        name: Candidate(name, name, named, {"strategy": strategy}, control=name == "scratch", trains=name != "probe")
        for name, strategy in way.items()
    }

    def trial(name, train=120, **options):
        return Pricing(priced, FitSpec(steps=50, **options), train, LEAST).price(several[name]).trial

    tried = trial("upper stages")
    whole = build_strategy("finetune", FitSpec(steps=50)).work(backbone, 120, len(data)).trainings[0]
    assert tried.training_s == pytest.approx(expected_trial(whole, 120).steps) and tried.other_s > 0
    assert tried.training_s == pytest.approx(50 + 15 / 3 * 24 / 32)
    assert trial("upper stages", train=90) is trial("upper stages", drop_suspects=True) is None
    assert trial("scratch") is trial("probe") is None


def test_a_strategy_that_does_not_say_what_it_computes_costs_its_features_and_report(data, backbone):
    class Silent:
        def taps(self, backbone, n):
            return (Tap(backbone.n, True),)

    spec = FitSpec(strategy="finetune", control=False)
    found = cost_of(Priced(data), Silent(), build_strategy("probe", spec), backbone, [], spec, LEAST)
    assert found.parts["training"] == 0 and found.fits == () and found.seconds > 10


def requests_of(backbone, *taps):
    return [Request(backbone, tuple(taps))]


def test_features_are_timed_once_and_a_part_of_them_has_its_share(data, backbone, own_cache, monkeypatch):
    monkeypatch.setattr("jeoni.planning.calibration.TIMED_S", 0.0)  # else the third handful would be all that is left
    calibration = Calibration(data, Context(engine="torch"), backbone.dim)
    pooled = Tap(backbone.n, True)
    both = requests_of(backbone, pooled) + requests_of(untrained_twin(backbone, 1), pooled)
    whole = calibration.features_s(both)
    computed = calibration.computed
    assert whole > 0 and calibration.features_s(both) == whole and calibration.features_s(both[:1]) == whole / 2
    assert calibration.computed == computed


def test_the_disk_that_features_take_is_that_of_the_rows_that_are_not_there(data, backbone, own_cache):
    pooled, inside = Tap(backbone.n, True), Tap(3, False)
    context = Context(engine="torch")
    requests = requests_of(backbone, pooled, inside)
    expected = Calibration(data, context, backbone.dim).features_bytes(requests)
    each = 4 * backbone.dim + row_bytes(backbone, inside)
    assert expected == pytest.approx(60 * each)
    upper = disk_bytes(Calibration(data, Context(engine="torch"), backbone.dim), requests, [], 0)
    context.extract(data.items, requests)
    added = sum(file.stat().st_size for file in own_cache.rglob("*") if file.is_file())
    assert expected < added <= upper + expected  # the second calibration's handful was there already
    assert Calibration(data, context, backbone.dim).features_bytes(requests) == 0


def test_random_views_count_as_far_as_they_are_kept(data, backbone):
    training = build_strategy("finetune").work(backbone, 60, 60).trainings[0]
    room = {gb: replace(training, recipe=replace(training.recipe, cache_gb=gb)) for gb in (20.0, 250 * 60 / 1e9, 1e-9)}
    without = disk_bytes(Priced(data), [], [], 60)
    added = [disk_bytes(Priced(data), [], [one], 60) - without for one in room.values()]
    assert added == [4 * 60 * 172, 0, 0]  # rows of 100 bytes and their names; of one view alone none is kept


def test_views_of_pixels_that_are_hardly_looked_at_are_decoded_anew_and_fill_no_disk(data, backbone, monkeypatch):
    calibration = Calibration(data, Context(engine="torch"), backbone.dim)
    monkeypatch.setattr(Calibration, "features_bytes", lambda self, requests: 0)
    calibration._views[backbone.fingerprint, Tap(0, False), "light"] = 0.5  # seconds of one
    whole = build_strategy("finetune", FitSpec(frozen="0")).work(backbone, 60, 60).trainings[0]
    without = disk_bytes(calibration, [], [], 60)
    expected = {2: (2 * 60 * 0.5, False), 9: (4 * 60 * 0.5, True)}  # passes: seconds, and whether views are written
    for passes, (seconds, kept) in expected.items():
        training = replace(whole, recipe=replace(whole.recipe, steps=passes, batch_size=60))
        assert calibration.keeps_views(training, 60) is kept
        assert calibration.views_s(training, 60) == pytest.approx(seconds)
        assert (disk_bytes(calibration, [], [training], 60) > without) is kept
    above = replace(whole, frozen=2, recipe=replace(whole.recipe, steps=2, batch_size=60))
    assert calibration.keeps_views(above, 60)  # frozen stages are not run again for a few passes


@pytest.mark.parametrize("copies", [0.5, 1.5, 2.5, 3.5, 9.0])
def test_rows_and_their_views_share_the_room_that_the_features_leave(data, backbone, monkeypatch, copies):
    tap, requests = cut(backbone, 3).tap, requests_of(backbone, Tap(backbone.n, True))
    calibration = Priced(data)
    pooled = room_needed(calibration, requests, tap)
    each = 60 * row_bytes(backbone, tap)
    cache_gb = room_at_the_cut(int(pooled + copies * each), calibration, requests, tap, 2, 20.0)
    plain = cache_gb * 1e9 >= each
    views = min(2, int(cache_gb * 1e9 // each))
    kept = int(plain) + (views if views >= 2 else 0)
    assert kept <= copies
    assert kept == (0 if copies < 2 else 1 if copies < 3 else 3)


def room_needed(calibration, requests, tap):
    with pytest.raises(ConfigError, match="disk is 1KB; the features of 60 images alone take"):
        room_at_the_cut(1000, calibration, requests, tap, 2, 20.0)
    from jeoni.planning.cost import kept_beside

    return calibration.features_bytes(requests) + kept_beside(calibration.data, 1 + 1 + 2, 1)


def test_activations_are_fewer_above_a_higher_cut_and_a_row_is_what_the_store_keeps(backbone):
    found = [activation_bytes(backbone, frozen) for frozen in range(backbone.n)]
    kept = [each for each, _ in found]
    assert kept == sorted(kept, reverse=True) and kept[-1] < kept[0]
    for frozen in (0, 3):
        assert found[frozen][1] == row_bytes(backbone, cut(backbone, frozen).tap)


def test_the_peak_grows_with_the_batch_and_shrinks_with_accumulation(data, backbone):
    training = build_strategy("finetune").work(backbone, 60, 60).trainings[0]

    def peak(**changes):
        return peak_bytes(Priced(data), [], [replace(training, recipe=replace(training.recipe, **changes))])

    one, other = peak(batch_size=512), peak(batch_size=1024)
    each, _ = activation_bytes(backbone, training.frozen)
    assert other - one == pytest.approx(1.2 * 512 * each, rel=0.05)
    assert peak(batch_size=1024, accumulate=2) == pytest.approx(one, rel=0.01)
    assert weight_bytes(backbone) == 4 * sum(p.numel() for p in backbone.network.parameters())


@pytest.mark.parametrize("seconds, timed", [(0.5, [8, 16, 36, 1]), (2.0, [8, 16, 1])])
def test_features_that_are_soon_computed_are_timed_on_more_examples(data, backbone, monkeypatch, seconds, timed):
    sizes = []

    def extracted(self, index, requests):
        sizes.append(len(index))
        return seconds if len(index) > 1 else 0.0, SimpleNamespace(computed=len(index), readable=np.zeros(0))

    monkeypatch.setattr(Calibration, "_extracted", extracted)
    calibration = Calibration(data, Context(workers=1), backbone.dim)
    taken = calibration.features_s([Request(backbone, (Tap(backbone.n, True),))])
    assert backbone.input.chunk == 8 and sizes == timed
    assert taken == pytest.approx(seconds / timed[-2] * (60 - sum(timed[:-1])))


def test_heads_of_about_as_many_rows_are_timed_once(data, backbone, monkeypatch):
    timed = []
    monkeypatch.setattr(Calibration, "_timed_head", lambda self, n, repeats, head, dim: timed.append((n, repeats)) or n)
    calibration = Calibration(data, Context(), backbone.dim)
    seconds = [calibration.heads_s(Work(1), n, repeats=1) for n in (48, 60, 100, 400, 4000)]
    assert seconds == pytest.approx([48, 60, 100, 400, 4000])
    assert timed == [(48, 1), (48, 1), (100, 1), (400, 1)]  # the first one warms up; of 4,000 rows 400 stand for all
    calibration.heads_s(Work(1), 48, repeats=3)
    calibration.heads_s(Work(1), 48, head="ridge", repeats=1)
    assert timed[4:] == [(48, 3), (48, 1), (48, 1)]

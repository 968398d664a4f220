"""`jeoni plan`, and `jeoni fit` that follows a plan: made on the way, within a budget, or from a file."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import replace
from html import escape, unescape

import pytest

import jeoni
from jeoni.backbones.catalog import load_backbone
from jeoni.deadline import Deadline
from jeoni.errors import ConfigError, DataError
from jeoni.locale import Said, translated
from jeoni.planning.candidates import WAYS, Candidate, NamedBackbone
from jeoni.planning.rules import RULES
from jeoni.report import render
from jeoni.report.result import result_lines
from jeoni.runs.contents import foreign_files
from jeoni.runs.records import PlanRecord
from jeoni.runs.typed import read_record
from jeoni.verbs.session import limits
from jeoni.verbs.session.planned import others_at_hand, sharing_disk
from tests.conftest import TINY, save_photos

QUICK = {"engine": "torch", "quiet": True}
FAST = {"folds": 2, "pictures": False, **QUICK}


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """Pictures, a small network that counts as pretrained, a plan for others like them, and one cache for all tests."""
    root = tmp_path_factory.mktemp("plan")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JEONI_CACHE", str(root / "cache"))
        known = save_photos(root / "known", each=16, first=100)
        model = jeoni.fit(known, backbone=TINY, out=root / "first", control=False, **FAST).model
        learned = replace(model.backbone.provenance, source="made")  # weights that count as learned
        replace(model, backbone=replace(model.backbone, provenance=learned)).save(root / "network")
        save_photos(root / "photos", each=16)
        jeoni.plan(root / "photos", backbone=root / "network", out=root / "plan", folds=2, costs=False, **QUICK)
    return root


@pytest.fixture(autouse=True)
def own_cache(kept, monkeypatch):
    monkeypatch.setenv("JEONI_CACHE", str(kept / "cache"))


@pytest.fixture
def network(kept):
    return {"backbone": str(kept / "network")}


def test_a_plan_says_what_to_take_and_why(kept):
    record = read_record(PlanRecord, kept / "plan/plan.json")
    assert record.labelled == 32 and record.tested == 0 and record.size == "few"
    assert record.similarity.examples == 32 and record.rule == f"few_{record.similarity.level}"
    assert record.similarity.peak in [one.name for one in record.similarity.stages]
    chosen = next(one for one in record.candidates if one.state == "chosen")
    assert chosen.name == record.chosen and chosen.options == record.options and chosen.score is not None
    assert record.summary.startswith("Take ") and record.rule_source
    assert not list(foreign_files(kept / "plan"))


@pytest.mark.slow
def test_a_plan_tells_what_candidates_that_train_would_take(kept, network, tmp_path):
    result = jeoni.plan(kept / "photos", out=tmp_path / "run", folds=2, **network, **QUICK)
    trained = [one for one in result.record.candidates if one.trains]
    assert trained and all(one.final_s and one.disk_bytes is not None and one.memory_bytes for one in trained)
    assert "--budget" in result.summary


def test_the_page_of_a_plan_tells_it_in_both_languages(kept, tmp_path):
    run = shutil.copytree(kept / "plan", tmp_path / "plan")
    record = read_record(PlanRecord, run / "plan.json")
    english = render(run, "en").read_text(encoding="utf-8")
    assert "Which rule applies" in english and 'class="fired"' in english and escape(record.rule_source) in english
    command = unescape(re.sub("<[^>]+>", "", re.search('<code id="do">(.*?)</code>', english).group(1)))
    assert f"--backbone {record.options['backbone']}" in command
    assert "--folds 2" in command and "--budget" not in command  # what was said of the data and of folds, too
    assert f"held out: {max(one.folds for one in record.candidates)}, the same for all" in english
    korean = render(run, "ko").read_text(encoding="utf-8")
    assert "적용된 규칙" in korean and "선택" in korean
    assert result_lines(run)[0].startswith("Take ")


def test_a_page_tells_which_trainings_were_shortened(kept, tmp_path):
    run = shutil.copytree(kept / "plan", tmp_path / "plan")
    content = json.loads((run / "plan.json").read_text(encoding="utf-8"))
    content["candidates"][0]["length"] = 0.54
    (run / "plan.json").write_text(json.dumps(content), encoding="utf-8")
    assert render(run, "en").read_text(encoding="utf-8").count("tried with 54 % of its full training") == 1
    assert "전체 학습의 54 %로 비교" in render(run, "ko").read_text(encoding="utf-8")
    said = Said("planning.shortened", names="upper stages (at 54 %), whole network (at 30 %)")
    assert translated(said, "ko").endswith("상위 단계 미세조정(54 %), 전체 네트워크 미세조정(30 %).")


def test_a_plan_is_followed(kept, tmp_path):
    record = read_record(PlanRecord, kept / "plan/plan.json")
    result = jeoni.fit(kept / "photos", plan=kept / "plan", out=tmp_path / "run", **FAST)
    spec = json.loads((result.run / "run.json").read_text())["spec"]
    assert {name: spec[name] for name in record.options} == record.options


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"strategy": "finetune"}, "a plan is followed as it is. Leave --plan out"),
        ({"seed": 3}, "The plan was made with seed 0, seed is 3"),
    ],
)
def test_a_plan_is_not_followed_half(kept, options, message):
    with pytest.raises(ConfigError, match=message):
        jeoni.fit(kept / "photos", plan=kept / "plan", **options, **FAST)


def test_a_plan_for_other_data_is_refused(kept, tmp_path):
    with pytest.raises(DataError, match="made for other data: photos with 32 labelled examples; known differs"):
        jeoni.fit(kept / "known", plan=kept / "plan", out=tmp_path / "run", **FAST)


def test_a_plan_that_is_not_there_or_newer_is_refused(kept, tmp_path):
    with pytest.raises(ConfigError, match="there is no plan.json. `jeoni plan DATA` writes one"):
        jeoni.fit(kept / "photos", plan=tmp_path, **FAST)
    content = json.loads((kept / "plan/plan.json").read_text())
    (tmp_path / "plan.json").write_text(json.dumps({**content, "format": 99}))
    with pytest.raises(DataError, match=r"format is 99; a format that this version of jeoni can read is needed"):
        jeoni.fit(kept / "photos", plan=tmp_path, **FAST)


def test_a_fit_follows_a_plan_of_its_own_and_says_why(kept, network, tmp_path):
    result = jeoni.fit(kept / "photos", out=tmp_path / "run", **network, **FAST)
    record = read_record(PlanRecord, result.run / "plan.json")
    assert record.chosen in {one.name for one in record.candidates} and record.budget_s is None
    assert not any(one.folds for one in record.candidates if one.trains)
    assert "labels (few)" in result.summary
    again = jeoni.fit(kept / "photos", out=tmp_path / "again", **network, **FAST)
    assert again.metrics == result.metrics


def test_without_a_control_nothing_is_planned(kept, network, tmp_path):
    result = jeoni.fit(kept / "photos", out=tmp_path / "run", control=False, **network, **FAST)
    assert not (result.run / "plan.json").exists() and "labels (few)" not in result.summary


def test_an_untrained_network_is_not_planned_for(kept, tmp_path):
    result = jeoni.fit(kept / "photos", backbone=TINY, out=tmp_path / "run", **FAST)
    assert not (result.run / "plan.json").exists()


def test_with_a_budget_what_trains_is_tried(kept, network, tmp_path):
    result = jeoni.fit(kept / "photos", budget="20m", steps=4, batch_size=8, views=2, out=tmp_path / "run",
                       **network, **FAST)  # fmt: skip
    record = read_record(PlanRecord, result.run / "plan.json")
    tried = [one for one in record.candidates if one.trains]
    assert tried and all(one.folds and one.seconds > 0 for one in tried)
    assert record.budget_s and result.timings["total_s"] < 1200


def test_a_training_that_was_tried_is_gone_on_with(kept, network, tmp_path, monkeypatch):
    """Of a hundred examples and more a candidate is judged by the training with which its fit begins."""
    many = save_photos(tmp_path / "many", each=52)

    def trained(standings):
        ways = [one.candidate.way for one in standings]
        return ways.index("upper stages") if "upper stages" in ways else 0

    monkeypatch.setattr("jeoni.planning.race.choice_of", trained)
    monkeypatch.setattr("jeoni.planning.race._drop_beaten", lambda runners: None)
    monkeypatch.setattr("jeoni.planning.race._Time.is_enough_for", lambda time, runner: runner.folds < 1)
    monkeypatch.setattr("jeoni.planning.plan.rule_for", lambda size, level: RULES[1])  # probe, upper stages, whole
    options = {
        "steps": 4,
        "batch_size": 8,
        "views": 1,
        "budget": "20m",
        "folds": 5,
        "repeats": 1,
        "pictures": False,
        **QUICK,
    }
    result = jeoni.fit(many, out=tmp_path / "run", **network, **options)
    record = read_record(PlanRecord, result.run / "plan.json")
    tried = next(one for one in record.candidates if one.name == record.chosen)
    assert tried.way == "upper stages" and tried.folds == 1 and tried.items == 21
    training = result.model.training
    assert training["earlier_s"] > 0 and training["held_out"] == tried.items


def test_what_is_said_of_a_training_needs_a_budget(kept, network):
    with pytest.raises(ConfigError, match="steps is 4; the strategy probe trains no stages"):
        jeoni.fit(kept / "photos", steps=4, **network, **FAST)


def test_a_budget_too_small_for_anything_names_the_smallest_that_would_do(kept, network, tmp_path):
    with pytest.raises(ConfigError, match=r"budget is '1s'; .* Say at least --budget \d+"):
        jeoni.plan(kept / "photos", budget="1s", out=tmp_path / "run", **network, **QUICK)


def test_settings_of_a_strategy_need_its_name(kept, network):
    with pytest.raises(ConfigError, match="no strategy is named: which one has alpha"):
        jeoni.fit(kept / "photos", set="alpha=0.1", **network, **FAST)


@pytest.mark.parametrize("budget", ["soon", "10", "0s", "-5m", "5 apples"])
def test_a_budget_is_a_duration(budget):
    with pytest.raises(ConfigError, match="a duration with its unit is needed, such as 90s, 10m"):
        jeoni.PlanSpec(budget=budget)
    with pytest.raises(ConfigError, match="a duration with its unit is needed"):
        jeoni.FitSpec(budget=budget)


def test_a_source_with_the_same_classes_is_looked_at(kept, network, tmp_path):
    options = {"costs": False, "folds": 2, **network, **QUICK}
    result = jeoni.plan(kept / "photos", source=kept / "known", out=tmp_path / "run", **options)
    source = result.record.source
    assert source.labels == "closed" and source.items == 32 and source.gain is not None
    assert "proxy_a_distance" in source.distances and "known has the same classes." in result.summary
    assert "Your own source" in render(result.run, "en").read_text(encoding="utf-8")


def test_items_of_the_target_in_a_source_are_left_out(kept, network, tmp_path):
    options = {"costs": False, "folds": 2, **network, **QUICK}
    with pytest.raises(DataError, match="All items of photos are items of the target"):
        jeoni.plan(kept / "photos", source=kept / "photos", out=tmp_path / "same", **options)
    mixed = shutil.copytree(kept / "known", tmp_path / "mixed")
    for label in ("class_0", "class_1"):
        for file in sorted((kept / "photos" / label).iterdir())[:5]:
            shutil.copy(file, mixed / label / f"copy_{file.name}")
    result = jeoni.plan(kept / "photos", source=mixed, out=tmp_path / "run", **options)
    assert result.record.source.copies == 10 and result.record.source.items == 32
    assert "10 items of mixed are items of the target too: they were left out." in result.summary
    plain = jeoni.plan(kept / "photos", source=kept / "known", out=tmp_path / "plain", **options)
    assert result.record.source.both == plain.record.source.both


def test_what_a_budget_gave_up_stays_given_up_where_the_plan_takes_a_probe(kept, network, tmp_path, monkeypatch):
    monkeypatch.setattr("jeoni.planning.calibration.Calibration.report_s", lambda self, pictures: 1000.0 * pictures)
    options = {"budget": "60s", **network, **{k: v for k, v in FAST.items() if k != "pictures"}}
    result = jeoni.fit(kept / "photos", out=tmp_path / "run", pictures=True, **options)
    record = json.loads((result.run / "run.json").read_text(encoding="utf-8"))
    assert record["spec"]["pictures"] is False


def test_candidates_of_a_race_share_the_limit_of_the_disk(kept, network):
    data = jeoni.load_data(kept / "photos")
    source = NamedBackbone("network", load_backbone(network["backbone"]))

    def room(disk):
        spec = sharing_disk(jeoni.FitSpec(budget="10m", disk=disk), data, source)
        return spec.cache_gb, upper_stages.strategy(spec).taps(source.backbone, len(data))

    upper_stages = Candidate("upper stages", "upper stages", source, {"strategy": "finetune"})
    assert room("")[0] == jeoni.FitSpec().cache_gb
    some, kept_taps = room("20MB")
    assert 0.002 < some < 0.02 / sum(way.trains for way in WAYS.values()) and not kept_taps[-1].pooled
    none, taps = room("80kB")
    assert none < 1e-5 and [tap.pooled for tap in taps] == [True]


def test_with_a_budget_other_backbones_that_are_installed_take_part(kept, network, tmp_path, monkeypatch):
    """The default one knows nothing: all its features are alike. The other is taken, and the control is its twin."""
    empty = load_backbone(network["backbone"])
    for parameter in empty.network.parameters():
        parameter.data.zero_()
    empty.network.eval()
    useless = replace(empty, name="useless", fingerprint="0" * 64)
    names = {"useless": useless, "other": load_backbone(network["backbone"])}
    monkeypatch.setattr("jeoni.verbs.session.reading.load_backbone", lambda name, *options: names[name])
    for module in ("reading", "fit_setup"):
        monkeypatch.setattr(f"jeoni.verbs.session.{module}.default_backbone", lambda data: "useless")
    monkeypatch.setattr("jeoni.verbs.plan.default_backbone", lambda data: "useless")
    monkeypatch.setattr("jeoni.verbs.session.planned.packaged_for", lambda data: ["useless", "other"])
    monkeypatch.setattr("jeoni.planning.plan._in_reach", lambda similarity, labelled: False)  # photos are easy
    monkeypatch.setattr("jeoni.planning.plan._with_trained", lambda question, race, cheap, trained: race)
    plan = jeoni.plan(kept / "photos", budget="10m", out=tmp_path / "plan", folds=2, **QUICK)
    assert plan.record.options["backbone"] == "other" and plan.record.chosen == "probe, other"
    result = jeoni.fit(kept / "photos", budget="10m", out=tmp_path / "run", **FAST)
    record = json.loads((result.run / "run.json").read_text(encoding="utf-8"))
    assert record["spec"]["backbone"] == "other" and result.metrics.accuracy.value > 0.9
    calls, real = [], limits.keep_budget

    def too_small_the_second_time(*args):
        calls.append(args)
        if len(calls) == 2:
            raise ConfigError("nothing fits")
        return real(*args)

    monkeypatch.setattr(limits, "keep_budget", too_small_the_second_time)
    late = jeoni.fit(kept / "photos", budget="10m", out=tmp_path / "late", **FAST)
    warned = json.loads((late.run / "run.json").read_text(encoding="utf-8"))["warnings"]
    assert late.metrics.accuracy.value > 0.9 and any("The plan used up the budget of 10 min" in one for one in warned)
    data, first = jeoni.load_data(kept / "photos"), NamedBackbone("useless", useless)
    assert [one.name for one in others_at_hand(data, jeoni.FitSpec(), first, Deadline(600.0))] == ["other"]
    assert others_at_hand(data, jeoni.FitSpec(backbone=TINY), first, Deadline(600.0)) == []
    assert others_at_hand(data, jeoni.FitSpec(), first, Deadline(10.0)) == []


def test_no_control_is_held_against_itself(kept, network, tmp_path, monkeypatch):
    """Where the plan chooses the untrained network, that is the model, and the verdict is the plan's."""
    monkeypatch.setattr("jeoni.planning.race._drop_beaten", lambda runners: None)
    monkeypatch.setattr("jeoni.planning.choosing._better", lambda control, chosen: True)
    monkeypatch.setattr("jeoni.planning.rules.REMOVED", 2.0)
    result = jeoni.fit(kept / "photos", out=tmp_path / "run", **network, **FAST)
    assert "transfer does not pay" in result.summary.lower() and "transfer helped" not in result.summary
    assert "untrained" in json.dumps(json.loads((result.run / "plan.json").read_text(encoding="utf-8"))["options"])


def test_a_plan_keeps_to_a_limit_of_the_disk(kept, network, tmp_path, monkeypatch):
    class AskedError(Exception):
        pass

    def stop(question):
        raise AskedError(question.asked.cache_gb)

    monkeypatch.setattr("jeoni.verbs.plan.make_plan", stop)
    room = []
    for k, disk in enumerate((None, "5MB", "1kB")):
        with pytest.raises(AskedError) as asked:
            jeoni.plan(kept / "photos", disk=disk, costs=False, folds=2, out=tmp_path / str(k), **network, **QUICK)
        room.append(asked.value.args[0])
    assert room[0] > room[1] > room[2] > 0 and room[1] < 0.005


def test_a_source_whose_labels_are_swapped_is_negative_transfer(kept, network, tmp_path):
    many = save_photos(tmp_path / "many", each=60, first=200)
    (many / "class_0").rename(many / "other")
    (many / "class_1").rename(many / "class_0")
    (many / "other").rename(many / "class_1")
    options = {"costs": False, "folds": 2, **network, **QUICK}
    result = jeoni.plan(kept / "photos", source=many, out=tmp_path / "run", **options)
    assert result.record.source.gain.high < 0 and "negative transfer" in result.summary


def test_a_source_without_a_class_in_common_is_said(kept, network, tmp_path):
    other = save_photos(tmp_path / "other", each=6, first=300)
    (other / "class_0").rename(other / "cats")
    (other / "class_1").rename(other / "dogs")
    options = {"costs": False, "folds": 2, **network, **QUICK}
    result = jeoni.plan(kept / "photos", source=other, out=tmp_path / "run", **options)
    assert result.record.source.labels == "disjoint" and result.record.source.gain is None
    assert "no class in common" in result.summary


@pytest.mark.parametrize(
    ("theirs", "labels", "said"),
    [
        (("class_0", "class_1", "cats"), "partial", "has more classes than the target"),
        (("class_0", "cats"), "open-partial", "each have classes of their own"),
    ],
)
def test_how_the_label_sets_lie_is_said(theirs, labels, said, kept, network, tmp_path):
    source = tmp_path / "source"
    for k, name in enumerate(theirs):
        made = save_photos(tmp_path / f"made_{k}", each=8, first=400 + 50 * k)
        source.mkdir(exist_ok=True)
        (made / f"class_{k % 2}").rename(source / name)
    options = {"costs": False, "folds": 2, **network, **QUICK}
    result = jeoni.plan(kept / "photos", source=source, out=tmp_path / "run", **options)
    found = result.record.source
    assert found.labels == labels and set(found.shared) == set(theirs) - {"cats"}
    assert found.gain is not None and said in result.summary


def test_a_source_with_other_columns_is_refused_by_the_name_that_is_missing(make_reviews, tmp_path):
    target, source = make_reviews("target.csv"), tmp_path / "source.csv"
    renamed = target.read_text(encoding="utf-8").splitlines()
    source.write_text("\n".join(["review,stars", *renamed[1:]]), encoding="utf-8")
    with pytest.raises(DataError, match="source.csv has no column 'label'"):
        jeoni.plan(target, source=source, label_column="label", costs=False, out=tmp_path / "run", **QUICK)


def test_fewer_labels_than_folds_are_planned_with_fewer_folds(kept, network, tmp_path):
    few = save_photos(tmp_path / "few", each=3)
    result = jeoni.plan(few, costs=False, folds=5, out=tmp_path / "run", **network, **QUICK)
    assert result.record.labelled == 6 and result.record.chosen
    one = save_photos(tmp_path / "one", each=1)
    with pytest.raises(DataError, match="Every class has one item only"):
        jeoni.plan(one, costs=False, out=tmp_path / "none", **network, **QUICK)


def test_a_source_of_another_modality_is_refused(kept, network, make_reviews, tmp_path):
    with pytest.raises(DataError, match="The source holds texts, the target images; both must be alike"):
        jeoni.plan(kept / "photos", source=make_reviews(), out=tmp_path / "run", **network, **QUICK)


def test_several_backbones_take_part(kept, network, tmp_path):
    both = f"{network['backbone']},{TINY}"
    result = jeoni.plan(kept / "photos", backbone=both, costs=False, folds=2, out=tmp_path / "run", **QUICK)
    names = [one.name for one in result.record.candidates if one.way == "probe"]
    assert len(names) == 2 and names[1].endswith(TINY)

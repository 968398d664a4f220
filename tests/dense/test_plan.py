"""A plan of places in pictures, and the fits that follow it."""

from __future__ import annotations

import re

import numpy as np
import pytest
import torch
from PIL import Image

import jeoni
from jeoni.data.annotations import Boxes, Keypoints, annotation_cells
from jeoni.dense.tasks.detection import Detection
from jeoni.dense.tasks.pose import Pose
from jeoni.dense.tasks.segmentation import Segmentation
from jeoni.dense.transfer import Transfer
from jeoni.errors import ConfigError, DataError
from jeoni.planning.dense_memory import kept_bytes
from jeoni.planning.dense_profile import marked_in
from jeoni.report import render
from jeoni.runs.contents import foreign_files
from jeoni.runs.records import PlanRecord
from jeoni.runs.typed import read_record
from tests.conftest import TINY
from tests.dense.made import MadeMask, picture, save_masks
from tests.dense.test_limits import Heard

OPTIONS = {"backbone": TINY, "folds": 2, "views": 1, "batch_size": 4, "steps": 2, "pictures": False, "head": "linear"}


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """Pictures with masks, and a plan for them."""
    root = tmp_path_factory.mktemp("plan")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JEONI_CACHE", str(root / "cache"))
        save_masks(root / "squares", 8)
        jeoni.plan(str(root / "squares"), out=root / "plan", quiet=True, **OPTIONS)
    return root


@pytest.fixture(autouse=True)
def own_cache(kept, monkeypatch):
    monkeypatch.setenv("JEONI_CACHE", str(kept / "cache"))


def test_a_plan_prices_the_candidates_and_names_one_by_rule(kept):
    record = read_record(PlanRecord, kept / "plan" / "plan.json")
    assert [one.name for one in record.candidates] == ["probe, linear", "finetune, linear"]
    assert all(one.final_s and one.memory_bytes and one.disk_bytes for one in record.candidates)
    assert record.chosen == "probe, linear" and record.rule == "places_few" and record.tested == 0
    assert record.options == {"backbone": TINY, "strategy": "probe", "head": "linear"}
    assert record.classes == {"ground": 8, "square": 8} and record.profile.labelled == 8
    assert "nothing was trained to find it" in record.summary
    assert not list(foreign_files(kept / "plan"))


def test_the_page_shows_the_rule_that_applies_in_both_languages(kept):
    english = render(kept / "plan", "en").read_text(encoding="utf-8")
    assert "few pictures (fewer than 100)" in english and 'class="fired"' in english and "similar source" not in english
    assert "사진이 적음" in render(kept / "plan", "ko").read_text(encoding="utf-8")


def test_a_fit_follows_a_plan_and_refuses_one_for_other_data(kept, tmp_path):
    options = {name: value for name, value in OPTIONS.items() if name not in ("head", "backbone")}
    done = jeoni.fit(
        str(kept / "squares"), plan=str(kept / "plan"), control=False, out=tmp_path / "run", quiet=True, **options
    )
    assert done.model.head_id == "linear"
    other = save_masks(tmp_path / "other", 8, first=20)
    with pytest.raises(DataError, match="The plan was made for other data: squares with 8 labelled"):
        jeoni.fit(str(other), plan=str(kept / "plan"), control=False, out=tmp_path / "two", quiet=True, **options)


def test_a_budget_tries_the_candidates_on_pictures_that_are_held_out(kept, tmp_path, monkeypatch):
    monkeypatch.setattr(Transfer, "step_s", lambda self, backbone, some, context: 1e-3)
    found = jeoni.plan(str(kept / "squares"), out=tmp_path / "plan", budget="10m", quiet=True, **OPTIONS)
    tried = [one for one in found.record.candidates if one.score is not None]
    assert len(tried) == 2 and {one.items for one in tried} == {4}
    assert sum(one.to_chosen is None for one in tried) == 1
    assert "held out, with trainings at 100 %" in found.summary


def test_a_budget_too_small_to_try_two_candidates_says_how_much_would_do(kept, tmp_path, monkeypatch):
    monkeypatch.setattr(Transfer, "step_s", lambda self, backbone, some, context: 200.0)
    summary = jeoni.plan(str(kept / "squares"), out=tmp_path / "plan", budget="2m", quiet=True, **OPTIONS).summary
    assert re.search(
        r"That is by rule: to try two candidates on held-out pictures, say --budget \d+\w+ at least", summary
    )


def test_a_fit_with_a_budget_takes_what_the_rule_names_in_that_time(kept, tmp_path, monkeypatch):
    monkeypatch.setattr(Transfer, "step_s", lambda self, backbone, some, context: 1e-3)
    monkeypatch.setattr("jeoni.planning.dense_rules.FEW", 4)
    console = Heard()
    done = jeoni.fit(
        str(kept / "squares"), out=tmp_path / "run", budget="10m", control=False, console=console, **OPTIONS
    )
    assert done.model.frozen < done.model.backbone.n
    assert any(text.startswith("Taken: finetune, linear. With 8 pictures") for text in console.said)


def test_what_a_plan_of_places_does_not_take_is_refused(kept, tmp_path):
    options = {"out": tmp_path / "plan", "quiet": True}
    with pytest.raises(ConfigError, match="of places in pictures one backbone is planned at a time"):
        jeoni.plan(str(kept / "squares"), backbone=f"{TINY},efficientnet_lite0", **options)
    with pytest.raises(ConfigError, match="comparison with a source is about classes.*Leave --source out"):
        jeoni.plan(str(kept / "squares"), source=str(kept / "squares"), backbone=TINY, **options)


def test_what_is_marked_is_counted_by_class():
    boxes = [Boxes(np.array([[0, 0, 4, 9], [0, 0, 2, 2]], dtype=float), ("cell", "disc")), Boxes(np.zeros((0, 4)), ())]
    marked = marked_in(Detection(("cell", "disc", "dot")), annotation_cells(boxes))
    assert marked.counts == {"cell": 1, "disc": 1, "dot": 0} and marked.empty == 1
    assert (marked.sides.least, marked.sides.most) == (2.0, 6.0)
    points = Keypoints(np.array([[1.0, 1.0], [np.nan, np.nan]]), ("nose", "tail"))
    assert marked_in(Pose(("nose", "tail")), annotation_cells([points, points])).counts == {"nose": 2, "tail": 0}
    masks = [MadeMask(np.zeros((2, 2), dtype=np.int16)), MadeMask(np.array([[0, 1], [-1, -1]], dtype=np.int16))]
    assert marked_in(Segmentation(("ground", "square")), annotation_cells(masks)).counts == {"ground": 2, "square": 1}


def test_what_a_step_keeps_is_counted_in_bytes():
    layer = torch.nn.Sequential(torch.nn.Linear(10, 20, bias=False), torch.nn.Sigmoid())
    # the first layer keeps its input for the gradient of its weights, the sigmoid its output
    assert kept_bytes(layer, torch.zeros(1, 10)) == 4 * (10 + 20)


def test_heads_that_remember_are_priced_and_named_without_a_race(tmp_path):
    for k in range(6):
        (tmp_path / "parts" / "good").mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture(k)[0]).save(tmp_path / "parts" / "good" / f"{k}.png")
    options = {"task": "anomaly", "backbone": TINY, "folds": 2, "pictures": False, "quiet": True}
    record = jeoni.plan(str(tmp_path / "parts"), out=tmp_path / "plan", budget="10m", **options).record
    assert [one.name for one in record.candidates] == ["probe, patchcore", "probe, nearest", "probe, padim"]
    assert record.chosen == "probe, patchcore" and record.rule == "places_memory" and record.classes == {"normal": 6}
    assert all(one.final_s > 0 and one.memory_bytes > 0 for one in record.candidates)
    assert all(one.score is None for one in record.candidates) and "no two candidates to try" in record.summary

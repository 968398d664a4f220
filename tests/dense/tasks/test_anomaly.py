from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from jeoni.data.annotations import Condition, Heat, Keypoints, annotation_cells
from jeoni.data.items import ArrayItems
from jeoni.dense.tasks.anomaly import Anomaly
from jeoni.dense.tasks.scoring.pixels import pixel_auroc, pixel_sketch
from jeoni.errors import DataError
from jeoni.modalities.geometry import Geometry
from jeoni.tasks import Unreadable
from jeoni.types import Dataset

SIDE = 48
TASK = Anomaly(("crack", "spot"))


class MadeMask:
    names = ("normal", "defective")

    def __init__(self, values: np.ndarray) -> None:
        self._values = values

    def read(self) -> np.ndarray:
        return self._values

    def size(self) -> tuple[int, int]:
        return self._values.shape[1], self._values.shape[0]

    def tobytes(self) -> bytes:
        return self._values.tobytes()


def make_pictures(n: int = 30, seed: int = 0):
    """Predictions, conditions and the masks themselves: every second picture has a defect."""
    rng = np.random.default_rng(seed)
    heats, conditions, masks = [], [], []
    for k in range(n):
        heat, mask = rng.gamma(2, 0.3, (SIDE, SIDE)).astype(np.float32), np.zeros((SIDE, SIDE), dtype=np.int16)
        if k % 2:
            mask[10:20, 10 : 15 + k] = 1
            heat[mask == 1] += rng.uniform(0, 1)
        kind = ("crack", "spot")[k % 4 == 1] if k % 2 else ""
        heats.append(Heat(float(heat.mean() + 0.3 * rng.normal()) + 0.4, heat))
        conditions.append(Condition(bool(k % 2), MadeMask(mask) if k % 2 else None, kind))
        masks.append(mask)
    return heats, conditions, masks


def evidence_of(heats, conditions):
    return [TASK.evidence(heat, condition) for heat, condition in zip(heats, conditions, strict=True)]


def test_scores_of_resamples_are_those_of_scikit_learn():
    heats, conditions, _ = make_pictures()
    weights = np.random.default_rng(1).integers(0, 4, (20, 30)).astype(float)
    found = TASK.scores(evidence_of(heats, conditions), weights)
    score, true = np.array([h.score for h in heats]), np.array([c.defective for c in conditions])
    for b in range(20):
        some = {"y_true": true, "y_score": score, "sample_weight": weights[b]}
        assert found["image_auroc"][b] == pytest.approx(roc_auc_score(**some))
        assert found["average_precision"][b] == pytest.approx(average_precision_score(**some))
        assert found["recall"][b] == pytest.approx(np.average(score[true] > 1, weights=weights[b][true]))
        assert found["false_alarms"][b] == pytest.approx(np.average(score[~true] > 1, weights=weights[b][~true]))
    assert set(found) == set(TASK.metrics()) and TASK.headline in found
    assert not TASK.metrics()["false_alarms"].higher_is_better


@pytest.mark.parametrize("seed", range(3))
def test_the_area_of_pixels_is_scikit_learns_to_a_thousandth(seed):
    heats, conditions, masks = make_pictures(seed=seed)
    weights = np.random.default_rng(seed).integers(0, 4, (8, 30)).astype(float)
    found = TASK.scores(evidence_of(heats, conditions), weights)["pixel_auroc"]
    true, heat = np.concatenate([m.ravel() for m in masks]), np.concatenate([h.heat.ravel() for h in heats])
    for b in range(8):
        wanted = roc_auc_score(true, heat, sample_weight=np.repeat(weights[b], SIDE * SIDE))
        assert found[b] == pytest.approx(wanted, abs=1e-3)


def test_the_area_of_pixels_holds_for_any_scale_and_for_heat_with_ties():
    heats, conditions, masks = make_pictures(10)
    true = np.concatenate([m.ravel() for m in masks])
    for change in (lambda h: 1e6 * h, lambda h: np.exp(5 * h), lambda h: np.round(h, 1)):
        changed = [Heat(h.score, change(h.heat).astype(np.float32)) for h in heats]
        found = TASK.scores(evidence_of(changed, conditions), np.ones((1, 10)))["pixel_auroc"][0]
        assert found == pytest.approx(roc_auc_score(true, np.concatenate([h.heat.ravel() for h in changed])), abs=1e-3)


def test_pixels_of_which_no_mask_tells_do_not_count():
    heats, conditions, masks = make_pictures(4)
    void = masks[1].copy()
    void[:5] = -1
    conditions[1] = Condition(True, MadeMask(void))
    unmasked = Condition(True, None)
    found = TASK.scores(evidence_of(heats, [*conditions[:3], unmasked]), np.ones((1, 4)))["pixel_auroc"][0]
    true = np.concatenate([masks[0].ravel(), void.ravel(), masks[2].ravel()])
    heat = np.concatenate([h.heat.ravel() for h in heats[:3]])
    assert found == pytest.approx(roc_auc_score(true[true >= 0], heat[true >= 0]), abs=1e-3)
    plain = [Condition(c.defective) for c in conditions]
    assert np.isnan(TASK.scores(evidence_of(heats, plain), np.ones((3, 4)))["pixel_auroc"]).all()
    blind = [Heat(h.score) for h in heats]
    assert np.isnan(TASK.scores(evidence_of(blind, conditions), np.ones((1, 4)))["pixel_auroc"]).all()


def test_evidence_is_small_and_heat_takes_the_masks_size():
    heat = np.zeros((24, 24), dtype=np.float32)
    heat[:, 12:] = 1
    mask = np.zeros((2400, 2400), dtype=np.int16)
    mask[:, 1200:] = 1
    sketch = pixel_sketch(heat, Condition(True, MadeMask(mask)))
    assert len(sketch.normal) == len(sketch.defective) == 512
    assert sketch.pixels[0] == pytest.approx(sketch.pixels[1], rel=0.01)
    assert pixel_auroc([sketch], np.ones((1, 1)))[0] > 0.99


def test_a_mask_of_other_proportions_is_an_error():
    mask = MadeMask(np.zeros((20, 40), dtype=np.int16))
    with pytest.raises(DataError, match="A mask has 40 x 20 pixels, other proportions than its picture.*has 24 x 24"):
        pixel_sketch(np.zeros((24, 24), dtype=np.float32), Condition(True, mask))


def test_where_one_condition_is_missing_nothing_is_made_up():
    heats, conditions, _ = make_pictures(6)
    weights = np.ones((1, 6))
    good = TASK.scores(evidence_of(heats, [Condition(False)] * 6), weights)
    assert np.isnan([good[k][0] for k in ("image_auroc", "recall", "pixel_auroc")]).all()
    assert 0 <= good["false_alarms"][0] <= 1
    bad = TASK.scores(evidence_of(heats, [Condition(True)] * 6), weights)
    assert np.isnan([bad[k][0] for k in ("image_auroc", "false_alarms")]).all()
    drawn = np.array([c.defective for c in conditions], dtype=float)[None]  # a resample without a normal picture
    assert np.isnan(TASK.scores(evidence_of(heats, conditions), drawn)["image_auroc"]).all()


def test_each_kind_of_defect_is_held_against_all_normal_pictures():
    heats, conditions, _ = make_pictures()
    rows = TASK.rows(evidence_of(heats, conditions), np.ones((1, 30)))
    assert [(r.name, r.count) for r in rows] == [("crack", 7), ("spot", 8)]
    score = np.array([h.score for h in heats])
    for row in rows:
        members = np.array([c.kind == row.name for c in conditions])
        some = members | ~np.array([c.defective for c in conditions])
        assert row.scores["image_auroc"][0] == pytest.approx(roc_auc_score(members[some], score[some]))
        assert row.scores["recall"][0] == pytest.approx((score[members] > 1).mean())


def test_no_false_alarm_among_few_pictures_is_no_proof_that_there_is_none():
    from jeoni.dense.scoring import evaluate_evidence

    heats = [Heat(0.5)] * 20 + [Heat(2.0)] * 10
    conditions = [Condition(False)] * 20 + [Condition(True, kind="spot")] * 10
    found = evaluate_evidence(TASK, evidence_of(heats, conditions), resamples=100)
    z2 = 1.959964**2  # Wilson's bound of none among n is z2 / (n + z2)
    none, every = found.metrics["false_alarms"], found.metrics["recall"]
    assert (none.value, none.low, none.high) == (0, 0, pytest.approx(z2 / (20 + z2)))
    assert (every.value, every.low, every.high) == (1, pytest.approx(10 / (10 + z2)), 1)
    assert found.breakdown[0]["recall"].low == pytest.approx(10 / (10 + z2))
    assert found.metrics["image_auroc"].low == 1  # no share of pictures


def test_the_worst_pictures_are_far_on_the_wrong_side():
    evidence = evidence_of([Heat(3.0), Heat(0.5), Heat(0.2), Heat(1.5)], [Condition(False)] * 2 + [Condition(True)] * 2)
    assert TASK.item_scores(evidence).tolist() == [-2.0, 0.5, -0.8, 0.5]
    assert TASK.details(evidence) == {"threshold": 1.0, "normal": [0.5, 3.0], "defective": [0.2, 1.5]}


def test_a_heat_map_is_cut_to_the_picture():
    heat = np.zeros((64, 64), dtype=np.float32)
    heat[16:48] = 1  # a picture of 80 x 40 in a square frame, grey above and below
    frame = Geometry(np.array([[0.8, 0, 0], [0, 0.8, 16], [0, 0, 1.0]]), (64, 64))
    found = TASK.returned(Heat(2.0, heat), frame, (80, 40))
    assert found.heat.shape == (32, 64) and found.heat.min() == 1 and found.score == 2.0
    assert TASK.returned(Heat(2.0), frame, (80, 40)).heat is None
    coarse = TASK.returned(Heat(2.0, heat[::8, ::8]), frame, (80, 40))
    assert coarse.heat.shape == (4, 8) and coarse.heat.min() == 1


def make_data(conditions, part=None) -> Dataset:
    items = ArrayItems(np.zeros((len(conditions), 4, 4), dtype=np.uint8))
    data = Dataset("parts", items, annotation_cells(conditions))
    return data if part is None else Dataset("parts", items, annotation_cells(conditions), part=np.array(part))


def test_only_normal_pictures_are_learned_from():
    targets = annotation_cells([Condition(False), Condition(True, kind="spot"), None, Condition(True, kind="new")])
    assert TASK.known(targets).tolist() == [True, True, False, True]
    assert TASK.learns_from(targets).tolist() == [True, False, False, False]
    assert TASK.strata(targets).tolist() == [0, 3, -1, 1]
    assert TASK.named_targets(targets) == ["normal", "spot", "", "new"]


def test_the_task_is_read_from_conditions():
    task, findings = Anomaly.read([Condition(False), Condition(True, kind="spot"), None, Condition(True)])
    assert task == Anomaly(("spot",)) and findings == []
    assert Anomaly.takes(Condition(False)) and not Anomaly.takes(Keypoints(np.zeros((0, 2)), ()))
    assert task.names == ("normal", "defective")
    assert Anomaly.restored(task.describe()) == task
    task.reread([Condition(True, kind="never seen")])


def test_annotations_without_a_normal_picture_or_of_another_kind_are_refused():
    with pytest.raises(Unreadable, match="None of the 2 pictures is marked as normal.*such as a folder called good"):
        Anomaly.read([Condition(True), Condition(True)])
    points = Keypoints(np.zeros((0, 2)), ())
    for read in (Anomaly.read, TASK.reread):
        with pytest.raises(Unreadable, match="marked as normal or defective; some have keypoints in their place"):
            read([Condition(False), points])


def test_too_few_normal_pictures_are_an_error_and_few_a_finding():
    with pytest.raises(DataError, match="parts holds 3 normal pictures to learn from; at least 4 are needed"):
        TASK.check(make_data([Condition(False)] * 3 + [Condition(True)] * 9))
    with pytest.raises(DataError, match="parts holds 0 normal pictures"):
        TASK.check(make_data([Condition(False)] * 9, ["test"] * 9))
    found = {f.kind: f.detail for f in TASK.check(make_data([Condition(False)] * 5))}
    assert "with fewer than 20 the threshold is a guess" in found["few_normal"]
    assert "how many defects are found cannot be told" in found["no_defects"]
    found = {f.kind: f.detail for f in TASK.check(make_data([Condition(False)] * 30 + [Condition(True)] * 2))}
    assert found == {"defective": "2 defective pictures are not learned from"}
    parts = ["train"] * 30 + ["test"] * 2
    assert TASK.check(make_data([Condition(False)] * 30 + [Condition(True)] * 2, parts)) == []


@pytest.mark.parametrize("kinds", ["spot", [1], None])
def test_saved_kinds_that_are_no_names_are_refused(kinds):
    with pytest.raises(ValueError, match="kinds must be a list of names"):
        Anomaly.restored({"kinds": kinds})


def test_a_row_says_what_was_predicted_and_how_unusual_it_is():
    evidence = evidence_of([Heat(0.4), Heat(1.6)], [Condition(False), Condition(True)])
    columns = Anomaly().columns(evidence)
    assert columns["predicted"] == ["normal", "defective"]
    assert columns["anomaly_score"] == pytest.approx([0.4, 1.6])

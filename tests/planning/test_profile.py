"""What the data are like: counted by hand, and the sentences that follow."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pytest

from jeoni.backbones.catalog import load_backbone
from jeoni.data.checks import Checked
from jeoni.data.items import ArrayItems
from jeoni.data.text_items import TextItems
from jeoni.data.vectors import VectorItems
from jeoni.locale import translated
from jeoni.planning.measured_items import Spread, measure_items, script_shares
from jeoni.planning.profile import Imbalance, profile_of
from jeoni.report.profile import profile_view
from jeoni.runs.records import ProfileRecord
from jeoni.runs.typed import as_record
from jeoni.tasks.regression import Regression
from jeoni.types import Dataset, Finding
from tests.conftest import TINY
from tests.made_tasks import classes


@dataclass(frozen=True)
class Ready:
    data: Dataset
    checked: Checked
    findings: list[Finding] = field(default_factory=list)


def ready(counts, items=None, modality="image", names=None, groups=None, keep=None, clusters=None, findings=()):
    labels = np.repeat(np.arange(len(counts)), counts)
    n = len(labels)
    items = items or ArrayItems(np.zeros((n, 40, 60), dtype=np.uint8))
    data = Dataset("made", items, labels, classes(names or len(counts)), modality=modality, groups=groups)
    kept = np.ones(n, dtype=bool) if keep is None else keep
    return Ready(data, Checked(list(findings), kept, np.arange(n) if clusters is None else clusters), list(findings))


def test_items_classes_and_imbalance_are_counted_without_what_cannot_be_used():
    keep = np.arange(60) != 0
    found = profile_of(ready([40, 20], keep=keep))
    assert (found.items, found.usable, found.labelled, found.independent) == (60, 59, 59, 59)
    assert [one.items for one in found.classes] == [39, 20]
    assert found.imbalance.ratio == pytest.approx(39 / 20)
    assert found.said[0] == "59 usable items, 59 of them labelled, in 2 classes."


def test_the_effective_number_of_classes_is_the_exponential_of_the_entropy():
    shares = np.array([0.5, 0.25, 0.25])
    expected = 2 ** (0.5 * 1 + 0.25 * 2 + 0.25 * 2)
    assert Imbalance.of((100 * shares).astype(int)).effective == pytest.approx(expected, abs=1e-3)
    assert Imbalance.of(np.array([5, 0])) is None


def test_a_rare_class_is_named_with_what_to_do():
    found = profile_of(ready([90, 30, 9], names=["ok", "dent", "crack"]))
    text = " ".join(found.said)
    assert "The class 'crack' has 9 items: its own score will be uncertain. Label more of it first" in text
    assert "The largest class, 'ok', has 10.0 times the items of the smallest, 'crack'" in text
    assert "클래스 'crack'에는 데이터가 9개뿐" in " ".join(translated(one, "ko") for one in found.said)


def test_of_many_rare_classes_three_are_named():
    found = profile_of(ready([5] * 6))
    assert sum("its own score" in one for one in found.said) == 3
    assert "3 more classes have fewer than 10 items." in found.said


def test_even_classes_of_a_good_size_are_not_remarked_on():
    assert len(profile_of(ready([30, 30])).said) == 1


def test_groups_copies_conflicts_leaks_and_what_cannot_be_read_are_told():
    findings = [Finding(kind, "a", "", "") for kind in ("label_conflict", "leak", "unreadable", "unknown")]
    few = " ".join(profile_of(ready([20, 20], groups=np.arange(40) // 8, findings=findings)).said)
    assert "in 5 groups only" in few and "1 items are identical to another with a different label" in few
    assert "1 training items are in the test set too" in few and "1 items cannot be read" in few
    assert "Of 1 texts the backbone knows hardly any word" in few
    assert "in 40 groups, which are never split" in " ".join(profile_of(ready([20, 20], groups=np.arange(40))).said)
    copies = profile_of(ready([20, 20], clusters=np.arange(40) // 2))
    assert "20 items are nearly identical to others: there are 20 independent ones" in " ".join(copies.said)


def test_numbers_have_no_classes():
    task, targets, _ = Regression.read({"weight": [1.5, 2.5, 3.5]})
    data = Dataset("made", VectorItems(np.eye(3)), targets, task, modality="vector")
    found = profile_of(Ready(data, Checked([], np.ones(3, dtype=bool), np.arange(3))))
    assert found.classes == () and found.imbalance is None and found.task == "regression"
    assert found.said == ("3 usable items, 3 of them labelled.",)
    assert found.measured.spreads["numbers"].median == 3


def test_sizes_of_images_are_those_of_a_sample():
    found = profile_of(ready([200, 200])).measured
    assert found.items == 300
    assert (found.spreads["width"].median, found.spreads["shorter_side"].most) == (60, 40)


def test_small_and_large_images_are_told_by_what_the_backbone_takes():
    backbone = load_backbone(TINY)
    side = backbone.input.size

    def said_of(pixels):
        items = ArrayItems(np.zeros((40, pixels, pixels), dtype=np.uint8))
        return " ".join(profile_of(ready([20, 20], items), backbone).said)

    assert f"the backbone takes {side}: they are enlarged" in said_of(side // 2)
    assert "small details are lost" in said_of(5 * side) and "pixels" not in said_of(side)


def test_lengths_and_scripts_of_texts():
    texts = ["좋은 영화", "a good film", "아주 좋은 영화였다"] * 10
    found = profile_of(ready([15, 15], TextItems(texts), "text"))
    assert found.measured.spreads["words"].median == 3
    assert set(found.measured.scripts) == {"hangul", "latin"}
    assert "The texts are in two scripts: Hangul" in " ".join(found.said)
    assert "한글" in " ".join(translated(one, "ko") for one in found.said)


def test_scripts_are_shares_of_letters_and_marks_do_not_count():
    assert script_shares(["좋다!! 123"]) == {"hangul": 1.0}
    assert script_shares(["ab", "漢字", "кот", "ひら", "カ"]) == {
        "kana": 0.3,
        "cyrillic": 0.3,
        "latin": 0.2,
        "han": 0.2,
    }
    assert script_shares(["…"]) == {}


def test_what_cannot_be_read_is_passed_over():
    data = Dataset("made", TextItems(["one word", "", "two"]), np.zeros(3, dtype=np.int64), modality="text")
    assert measure_items(data, np.arange(3)).items == 2


def test_texts_that_are_cut_off_are_told():
    findings = [Finding("shortened", f"row {k}", "", "kept") for k in range(10)]
    found = profile_of(ready([15, 15], TextItems(["a word"] * 30), "text", findings=findings))
    assert "10 items (33 %) are longer than the backbone takes" in " ".join(found.said)


def test_a_spread_is_the_quantiles():
    assert Spread.of(np.arange(1, 102)) == Spread(1, 6, 51, 96, 101)


def test_the_record_and_the_view_hold_the_profile():
    found = profile_of(ready([90, 9], names=["ok", "crack"]))
    record = as_record(ProfileRecord, found.as_dict())
    view = profile_view(record, "ko")
    assert record.imbalance.ratio == 10 and record.classes[1].name == "crack"
    assert [c["share"] for c in view["classes"]] == [100, 10] and view["rest"] == 0
    assert any("crack" in sentence and "불확실" in sentence for sentence in view["sentences"])
    assert profile_view(None, "en") is None

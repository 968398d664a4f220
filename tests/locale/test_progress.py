"""What a run says while it works, in Korean."""

from __future__ import annotations

import pytest

from jeoni.cli._spoken import spoken
from jeoni.console.activity import Activity
from jeoni.console.durations import duration, rate
from jeoni.data.checks import tell
from jeoni.locale import Said, measure_name, translated
from jeoni.planning.estimate import Cheaper, Estimate
from jeoni.types import Finding
from jeoni.verbs.session.session import STEPS


class Heard:
    """A console that keeps what it is told, in Korean."""

    def __init__(self):
        self.lines = []

    def warn(self, text):
        self.lines.append(translated(text, "ko"))


def korean(activity, done, at):
    activity.done, activity.moved = done, at
    return activity


def test_steps_are_counted_in_korean():
    activity = korean(Activity("Features", 10, began=100.0, moved=100.0, language="ko"), 2, 106.0)
    assert f"{activity.name}: {activity.progress(106.0)}" == "특징 계산: 2/10, 개당 3초, 약 25초 남음"
    assert activity.outcome(106.0) == "특징 계산: 2개, 6초"
    assert Activity("Fitting", began=100.0, language="ko").progress(107.0) == "7초"


@pytest.mark.parametrize("title", STEPS.values())
def test_every_step_of_a_run_has_a_korean_name(title):
    assert not measure_name(title, "ko").isascii() and measure_name(title, "en") == title


def test_durations_and_rates_have_korean_units():
    said = [duration(7.2), duration(754), duration(5400), rate(500, 2.0), rate(4, 12.0)]
    assert [translated(one, "ko") for one in said] == ["7초", "13분", "1시간 30분", "초당 250개", "개당 3초"]


def test_an_estimate_is_told_in_korean_with_its_parts_and_the_cheaper_way():
    estimate = Estimate({"features": 120.0, "training": 540.0}, cheaper=(Cheaper("--strategy probe", 40.0),))
    assert translated(estimate.sentence, "ko") == (
        "예상 소요 시간은 약 11분입니다: 특징 계산 2분, 학습 9분. 더 빠른 방법: --strategy probe (약 40초)."
    )


def test_findings_are_told_in_korean():
    near = Said("finding.nearly_identical", other="row 9")
    unequal = Said("finding.unequal", most="90", larger="'a'", least="10", smaller="'b'")
    heard = Heard()
    tell([Finding("near_duplicate", f"row {k}", near, "kept in one fold") for k in (5, 6)], heard)
    tell([Finding("imbalance", "", unequal, "class weights are decided by folds")], heard)
    assert heard.lines == [
        "유사 중복 2건(같은 폴드에 배치), 예: 5행 (9행 데이터와 거의 같음)",
        "클래스 불균형(클래스 가중치는 교차검증으로 결정): 'a' 90개, 'b' 10개",
    ]


@pytest.mark.parametrize(
    ("words", "language"),
    [
        (["fit", "photos/", "--language", "ko"], "ko"),
        (["fit", "photos/", "--language=ko"], "ko"),
        (["fit", "photos/", "--language", "xx"], "en"),
        (["fit", "photos/", "--language"], "en"),
    ],
)
def test_the_language_of_a_command_line_is_known_before_its_options_are_read(monkeypatch, words, language):
    monkeypatch.setenv("LC_ALL", "C")
    assert spoken(words) == language

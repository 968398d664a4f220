"""Texts without an id have Korean too: all of them, with their values, and with particles that fit."""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path
from string import Formatter

import pytest

from jeoni.locale import measure_name, phrases, translated
from jeoni.locale.ko.particles import PARTICLES, with_particle
from jeoni.locale.phrases import Phrase, _phrases, phrase_keys
from jeoni.types import Finding

SCRIPT = Path(__file__).parents[2] / "scripts" / "said_texts.py"
CODE = re.compile(r"`[^`]*`|\"[^\"]*\"|'[^']*'|--\S+|(?:jeoni|pip install) .*|predict\(.*?\)")
FORMS = {*PARTICLES, "term", "terms", "listed"}


@pytest.fixture(scope="module")
def said_texts():
    spec = importlib.util.spec_from_file_location("said_texts", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    sys.modules["said_texts"] = module  # its dataclasses look there
    spec.loader.exec_module(module)
    yield module
    del sys.modules["said_texts"]


@pytest.fixture(scope="module")
def in_korean(said_texts):
    """Every text with a number for each of its values, and what becomes of it."""
    samples = {text: said_texts.sample(text) for text in said_texts.texts()}
    return {text: measure_name(one, "ko") for text, one in samples.items()}


def test_every_text_for_a_user_is_told_in_korean(in_korean):
    assert len(in_korean) > 900
    lacking = [text for text, korean in in_korean.items() if not re.search("[가-힣]", korean)]
    assert not lacking, "add these to src/jeoni/locale/ko/phrases (python scripts/said_texts.py prints them)"


def test_no_english_is_left_in_them(in_korean):
    left = [
        korean for korean in in_korean.values() if re.search(r"[a-z]{2,} [a-z]{2,} [a-z]{2,}", CODE.sub("", korean))
    ]
    assert not left


def names_in(template):
    return {name: form or "" for _, name, form, _ in Formatter().parse(template) if name is not None}


def test_phrases_take_the_values_that_their_texts_have_in_forms_that_there_are():
    for phrase in _phrases("ko"):
        english, korean = names_in(phrase.english), names_in(phrase.other)
        assert korean.keys() <= english.keys(), phrase.english
        assert set(english.values()) <= {"", "d", "term"}, phrase.english
        assert {one for form in korean.values() for one in form.split()} <= FORMS, phrase.other


def test_a_phrase_says_enough_to_be_told_from_others():
    assert len(set(phrase_keys("ko"))) == len(phrase_keys("ko"))
    with_values = [(phrase, names_in(phrase.english)) for phrase in _phrases("ko") if names_in(phrase.english)]
    vague = [phrase.english for phrase, values in with_values if phrase.letters < 6 and set(values.values()) != {"d"}]
    assert not vague


@pytest.mark.parametrize(
    ("english", "korean"),
    [
        ("a.csv has no rows.", "a.csv: 행이 없습니다."),
        (
            "device is 'mps', which is the GPU of a Mac; this machine has none. Take auto or cpu.",
            "device 값이 'mps'(맥의 GPU)이지만 이 컴퓨터에는 없습니다. auto나 cpu로 지정하십시오.",
        ),
        (
            "frozen is 3; the strategy probe trains no stages. Leave it out, or take one that does, such as "
            "--strategy finetune.",
            "frozen 값이 3이지만 probe 전략은 단계를 학습하지 않습니다. 이 옵션을 빼거나 --strategy finetune처럼 단계를 학습하는 "
            "전략을 쓰십시오.",
        ),
        (
            "The source holds images, the target texts; both must be alike.",
            "소스(이미지)와 타깃(텍스트)의 데이터 종류가 다릅니다. 같아야 합니다.",
        ),
        # a reason within an error, and sentences that were put together from two places
        (
            "The engine 'openvino' cannot be used: install it with: pip install 'jeoni[openvino]'",
            "추론 엔진 'openvino'를 쓸 수 없습니다: 다음 명령으로 설치하십시오: pip install 'jeoni[openvino]'",
        ),
        ("No item could be read. See the findings.", "읽을 수 있는 데이터가 없습니다. 점검 결과를 확인하십시오."),
        (
            "All labels in y are missing. See the findings.",
            "y의 레이블이 모두 비어 있습니다. 점검 결과를 확인하십시오.",
        ),
        ("a.csv has no rows. Something of another package.", "a.csv has no rows. Something of another package."),
        # what a check found, out of the table of findings
        ("identical to 1.jpg, which is labelled cat", "1.jpg 데이터와 내용은 같고 레이블이 다름: cat"),
        # names stay, whatever they are called
        ("the class kept has no items", "kept 클래스에 데이터가 없음"),
        ("{0.__class__} has no rows.", "{0.__class__}: 행이 없습니다."),
        ("two\nlines.csv has no rows.", "two\nlines.csv: 행이 없습니다."),
    ],
)
def test_a_text_is_told_in_korean_with_its_values(english, korean):
    assert translated(english, "ko") == korean


def test_english_looks_nothing_up(monkeypatch):
    monkeypatch.setattr(phrases, "phrase_of", lambda *given: pytest.fail("English has no phrases"))
    assert translated("a.csv has no rows.", "en") == "a.csv has no rows."


def test_what_a_check_found_is_told_as_a_term():
    finding = Finding("series_gap", "1.dcm", "the slices of its series lie 2 mm apart, and 6 mm at one place", "kept")
    assert measure_name(finding.detail, "ko") == "시리즈의 단면 간격이 2 mm인데 한 곳은 6 mm임"


def test_a_number_is_asked_for_where_the_key_says_so():
    assert Phrase("row {n:d}", "{n}행").values("row 1,204") == {"n": "1,204"}
    assert Phrase("row {n:d}", "{n}행").values("row of a table") is None


@pytest.mark.parametrize(
    ("text", "particle", "told"),
    [
        ("레이블", "을", "레이블을"),
        ("데이터", "을", "데이터를"),
        ("'고양이'", "이", "'고양이'가"),
        ("`말`", "으로", "`말`로"),
        ("그룹", "으로", "그룹으로"),
        ("17", "으로", "17로"),
        ("6", "으로", "6으로"),
        ("100", "은", "100은"),
        ("2", "이라", "2라"),
        ("finetune", "을", "finetune을"),
        ("probe", "은", "probe는"),
        ("a.csv", "이", "a.csv가"),
        ("clip", "이지만", "clip지만"),
        ("model", "으로", "model로"),
        ("training", "과", "training과"),
        ("→", "을", "→을(를)"),
        ("", "이", "이(가)"),
    ],
)
def test_particles_fit_how_a_value_is_read(text, particle, told):
    assert with_particle(text, particle) == told

"""Every language has every word, and sentences keep their values from one to the other."""

from __future__ import annotations

import copy
import pickle
import re
from pathlib import Path
from string import Formatter

import pytest

import jeoni
from jeoni.errors import ConfigError, MissingExtra, did_you_mean
from jeoni.locale import LANGUAGES, Said, language_of, measure_name, paragraph, table, tables, translated
from jeoni.locale.ko.particles import PARTICLES
from jeoni.runs.records import SaidRecord, told_in
from jeoni.runs.typed import as_record

TABLES = tables()
NEVER = ("작업대", "얼린 층", "줄기")  # what Korean engineers do not say


def leaves(words, path=()):
    for key, value in words.items():
        if isinstance(value, dict):
            yield from leaves(value, (*path, key))
        else:
            yield (*path, key), value


def placeholders(text):
    """Names and how their values are told; particles are one language's own."""
    told = [(name, spec) for _, name, spec, _ in Formatter().parse(text) if name is not None]
    return {(name, " ".join(form for form in spec.split() if form not in PARTICLES)) for name, spec in told}


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize("language", [one for one in LANGUAGES if one != "en"])
def test_a_language_has_every_key_of_english_with_the_same_placeholders(language, name):
    english, other = dict(leaves(table(name, "en"))), dict(leaves(table(name, language)))
    assert other.keys() == english.keys()
    assert {k: placeholders(v) for k, v in other.items()} == {k: placeholders(v) for k, v in english.items()}


@pytest.mark.parametrize("name", TABLES)
def test_korean_is_korean_and_in_the_words_of_engineers(name):
    texts = [text for _, text in leaves(table(name, "ko"))]
    assert not [text for text in texts for word in NEVER if word in text]
    korean = [text for text in texts if re.search("[가-힣]", text)]
    assert len(korean) > 0.75 * len([text for text in texts if re.search("[a-zA-Z]{4}|[가-힣]", text)])


def test_every_sentence_that_the_package_says_is_in_the_table():
    sources = "".join(path.read_text(encoding="utf-8") for path in Path(jeoni.__file__).parent.rglob("*.py"))
    said = set(re.findall(r'Said\(\s*"([a-z_.]+)"', sources))
    known = {key for name in TABLES for key in table(name, "en")}
    assert len(said) > 30 and said <= known, said - known


def test_a_sentence_is_english_and_can_be_told_in_korean_with_what_is_in_it():
    amount = Said("amount.points_of", value="9.8", low="7.1", high="12.4", measure="macro F1")
    said = Said("pretrained.added", amount=amount)
    assert said == "Transfer added 9.8 points of macro F1 (7.1 to 12.4) over an untrained backbone."
    assert translated(said, "ko") == "전이학습으로 미학습 백본보다 매크로 F1 9.8%p (7.1~12.4) 향상되었습니다."
    assert translated("no sentence of the table", "ko") == "no sentence of the table"
    for again in (pickle.loads(pickle.dumps(said)), copy.deepcopy(said)):
        assert translated(again, "ko") == translated(said, "ko")


def test_braces_in_a_value_stay_as_they_are():
    assert Said("error.no_option", name="'{x.__class__}'", near="") == "There is no option '{x.__class__}'."


def test_a_record_tells_its_sentences_in_another_language():
    reason = Said("learned_nothing", strategy="scratch")
    content = paragraph([Said("verdict.reason", reason=reason)], "en")
    records = [as_record(SaidRecord, one, exact=False) for one in content["said"]]
    assert told_in("en", records, "")[0] == content["summary"]
    assert "scratch 전략이 아무것도 학습하지 못해" in told_in("ko", records, "")[0]


def test_a_record_keeps_sentences_within_sentences():
    detail = Said("finding.other_label", other="1.jpg", label="cat")
    example = Said("finding.example", path="2.jpg", detail=detail)
    finding = Said("finding.many", kind="label conflict", n="2", example=example, action="skipped")
    record = as_record(SaidRecord, finding.as_dict(), exact=False)
    assert told_in("en", [record], "") == [str(finding)]
    assert told_in("ko", [record], "") == [
        "레이블 모순 2건(제외), 예: 2.jpg (1.jpg 데이터와 내용은 같고 레이블이 다름: cat)"
    ]


def test_sentences_of_other_versions_are_left_as_they_were_told():
    unknown = SaidRecord("of.tomorrow", {})
    assert told_in("ko", [unknown], "One thing. Another one.") == ["One thing.", "Another one."]
    lacking = SaidRecord("chosen", {"chosen": "probe"})
    assert told_in("en", [lacking], "It was.") == ["It was."]


@pytest.mark.parametrize(
    ("variables", "language"),
    [
        ({"LANG": "ko_KR.UTF-8"}, "ko"),
        ({"LANG": "ko_KR.UTF-8", "LC_ALL": "C"}, "en"),
        ({"LANG": "C", "LC_ALL": "ko_KR.CP949"}, "ko"),
        ({"LANG": "de_DE.UTF-8"}, "en"),
        ({}, "en"),
    ],
)
def test_auto_goes_by_the_environment(monkeypatch, variables, language):
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert language_of() == language
    assert language_of("en") == "en" and language_of("ko") == "ko"


@pytest.mark.parametrize(
    ("title", "korean"),
    [
        ("Accuracy", "정확도"),
        ("Accuracy of defect", "defect의 정확도"),
        ("Mean absolute error, width", "width의 평균 절대 오차"),
        ("Some new score", "Some new score"),
    ],
)
def test_measures_have_names_in_every_language_and_keep_their_case_in_english(title, korean):
    assert measure_name(title, "ko") == korean
    assert measure_name("Macro F1", "en") == "Macro F1"


def test_errors_are_english_and_can_be_told_in_korean():
    error = MissingExtra("soundfile", "audio", "Audio")
    assert "pip install 'jeoni[audio]'" in str(error)
    assert "soundfile' 패키지가 설치되어 있지 않습니다" in translated(error.args[0], "ko")
    with pytest.raises(ConfigError, match=r"There is no option 'sed'\. Did you mean seed") as caught:
        jeoni.FitSpec().changed(sed=1)
    assert translated(caught.value.args[0], "ko") == "'sed': 그런 옵션이 없습니다. 비슷한 이름: seed, set, seconds."
    assert did_you_mean("zzz", ["seed"]) == ""

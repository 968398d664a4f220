"""The help page in Korean: English is where options are declared, Korean is held against it."""

from __future__ import annotations

import sys
from dataclasses import fields

import pytest

from jeoni.cli import build_command
from jeoni.locale import help_text, table
from jeoni.specs import verbs

SPECS = [getattr(verbs, name) for name in verbs.__all__]
TEXTS = {f.metadata["help"] for spec in SPECS for f in fields(spec) if f.metadata.get("help")}


def test_nine_of_ten_options_are_explained_in_korean():
    known = table("help", "ko")
    missing = [text for text in TEXTS if text not in known]
    assert len(missing) <= 0.1 * len(TEXTS), missing


def test_the_options_of_fit_are_all_explained_in_korean():
    known = table("help", "ko")
    assert not [f.name for f in fields(verbs.FitSpec) if f.metadata.get("help") and f.metadata["help"] not in known]


def test_english_is_as_it_is_declared_and_what_is_not_known_stays():
    assert help_text("Learning rate of the head.", "en") == "Learning rate of the head."
    assert help_text("Learning rate of the head.", "ko") == "헤드의 학습률."
    assert help_text("Of a verb of somebody else.", "ko") == "Of a verb of somebody else."


@pytest.mark.parametrize(
    ("words", "shown"),
    [(["fit"], ["전이학습:", "헤드의 학습률.", "[기본값:"]), ([], ["명령:", "옵션:", "모델, 성능, 보고서"])],
)
def test_help_is_in_the_language_of_the_environment(words, shown, monkeypatch, capsys):
    monkeypatch.setenv("LC_ALL", "ko_KR.UTF-8")
    monkeypatch.setattr(sys, "argv", ["jeoni", *words, "--help"])
    build_command().main([*words, "--help"], prog_name="jeoni", standalone_mode=False)
    said = capsys.readouterr().out
    assert all(text in said for text in shown)

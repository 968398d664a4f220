"""Errors that a user meets first, told in Korean."""

from __future__ import annotations

import re

import pytest

import jeoni
from jeoni.errors import JeoniError
from jeoni.locale import translated
from jeoni.runs import RunFolder


def empty(root):
    (root / "empty").mkdir()
    jeoni.load_data(root / "empty")


def loose(root):
    (root / "loose").mkdir()
    (root / "loose" / "1.jpg").write_bytes(b"x")
    jeoni.load_data(root / "loose")


def one_file(root):
    (root / "one.txt").write_text("a text", encoding="utf-8")
    jeoni.load_data(root / "one.txt")


def unknown_column(root):
    (root / "t.csv").write_text("text,label\na b,x\nc d,y\n", encoding="utf-8")
    jeoni.load_data(root / "t.csv", label_column="lable")


def out_of_bounds(root):
    jeoni.FitSpec(folds=1)


def taken(root):
    (root / "other").mkdir()
    (root / "other" / "run.json").write_text("{}", encoding="utf-8")
    RunFolder.refuse_taken(root / "other" / "run.json", False)


@pytest.mark.parametrize(
    ("fail", "english", "korean"),
    [
        (empty, "is empty. Needed: one folder per class", "폴더가 비어 있습니다"),
        (loose, "holds 1 images, but not in folders", "이미지 1개가 클래스별 폴더에"),
        (one_file, "is one file, not labelled data", "파일 하나일 뿐"),
        (unknown_column, "has no column 'lable'. Did you mean label?", "'lable' 열이 없습니다. 비슷한 이름: label."),
        (out_of_bounds, "folds is 1; it must be at least 2 and at most 1,000", "2 이상, 1,000 이하이어야 합니다"),
        (taken, "is not a run folder; it is left alone", "실행 폴더가 아닌"),
    ],
)
def test_an_error_is_told_in_both_languages(fail, english, korean, tmp_path):
    with pytest.raises(JeoniError, match=re.escape(english)) as caught:
        fail(tmp_path)
    assert korean in translated(caught.value.args[0], "ko")

"""Tables of predictions: what they say of each item, and that spreadsheets and jeoni itself can read them."""

from __future__ import annotations

import csv

import pytest

import jeoni as package
from jeoni.data.kinds import Columns
from jeoni.data.read import load_labelled
from jeoni.files.cells import read_rows
from tests.conftest import TINY

LINES = ["id,평,상표,메모\n", '7,"정말 좋은\n영화",good,=1+1\n', "\n", "8,지루하고 길다,bad,\n", "9,,good,비었다\n"]


@pytest.fixture(scope="module")
def run(tmp_path_factory, request):
    """A model of Korean texts with two Korean classes."""
    root = tmp_path_factory.mktemp("korean")
    words = {"좋음": "정말 좋은 영화", "나쁨": "지루하고 긴 영화"}
    rows = [f"{text} {k},{name}" for k in range(12) for name, text in words.items()]
    (root / "train.csv").write_text("평,상표\n" + "\n".join(rows) + "\n", encoding="utf-8")
    folder = request.getfixturevalue("encoder_folder")("bert")
    package.fit(
        root / "train.csv", backbone=str(folder), text_column="평", label_column="상표",
        repeats=1, control=False, out=root / "run",
    )  # fmt: skip
    return root / "run"


@pytest.fixture
def table(tmp_path):
    (tmp_path / "new.csv").write_text("".join(LINES), encoding="utf-8")
    return tmp_path / "new.csv"


def read_as_a_spreadsheet(path):
    """The rows as Excel would have them: the mark says that it is UTF-8."""
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    with open(path, newline="", encoding="utf-8-sig") as file:
        return list(csv.DictReader(file))


def test_predictions_of_a_table_give_line_and_text(jeoni, run, table, tmp_path):
    done = jeoni("predict", run, table, "--out", tmp_path / "said.csv")
    assert done.code == 0, done.err
    rows = read_as_a_spreadsheet(tmp_path / "said.csv")
    assert [(r["path"], r["line"], r["text"]) for r in rows] == [
        ("row 0", "2", "정말 좋은\n영화"),
        ("row 1", "5", "지루하고 길다"),
    ]
    assert {r["predicted"] for r in rows} <= {"좋음", "나쁨"} and {"prob:좋음", "prob:나쁨"} <= set(rows[0])
    assert [list(r.values()) for r in read_rows(tmp_path / "said.csv")] == [list(r.values()) for r in rows]
    again = load_labelled(tmp_path / "said.csv", Columns(label="predicted"))
    assert again.column == "text" and again.targets[:, 0].tolist() == [r["predicted"] for r in rows]
    assert again.items.read(0).decode() == "정말 좋은\n영화"


def test_the_columns_of_the_table_are_kept_if_asked_for(jeoni, run, table, tmp_path):
    assert jeoni("predict", run, table, "--keep-columns", "--out", tmp_path / "said.csv").code == 0
    rows = read_as_a_spreadsheet(tmp_path / "said.csv")
    assert list(rows[0])[:6] == ["id", "평", "상표", "메모", "predicted", "confidence"]
    assert [(r["id"], r["상표"], r["메모"]) for r in rows] == [("7", "good", "'=1+1"), ("8", "bad", "")]
    assert read_rows(tmp_path / "said.csv")[0]["메모"] == "=1+1"
    done = jeoni("predict", run, tmp_path / "said.csv", "--keep-columns", "--out", tmp_path / "twice.csv")
    assert done.code == 0 and {"predicted", "jeoni:predicted"} <= set(read_as_a_spreadsheet(tmp_path / "twice.csv")[0])


def test_columns_can_only_be_kept_of_a_table(jeoni, run, tmp_path):
    (tmp_path / "one.txt").write_text("좋다", encoding="utf-8")
    told = jeoni("predict", run, tmp_path / "one.txt", "--keep-columns")
    assert told.code == 1 and "--keep-columns writes the columns of a table (.csv," in told.err


def test_a_fit_writes_line_and_text_of_what_it_was_tested_on(run):
    rows = read_as_a_spreadsheet(run / "predictions.csv")
    lines = (run.parent / "train.csv").read_text(encoding="utf-8").splitlines()
    assert len(rows) == 24
    assert all(lines[int(r["line"]) - 1] == f"{r['text']},{r['label']}" for r in rows)


def test_predictions_of_files_are_named_by_their_paths(jeoni, make_photos, tmp_path):
    package.fit(make_photos(), backbone=TINY, repeats=1, control=False, out=tmp_path / "run")
    done = jeoni("predict", tmp_path / "run", make_photos("new", each=2), "--out", tmp_path / "said.csv")
    assert done.code == 0, done.err
    raw = (tmp_path / "said.csv").read_bytes()
    assert raw.startswith(b"path,predicted,confidence,prob:") and b"class_0/" in raw

"""The line of its file that each example of a table stands in."""

from __future__ import annotations

import csv

import pytest

from jeoni.data.delimited import line_numbers
from jeoni.data.item_columns import item_cells, item_header
from jeoni.data.kinds import Columns
from jeoni.data.read import load_labelled

ROWS = ("좋다,a", "나쁘다,b", "그저 그렇다,a")


@pytest.mark.parametrize(
    ("name", "content", "lines"),
    [
        ("t.csv", "text,label\n좋다,a\n나쁘다,b\n", [2, 3]),
        ("t.csv", "\ufefftext,label\r\n좋다,a\r\n나쁘다,b", [2, 3]),
        ("t.csv", "sep=;\ntext;label\n좋다;a\n나쁘다;b\n", [3, 4]),
        ("t.csv", "text,label\n\n좋다,a\n\n나쁘다,b\n", [3, 5]),
        ("t.csv", 'text,label\n"좋다\n참\n좋다",a\n나쁘다,b\n', [2, 5]),
        ("t.csv", 'sep=;\ntext;label\n"좋다\n참";a\n\n나쁘다;b\n', [3, 6]),
        ("t.tsv", "text\tlabel\n좋다\ta\n나쁘다\tb\n", [2, 3]),
        ("t.jsonl", '{"text": "좋다", "label": "a"}\n\n{"text": "나쁘다", "label": "b"}\n', [1, 3]),
    ],
)
def test_lines_are_those_an_editor_shows(tmp_path, name, content, lines):
    (tmp_path / name).write_text(content, encoding="utf-8", newline="")
    data = load_labelled(tmp_path / name, Columns())
    assert data.lines.tolist() == lines
    assert item_header(data) == ["path", "line", "text"]
    assert item_cells(data, 1) == ["row 1", str(lines[1]), "나쁘다"]
    assert data.select([1]).lines.tolist() == lines[1:]


def test_lines_agree_with_the_csv_module_on_many_rows(tmp_path):
    path = tmp_path / "t.csv"
    with open(path, "w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(
            [["text", "label"], *([f"{k}" + "\n" * (k % 3) + "x", "ab"[k % 2]] for k in range(50))]
        )
    expected, line = [], 2
    for k in range(50):
        expected.append(line)
        line += 1 + k % 3
    assert line_numbers(path, 50).tolist() == expected


def test_a_test_set_in_a_table_of_its_own_keeps_its_lines(tmp_path):
    for name in ("train.csv", "test.csv"):
        (tmp_path / name).write_text("text,label\n" + "\n".join(ROWS), encoding="utf-8")
    data = load_labelled(tmp_path / "train.csv", Columns(), tmp_path / "test.csv")
    assert data.lines.tolist() == [2, 3, 4, 2, 3, 4]


def test_a_folder_has_no_lines(make_photos):
    data = load_labelled(make_photos(classes=2, each=2), Columns())
    assert data.lines is None and item_header(data) == ["path"] and len(item_cells(data, 0)) == 1

"""What a spreadsheet would take for a formula is text, and is read back as it was."""

from __future__ import annotations

import csv

import pytest

from jeoni.errors import DataError
from jeoni.files.cells import plain_cell, read_rows, safe_cell, write_rows, write_table


@pytest.mark.parametrize("text", ["=1+1", "+a", "-a", "@SUM(A1)", "\tx", "\r=x", "\uff1d1", "'=1", "''-x", "-", "'-5"])
def test_a_formula_is_neutralised_and_read_back(text):
    assert safe_cell(text) == f"'{text}" and plain_cell(safe_cell(text)) == text


@pytest.mark.parametrize("text", ["", "cat", "-5", "+1.5e-3", "-.5", "'s Gravenhage", "a=b", "''"])
def test_other_cells_are_left_alone(text):
    assert safe_cell(text) == text and plain_cell(text) == text


def test_rows_come_back_as_they_were_written(tmp_path):
    path = tmp_path / "t.csv"
    rows = [["=HYPERLINK(1)", 'a "b", c'], ["line\nend", None], ["caf\udce9", -0.5]]
    with open(path, "w", newline="", encoding="utf-8") as file:
        write_rows(file, ["path", "=label"], rows)
    read = read_rows(path)
    assert [list(row.values()) for row in read] == [
        ["=HYPERLINK(1)", 'a "b", c'],
        ["line\nend", ""],
        ["caf\\xe9", "-0.5"],
    ]
    assert list(read[0]) == ["path", "=label"]
    with open(path, newline="", encoding="utf-8") as file:
        assert next(csv.reader(file)) == ["path", "'=label"]


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"a,b\n1\n", "row 2, has 1 cells"), (b"a\n\xff\n", "cannot be read"), (None, "cannot be read")],
)
def test_a_changed_table_is_refused(tmp_path, content, said):
    if content is not None:
        (tmp_path / "t.csv").write_bytes(content)
    with pytest.raises(DataError, match=said):
        read_rows(tmp_path / "t.csv")


def test_an_empty_table_has_no_rows(tmp_path):
    (tmp_path / "t.csv").write_bytes(b"")
    assert read_rows(tmp_path / "t.csv") == []


@pytest.mark.parametrize(("title", "mark"), [("label", b""), ("상표", b"\xef\xbb\xbf")])
def test_what_is_not_ascii_says_that_it_is_utf_8_and_comes_back(tmp_path, title, mark):
    with open(tmp_path / "t.csv", "w", newline="", encoding="utf-8") as file:
        write_table(file, ["path", title], [["a", "1"], ["b", "2"]])
    raw = (tmp_path / "t.csv").read_bytes()
    assert raw == mark + f"path,{title}\r\na,1\r\nb,2\r\n".encode()
    assert read_rows(tmp_path / "t.csv") == [{"path": "a", title: "1"}, {"path": "b", title: "2"}]


def test_a_mark_is_written_for_a_single_late_cell(tmp_path):
    with open(tmp_path / "t.csv", "w", newline="", encoding="utf-8") as file:
        write_table(file, ["path"], [["a"]] * 1000 + [["é"]])
    assert (tmp_path / "t.csv").read_bytes().startswith(b"\xef\xbb\xbfpath\r\n")

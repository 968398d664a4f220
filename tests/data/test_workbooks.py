"""Sheets of Excel workbooks are read as a CSV of them would be."""

from __future__ import annotations

import datetime
import sys
import zipfile

import openpyxl
import pytest

from jeoni.data import files
from jeoni.data.kinds import Columns
from jeoni.data.read import load_items, load_labelled
from jeoni.data.tables import printed_columns
from jeoni.errors import DataError, MissingExtra

REVIEWS = [["평", "상표", "날짜"], ["정말 좋다", "good", datetime.datetime(2024, 1, 31)], ["나쁘다", "bad", None]]


@pytest.fixture
def save(tmp_path):
    """Save sheets, by name, as a workbook."""

    def make(sheets, name="book.xlsx", change=None):
        book = openpyxl.Workbook()
        book.remove(book.active)
        for title, rows in sheets.items():
            sheet = book.create_sheet(title)
            for row in rows:
                sheet.append(row)
        if change:
            change(book)
        book.save(tmp_path / name)
        return tmp_path / name

    return make


def named(**columns):
    return Columns(text="평", label="상표", **columns)


@pytest.mark.parametrize("name", ["book.xlsx", "book.xlsm", "BOOK.XLSX"])
def test_the_only_sheet_with_data_is_read_as_a_table(save, name):
    path = save({"empty": [], "reviews": REVIEWS}, name)
    data = load_labelled(path, named())
    assert [data.items.read(i).decode() for i in range(2)] == ["정말 좋다", "나쁘다"]
    assert data.targets[:, 0].tolist() == ["good", "bad"]
    assert data.lines.tolist() == [2, 3] and data.name == path.stem and data.column == "평"


def test_a_csv_of_the_sheet_gives_the_same(save, tmp_path):
    path = save({"t": [["text", "label"], ["a fine film", 1], ["a dull one", 0]]})
    (tmp_path / "t.csv").write_text("text,label\na fine film,1\na dull one,0\n", encoding="utf-8")
    book, plain = load_labelled(path, Columns()), load_labelled(tmp_path / "t.csv", Columns())
    assert book.targets.tolist() == plain.targets.tolist() and book.lines.tolist() == plain.lines.tolist()
    assert book.items.read(1) == plain.items.read(1)


def test_a_table_of_numbers_is_one_of_features(save):
    data = load_labelled(save({"t": [["a", "b", "label"], [0.5, 1, "x"], [2, 3.25, "y"]]}), Columns())
    assert data.modality == "vector" and data.items.read(1).tolist() == [2.0, 3.25]


def test_of_several_sheets_one_must_be_named(save):
    path = save({"2023": REVIEWS, "leer": [], "2024": REVIEWS[:2]})
    with pytest.raises(DataError, match=r"holds data in 2 sheets: '2023', '2024'. Say which one: .*book.xlsx#2023"):
        load_labelled(path, named())
    assert len(load_labelled(f"{path}#2024", named())) == 1 and len(load_labelled(f"{path}#2023", named())) == 2
    assert load_labelled(f"{path}#2024", named()).name == "book"
    assert len(load_items(f"{path}#2023", "text", "평")) == 2
    with pytest.raises(DataError, match=r"has no sheet '2025'. Did you mean 2024 or 2023\? Its sheets: '2023', 'leer'"):
        load_labelled(f"{path}#2025", named())
    with pytest.raises(DataError, match="The sheet 'leer' of .* is empty"):
        load_labelled(f"{path}#leer", named())


def test_a_workbook_without_data_is_refused(save):
    with pytest.raises(DataError, match="holds no data in any sheet"):
        load_labelled(save({"a": [], "b": [[None, " "]]}), named())


def test_cells_are_what_a_csv_would_hold(save):
    stamp = datetime.datetime(2024, 1, 31, 12, 30)
    rows = [["text", "n", "x", "day", "at", "yes"], ["a", 3.0, 0.1, datetime.date(2024, 1, 31), stamp, True]]
    printed = printed_columns(save({"t": rows}))
    assert {name: cells[0] for name, cells in printed.items()} == {
        "text": "a", "n": "3", "x": "0.1", "day": "2024-01-31", "at": "2024-01-31 12:30:00", "yes": "TRUE",
    }  # fmt: skip


def test_empty_rows_and_columns_are_left_out_and_lines_are_those_of_excel(save):
    rows = [[], [None, "text", None, "label"], [None, "a", None, "x"], [], [None, "b", None, "y"], [None, " "]]
    data = load_labelled(save({"t": rows}), Columns())
    assert data.lines.tolist() == [3, 5] and [data.items.read(i) for i in range(2)] == [b"a", b"b"]


@pytest.mark.parametrize(
    ("rows", "where"),
    [
        ([["Reviews of 2024"], ["text", "label"], ["a", "x"]], "row 1, .* but B1 is empty and B2 is not"),
        ([["text", None, "label"], ["a", "aside", "x"]], "row 1, .* but B1 is empty and B2 is not"),
        ([["text", "label"], ["a", "x"], ["b", "y", "a note"]], "row 1, .* but C1 is empty and C3 is not"),
    ],
)
def test_what_stands_below_no_name_is_refused(save, rows, where):
    with pytest.raises(DataError, match=rf"is no plain table: {where}. Delete titles above the names, unmerge merged"):
        load_labelled(save({"t": rows}), Columns())


def test_a_merged_header_is_refused(save):
    path = save({"t": [["text", "label", "more"], ["a", "x", "z"]]}, change=lambda b: b["t"].merge_cells("B1:C1"))
    with pytest.raises(DataError, match="C1 is empty and C2 is not.* unmerge merged cells"):
        load_labelled(path, Columns())


def test_a_formula_counts_by_its_saved_value(save, tmp_path):
    path = save({"t": [["text", "label"], ["a", "x"], ["b", '=CONCAT("y","")']]})
    with pytest.raises(DataError, match="has a formula in B3 whose value was not saved. Open the file in Excel"):
        load_labelled(path, Columns())
    computed = tmp_path / "computed.xlsx"
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(computed, "w") as new:
        for part in old.namelist():
            raw = old.read(part)
            if part == "xl/worksheets/sheet1.xml":
                assert raw.count(b"<v />") == 1
                raw = raw.replace(b"<v />", b"<v>yes</v>").replace(b'<c r="B3">', b'<c r="B3" t="str">')
            new.writestr(part, raw)
    assert load_labelled(computed, Columns()).targets[:, 0].tolist() == ["x", "yes"]


def test_cells_with_errors_are_empty_and_told(save):
    data = load_labelled(save({"t": [["text", "label"], ["a", "x"], ["b", "#N/A"], ["c", "y"]]}), Columns())
    assert data.targets[:, 0].tolist() == ["x", None, "y"]
    assert [f.detail for f in data.findings] == ["1 cells that hold an error, such as #N/A, are taken for empty"]


def test_what_is_no_workbook_is_refused(tmp_path):
    (tmp_path / "odd.xlsx").write_bytes(b"\xd0\xcf\x11\xe0 a file with a password")
    with pytest.raises(DataError, match="cannot be read as a workbook .* If it has a password, remove it"):
        load_labelled(tmp_path / "odd.xlsx", Columns())
    with zipfile.ZipFile(tmp_path / "other.xlsx", "w") as file:
        file.writestr("a.txt", "no workbook")
    with pytest.raises(DataError, match="cannot be read as a workbook"):
        load_labelled(tmp_path / "other.xlsx", Columns())
    (tmp_path / "old.xls").write_bytes(b"\xd0\xcf\x11\xe0")
    with pytest.raises(DataError, match=r"is a workbook of a kind that is not read. Save it as .xlsx, or its sheet as"):
        load_labelled(tmp_path / "old.xls", Columns())


def test_a_decompression_bomb_is_refused_before_it_is_unpacked(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "ALWAYS_UNPACKED", 1 << 20)
    with zipfile.ZipFile(tmp_path / "bomb.xlsx", "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("xl/worksheets/sheet1.xml", b"0" * (50 << 20))
    with pytest.raises(DataError, match="would unpack to .* no decompression bomb"):
        load_labelled(tmp_path / "bomb.xlsx", Columns())


def test_without_openpyxl_the_extra_is_named(save, monkeypatch):
    path = save({"t": REVIEWS})
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    with pytest.raises(MissingExtra, match=r"needs the package 'openpyxl'.* pip install 'jeoni\[excel\]'"):
        load_labelled(path, named())


def test_a_sheet_says_that_it_is_huge_and_is_read_all_the_same(save, tmp_path):
    path, odd = save({"t": [["text", "label"], ["a", "x"]]}), tmp_path / "odd.xlsx"
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(odd, "w") as new:
        for part in old.namelist():
            new.writestr(part, old.read(part).replace(b'ref="A1:B2"', b'ref="A1:XFD1048576"'))
    assert len(load_labelled(odd, Columns())) == 1

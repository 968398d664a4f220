"""Labels in a table of their own: which items they name, and what is refused."""

from __future__ import annotations

import numpy as np
import pandas
import pytest

from jeoni.data.items import FileItems
from jeoni.data.label_tables import is_label_table, match_labels
from jeoni.data.text_items import TextItems
from jeoni.errors import DataError
from jeoni.types import Dataset


@pytest.fixture
def photos(tmp_path):
    """Three files, called as in their folder."""
    folder = tmp_path / "photos"
    folder.mkdir()
    names = ["a.png", "b.png", "sub/c.png"]
    (folder / "sub").mkdir()
    for name in names:
        (folder / name).write_bytes(b"x")
    items = FileItems([str(folder / name) for name in names], names)
    return Dataset("photos", items, np.full((3, 1), None), origin=str(folder))


def texts():
    said = ["good film", "bad film", "good film"]
    return Dataset("t", TextItems(said, [f"row {k}" for k in range(3)]), np.full((3, 1), None), modality="text")


def table(path, text):
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_items_are_named_as_the_data_call_them(photos, tmp_path):
    given = table(tmp_path / "labels.csv", "path,label\nb.png,cat\nsub/c.png,dog\n")
    assert match_labels(given, photos).tolist() == [None, "cat", "dog"]


def test_items_are_named_by_a_path_that_leads_to_them(photos, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    given = table(tmp_path / "labels.csv", f"file,label\nphotos/a.png,cat\n{tmp_path}/photos/sub/c.png,dog\n")
    assert match_labels(given, photos).tolist() == ["cat", None, "dog"]


def test_texts_are_named_by_their_text_all_of_them(tmp_path):
    given = table(tmp_path / "labels.csv", "text,label\ngood film,praise\n")
    assert match_labels(given, texts()).tolist() == ["praise", None, "praise"]


def test_rows_without_a_label_say_nothing_and_the_best_column_names_the_items(photos, tmp_path):
    given = table(tmp_path / "q.csv", "rank,path,score,suggested,label\n1,a.png,0.5,dog,cat\n2,b.png,0.4,dog,\n")
    assert match_labels(given, photos).tolist() == ["cat", None, None]


def test_several_tables_with_commas_between_and_a_list_of_them(photos, tmp_path):
    one = table(tmp_path / "one.csv", "path,label\na.png,cat\n")
    two = table(tmp_path / "two.csv", "path,label\nb.png,dog\na.png,cat\n")
    assert match_labels(f"{one},{two}", photos).tolist() == match_labels([one, two], photos).tolist()
    assert match_labels([one, two], photos).tolist() == ["cat", "dog", None]


@pytest.mark.parametrize(
    "given",
    [
        {"a.png": "cat", "b.png": "dog"},
        {"path": ["a.png", "b.png"], "label": ["cat", "dog"]},
        pandas.DataFrame({"path": ["a.png", "b.png", "sub/c.png"], "label": ["cat", "dog", None]}),
    ],
    ids=["labels by item", "columns", "frame"],
)
def test_labels_in_memory(given, photos):
    assert match_labels(given, photos).tolist() == ["cat", "dog", None]


def test_a_folder_is_no_table(tmp_path):
    assert not is_label_table(str(tmp_path)) and not is_label_table("")
    assert is_label_table(["a.csv"]) and is_label_table("a.csv,b.csv")


@pytest.mark.parametrize(
    "content, said",
    [
        (
            "path,label\nz.png,cat\n",
            r"None of the 1 items that .*labels.csv labels is in the data, such as 'z.png'. .*'a.png'",
        ),
        (
            "path,label\na.png,cat\nz.png,cat\n",
            r"1 of the 2 items that .* labels are not in the data: 'z.png'\. .*take them out",
        ),
        ("path,label\na.png,\nb.png,\n", r"The column 'label' of .* is empty. Write a label in some of its 2 rows"),
        ("path,label\na.png,cat\na.png,dog\n", r"labels a.png as 'dog', and it has the label 'cat' already"),
        ("path,rank\na.png,1\n", r"No column of .*labels.csv is known to hold the labels"),
        ("label\ncat\n", r"has no column beside 'label'. Needed: one with the items' paths or texts"),
    ],
    ids=["none there", "some not there", "empty", "two labels", "no labels", "no items"],
)
def test_what_cannot_be_meant_is_said(content, said, photos, tmp_path):
    with pytest.raises(DataError, match=said):
        match_labels(table(tmp_path / "labels.csv", content), photos)


def test_a_table_that_is_not_there_or_is_none(photos, tmp_path):
    with pytest.raises(DataError, match=r"--labels: nowhere.csv does not exist. Needed: a table"):
        match_labels("nowhere.csv", photos, option="--labels")
    (tmp_path / "x.png").write_bytes(b"x")
    with pytest.raises(DataError, match=r"x.png is no table. Needed: a table"):
        match_labels(str(tmp_path / "x.png"), photos)
    with pytest.raises(DataError, match=r"a int came, which is no table"):
        match_labels(7, photos)

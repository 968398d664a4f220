from __future__ import annotations

import io
from itertools import count
from pathlib import Path

import datasets
import numpy as np
import pandas
import pyarrow
import pytest
import torch
from PIL import Image
from scipy.sparse import csr_matrix

from jeoni.data.in_memory import load_in_memory
from jeoni.errors import ConfigError, DataError
from tests.conftest import make_picture


def picture(number: int, side: int = 32) -> Image.Image:
    return make_picture(0, number, side)


def encoded(image: Image.Image) -> bytes:
    content = io.BytesIO()
    image.save(content, "png")
    return content.getvalue()


def texts_of(data, **named) -> list[str]:
    items = load_in_memory(data, "text", **named).items
    return [items.read(i).decode() for i in range(len(items))]


def said_of(data, modality: str, index: int = 0) -> str:
    """What is wrong with one of the items."""
    items = load_in_memory(data, modality).items
    with pytest.raises(DataError) as caught:
        items.read(index)
    return str(caught.value)


class Lazy:
    """What polars offers of its frames; it need not be installed."""

    def __init__(self, columns):
        self.columns = list(columns)
        self._table = pyarrow.table(columns)

    def collect_schema(self):
        return self._table.schema

    def to_arrow(self):
        return self._table


TEXTS = {"stars": [5, 1], "review": ["a fine film", "a dull film"]}
RECORDS = [{"stars": 5, "review": "a fine film"}, {"review": "a dull film"}]


@pytest.mark.parametrize(
    "table",
    [
        TEXTS,
        RECORDS,
        tuple(RECORDS),
        pandas.DataFrame(TEXTS, index=[7, 9]),
        pandas.DataFrame(TEXTS).astype({"review": "category"}),
        pandas.DataFrame(TEXTS).astype({"review": "string"}),
        pyarrow.table(TEXTS),
        pyarrow.RecordBatch.from_pydict(TEXTS),
        pyarrow.table({"review": pyarrow.array(TEXTS["review"], pyarrow.large_string())}),
        Lazy(TEXTS),
        datasets.Dataset.from_dict(TEXTS),
        datasets.DatasetDict({"test": datasets.Dataset.from_dict(TEXTS)}),
        np.array([("a fine film", 5), ("a dull film", 1)], dtype=[("review", "U20"), ("stars", "i8")]),
    ],
)
def test_any_table_gives_its_column_of_texts_and_not_the_names_of_its_columns(table):
    assert texts_of(table) == ["a fine film", "a dull film"]


def test_the_column_is_the_one_named_or_else_one_that_is_known():
    table = {"review": ["one"], "body": ["two"], "words": ["three words"]}
    assert texts_of(table, column="words") == ["three words"]
    assert texts_of(pandas.DataFrame(table), column="body") == ["two"]
    with pytest.raises(DataError, match=r"the table has no column 'wrods'\. Did you mean words\?"):
        load_in_memory(table, "text", column="wrods")
    with pytest.raises(DataError, match=r"If it is 'said', name it: column='said'"):
        load_in_memory({"said": ["a fine film", "a dull film"]}, "text")
    with pytest.raises(ConfigError, match=r"The column 'review' was named, but A list has no columns"):
        load_in_memory(["a", "b"], "text", column="review")


@pytest.mark.parametrize(
    "table, message",
    [
        ({"text": ["a", "b"], "stars": [1]}, "differ in length: 'text' 2, 'stars' 1"),
        ({"text": "a film"}, r"'text' holds str\. A record alone goes in a list: \[record\]"),
        ({"text": 3}, r"'text' holds int\. A record alone"),
        ({}, "the table has no rows"),
        ({"text": []}, "the table has no rows"),
        (pandas.DataFrame({"text": []}), "the table has no rows"),
        (datasets.Dataset.from_dict({"text": []}), "the table has no rows"),
        (datasets.Dataset.from_dict(TEXTS).to_iterable_dataset(), "An IterableDataset came, whose length is not known"),
    ],
)
def test_tables_that_are_none_are_refused(table, message):
    with pytest.raises(DataError, match=message):
        load_in_memory(table, "text")


@pytest.mark.parametrize("wrap", [dict, pandas.DataFrame, lambda t: datasets.Dataset.from_dict(t)])
def test_a_table_of_numbers_is_one_of_vectors(wrap):
    items = load_in_memory(wrap({"a": [1, 2], "b": [3.0, 4.5]}), "vector").items
    assert [items.read(i).tolist() for i in range(2)] == [[1, 3], [2, 4.5]]
    items = load_in_memory(wrap({"other": [1, 2], "fts": [[1.0, 2.0], [3.0, 4.0]]}), "vector", column="fts").items
    assert items.read(1).tolist() == [3, 4]


def test_labels_stand_in_a_table_only(tmp_path):
    found = load_in_memory({**TEXTS, "label": ["good", "bad"]}, "text", labelled=True)
    assert found.targets.tolist() == [["good"], ["bad"]] and found.column == "review"
    found = load_in_memory({"image": [picture(0), picture(1)], "label": ["b", "a"]}, "image", labelled=True)
    assert found.targets.tolist() == [["b"], ["a"]] and found.items.read(1).shape == (32, 32, 3)
    with pytest.raises(DataError, match=r"A list has no labels\. Needed: a table with a column of them, or a Dataset"):
        load_in_memory(["a"], "text", labelled=True)


def pixels_of(data) -> list[np.ndarray]:
    from jeoni.modalities.image.images import open_image

    items = load_in_memory(data, "image").items
    return [np.asarray(open_image(items.read(i), "it")) for i in range(len(items))]


@pytest.mark.parametrize(
    "wrap",
    [
        lambda p: p,
        encoded,
        lambda p: bytearray(encoded(p)),
        lambda p: {"bytes": encoded(p), "path": None},
        np.asarray,
        lambda p: np.asarray(p).astype(np.float32) / 255,
        lambda p: np.asarray(p)[None],
        lambda p: torch.from_numpy(np.array(p)),
        lambda p: torch.from_numpy(np.array(p)).permute(2, 0, 1)[None],
        lambda p: (torch.from_numpy(np.array(p)).permute(2, 0, 1) / 255)[None].requires_grad_(),
        lambda p: [torch.from_numpy(np.array(p)).permute(2, 0, 1)],
        lambda p: pandas.Series([p]),
        lambda p: pandas.DataFrame({"image": [p]}),
        lambda p: {"image": np.asarray(p)[None]},
        lambda p: datasets.Dataset.from_dict(
            {"x": [p]}, features=datasets.Features({"x": datasets.Image()})
        ).with_format("numpy"),
        lambda p: iter([p]),
    ],
)
def test_one_picture_is_one_item_in_whatever_form_it_comes(wrap):
    (found,) = pixels_of(wrap(picture(3)))
    np.testing.assert_array_equal(found, np.asarray(picture(3)))


def test_a_list_may_hold_paths_bytes_pictures_and_arrays_of_any_size(tmp_path):
    picture(0).save(tmp_path / "a.png")
    things = [tmp_path / "a.png", str(tmp_path / "a.png"), encoded(picture(1, 40)), picture(2, 24), np.zeros((9, 8))]
    items = load_in_memory(things, "image").items
    assert [items.name(i) for i in range(5)] == [str(tmp_path / "a.png")] * 2 + ["item 2", "item 3", "item 4"]
    assert [found.shape[0] for found in pixels_of(things)] == [32, 32, 40, 24, 9]
    assert items.select([3]).select([0]).read(0).shape == (24, 24, 3)


def test_pictures_in_memory_are_turned_as_their_files_are(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    picture(0).resize((32, 16)).save(tmp_path / "a.png", exif=exif)
    in_memory, in_file = pixels_of([Image.open(tmp_path / "a.png"), tmp_path / "a.png"])
    assert in_memory.shape == (32, 16, 3)
    np.testing.assert_array_equal(in_memory, in_file)


def test_whether_one_is_white_is_decided_for_all_arrays_of_a_list():
    dark, bright = np.ones((8, 8)), np.full((8, 8), 200.0)
    items = load_in_memory([dark, bright], "image").items
    assert items.read(0).max() == 1 and items.select([0]).read(0).max() == 1
    assert load_in_memory([dark], "image").items.read(0).max() == 255


@pytest.mark.parametrize(
    "data, message",
    [
        (np.zeros((5, 4, 3)), r"\(5, 4, 3\) may be one picture \(h, w, c\) or 5 pictures .* Write \[picture\] for the"),
        (torch.zeros(3, 32, 32), r"\(3, 32, 32\) may be one picture \(c, h, w\) or 3 grey ones"),
        (np.zeros((2, 9, 9, 7)), r"Images \(n, h, w, c\) have 1, 3 or 4 channels, the last; this array is"),
        (np.zeros(5), r"Images are \(n, h, w\) or \(n, h, w, c\); this array is \(5,\)"),
        (np.zeros((0, 9, 9)), r"An array \(0, 9, 9\) of float64 holds no items"),
        (np.zeros((2, 9, 9), dtype=complex), "An array .* of complex128 holds no images"),
        ([], "A list holds no items; at least one is needed"),
        ({"a.png", "b.png"}, r"A set has no order.* sorted\(data\)"),
        (io.BytesIO(b"x"), r"An open file came\. Give its path, or its content: file\.read\(\)"),
        (None, "A NoneType came. Needed: a path, a list of paths"),
        (3.5, "A float came"),
        (csr_matrix(np.eye(3)), "A csr_matrix came"),
        (torch.utils.data.DataLoader([1]), r"A DataLoader gives .* Give its dataset: loader\.dataset"),
    ],
)
def test_what_may_be_meant_in_two_ways_or_none_is_refused(data, message):
    with pytest.raises(DataError, match=message):
        load_in_memory(data, "image")


def test_iterators_are_read_and_those_without_an_end_are_refused(monkeypatch, tmp_path):
    for k in range(3):
        picture(k).save(tmp_path / f"{k}.png")
    assert len(load_in_memory(tmp_path.glob("*.png"), "image")) == 3
    assert texts_of(text for text in ("one", "two")) == texts_of({"one": 1, "two": 2}.keys()) == ["one", "two"]
    monkeypatch.setattr("jeoni.data.in_memory.MOST", 100)
    with pytest.raises(DataError, match="The count gives more than 100 items. Give a list, or a table"):
        load_in_memory(count(), "text")
    assert len(load_in_memory(["a"] * 101, "text")) == 101


@pytest.mark.parametrize(
    "thing, modality, message",
    [
        (255, "image", "item 0 is of the type int '255'; a path, the bytes of a file, a PIL picture"),
        ([1, 2], "image", "item 0 is of the type list; a path"),
        (b"", "image", "item 0 is empty"),
        (np.zeros(3), "image", r"item 0 is an array of float64, \(3,\); a picture is one of numbers"),
        (np.zeros((5, 6, 7)), "image", r"item 0 is an array \(5, 6, 7\); a picture has 1, 3 or 4 channels"),
        (np.full((8, 8), np.nan), "image", "item 0 holds NaN or infinity"),
        (np.full((8, 8), -1.0), "image", "item 0 holds values from -1 to -1; needed are 0 … 1"),
        (12, "text", "item 0 is of the type int '12'; a string, the bytes of a file"),
        (1.5, "text", "item 0 is of the type float '1.5'; a string"),
        (picture(0), "text", "item 0 is of the type Image; a string"),
        (picture(0), "audio", "item 0 is of the type Image; a path, or the bytes of a file is needed"),
        ("a film", "vector", "item 0 is of the type str 'a film'; a row of numbers is needed"),
        (b"ab", "vector", "item 0 is of the type bytes; a row of numbers"),
        (None, "vector", "item 0 is empty"),
        (["a", "b"], "vector", "item 0 holds no numbers but <U1"),
        ([1, [2, 3]], "vector", "item 0 holds lists of several lengths"),
        ([[1, 2]], "vector", r"item 0 has the shape \(1, 2\)"),
        (4, "vector", "item 0 is of the type int '4'; a row of numbers"),
    ],
)
def test_an_item_of_another_kind_is_named_and_leaves_the_others(thing, modality, message):
    import re

    good = {"image": picture(1), "text": "a film", "audio": b"RIFF", "vector": [1, 2]}[modality]
    assert re.search(message, said_of([thing, good], modality))
    load_in_memory([thing, good], modality).items.read(1)


def test_a_picture_that_cannot_be_decoded_any_more_is_named(tmp_path):
    (tmp_path / "cut.png").write_bytes(encoded(picture(0))[:600])
    with Image.open(tmp_path / "cut.png") as cut:
        assert "item 0 cannot be decoded: " in said_of([cut], "image")


def test_texts_may_come_as_bytes_and_files(tmp_path):
    (tmp_path / "a.txt").write_text("from a file")
    assert texts_of(["plain", b"bytes", tmp_path / "a.txt"]) == ["plain", "bytes", "from a file"]
    assert texts_of(b"bytes alone") == ["bytes alone"]
    assert texts_of(np.array(["one", "two"])) == texts_of(pyarrow.array(["one", "two"])) == ["one", "two"]
    with pytest.raises(DataError, match=r"An array \(2,\) of int64 holds no texts. Needed: a path, a list of texts"):
        load_in_memory(np.arange(2), "text")


@pytest.mark.parametrize(
    "data",
    [
        np.eye(2),
        np.eye(2).astype(object),
        np.asmatrix(np.eye(2)),
        csr_matrix(np.eye(2)),
        torch.eye(2),
        torch.eye(2, dtype=torch.bfloat16),
        torch.eye(2).to_sparse(),
        [[1, 0], [0, 1]],
        [(1, 0), np.array([0, 1])],
        iter([torch.tensor([1, 0]), torch.tensor([0, 1])]),
    ],
)
def test_rows_of_numbers_are_vectors(data):
    items = load_in_memory(data, "vector").items
    assert [items.read(i).tolist() for i in range(2)] == [[1, 0], [0, 1]]


@pytest.mark.parametrize(
    "data, message",
    [
        (np.zeros((0, 5)), r"An array \(0, 5\) of float64 holds no items"),
        (np.zeros(5), r"\(n, d\); this one is \(5,\); a single vector goes in a list"),
        (np.array([["a", "b"]]), "this array holds no numbers but <U1"),
        (
            np.array([["a", 1]], dtype=object),
            "Vectors are rows of numbers; in this array are others: could not convert",
        ),
        (torch.zeros(2, device="meta"), "The Tensor cannot be read as an array of NumPy"),
    ],
)
def test_arrays_that_hold_no_vectors_are_refused(data, message):
    with pytest.raises(DataError, match=message):
        load_in_memory(data, "vector")


def test_masked_values_are_missing_ones():
    rows = np.ma.masked_array([[1.0, 2.0]], mask=[[False, True]])
    assert np.isnan(load_in_memory(rows, "vector").items.read(0)).tolist() == [False, True]


def test_a_dataset_of_torch_gives_what_comes_first_in_its_samples():
    class Own(torch.utils.data.Dataset):
        def __len__(self):
            return 4

        def __getitem__(self, k):
            return picture(k), 1 / (3 - k)

    class Good(Own):
        def __getitem__(self, k):
            return [(picture(0), 1), {"image": picture(1), "y": 0}, picture(2), (torch.ones(3, 9, 9), 1)][k]

    items = load_in_memory(Good(), "image").items
    assert [items.read(i).shape[:2] for i in range(4)] == [(32, 32)] * 3 + [(9, 9)]
    assert items.select([3]).name(0) == "item 3"
    assert said_of(Own(), "image", 3) == "item 3: the dataset fails with ZeroDivisionError: division by zero."
    vectors = torch.utils.data.TensorDataset(torch.eye(3), torch.arange(3))
    assert load_in_memory(vectors, "vector").items.read(2).tolist() == [0, 0, 1]


def test_sounds_come_as_paths_and_bytes_of_files(make_sounds):
    path = next(make_sounds(each=1).rglob("*.wav"))
    items = load_in_memory([path, path.read_bytes(), str(path)], "audio").items
    assert items.read(0) == items.read(1) == items.read(2)
    for waves in (np.zeros((2, 800)), [np.zeros(800), "a.wav"], torch.zeros(2, 800)):
        with pytest.raises(DataError, match="samples alone do not tell their rate"):
            load_in_memory(waves, "audio")


def test_paths_in_a_table_are_relative_to_the_working_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    picture(0).save("a.png")
    assert load_in_memory({"image": ["a.png"]}, "image").items.read(0) == Path("a.png").read_bytes()
    with pytest.raises(DataError, match=r"1 of the 1 paths in the column 'image' of the table do not exist"):
        load_in_memory({"image": ["b.png"]}, "image")

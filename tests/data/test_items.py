from __future__ import annotations

import datasets
import numpy as np
import pytest

from jeoni.data.items import ArrayItems, EncodedItems, FileItems, JoinedItems, content_digest
from jeoni.errors import DataError


def test_a_digest_names_the_content_not_the_place():
    grey = np.arange(12, dtype=np.uint8).reshape(3, 4)
    assert content_digest(b"a") == content_digest(b"a") != content_digest(b"b")
    assert len(content_digest(grey)) == 16
    assert content_digest(grey) == content_digest(np.asfortranarray(grey))
    assert content_digest(grey) != content_digest(grey.reshape(4, 3))
    assert content_digest(grey) != content_digest(grey.astype(np.uint16))


def test_files_are_read_as_they_are_and_selected_without_reading(tmp_path):
    (tmp_path / "a.png").write_bytes(b"first")
    (tmp_path / "b.png").write_bytes(b"second")
    items = FileItems([str(tmp_path / n) for n in ("a.png", "gone.png", "b.png")], ["a", "gone", "b"])
    chosen = items.select(np.array([2, 0]))
    assert [chosen.name(i) for i in range(len(chosen))] == ["b", "a"]
    assert [chosen.read(i) for i in range(2)] == [b"second", b"first"]


@pytest.mark.parametrize(
    "name, message",
    [("gone.png", r"^gone\.png does not exist"), ("folder", "^folder is a folder"), ("zero", r"zero bytes")],
)
def test_a_file_that_cannot_be_read_is_named(tmp_path, name, message):
    (tmp_path / "folder").mkdir()
    (tmp_path / "zero").touch()
    with pytest.raises(DataError, match=message) as caught:
        FileItems([str(tmp_path / name)], [name]).read(0)
    assert caught.value.path == name


@pytest.mark.parametrize(
    "values, expected",
    [
        (np.array([0, 128, 255], np.uint8), [0, 128, 255]),
        (np.array([0, 0.5, 1.0]), [0, 128, 255]),
        (np.array([0, 128.0, 255.0]), [0, 128, 255]),
        (np.array([0, 1, 255], np.int64), [0, 1, 255]),
        (np.array([False, True, True]), [0, 255, 255]),
    ],
)
def test_arrays_come_as_bytes_whatever_their_type(values, expected):
    item = ArrayItems(np.tile(values, (2, 2, 1))).read(1)
    assert item.dtype == np.uint8
    np.testing.assert_array_equal(item, [expected, expected])


def test_sixteen_bit_arrays_keep_their_depth():
    array = np.full((1, 2, 2), 65535, np.uint16)
    assert ArrayItems(array).read(0).dtype == np.uint16


def test_floats_are_scaled_by_the_whole_array_also_after_a_selection():
    array = np.stack([np.full((2, 2), 1.0), np.full((2, 2), 200.0)])
    chosen = ArrayItems(array).select([0])
    assert (chosen.read(0).dtype, chosen.read(0).max()) == (
        np.uint8,
        1,
    )  # the array reaches 200, so it counts to 255, and 1 is nearly black
    assert chosen.name(0) == "item 0"


def test_a_selection_of_arrays_keeps_names_and_copies_nothing():
    array = np.arange(4 * 9, dtype=np.uint8).reshape(4, 3, 3)
    chosen = ArrayItems(array, names=list("abcd")).select([3, 1]).select([1])
    assert (len(chosen), chosen.name(0)) == (1, "b")
    assert np.shares_memory(chosen.read(0), array)


@pytest.mark.parametrize(
    "array, message",
    [
        (np.zeros((3, 4)), r"\(n, h, w\) or \(n, h, w, c\); this array is \(3, 4\)"),
        (np.full((1, 2, 2), np.nan), "NaN or infinity"),
        (np.full((1, 2, 2), np.inf), "NaN or infinity"),
        (np.full((1, 2, 2), -3.0), "from -3 to -3"),
        (np.full((1, 2, 2), 256.0), "from 256 to 256"),
    ],
)
def test_arrays_that_are_no_images_are_refused(array, message):
    with pytest.raises(DataError, match=message):
        ArrayItems(array)


def make_encoded(cells):
    return EncodedItems(datasets.Dataset.from_dict({"image": cells, "more": list(range(len(cells)))}), "image")


def test_encoded_cells_give_their_bytes_or_the_file_they_name(tmp_path):
    (tmp_path / "x.png").write_bytes(b"file")
    items = make_encoded([{"bytes": b"cell", "path": "kept.png"}, {"bytes": None, "path": str(tmp_path / "x.png")}])
    assert [items.read(0), items.read(1)] == [b"cell", b"file"]
    assert [items.name(0), items.name(1)] == ["row 0", str(tmp_path / "x.png")]
    assert items.select([1]).read(0) == b"file"
    assert make_encoded([b"plain"]).read(0) == b"plain"


def test_an_empty_cell_is_named_by_its_row():
    items = make_encoded([b"x", b"y", b""]).select([2])
    with pytest.raises(DataError, match="row 2 is empty") as caught:
        items.read(0)
    assert caught.value.row == 2


def test_joined_items_are_read_from_the_right_half():
    first = ArrayItems(np.zeros((2, 2, 2), np.uint8), ["a", "b"])
    second = ArrayItems(np.ones((3, 2, 2), np.uint8), ["c", "d", "e"])
    joined = JoinedItems(first, second)
    assert [joined.name(i) for i in range(len(joined))] == list("abcde")
    chosen = joined.select([4, 0, 2]).select([2, 1])
    assert [chosen.name(i) for i in range(len(chosen))] == ["c", "a"]
    assert [int(chosen.read(i).max()) for i in range(2)] == [1, 0]

"""Object stores, of which one is a folder of this machine: the same code reads all of them."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from jeoni.data.kinds import Columns
from jeoni.data.read import load_items, load_labelled
from jeoni.errors import DataError


def address(folder):
    return folder.absolute().as_uri()


def test_a_folder_per_class_is_read_as_from_a_disk(make_photos):
    photos = make_photos(each=3)
    (photos / "class_0" / "notes.txt").write_text("no photograph")
    (photos / ".hidden").mkdir()
    (photos / ".hidden" / "a.png").write_bytes(b"x")
    stored, plain = load_labelled(address(photos), Columns()), load_labelled(photos, Columns())
    assert stored.targets.tolist() == plain.targets.tolist() and stored.modality == "image"
    assert [stored.items.name(i) for i in range(6)] == [plain.items.name(i) for i in range(6)]
    assert [stored.items.read(i) for i in range(6)] == [plain.items.read(i) for i in range(6)]
    assert [stored.items.size(i) for i in range(6)] == [plain.items.size(i) for i in range(6)]


def test_folders_named_for_parts_are_the_split(make_photos, tmp_path):
    make_photos("photos/train", each=2)
    photos = make_photos("photos/test", each=1).parent
    found = load_labelled(address(photos), Columns())
    assert sorted(zip(found.part.tolist(), found.targets[:, 0].tolist(), strict=True)) == sorted(
        [("train", "class_0")] * 2 + [("train", "class_1")] * 2 + [("test", "class_0"), ("test", "class_1")]
    )


def test_items_travel_without_their_connection(make_photos):
    items = load_items(address(make_photos(each=3))).items
    items.read(0)
    chosen = pickle.loads(pickle.dumps(items.select(np.array([4, 1]))))
    assert [chosen.name(i) for i in range(2)] == ["class_1/001.png", "class_0/001.png"]
    assert chosen.read(0) == items.read(4)


def test_what_is_wrong_with_an_object_is_told_and_named(make_photos, monkeypatch):
    photos = make_photos(each=2)
    (photos / "class_0" / "000.png").write_bytes(b"")
    items = load_items(address(photos)).items
    (photos / "class_0" / "001.png").unlink()
    with pytest.raises(DataError, match=r"class_0/000\.png is empty"):
        items.read(0)
    with pytest.raises(DataError, match=r"class_0/001\.png cannot be read: "):
        items.read(1)
    monkeypatch.setattr("jeoni.data.stored.MOST_EXAMPLE", 10)
    with pytest.raises(DataError, match=r"class_1/000\.png has [\d,]+ bytes; one example has 10 at most"):
        items.read(2)


def test_what_cannot_be_listed_or_holds_nothing_is_told(tmp_path):
    with pytest.raises(DataError, match=r"file:///.*gone cannot be listed: .*credentials"):
        load_items(address(tmp_path / "gone"))
    (tmp_path / "a.csv").write_text("path,label\n")
    with pytest.raises(DataError, match="holds no images among its 1 files. Tables are read from a disk"):
        load_items(address(tmp_path))
    with pytest.raises(DataError, match="holds no images in a folder for each class among its 1 files"):
        load_labelled(address(tmp_path), Columns())
    with pytest.raises(DataError, match=r"s3://\?\?\? is no address that can be opened: "):
        load_items("s3://???")

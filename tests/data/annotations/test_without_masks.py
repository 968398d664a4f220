"""A folder of pictures and masks, read to be predicted: the pictures alone."""

from __future__ import annotations

import numpy as np
from PIL import Image

from jeoni.data.annotations.read import without_masks
from jeoni.data.examples import as_dataset
from tests.dense.made import save_masks


def picture(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.zeros((8, 8), dtype=np.uint8)).save(path)


def names_of(root):
    data, left_out = without_masks(as_dataset(str(root), "image"), root)
    return sorted(data.items.name(i) for i in range(len(data))), left_out


def test_masks_in_a_folder_of_their_own_are_left_out(tmp_path):
    names, left_out = names_of(save_masks(tmp_path, 3))
    assert names == ["images/000.png", "images/001.png", "images/002.png"] and left_out == 3


def test_masks_in_a_folder_beside_each_part_are_left_out(tmp_path):
    for part in ("train", "trainannot", "test", "testannot"):
        picture(tmp_path / part / "a.png")
    assert names_of(tmp_path) == (["test/a.png", "train/a.png"], 2)


def test_masks_beside_their_pictures_are_left_out_and_a_picture_without_one_stays(tmp_path):
    for name in ("a.png", "a_mask.png", "b.png", "b_mask.png", "c.png"):
        picture(tmp_path / name)
    assert names_of(tmp_path) == (["a.png", "b.png", "c.png"], 2)


def test_masks_of_defects_are_left_out(tmp_path):
    for name in ("train/good/a.png", "test/good/b.png", "test/hole/c.png", "ground_truth/hole/c_mask.png"):
        picture(tmp_path / name)
    assert names_of(tmp_path) == (["test/good/b.png", "test/hole/c.png", "train/good/a.png"], 1)


def test_pictures_that_are_not_annotated_all_stay(tmp_path):
    for name in ("a.png", "below/b.png", "masks/c.png"):
        picture(tmp_path / name)
    assert names_of(tmp_path) == (["a.png", "below/b.png", "masks/c.png"], 0)

"""Two data sets in one vocabulary."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

import jeoni
from jeoni.data.annotations import Boxes, Keypoints, annotation_cells
from jeoni.data.annotations.masks import DrawnMask, Region
from jeoni.data.annotations.subjects import as_subjects, subjects_from
from jeoni.data.annotations.vocabulary import in_vocabulary, joined_annotations
from jeoni.data.kinds import Columns
from jeoni.data.read import load_labelled, with_test
from tests.data.annotations.made import save_mask, save_picture

LEFT = np.array([[0, 0], [1, 0], [1, 1], [0, 1]])
MASK = DrawnMask(("road", "sky"), (3, 1), (Region(1, (LEFT,)), Region(-1, (LEFT + np.array([1, 0]),))))


def test_a_mask_gets_the_numbers_of_a_model():
    assert MASK.read().tolist() == [[1, -1, 0]]
    (found,) = in_vocabulary(annotation_cells([MASK]), ["sky", "car", "road"])
    assert found.names == ("sky", "car", "road") and found.read().tolist() == [[0, -1, 2]] and found.size() == (3, 1)


def test_what_names_something_else_or_nothing_else_stays():
    boxes = Boxes(np.zeros((1, 4)), ("cat",))
    cells = annotation_cells([MASK, boxes, None])
    assert list(in_vocabulary(cells, ["sky", "car"])) == [MASK, boxes, None]
    assert list(in_vocabulary(cells, ["road", "sky"])) == [MASK, boxes, None]


def test_keypoints_are_put_in_order():
    points = Keypoints(np.array([[1.0, 2], [3, 4]]), ("nose", "tail"))
    (found,) = in_vocabulary(annotation_cells([points]), ["tail", "nose"])
    assert found.points.tolist() == [[3, 4], [1, 2]] and found.names == ("tail", "nose")


def test_partners_of_a_mirrored_picture_follow_the_order_of_keypoints():
    points = np.arange(6.0).reshape(3, 2)
    one = Keypoints(points, ("a", "b", "c"), partners=(1, 0, 2))
    several = subjects_from(one.names, [(points, (0, 0, 9, 9), 0.0, False)])
    cells = annotation_cells([one, replace(several, partners=one.partners)])
    for found in in_vocabulary(cells, ["c", "b", "a"]):
        assert found.partners == (0, 2, 1)
    assert as_subjects(one).partners == (1, 0, 2) and one.tobytes() != replace(one, partners=()).tobytes()


def test_a_test_set_that_lacks_a_class_or_has_another_is_joined(tmp_path):
    for name, values in (("own", [0, 1, 3]), ("test", [0, 2, 3])):
        for k in range(3):
            save_picture(tmp_path / name / f"images/{name}{k}.png", 3, 1)
            save_mask(tmp_path / name / f"masks/{name}{k}.png", [values])
    own, test = (load_labelled(str(tmp_path / name), Columns()) for name in ("own", "test"))
    both = with_test(own, test)
    assert {one.names for one in both.targets} == {("0", "1", "3", "2")}
    assert both.targets[0].read().tolist() == [[0, 1, 2]] and both.targets[-1].read().tolist() == [[0, 3, 2]]
    assert jeoni.load_data(tmp_path / "own", test=tmp_path / "test").part.tolist() == [""] * 3 + ["test"] * 3


def test_cells_of_other_kinds_are_joined_as_they_are():
    first, second = np.array([["a"]], dtype=object), np.array([["b"]], dtype=object)
    assert joined_annotations(first, second) == (first, second)

"""DeepLabCut's tables: header lines, where pictures lie, empty cells; written and read again."""

from __future__ import annotations

import numpy as np
import pytest

from jeoni.data.annotations import Skeleton
from jeoni.data.annotations.formats.deeplabcut import DeepLabCut
from jeoni.data.annotations.protocol import Predicted
from jeoni.data.annotations.read import read_annotated
from jeoni.errors import ConfigError, DataError
from tests.data.annotations.made import kinds_of, names_of, said_of, save_picture, save_text

HEAD = "scorer,me,me,me,me\nbodyparts,nose,nose,tail,tail\ncoords,x,y,x,y\n"


def test_points_are_moved_by_half_a_pixel_and_empty_cells_are_not_visible(tmp_path):
    save_picture(tmp_path / "a.png")
    save_text(tmp_path / "CollectedData_me.csv", f"{HEAD}a.png,0,1.25,,\n")
    for root in (tmp_path, tmp_path / "CollectedData_me.csv"):
        data = read_annotated(root)
        assert data.targets[0].names == ("nose", "tail") and names_of(data) == ["a.png"] and data.format == "deeplabcut"
        np.testing.assert_array_equal(data.targets[0].points, [[0.5, 1.75], [np.nan, np.nan]])


@pytest.mark.parametrize("root", ["", "labeled-data", "labeled-data/run1", "labeled-data/run1/CollectedData_me.csv"])
@pytest.mark.parametrize("written", ["labeled-data/run1/a.png", r"labeled-data\run1\a.png"])
def test_a_project_a_video_or_the_table_is_read(root, written, tmp_path):
    save_picture(tmp_path / "labeled-data/run1/a.png")
    save_text(tmp_path / "labeled-data/run1/CollectedData_me.csv", f"{HEAD}{written},1,2,3,4\n")
    data = read_annotated(tmp_path / root)
    assert len(data) == 1 and data.targets[0].points.tolist() == [[1.5, 2.5], [3.5, 4.5]]
    assert data.items.read(0) == (tmp_path / "labeled-data/run1/a.png").read_bytes()


def test_the_path_may_be_split_and_likelihoods_may_stand_between(tmp_path):
    save_picture(tmp_path / "labeled-data/run1/a.png")
    text = "scorer,,,me,me,me\nbodyparts,,,nose,nose,nose\ncoords,,,x,y,likelihood\nlabeled-data,run1,a.png,5,6,0.9\n"
    save_text(tmp_path / "labeled-data/run1/CollectedData_me.csv", text)
    data = read_annotated(tmp_path)
    assert names_of(data) == ["labeled-data/run1/a.png"] and data.targets[0].points.tolist() == [[5.5, 6.5]]


def test_keypoints_in_another_order_are_put_in_that_of_the_first_table(tmp_path):
    for video, head, row in (
        ("v1", HEAD, "1,2,3,4"),
        ("v2", HEAD.replace("nose,nose,tail,tail", "tail,tail,nose,nose"), "3,4,1,2"),
    ):
        save_picture(tmp_path / f"labeled-data/{video}/a.png")
        save_text(tmp_path / f"labeled-data/{video}/CollectedData.csv", f"{head}labeled-data/{video}/a.png,{row}\n")
    data = read_annotated(tmp_path)
    assert [one.points.tolist() for one in data.targets] == [[[1.5, 2.5], [3.5, 4.5]]] * 2
    groups = read_annotated(tmp_path, group_pattern=r"(v\d)").groups
    assert groups[0] != groups[1]


def test_points_outside_and_pictures_without_points_are_told(tmp_path):
    for stem in "ab":
        save_picture(tmp_path / f"{stem}.png")
    save_text(tmp_path / "d.csv", f"{HEAD}a.png,50,5,3,4\nb.png,,,,\nc.png,1,1,1,1\n")
    data = read_annotated(tmp_path)
    assert np.isnan(data.targets[0].points[0]).all() and len(data) == 2
    assert said_of(data, "keypoint_outside") == "a keypoint lies outside the picture (nose)"
    assert kinds_of(data) == ["keypoint_outside", "no_keypoints", "no_picture"]


def test_individuals_are_subjects_in_the_box_of_their_points(tmp_path):
    save_picture(tmp_path / "a.png")
    one = HEAD.replace("bodyparts", "individuals,m1,m1,m1,m1\nbodyparts")
    save_text(tmp_path / "d.csv", f"{one}a.png,1,2,3,4\n")
    assert read_annotated(tmp_path).targets[0].points.tolist() == [[1.5, 2.5], [3.5, 4.5]]
    rows = [
        "scorer,me,me,me,me,me,me,me,me,me,me",
        "individuals,m1,m1,m1,m1,m2,m2,m2,m2,single,single",
        "bodyparts,nose,nose,tail,tail,tail,tail,nose,nose,corner,corner",
        "coords,x,y,x,y,x,y,x,y,x,y",
        "a.png,1,2,3,4,5,6,7,9,0,0",
        "b.png,1,2,3,4,5,6,,,0,0",
    ]
    save_picture(tmp_path / "b.png")
    save_text(tmp_path / "d.csv", "\n".join(rows))
    both, only = read_annotated(tmp_path).targets
    assert both.names == ("nose", "tail") and both.points.tolist() == [
        [[1.5, 2.5], [3.5, 4.5]],
        [[7.5, 9.5], [5.5, 6.5]],
    ]
    assert both.boxes.tolist() == [[1.5, 2.5, 3.5, 4.5], [5.5, 6.5, 7.5, 9.5]] and both.areas.tolist() == [4, 6]
    assert len(only) == 1
    save_text(tmp_path / "d.csv", "\n".join(rows).replace("tail,tail,nose,nose,corner", "ear,ear,nose,nose,corner"))
    with pytest.raises(DataError, match="the individual m2 has the keypoints ear, nose, m1 has nose, tail"):
        read_annotated(tmp_path)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "scorer,me,me\ncoords,x,y\na.png,1,2\n",
            r"begins with the lines scorer, coords, a.png. Needed: scorer, bodyparts",
        ),
        (
            "scorer,me,me\nbodyparts,nose,nose\ncoords,x,z\na.png,1,2\n",
            r"lacks a column of x or y of 'nose'. Needed: both",
        ),
        (f"{HEAD}a.png,1,2\n", r"row 4 has 3 cells; the first has 5"),
        (f"{HEAD}a.png,1,2,left,4\n", r"row 4 holds 'left'. Needed: a number, or nothing"),
        (
            f"{HEAD}b.png,1,2,3,4\n",
            r"holds no pictures, and annotations of none of them.* b.png: the picture is not there",
        ),
    ],
)
def test_a_table_that_is_not_understood_is_told(text, said, tmp_path):
    save_picture(tmp_path / "a.png")
    save_text(tmp_path / "d.csv", text)
    with pytest.raises(DataError, match=said):
        read_annotated(tmp_path)


def test_tables_of_other_keypoints_are_refused(tmp_path):
    save_picture(tmp_path / "a.png")
    save_text(tmp_path / "d.csv", f"{HEAD}a.png,1,2,3,4\n")
    save_text(tmp_path / "e.csv", HEAD.replace("tail", "ear") + "a.png,1,2,3,4\n")
    with pytest.raises(
        DataError, match=r"e.csv is of the keypoints nose, ear, other tables of nose, tail. All must be"
    ):
        read_annotated(tmp_path)


def test_options_that_do_not_fit_are_refused(tmp_path):
    save_picture(tmp_path / "a.png")
    save_text(tmp_path / "d.csv", f"{HEAD}a.png,1,2,3,4\n")
    with pytest.raises(ConfigError, match="DeepLabCut names its classes itself"):
        read_annotated(tmp_path, class_names="a")
    with pytest.raises(ConfigError, match="--void names 'nose', which is no class"):
        read_annotated(tmp_path, void="nose")


def test_predictions_are_written_as_they_are_read(tmp_path):
    points = np.array([[3.7, 4.1], [np.nan, np.nan]])
    predicted = Predicted(["deep/a.png"], [(40, 30)], [Skeleton(points, np.ones(2))], ["nose", "tail"])
    (path,) = DeepLabCut().write(tmp_path, predicted)
    save_picture(tmp_path / "deep/a.png")
    again = read_annotated(path)
    np.testing.assert_allclose(again.targets[0].points, points)
    assert again.targets[0].names == ("nose", "tail") and names_of(again) == ["deep/a.png"]


def test_the_mouse_in_the_box_has_four_keypoints_in_116_frames(real):
    data = read_annotated(real("openfield"))
    assert len(data) == 116 and data.targets[0].names == ("snout", "leftear", "rightear", "tailbase")
    assert np.allclose(data.targets[0].points[0], [22.021, 265.928])

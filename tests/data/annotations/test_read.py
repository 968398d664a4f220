"""Which format a path is of, what stays classification, and what is told where several could be meant."""

from __future__ import annotations

import numpy as np
import pytest

import jeoni
from jeoni import plugins
from jeoni.data.annotations import Boxes, annotation_cells
from jeoni.data.annotations.checks import checked_boxes, checked_points
from jeoni.data.annotations.notes import MOST_PICTURES, Fault, Notes
from jeoni.data.annotations.protocol import TASKS
from jeoni.data.annotations.read import FORMATS, format_of, load_format, read_annotated
from jeoni.data.kinds import Columns
from jeoni.data.read import load_labelled
from jeoni.errors import ConfigError, DataError
from jeoni.tasks import read_targets
from tests.data.annotations.made import kinds_of, save_mask, save_picture, save_text, voc_file
from tests.data.annotations.test_coco import BOX, content

MASK = np.eye(30, 40)


@pytest.mark.parametrize("name", plugins.names(FORMATS))
def test_a_format_says_what_it_is_and_recognises_neither_nothing_nor_classes(name, make_photos, tmp_path):
    one = load_format(name)
    assert one.title and one.needs and set(one.tasks) <= set(TASKS)
    assert set(getattr(one, "writes", ())) <= set(one.tasks) and hasattr(one, "write") == hasattr(one, "writes")
    (tmp_path / "empty").mkdir()
    assert not one.recognises(tmp_path / "empty") and not one.recognises(tmp_path / "missing")
    assert not one.recognises(make_photos())
    assert not one.recognises(save_text(tmp_path / "table.csv", "image,label\n1.png,cat\n"))
    assert not one.recognises(save_text(tmp_path / "list.json", '[{"image": "1.png", "label": "cat"}]'))


def test_a_folder_per_class_stays_classification(make_photos):
    photos = make_photos(classes=2, each=3)
    assert read_annotated(photos) is None
    assert jeoni.load_data(photos).task.id == "classification"
    save_text(photos / "readme.json", '{"info": "photos of stripes", "annotations": "none"}')
    assert jeoni.load_data(photos).task.id == "classification"


def test_images_and_masks_are_segmentation_and_the_finding_says_how_to_force_classes(tmp_path):
    for stem in "abc":
        save_picture(tmp_path / "images" / f"{stem}.png")
        save_mask(tmp_path / "masks" / f"{stem}.png", MASK)
    data = load_labelled(str(tmp_path), Columns())
    assert len(data) == 3 and data.task is None and data.format == "mask_png"
    (told,) = [f for f in data.findings if f.kind == "format"]
    assert told.detail == "it is laid out as pictures and masks, so it is read for segmentation"
    assert told.action == "if it is one folder per class, say --task classification"
    assert len(load_labelled(str(tmp_path), Columns(task="segmentation")).findings) == 0
    classes = jeoni.load_data(tmp_path, task="classification")
    assert len(classes) == 6 and classes.task.class_names == ("images", "masks")


def test_two_folders_whose_pictures_do_not_pair_are_classes(tmp_path):
    for stem in "abcd":
        save_picture(tmp_path / "image" / f"{stem}.png")
        save_picture(tmp_path / "label" / f"other_{stem}.png")
    assert read_annotated(tmp_path) is None
    assert jeoni.load_data(tmp_path).task.class_names == ("image", "label")


def test_a_json_or_a_table_of_keypoints_is_read_by_its_path(tmp_path):
    save_picture(tmp_path / "a.png")
    save_text(tmp_path / "instances.json", content([BOX]))
    assert load_labelled(str(tmp_path / "instances.json"), Columns()).targets[0].names == ("cat",)
    save_text(tmp_path / "points.csv", "scorer,me,me\nbodyparts,nose,nose\ncoords,x,y\na.png,1,2\n")
    assert load_labelled(str(tmp_path / "points.csv"), Columns()).targets[0].names == ("nose",)


def test_where_two_formats_are_there_the_error_says_how_to_choose(tmp_path):
    save_picture(tmp_path / "a.png")
    save_text(tmp_path / "instances.json", content([BOX]))
    save_text(tmp_path / "a.xml", voc_file([]))
    with pytest.raises(DataError, match=r"can be read as COCO and as Pascal VOC. Needed: the path of the file itself"):
        format_of(tmp_path)
    save_text(tmp_path / "points.csv", "scorer,me,me\nbodyparts,nose,nose\ncoords,x,y\na.png,1,2\n")
    assert format_of(tmp_path / "instances.json") == "coco"
    (tmp_path / "a.xml").unlink()
    with pytest.raises(DataError, match=r"as COCO and as DeepLabCut. Needed: --task detection or --task pose"):
        format_of(tmp_path)
    assert format_of(tmp_path, "detection") == "coco"


@pytest.mark.parametrize("options", [{"classes": "a,b"}, {"void": "a"}])
def test_options_of_annotations_are_refused_for_other_data(options, make_photos):
    with pytest.raises(ConfigError, match=r"is about pictures with masks, boxes or keypoints, and .* holds none"):
        load_labelled(str(make_photos()), Columns(**options))


def test_data_that_are_not_there_are_told_for_a_task(tmp_path):
    with pytest.raises(
        DataError, match=r"is no annotated data for pose. Needed is one of these. COCO: a JSON with images"
    ):
        load_labelled(str(tmp_path), Columns(task="pose"))
    with pytest.raises(DataError, match="missing does not exist"):
        load_labelled(str(tmp_path / "missing"), Columns(task="pose"))
    with pytest.raises(ConfigError, match="'nonesuch' is not among"):
        load_format("nonesuch")


def test_boxes_that_nearly_equal_another_of_their_class_are_told_and_kept():
    notes = Notes()
    boxes = np.array([[0, 0, 100, 100], [0, 0, 100, 99], [0, 0, 99, 100]], dtype=float)
    found = checked_boxes(boxes, ["a", "b", "a"], [False] * 3, (200, 200), notes, "p", ["1", "2", "3"])
    assert len(found.boxes) == 3
    assert [f.detail for f in notes.findings()] == ["a box covers nearly the same as another of its class (3)"]


def test_pictures_of_unknown_size_are_not_clipped():
    found = checked_boxes(np.array([[0, 0, 900, 9]]), ["a"], [False], None, Notes(), "p", ["1"])
    assert found.boxes.tolist() == [[0, 0, 900, 9]]
    assert checked_points(np.array([[900, 1]]), ["a"], None, Notes(), "p").tolist() == [[900, 1]]


def test_hundreds_of_faults_are_summed_up():
    notes = Notes()
    fault = Fault("box_outside", "a box reaches out", "{n} boxes reach out", "clipped")
    for k in range(MOST_PICTURES + 7):
        notes.add(fault, f"{k}.jpg", "line 1")
        notes.add(fault, f"{k}.jpg", "line 2")
        notes.tell("unreadable_annotation", f"{k}.jpg", "it is broken", "skipped")
    found = notes.findings()
    assert len(found) == 2 * MOST_PICTURES + 2
    assert found[-1].detail == "14 boxes reach out, in 7 more pictures" and found[-1].path == ""
    assert found[MOST_PICTURES].detail == "the same of 7 more"


def test_annotations_are_cells_that_a_task_has_not_read(tmp_path):
    save_picture(tmp_path / "images/a.jpg")
    save_text(tmp_path / "annotations/a.xml", voc_file([("cat", (1, 1, 5, 5), 0)]))
    data = load_labelled(str(tmp_path), Columns())
    assert data.task is None and data.targets.shape == (1,) and isinstance(data.targets[0], Boxes)
    assert annotation_cells([None]).tolist() == [None] and kinds_of(data) == []


def test_load_data_hands_annotations_to_the_verb_that_takes_them(tmp_path):
    for stem in "abc":
        save_picture(tmp_path / f"{stem}.jpg")
        save_text(tmp_path / f"{stem}.xml", voc_file([("cat", (1, 1, 5, 5), 0)]))
    data = jeoni.load_data(tmp_path)
    assert data.task is None and data.targets[0].names == ("cat",) and data.format == "voc"
    with pytest.raises(
        DataError, match=r"holds annotations of places in pictures, which cannot be read as labels of whole"
    ):
        read_targets(data)

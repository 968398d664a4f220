"""Predictions lie inside of the folder that they are written to, over nothing, and none is lost to another."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from jeoni import plugins
from jeoni.data.annotations import Detections, LabelMap, Skeleton
from jeoni.data.annotations.notes import Notes
from jeoni.data.annotations.outputs import output_files
from jeoni.data.annotations.protocol import Predicted
from jeoni.data.annotations.read import FORMATS, load_format
from jeoni.data.annotations.write import write_predictions
from jeoni.errors import ConfigError, StorageError
from tests.data.annotations.made import save_picture, save_text

A_FILE_EACH = {"yolo": "detection", "voc": "detection", "labelme": "detection", "mask_png": "segmentation"}

INNER = ("a", "deep/b", "data/a", "c")


def predicted(names, task="detection"):
    """The n-th picture has n objects, or the class n."""
    if task == "segmentation":
        found = [LabelMap(np.full((30, 40), k)) for k in range(len(names))]
    else:
        found = [Detections(np.tile([1.0, 2, 3, 4], (k, 1)), np.zeros(k, int), np.ones(k)) for k in range(len(names))]
    return Predicted(names, [(40, 30)] * len(names), found, [f"class {k}" for k in range(5)])


def content(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize(("name", "task"), A_FILE_EACH.items())
def test_pictures_of_absolute_and_upward_names_and_their_labels_stay_as_they_are(name, task, tmp_path):
    data, out = tmp_path / "data", tmp_path / "out"
    pictures = [save_picture(data / "a.png"), save_picture(data / "deep/b.png")]
    for path in pictures:
        save_text(path.with_suffix(".txt"), "0 0.5 0.5 1 1\n")
        save_text(path.with_suffix(".xml"), "<annotation/>")
        save_text(path.with_suffix(".json"), "{}")
    before = content(data)
    names = [*map(str, pictures), "../data/a.png", "../../c.png"]
    written = write_predictions(out, predicted(names, task), task, name)
    assert content(data) == before
    assert sorted(tmp_path.iterdir()) == [data, out]
    assert all(path.resolve().is_relative_to(out) for path in written) and len(set(written)) == len(written)
    inner = {path.relative_to(out).with_suffix("").as_posix() for path in written}
    assert all(any(one in (name, f"{one.split('/')[0]}/{name}") for one in inner) for name in INNER)


@pytest.mark.parametrize(("name", "task"), A_FILE_EACH.items())
def test_pictures_that_differ_in_their_ending_keep_a_prediction_each_and_both_are_named(name, task, tmp_path):
    names = ["deep/a.jpg", "deep/a.png", "A.jpg", "b.jpg"]
    said = predicted(names, task)
    written = [path for path in write_predictions(tmp_path, said, task, name) if path.stem not in ("data", "classes")]
    assert len({path.read_bytes() for path in written}) == len(names)
    (told,) = said.notes.findings()
    assert told.kind == "same_output" and "deep/a.jpg and deep/a.png would both be written as deep/a." in told.detail
    assert {path.stem for path in written} == {"a.jpg", "a.png", "A", "b"}


@pytest.mark.parametrize(
    ("names", "files"),
    [
        (["a.jpg", "A.png"], ["a.jpg.txt", "A.png.txt"]),
        (["a.jpg", "a.png", "a.jpg.png"], ["a.jpg.2.txt", "a.png.txt", "a.jpg.txt"]),
        (["images/a.jpg", "img/a.jpg"], ["a.jpg.txt", "img/a.jpg.txt"]),
        (["x/a.jpg", "../x/a.jpg", "../../x/a.jpg"], ["x/a.jpg.txt", "x/a.jpg.2.txt", "x/a.jpg.3.txt"]),
        (["a.dcm#frame 1", "a.dcm#frame 2"], ["a.dcm#frame 1.txt", "a.dcm#frame 2.txt"]),
        (["a.jpg", "a.jpg"], ["a.txt", "a.txt"]),
        (["/data/x/a.jpg", "/data/y/a.jpg", "y/a.jpg"], ["x/a.txt", "y/a.jpg.txt", "y/a.jpg.2.txt"]),
        ([".", "..", "/"], ["picture.txt", "picture.2.txt", "picture.3.txt"]),
    ],
)
def test_names_that_would_share_a_file_are_told_apart(names, files):
    found = [path.as_posix() for path in output_files(Path("out"), names, ".txt", Notes(), ("images", "img"))]
    assert len(set(found)) == len(set(names))
    assert found == [f"out/{file}" for file in files]


@pytest.mark.parametrize(
    ("name", "task", "there"),
    [
        ("yolo", "detection", "labels/a.txt"),
        ("yolo", "detection", "data.yaml"),
        ("voc", "detection", "Annotations/a.xml"),
        ("labelme", "detection", "a.json"),
        ("mask_png", "segmentation", "masks/a.png"),
        ("mask_png", "segmentation", "classes.csv"),
        ("coco", "detection", "predictions.json"),
        ("deeplabcut", "pose", "CollectedData_jeoni.csv"),
    ],
)
def test_nothing_is_written_where_a_file_is_there_already(name, task, there, tmp_path):
    save_text(tmp_path / there, "mine")
    before = content(tmp_path)
    said = predicted(["a.jpg", "b.jpg"], task)
    if task == "pose":
        said = Predicted(["a.jpg"], [(40, 30)], [Skeleton(np.zeros((1, 2)), np.ones(1))], ["nose"])
    with pytest.raises(ConfigError, match=rf"{there} is there already.*Name a new folder"):
        write_predictions(tmp_path, said, task, name)
    assert content(tmp_path) == before


def test_what_the_system_refuses_is_told_with_the_folder(tmp_path):
    with pytest.raises(StorageError, match="out cannot be written: File name too long"):
        write_predictions(tmp_path / "out", predicted(["x" * 300 + ".jpg"]), "detection", "yolo")


def test_every_format_that_writes_is_looked_at_here():
    writing = {name for name in plugins.names(FORMATS) if hasattr(load_format(name), "writes")}
    assert writing == {*A_FILE_EACH, "coco", "deeplabcut"}  # those two write one file, which no picture names

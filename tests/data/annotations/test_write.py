"""Predictions go back into the format that came in, or into the usual one."""

from __future__ import annotations

import numpy as np
import pytest

from jeoni import plugins
from jeoni.data.annotations import Detections, Heat
from jeoni.data.annotations.protocol import Predicted
from jeoni.data.annotations.read import FORMATS, load_format
from jeoni.data.annotations.write import format_to_write, write_predictions
from jeoni.errors import ConfigError

FOUND = Detections(np.array([[1.0, 2, 3, 4]]), np.array([0]), np.array([0.5]))
PREDICTED = Predicted(["a.png"], [(40, 30)], [FOUND], ["cat"])


@pytest.mark.parametrize(
    ("task", "came", "written"),
    [
        ("detection", "yolo", "yolo"),
        ("detection", "cvat", "coco"),
        ("detection", "", "coco"),
        ("segmentation", "coco", "coco"),
        ("segmentation", "yolo", "mask_png"),
        ("pose", "deeplabcut", "deeplabcut"),
        ("pose", "of_a_stranger", "coco"),
    ],
)
def test_the_format_that_came_in_is_written_where_it_can_hold_them(task, came, written):
    assert format_to_write(task, came) == written


@pytest.mark.parametrize(
    "name", [n for n in plugins.names(FORMATS) if "detection" in getattr(load_format(n), "writes", ())]
)
def test_every_format_of_boxes_writes_files(name, tmp_path):
    files = write_predictions(tmp_path / "new", PREDICTED, "detection", name)
    assert files and all(path.is_file() for path in files)


def test_what_no_format_holds_is_refused(tmp_path):
    with pytest.raises(
        ConfigError, match=r"voc holds no predictions of pose. Formats that do: coco, deeplabcut, labelme"
    ):
        write_predictions(tmp_path, PREDICTED, "pose", "voc")
    with pytest.raises(
        ConfigError, match=r"Label Studio is read, not written. Formats that hold predictions of pose: c"
    ):
        write_predictions(tmp_path, PREDICTED, "pose", "label_studio")
    with pytest.raises(ConfigError, match="No format of annotations holds predictions of anomaly"):
        write_predictions(tmp_path, Predicted(["a"], [(1, 1)], [Heat(1.0)], []), "anomaly")

"""A detector and a keypoint model on pictures that are made here: fitted, saved, loaded, and asked again."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

import jeoni
from jeoni.backbones.catalog import load_backbone
from jeoni.backbones.sources.untrained import untrained_twin
from jeoni.data.annotations import Boxes, Keypoints, annotation_cells
from jeoni.data.items import FileItems
from jeoni.dense.frames import with_frame
from jeoni.dense.tasks.detection import Detection
from jeoni.dense.tasks.pose import Pose
from jeoni.dense.transfer import Transfer, build_dense_head
from jeoni.features.examples import Context, Examples
from jeoni.features.extract import Request
from jeoni.specs import Recipe
from jeoni.types import Dataset
from tests.conftest import TINY

SIZE = (64, 64)


def make_data(folder, kind, count=6):
    """A bright square on noise: its box, or two of its corners."""
    rng, paths, annotations = np.random.default_rng(0), [], []
    for k in range(count):
        left, top = rng.integers(4, 36, 2)
        pixels = rng.integers(0, 60, (64, 64, 3), dtype=np.uint8)
        pixels[top : top + 24, left : left + 24] = 230
        path = folder / f"{k}.png"
        Image.fromarray(pixels).save(path)
        paths.append(str(path))
        if kind == "detection":
            annotations.append(Boxes(np.array([[left, top, left + 24, top + 24]]), ("square",)))
        else:
            annotations.append(Keypoints(np.array([[left, top], [left + 24, top]], dtype=float), ("left", "right")))
    task = Detection(("square",)) if kind == "detection" else Pose(("left", "right"), partners=(1, 0))
    return Dataset("made", FileItems(paths, paths), annotation_cells(annotations), task=task), task


def fit(data, task, backbone, context, steps=3, strategy="probe"):
    transfer = Transfer(task, build_dense_head(task, task.head), task.head, strategy, Recipe(steps=steps, views=1))
    seen = context.extract(data.items, [Request(backbone, transfer.taps(backbone, len(data)))])
    index = np.arange(len(data))
    return transfer.fit(backbone, Examples(data, index, seen, index, np.zeros((1, len(data)), dtype=np.int64)), context)


@pytest.mark.parametrize("kind", ["detection", "pose"])
def test_a_saved_model_predicts_the_same(kind, tmp_path):
    data, task = make_data(tmp_path, kind)
    backbone = with_frame(load_backbone(TINY), data, 64, SIZE)
    model = fit(data, task, backbone, Context(workers=1))
    before = model.predict(data)
    loaded = jeoni.load_model(model.save(tmp_path / "model"))
    assert loaded.task == task
    after = loaded.predict(data)
    evidence = [[task.evidence(p, a) for p, a in zip(said, data.targets, strict=True)] for said in (before, after)]
    scores = [task.scores(one, np.ones((1, len(data)))) for one in evidence]
    assert len(before) == len(data)
    for name, value in scores[0].items():
        np.testing.assert_allclose(value, scores[1][name], rtol=1e-5)


@pytest.mark.parametrize(("kind", "strategy"), [("detection", "finetune"), ("pose", "scratch")])
def test_a_bright_square_is_found_after_some_dozens_of_steps(kind, strategy, tmp_path):
    data, task = make_data(tmp_path, kind)
    backbone = with_frame(load_backbone(TINY), data, 64, SIZE)
    found = fit(data, task, backbone, Context(workers=1), 60, strategy).predict(data)
    evidence = [task.evidence(p, a) for p, a in zip(found.predictions, data.targets, strict=True)]
    scores = task.scores(evidence, np.ones((1, len(data))))
    assert scores["ap50"][0] > 0.9 if kind == "detection" else scores["rmse_px"][0] < 4


def test_a_training_on_another_backbone_does_not_take_up_the_checkpoint_of_the_first(tmp_path):
    data, task = make_data(tmp_path, "detection")
    backbone = with_frame(load_backbone(TINY), data, 64, SIZE)
    other = with_frame(untrained_twin(load_backbone(TINY), 5), data, 64, SIZE)
    context = replace(Context(workers=1), checkpoints=tmp_path / "checkpoints", checkpoint_s=0.0)
    first = fit(data, task, backbone, context)
    alone = fit(data, task, other, Context(workers=1))
    after = fit(data, task, other, context)
    for name, value in alone.head.state_dict().items():
        assert value.equal(after.head.state_dict()[name]), name
    assert any(not value.equal(first.head.state_dict()[name]) for name, value in alone.head.state_dict().items())

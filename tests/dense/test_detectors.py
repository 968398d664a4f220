"""Detection checkpoints of transformers: their stages, what they predict as they are, and fine-tuned to other classes."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

import jeoni
from jeoni.backbones.catalog import check_backbone, load_backbone
from jeoni.backbones.cut import Tap, Taps
from jeoni.backbones.detector import detector_rest
from jeoni.backbones.entry import entry, rows_like
from jeoni.backbones.maps import map_network
from jeoni.dense.checkpoint import load_detection_checkpoint
from jeoni.dense.frames import with_frame
from jeoni.dense.heads.detection.detr import DETR
from jeoni.dense.heads_on import built_head, heads_on, maps_for, own_head
from jeoni.dense.placed import PlacedBoxes
from jeoni.dense.tasks.detection import Detection
from jeoni.dense.transfer import Transfer
from jeoni.errors import ConfigError, WeightsError
from jeoni.features.examples import Context, Examples
from jeoni.features.extract import Request
from jeoni.specs import Recipe
from tests.conftest import TINY
from tests.dense.made_detectors import save_detector
from tests.dense.test_end_to_end import SIZE, make_data
from tests.dense.test_mosaic import save_boxes

pytest.importorskip("transformers")
IN_BLOCKS = ["detr", "conditional_detr", "deformable_detr", "rt_detr", "rt_detr_v2", "d_fine"]
IN_WINDOWS = ["lw_detr", "rf_detr"]  # a vision transformer, whose maps a projector makes
FAMILIES = [*IN_BLOCKS, *IN_WINDOWS]
FOLDER = "jeoni.dense.heads.detection"


def saved(family, tmp_path_factory):
    pytest.importorskip(f"transformers.models.{family}", reason="a younger family of transformers")
    folder = tmp_path_factory.mktemp(family)
    return folder, save_detector(folder, family)


@pytest.fixture(scope="module", params=FAMILIES)
def checkpoint(request, tmp_path_factory):
    return saved(request.param, tmp_path_factory)


@pytest.fixture(scope="module", params=["detr", "rt_detr", "d_fine", "rf_detr"])
def trained(request, tmp_path_factory):
    """One of each kind of training: of every loss, and of both kinds of backbone."""
    return saved(request.param, tmp_path_factory)


def whole_outputs(model, images):
    with torch.inference_mode():
        found = model(images)
    return found.logits, found.pred_boxes


def test_the_backbone_is_in_stages_whose_maps_are_those_of_the_detector(checkpoint):
    folder, model = checkpoint
    backbone = load_backbone(str(folder))
    named = [stage.name for stage in backbone.stages]
    if backbone.network.square:
        assert named == ["backbone", "projector", "pool"]
    else:
        assert named == ["block 1", "block 2", "block 3", "block 4", "pool"]
    rest = detector_rest(backbone.network)
    assert rest.labels == ("cat", "dog") and not any(name.startswith("model.backbone") for name in rest.state)
    names = [name for stage in backbone.stages for name in stage.parameters]
    assert sorted(names) == sorted(backbone.network.state_dict())
    framed = with_frame(backbone, make_pictures(), 64, (64, 64))
    task = Detection(("a",))
    maps = maps_for(DETR(), framed, task)
    assert [m.stride for m in maps] == list(rest.strides)
    rows = rows_like(framed.input, 2)
    normalised = entry(torch.nn.Identity(), framed.input)(rows)
    with torch.inference_mode():
        found = map_network(framed, maps, 0)(rows)
        given = model.model.backbone(normalised, torch.ones(2, 64, 64))
    wanted = [given[0]] if isinstance(given[0], torch.Tensor) else [one for one, _ in given]
    for one, other in zip(found, wanted, strict=True):
        assert torch.allclose(one, other, atol=1e-5)


def make_pictures(folder=None):
    from jeoni.data.items import ArrayItems
    from jeoni.types import Dataset

    pixels = np.random.default_rng(0).integers(0, 255, (2, 64, 64, 3), dtype=np.uint8)
    return Dataset("made", ArrayItems(pixels), np.empty(2, dtype=object))


def test_a_checkpoint_predicts_as_transformers_does(checkpoint, tmp_path):
    folder, model = checkpoint
    loaded = load_detection_checkpoint(folder, 64)
    assert loaded.task.names == ("cat", "dog") and loaded.head_id == "detr"
    rows = rows_like(loaded.backbone.input, 2)
    with torch.inference_mode():
        outputs = loaded.network()(rows)
    logits, boxes = whole_outputs(model, entry(torch.nn.Identity(), loaded.backbone.input)(rows))
    assert torch.allclose(outputs[..., :-4], logits, atol=1e-4) and torch.allclose(outputs[..., -4:], boxes, atol=1e-4)
    (first, _) = loaded.head.decode(outputs, (64, 64))
    probs = logits[0].softmax(-1)[:, :-1] if logits.shape[-1] == 3 else logits[0].sigmoid()
    best = probs.amax(-1) if logits.shape[-1] == 3 else probs.flatten()
    wanted = best.sort(descending=True).values
    np.testing.assert_allclose(first.scores, wanted[: len(first.scores)].numpy(), atol=1e-5)
    assert (first.boxes >= 0).all() and (first.boxes <= 64).all()


def test_jeoni_predict_takes_a_checkpoint(trained, tmp_path):
    folder, _ = trained
    (tmp_path / "new").mkdir()
    pixels = np.random.default_rng(0).integers(0, 255, (40, 64, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / "new" / "a.png")
    said = jeoni.predict(str(folder), str(tmp_path / "new"), quiet=True)
    assert said.names == ["a.png"] and said.sizes == [(64, 40)] and len(said[0].boxes) > 0
    assert (said[0].boxes[:, [1, 3]] <= 40).all()


def test_classes_that_are_known_by_name_are_taken_over(tmp_path):
    model = save_detector(tmp_path / "one", "rt_detr", ("cat", "dog", "cow"))
    backbone = with_frame(load_backbone(str(tmp_path / "one")), make_pictures(), 64, (64, 64))
    task = Detection(("cow", "new", "sheep", "cat"))  # as many as a box has numbers
    head = built_head(DETR(), backbone, task, maps_for(DETR(), backbone, task))
    old, new = model.state_dict(), head.detector.state_dict()
    for name in ("model.enc_score_head.weight", "model.enc_score_head.bias", "model.denoising_class_embed.weight"):
        assert torch.equal(new[name][0], old[name][2]) and torch.equal(new[name][3], old[name][0])
        assert not torch.equal(new[name][1], old[name][1])
    assert torch.equal(new["model.denoising_class_embed.weight"][4], old["model.denoising_class_embed.weight"][3])
    boxes = [name for name in new if "bbox" in name]
    assert boxes and all(torch.equal(new[name], old[name]) for name in boxes)


def fitted(folder, data, task, strategy, steps, context):
    backbone = with_frame(load_backbone(str(folder)), data, 64, SIZE)
    recipe = Recipe(steps=steps, views=1, head_learning_rate=3e-3)
    transfer = Transfer(task, DETR(), "detr", strategy, recipe)
    seen = context.extract(data.items, [Request(backbone, transfer.taps(backbone, len(data)))])
    index = np.arange(len(data))
    examples = Examples(data, index, seen, index, np.zeros((1, len(data)), dtype=np.int64))
    return transfer.fit(backbone, examples, context), backbone


@pytest.mark.parametrize("strategy", ["probe", "finetune"])
def test_a_fine_tuned_checkpoint_is_saved_and_loaded(trained, strategy, tmp_path):
    folder, _ = trained
    data, task = make_data(tmp_path, "detection", 4)
    model, backbone = fitted(folder, data, task, strategy, 3, Context(workers=1))
    assert model.training["frozen_identical"] and model.frozen == backbone.n // (1 if strategy == "probe" else 2)
    alike = [torch.equal(a, b) for a, b in zip(model.backbone.network.state_dict().values(),
                                               backbone.network.state_dict().values(), strict=True)]  # fmt: skip
    assert all(alike) == (strategy == "probe")
    before = model.predict(data, Context(workers=1))
    after = jeoni.load_model(model.save(tmp_path / "model")).predict(data, Context(workers=1))
    for one, other in zip(before.predictions, after.predictions, strict=True):
        np.testing.assert_allclose(one.boxes, other.boxes, atol=1e-3)
        np.testing.assert_allclose(one.scores, other.scores, atol=1e-5)
    assert model.task.names == ("square",)


def test_the_loss_is_the_checkpoints_own_and_falls(trained, tmp_path):
    folder, _ = trained
    backbone = with_frame(load_backbone(str(folder)), make_pictures(), 64, (64, 64))
    task = Detection(("square",))
    maps = maps_for(DETR(), backbone, task)
    torch.manual_seed(0)
    head = built_head(DETR(), backbone, task, maps).train()
    network = map_network(backbone, maps, 0)
    rows = rows_like(backbone.input, 2)
    kept = PlacedBoxes(np.array([[8.0, 8, 40, 40], [0, 0, 5, 5]]), np.array([0, 0]), np.array([False, True]))
    none = PlacedBoxes(np.zeros((0, 4)), np.zeros(0, dtype=int), np.zeros(0, dtype=bool))
    with torch.no_grad():
        given = network(rows)
    losses = []
    optimiser = torch.optim.AdamW(head.parameters(), 3e-3)
    for _ in range(30):
        torch.manual_seed(0)
        loss = head.loss(head(given), [kept, none], (64, 64))
        assert loss.shape == (2,)
        optimiser.zero_grad()
        loss.mean().backward()
        optimiser.step()
        losses.append(float(loss.mean().detach()))
    assert losses[-1] < 0.85 * losses[0]
    labels = [{"class_labels": torch.tensor([0]), "boxes": torch.tensor([[0.375, 0.375, 0.5, 0.5]])},
              {"class_labels": torch.zeros(0, dtype=torch.int64), "boxes": torch.zeros(0, 4)}]  # fmt: skip
    head.eval()
    with torch.no_grad():
        own = head._run(given, labels).loss
        head.train()
        flat = head(given)
        head.eval()
        assert torch.allclose(head.loss(flat, [kept, none], (64, 64))[0], own)


def test_the_head_belongs_to_its_checkpoint_alone(trained):
    folder, _ = trained
    plain = load_backbone(TINY)
    assert heads_on(FOLDER, plain) == ["fcos"] and own_head(FOLDER, plain) == ""
    framed = with_frame(load_backbone(str(folder)), make_pictures(), 64, (64, 64))
    assert own_head(FOLDER, framed) == "detr" and set(heads_on(FOLDER, framed)) == {"detr", "fcos"}
    for build in (lambda: DETR().build(Detection(("a",)), []), lambda: DETR().build_on(plain, Detection(("a",)), [])):
        with pytest.raises(ConfigError, match="The head detr is part of a detection checkpoint, and the backbone came"):
            build()


def test_a_fit_on_a_checkpoint_takes_its_own_head_and_another_one_where_it_is_named(tmp_path):
    save_detector(tmp_path / "detector", "rt_detr", ("thing", "dog"))
    root = save_boxes(tmp_path / "boxes")
    options = {"quiet": True, "steps": 2, "views": 1, "image_size": "64x64", "folds": 2, "pictures": False}
    result = jeoni.fit(root, backbone=str(tmp_path / "detector"), out=tmp_path / "run", **options)
    record = json.loads((tmp_path / "run" / "run.json").read_text())
    assert result.model.head_id == "detr" and record["head"]["name"] == "detr"
    assert result.model.training["recipe"]["head_learning_rate"] == 2e-4
    other = jeoni.fit(
        root, backbone=str(tmp_path / "detector"), head="fcos", control=False, out=tmp_path / "fcos", **options
    )
    assert other.model.head_id == "fcos"
    assert jeoni.evaluate(tmp_path / "run", root, quiet=True).n == 8


@pytest.mark.parametrize("family", IN_WINDOWS)
def test_frames_of_a_windowed_transformer_are_squares_that_windows_fill(family, tmp_path):
    pytest.importorskip(f"transformers.models.{family}", reason="a younger family of transformers")
    save_detector(tmp_path / "d", family)
    backbone = load_backbone(str(tmp_path / "d"))
    frame = with_frame(backbone, make_pictures(), 64, (90, 40)).input
    assert (frame.width, frame.height) == (96, 96)
    said = {"size": {"height": 96, "width": 96}}
    (tmp_path / "d" / "preprocessor_config.json").write_text(json.dumps(said), encoding="utf-8")
    frame = load_detection_checkpoint(tmp_path / "d").backbone.input
    assert (frame.width, frame.height) == (96, 96)


@pytest.mark.parametrize("said", [{"shortest_edge": 800}, {"height": 320, "width": 480}, 5, None])
def test_a_checkpoint_that_names_no_square_predicts_in_the_usual_one(said, tmp_path):
    save_detector(tmp_path / "d", "detr")
    (tmp_path / "d" / "preprocessor_config.json").write_text(json.dumps({"size": said}), encoding="utf-8")
    assert load_backbone(str(tmp_path / "d")).input.size == 640


def test_other_families_and_damaged_folders_are_refused(tmp_path):
    save_detector(tmp_path / "d", "detr")
    config = json.loads((tmp_path / "d" / "config.json").read_text())
    (tmp_path / "d" / "config.json").write_text(json.dumps({**config, "model_type": "yolos"}))
    with pytest.raises(WeightsError, match="is a detector of the family yolos; read are detr, table-transformer"):
        load_backbone(str(tmp_path / "d"))
    (tmp_path / "d" / "config.json").write_text(json.dumps(config))
    (tmp_path / "d" / "model.safetensors").write_bytes(b"nothing")
    with pytest.raises(WeightsError, match="could not be loaded as a detector by transformers"):
        load_backbone(f"detectors:{tmp_path / 'd'}")
    with pytest.raises(WeightsError, match="is loaded with its own weights; it takes no weights file"):
        load_backbone(f"detectors:{tmp_path / 'd'}", str(tmp_path / "d" / "config.json"))
    check_backbone(str(tmp_path / "d"))


def test_taps_of_a_backbone_whose_maps_are_no_stages_outputs(tmp_path):
    """A backbone that normalises its maps behind its stages is one stage, and each map one more."""
    save_detector(tmp_path / "d", "detr")
    network = load_backbone(str(tmp_path / "d")).network
    plain = network.body.forward
    network.body.forward = lambda images, mask: [(one * 2, there) for one, there in plain(images, mask)]
    stages = network.found_stages(torch.rand(1, 3, 64, 64))
    assert [stage.name for stage in stages] == ["backbone", "map 1", "pool"] and network.tapped
    backbone = replace(load_backbone(str(tmp_path / "d")), network=network, stages=stages)
    (found,) = Taps(backbone, [Tap(2, False)])(torch.ones(1, 3, 64, 64))
    assert torch.equal(found, network.maps(torch.ones(1, 3, 64, 64))[0])

"""FCOS on made-up maps: what it is to find, what it forgets, and that it can learn two pictures by heart."""

import math

import numpy as np
import pytest
import torch

from jeoni.dense.heads.detection.fcos import FCOS, class_weights
from jeoni.dense.heads.detection.parts.assignment import assign
from jeoni.dense.heads.detection.parts.overlaps import generalised, pairwise
from jeoni.dense.heads.detection.parts.places import places_of
from jeoni.dense.heads.detection.parts.suppression import suppressed
from jeoni.dense.placed import PlacedBoxes
from jeoni.dense.protocol import MapShape
from jeoni.dense.tasks.detection import Detection
from jeoni.errors import ConfigError
from jeoni.evaluation.metrics.detection.matching import overlaps

SIZE = (96, 64)
MAPS = [MapShape(6, 8), MapShape(8, 16)]
TASK = Detection(("cell", "clump"))
PLACED = [
    PlacedBoxes(np.array([[10.0, 8, 40, 36], [50, 20, 66, 34]]), np.array([0, 1]), np.zeros(2, dtype=bool)),
    PlacedBoxes(np.array([[20.0, 30, 50, 60]]), np.array([1]), np.zeros(1, dtype=bool)),
]


def made_maps(pictures=2):
    torch.manual_seed(0)
    return [torch.randn(pictures, m.channels, SIZE[1] // m.stride, SIZE[0] // m.stride) for m in MAPS]


def perfect(head, placed, classes=2):
    """Outputs that say of every place exactly what it is asked for."""
    count = sum(SIZE[0] // m.stride * (SIZE[1] // m.stride) for m in MAPS)
    places = places_of(SIZE, [m.stride for m in MAPS], count, torch.device("cpu"))
    boxes = torch.tensor(placed.boxes, dtype=torch.float32)
    found = assign(boxes, torch.tensor(placed.ignored), places, head.own.span, head.own.radius)
    said = torch.full((1, count, classes + 5), -20.0)
    for place in torch.nonzero(found.object >= 0).flatten():
        box = boxes[found.object[place]]
        sides = torch.cat([places.centers[place] - box[:2], box[2:] - places.centers[place]])
        said[0, place, placed.labels[found.object[place]]] = 20.0
        said[0, place, classes:-1] = (sides / places.strides[place]).log()
        said[0, place, -1] = 20.0
    return said


def test_perfect_outputs_give_the_boxes_back():
    head = FCOS().build(TASK, MAPS)
    (found,) = head.decode(perfect(head, PLACED[0]), SIZE)
    order = np.argsort(found.boxes[:, 0])
    np.testing.assert_allclose(found.boxes[order], PLACED[0].boxes, atol=1e-3)
    assert found.labels[order].tolist() == [0, 1]
    assert found.scores.min() > 0.99


def test_perfect_outputs_cost_nothing_and_others_do():
    head = FCOS().build(TASK, MAPS)
    right = head.loss(perfect(head, PLACED[0]), PLACED[:1], SIZE)
    assert right.item() == pytest.approx(0.0, abs=1e-3)
    assert head.loss(perfect(head, PLACED[1]), PLACED[:1], SIZE).item() > 1


def test_two_pictures_are_learnt_by_heart():
    torch.manual_seed(1)
    head, maps = FCOS(channels=16, depth=1).build(TASK, MAPS), made_maps()
    optimizer = torch.optim.AdamW(head.parameters(), lr=1e-2)
    first = head.loss(head(maps), PLACED, SIZE).mean().item()
    for _ in range(150):
        loss = head.loss(head(maps), PLACED, SIZE).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert loss.item() < first / 5
    for found, true in zip(head.eval().decode(head(maps).detach(), SIZE), PLACED, strict=True):
        sure = found.scores > 0.5
        iou = overlaps(found.boxes[sure], true.boxes)
        assert sorted(found.labels[sure].tolist()) == sorted(true.labels.tolist())
        assert iou.max(1).min() > 0.7


def test_what_is_ignored_costs_nothing_where_it_lies():
    ignored = PlacedBoxes(PLACED[1].boxes, PLACED[1].labels, np.ones(1, dtype=bool))
    nothing = PlacedBoxes(np.zeros((0, 4)), np.zeros(0, dtype=np.int64), np.zeros(0, dtype=bool))
    head = FCOS().build(TASK, MAPS)
    said = perfect(head, PLACED[1])
    assert head.loss(said, [ignored], SIZE).item() == pytest.approx(0.0, abs=1e-3)
    assert head.loss(said, [nothing], SIZE).item() > 1


def test_every_object_is_found_by_some_place_however_small():
    places = places_of(SIZE, [8, 16], 96 + 24, torch.device("cpu"))
    boxes = torch.tensor([[9.0, 9, 11, 11], [0, 0, 96, 64], [70, 40, 90, 60]])
    found = assign(boxes, torch.zeros(3, dtype=torch.bool), places, 4.0, 1.5)
    assert set(found.object.tolist()) == {-1, 0, 1, 2}


def test_a_large_object_is_found_on_the_coarse_map_and_a_small_one_on_the_fine_one():
    places = places_of(SIZE, [8, 16], 96 + 24, torch.device("cpu"))
    boxes = torch.tensor([[0.0, 0, 64, 64], [70, 20, 90, 40]])
    found = assign(boxes, torch.zeros(2, dtype=torch.bool), places, 4.0, 1.5)
    assert places.strides[found.object == 0].unique().tolist() == [16.0]
    assert places.strides[found.object == 1].unique().tolist() == [8.0]


def test_of_two_objects_that_claim_a_place_the_smaller_one_has_it():
    places = places_of((32, 32), [8], 16, torch.device("cpu"))
    boxes = torch.tensor([[0.0, 0, 32, 32], [6, 6, 18, 18]])
    found = assign(boxes, torch.zeros(2, dtype=torch.bool), places, 4.0, 3.0)
    inside = ((places.centers > 6) & (places.centers < 18)).all(1)
    assert (found.object[inside] == 1).all()
    assert (found.object[~inside] == 0).any()


def test_a_map_may_be_rounded_up_or_down_and_any_other_number_of_places_is_refused():
    assert len(places_of((20, 20), [16], 4, torch.device("cpu")).strides) == 4
    assert len(places_of((20, 20), [16], 1, torch.device("cpu")).strides) == 1
    with pytest.raises(ConfigError, match=r"strides 16 have 3 places.*Use a size that the largest stride divides"):
        places_of((20, 20), [16], 3, torch.device("cpu"))


def test_a_head_without_maps_is_refused():
    with pytest.raises(ConfigError, match="no feature maps"):
        FCOS().build(TASK, [])


def test_a_number_of_channels_that_groups_do_not_divide_is_refused():
    with pytest.raises(ConfigError, match="channels is 20; a multiple of 8 is needed"):
        FCOS(channels=20).build(TASK, MAPS)


def test_of_boxes_that_overlap_the_surest_of_each_class_stays():
    boxes = torch.tensor([[0.0, 0, 10, 10], [0, 0, 10, 9], [0, 0, 10, 9.5], [30, 30, 40, 40]])
    scores, labels = torch.tensor([0.5, 0.9, 0.7, 0.1]), torch.tensor([0, 0, 1, 0])
    assert suppressed(boxes, scores, labels, 0.5, 100).tolist() == [1, 2, 3]
    assert suppressed(boxes, scores, labels, 0.5, 1).tolist() == [1]
    assert suppressed(boxes[:0], scores[:0], labels[:0], 0.5, 100).tolist() == []


def test_overlaps_are_those_of_the_metric_and_the_generalised_one_falls_with_the_gap():
    rng = np.random.default_rng(0)
    low = rng.uniform(0, 50, (20, 2))
    boxes = np.concatenate([low, low + rng.uniform(1, 40, (20, 2))], axis=1)
    found = pairwise(torch.tensor(boxes), torch.tensor(boxes))
    np.testing.assert_allclose(found.numpy(), overlaps(boxes, boxes), atol=1e-6)
    unit = torch.tensor([[0.0, 0, 1, 1]])
    iou, near = generalised(unit, torch.tensor([[1.0, 0, 2, 1]]))
    _, far = generalised(unit, torch.tensor([[3.0, 0, 4, 1]]))
    assert iou.item() == 0.0
    assert near.item() == pytest.approx(0.0, abs=1e-5)
    assert far.item() == pytest.approx(-0.5, abs=1e-5)  # two of four are empty


def test_classes_with_few_objects_count_more_and_all_objects_one_on_average():
    counts = torch.tensor([900, 100, 0])
    weights = class_weights(counts, 0.5)
    assert (weights * counts).sum().item() == pytest.approx(1000, rel=1e-5)
    assert (weights[1] / weights[0]).item() == pytest.approx(3.0, rel=1e-5)
    assert class_weights(torch.zeros(2, dtype=torch.int64), 0.5).isfinite().all()
    assert class_weights(counts, 0.0).tolist() == pytest.approx([1, 1, 1])


def test_a_new_head_is_unsure_and_its_boxes_span_as_many_places_as_objects_should():
    torch.manual_seed(0)
    head = FCOS().build(TASK, MAPS)
    said = head(made_maps())
    assert said.shape == (2, 96 + 24, 2 + 5)
    assert said[..., :2].sigmoid().mean().item() == pytest.approx(0.01, abs=0.01)
    assert said[..., 2:-1].exp().mean().item() == pytest.approx(head.own.span / 2, rel=0.2)
    assert math.isfinite(head.loss(said, PLACED, SIZE).sum().item())

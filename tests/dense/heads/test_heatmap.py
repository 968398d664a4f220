"""Heatmaps on made-up maps: reading points back, what is not visible, and learning two pictures by heart."""

import numpy as np
import pytest
import torch

from jeoni.dense.heads.pose.heatmap import Heatmap
from jeoni.dense.heads.pose.parts.reading import READINGS
from jeoni.dense.placed import PlacedPoints
from jeoni.dense.protocol import MapShape
from jeoni.dense.tasks.pose import Pose
from jeoni.errors import ConfigError

NAN = float("nan")
SIZE = (96, 64)
MAPS = [MapShape(6, 8), MapShape(8, 16)]
TASK = Pose(("snout", "leftear", "rightear"))
PLACED = [
    PlacedPoints(np.array([[10.3, 20.7], [50.2, 33.9], [80.6, 12.1]])),
    PlacedPoints(np.array([[70.4, 50.8], [NAN, NAN], [22.2, 41.5]])),
]


def made_maps():
    torch.manual_seed(0)
    return [torch.randn(2, m.channels, SIZE[1] // m.stride, SIZE[0] // m.stride) for m in MAPS]


def perfect(placed, stride=4, sigma=1.5):
    """Outputs that say of every place exactly what it is asked for."""
    width, height = SIZE[0] // stride, SIZE[1] // stride
    y, x = np.mgrid[:height, :width] + 0.5
    points = np.nan_to_num(placed.points) / stride
    across, down = points[:, 0, None, None] - x, points[:, 1, None, None] - y
    heat = -(across**2 + down**2) / (2 * sigma**2)
    return torch.from_numpy(np.concatenate([heat, across, down]))[None].float()


@pytest.mark.parametrize("reading", READINGS)
def test_perfect_outputs_give_the_points_back(reading):
    head = Heatmap(reading=reading).build(TASK, MAPS)
    inside = PlacedPoints(PLACED[0].points.clip(24, [72, 40]))
    (found,) = head.decode(perfect(inside), SIZE)
    np.testing.assert_allclose(found.points, inside.points, atol=1e-3)
    assert found.scores.min() > 0.8  # of a Gaussian in the plane 86 % lie within two sigmas


@pytest.mark.parametrize("reading", READINGS)
def test_points_at_the_edge_of_a_map_are_read_to_a_place_and_inside_the_row(reading):
    head = Heatmap(reading=reading).build(TASK, MAPS)
    corners = PlacedPoints(np.array([[0.0, 0.0], [96.0, 64.0], [96.0, 0.0]]))
    (found,) = head.decode(perfect(corners), SIZE)
    np.testing.assert_allclose(found.points, corners.points, atol=4.0)
    assert (found.points >= 0).all()
    assert (found.points <= SIZE).all()


def test_what_is_not_visible_costs_nothing():
    head = Heatmap().build(TASK, MAPS)
    outputs = head(made_maps())
    before = head.loss(outputs, PLACED, SIZE)[1]
    changed = outputs.clone()
    changed[1, [1, 4, 7]] += torch.randn(3, *outputs.shape[2:])
    assert head.loss(changed, PLACED, SIZE)[1].item() == pytest.approx(before.item(), rel=1e-6)
    changed[1, 0] += torch.randn(*outputs.shape[2:])
    assert head.loss(changed, PLACED, SIZE)[1].item() != pytest.approx(before.item(), rel=1e-4)
    nothing = PlacedPoints(np.full((3, 2), NAN))
    assert head.loss(outputs, [nothing, nothing], SIZE).tolist() == [0.0, 0.0]


def test_the_loss_of_perfect_outputs_is_the_entropy_of_the_gaussian():
    head = Heatmap().build(TASK, MAPS)
    said = perfect(PLACED[0])
    log = said[0, :3].flatten(1).log_softmax(1)
    entropy = -(log.exp() * log).sum(1).mean()
    assert head.loss(said, PLACED[:1], SIZE).item() == pytest.approx(entropy.item(), abs=1e-4)


def test_two_pictures_are_learnt_by_heart():
    torch.manual_seed(1)
    head, maps = Heatmap(channels=16, depth=1).build(TASK, MAPS), made_maps()
    optimizer = torch.optim.AdamW(head.parameters(), lr=1e-2)
    first = head.loss(head(maps), PLACED, SIZE).mean().item()
    for _ in range(200):
        loss = head.loss(head(maps), PLACED, SIZE).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert loss.item() < first - 1
    for found, true in zip(head.eval().decode(head(maps).detach(), SIZE), PLACED, strict=True):
        visible = ~np.isnan(true.points).any(1)
        np.testing.assert_allclose(found.points[visible], true.points[visible], atol=2.0)


def test_heatmaps_are_as_fine_as_asked_for_or_as_the_finest_map():
    assert Heatmap(stride=4).build(TASK, MAPS)(made_maps()).shape == (2, 9, 16, 24)
    assert Heatmap(stride=8).build(TASK, MAPS)(made_maps()).shape == (2, 9, 8, 12)
    assert Heatmap(stride=16).build(TASK, MAPS)(made_maps()).shape == (2, 9, 8, 12)


def test_settings_that_cannot_be_are_refused():
    with pytest.raises(ConfigError, match="no feature maps"):
        Heatmap().build(TASK, [])
    with pytest.raises(ConfigError, match=r"reading is 'drak'; it can be offset, votes, dark. Did you mean dark"):
        Heatmap(reading="drak").build(TASK, MAPS)
    with pytest.raises(ConfigError, match="channels is 12; a multiple of 8 is needed"):
        Heatmap(channels=12).build(TASK, MAPS)

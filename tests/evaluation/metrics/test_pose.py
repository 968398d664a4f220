"""Distances of keypoints: by hand, of points that are not visible, and of weighted pictures."""

import numpy as np
import pytest

from jeoni.evaluation.metrics.pose.distances import by_point, distances, over_points

NAN = float("nan")
TRUE = np.array([[0.0, 0.0], [100.0, 0.0], [NAN, NAN]])


def moved(by, true=TRUE, box=None):
    return distances(np.nan_to_num(true) + np.array(by, dtype=float), np.ones(3), true, box)


def scores(*found, weights=None):
    weights = np.ones((1, len(found))) if weights is None else np.array(weights)
    return {name: value.round(6).tolist() for name, value in over_points(found, weights).items()}


def test_by_hand_root_of_the_mean_square_over_visible_points():
    found = moved([[3, 4], [0, 12], [99, 99]])
    assert scores(found)["rmse_px"] == [pytest.approx(np.sqrt((25 + 144) / 2), abs=1e-5)]


def test_right_within_a_tenth_or_a_fifth_of_the_extent_of_the_visible_points():
    found = moved([[10, 0], [0, 12], [99, 99]])
    assert scores(found) == {"rmse_px": [pytest.approx(11.045, abs=1e-3)], "pck": [0.5], "pck20": [1.0]}


def test_a_box_gives_the_size_where_there_is_one():
    assert scores(moved([[10, 0], [0, 12], [0, 0]], box=(0, 0, 20, 200)))["pck"] == [1.0]


def test_one_visible_point_has_a_distance_but_no_size():
    true = np.array([[5.0, 5.0], [NAN, NAN], [NAN, NAN]])
    found = scores(moved([[3, 4], [0, 0], [0, 0]], true))
    assert found["rmse_px"] == [5.0]
    assert np.isnan(found["pck"]).all()


def test_weights_of_whole_numbers_are_pictures_that_are_there_so_often():
    rng = np.random.default_rng(0)
    found = [moved(rng.normal(0, 10, (3, 2))) for _ in range(6)]
    weights = rng.integers(0, 4, (3, 6))
    together = over_points(found, weights)
    for row in range(3):
        repeated = [one for one, times in zip(found, weights[row], strict=True) for _ in range(times)]
        alone = over_points(repeated, np.ones((1, len(repeated))))
        for name, value in alone.items():
            assert together[name][row] == pytest.approx(value[0])


def test_each_point_alone_and_one_that_is_never_visible():
    found = [moved([[3, 4], [0, 0], [0, 0]]), moved([[0, 0], [6, 8], [0, 0]])]
    each = by_point(found, np.ones((1, 2)))
    assert each["rmse_px"][0, :2].tolist() == [pytest.approx(np.sqrt(12.5)), pytest.approx(np.sqrt(50))]
    assert np.isnan(each["rmse_px"][0, 2])
    assert np.isnan(each["pck"][0, 2])


def test_of_no_picture_nothing_can_be_said():
    assert np.isnan(scores(moved(np.zeros((3, 2))), weights=[[0.0]])["rmse_px"]).all()

from __future__ import annotations

import numpy as np
import pytest

from jeoni.explain.pictures import place


def test_items_that_are_all_alike_are_put_in_one_place():
    """t-SNE dies of them, and takes the process with it."""
    where, how = place(np.full((60, 8), 0.1, dtype=np.float32), 0)
    assert where.shape == (60, 2) and np.ptp(where) == 0 and how == "all are alike to it"
    assert place(np.repeat(np.eye(2, dtype=np.float32), 30, axis=0), 0)[1].startswith("t-SNE")


@pytest.mark.parametrize("scale", [1e19, 1e-24, 1e30, 1e-40])
@pytest.mark.parametrize("m", [20, 60])
def test_features_of_any_scale_are_placed_apart(scale, m):
    rows = (np.random.default_rng(0).normal(size=(m, 8)) * scale).astype(np.float32)
    where, _ = place(rows, 0)
    assert np.isfinite(where).all() and len(np.unique(where, axis=0)) == m


def test_columns_that_are_not_finite_are_left_out_of_the_map():
    rows = np.random.default_rng(0).normal(size=(60, 8)).astype(np.float32)
    rows[3, 2] = np.nan
    assert np.isfinite(place(rows, 0)[0]).all()
    assert place(np.full((60, 2), np.inf, dtype=np.float32), 0)[1] == "all are alike to it"

"""Parts of file names that look like groups are told, with the pattern that finds them."""

from __future__ import annotations

import re

import numpy as np
import pytest

from jeoni.data.checks import check_labels
from jeoni.data.columns import pattern_groups
from jeoni.data.items import FileItems
from jeoni.types import Dataset
from tests.made_tasks import classes

SPEAKERS = ("ann", "bob", "eve")
RECORDED = [(f"{digit}_{who}_{n}.wav", digit) for digit in range(2) for who in SPEAKERS for n in range(5)]
SLICES = [(f"{'ill' if p % 3 else 'well'}/p{p:02d}/slice {n}.png", int(p % 3 > 0)) for p in range(9) for n in range(4)]
SHOTS = [(f"{n % 2}/{n}-cam{n % 3}.jpg", n % 2) for n in range(30)]


def told(named, groups=None):
    """Findings about possible groups in files of these names and classes."""
    names, labels = [name for name, _ in named], np.array([label for _, label in named])
    data = Dataset(
        "it", FileItems(names, names), labels, classes(int(labels.max()) + 1), groups, np.full(len(names), "", "<U5")
    )
    return [finding for finding in check_labels(data) if finding.kind == "possible_groups"]


@pytest.mark.parametrize(
    ("named", "of"),
    [
        pytest.param(RECORDED, lambda name: name.split("_")[1], id="words in the middle"),
        pytest.param(SLICES, lambda name: name.split("/")[1], id="folders of patients, each of one class"),
        pytest.param(SHOTS, lambda name: name.split("-")[1][:4], id="the end of a name"),
    ],
)
def test_the_pattern_that_is_told_finds_the_groups(named, of):
    (finding,) = told(named)
    pattern = re.search(r"--group-pattern '(.+)'", finding.action).group(1)
    names = [name for name, _ in named]
    groups, missed = pattern_groups(names, pattern, "it")
    truth = [of(name) for name in names]
    assert len(set(groups.tolist())) == len(set(truth)) == len(set(zip(groups.tolist(), truth, strict=True)))
    assert not missed
    assert f"({len(set(truth))} in all)" in finding.detail


@pytest.mark.parametrize(
    "named",
    [
        pytest.param([(f"{n % 2}/IMG_{n:04d}.jpg", n % 2) for n in range(40)], id="one word for all"),
        pytest.param([(f"{n % 2}/{n % 4}_{n}.jpg", n % 2) for n in range(40)], id="numbers"),
        pytest.param([(f"a/{('tabby', 'persian')[n % 2]}_{n}.jpg", n % 2) for n in range(40)], id="kinds of a class"),
        pytest.param([(f"{('train', 'test')[n // 20]}_{n}.jpg", n % 2) for n in range(40)], id="parts of a split"),
        pytest.param([(f"{n % 2}/x{n}_y.jpg", n % 2) for n in range(40)], id="each name its own"),
        pytest.param([(f"row {n}", n % 2) for n in range(40)], id="no paths"),
        pytest.param(RECORDED[::3], id="too few"),
    ],
)
def test_names_without_groups_are_passed_over(named):
    assert told(named) == []


def test_who_named_groups_is_told_nothing():
    assert told(RECORDED, np.arange(len(RECORDED))) == []

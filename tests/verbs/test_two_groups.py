"""Two groups to learn from and a third to test on: one left out leaves one, of which nothing can be held out whole."""

from __future__ import annotations

import math

import pytest

import jeoni
from tests.conftest import TINY, make_picture

OPTIONS = {"backbone": TINY, "pictures": False, "control": False, "folds": 3, "quiet": True}


def save_groups(root, groups, each=6, first=0):
    """Pictures of two classes by each of these photographers, the numbers of pictures from ``first`` on."""
    for kind in range(2):
        folder = root / f"class_{kind}"
        folder.mkdir(parents=True)
        for number, group in enumerate(groups):
            for k in range(each):
                make_picture(kind, first + 100 * number + k).save(folder / f"{group}_{k}.png")
    return root


@pytest.fixture
def photographs(tmp_path):
    return {
        "data": save_groups(tmp_path / "photos", ("ann", "bob")),
        "test": save_groups(tmp_path / "held", ("eve",), first=500),
        "group_pattern": "^([a-z]+)_",
        "out": tmp_path / "run",
    }


@pytest.mark.parametrize(
    "options", [pytest.param({}, id="planned"), {"strategy": "finetune", "steps": 4}, {"strategy": "probe"}]
)
def test_two_groups_are_learned_from(photographs, options):
    result = jeoni.fit(**photographs, **OPTIONS, **options)
    assert result.metrics.accuracy.value > 0.8
    assert math.isnan(result.metrics.accuracy.low)
    assert "There is no interval: all that was tested is of one group." in result.summary
    assert "nan" not in result.summary


def test_a_score_over_few_groups_says_why_its_interval_is_wide(tmp_path):
    data = save_groups(tmp_path / "photos", ("ann", "bob", "cid", "dan"))
    few, each = (
        jeoni.fit(data, out=tmp_path / f"run-{pattern}", strategy="probe", group_pattern=pattern, **OPTIONS)
        for pattern in ("^([a-z]+)_", None)
    )
    assert "The score is over 4 groups only, so its interval is wide; more groups would narrow it" in few.summary
    assert "groups only" not in each.summary

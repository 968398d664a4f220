from __future__ import annotations

from pathlib import Path

import pytest

from jeoni import plugins
from jeoni.extensions import POINTS

ROOT = Path(__file__).parent.parent


@pytest.mark.parametrize("point", POINTS, ids=[p.name for p in POINTS])
def test_an_extension_point_has_folders_tests_and_a_row_in_the_contributors_table(point):
    for folder in point.folders:
        assert plugins.names(folder)
        for name in plugins.names(folder):
            assert plugins.describe(folder, name)
    assert (ROOT / point.tests).is_dir()
    table = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    row = next(line for line in table.splitlines() if line.startswith(f"| {point.one} |"))
    assert point.offers in row and point.tests in row and point.used_by in row

"""Charts that are kept: drawn once from the same numbers and words."""

from __future__ import annotations

import pytest

from jeoni.locale import table
from jeoni.report import figures
from jeoni.report.drawn import keeping
from jeoni.runs.records import Bin

BINS = (Bin(0.6, 0.5, 10), Bin(0.9, 0.95, 20))


@pytest.fixture(autouse=True)
def charts_drawn_once():
    """Not here: it is what is tested."""


class Shelf(dict):
    def find(self, identity):
        return self.get(identity)

    def keep(self, identity, content):
        self[identity] = content


@pytest.fixture
def drawn(tmp_path, monkeypatch):
    """A function that draws a chart into a new folder, and says its SVG and files, and how often one was drawn."""
    calls, own = [], figures.keep_figure

    def count(*given):
        calls.append(1)
        return own(*given)

    monkeypatch.setattr(figures, "keep_figure", count)

    def draw(bins=BINS, language="en"):
        folder = tmp_path / f"{len(list(tmp_path.iterdir()))}"
        folder.mkdir()
        svg = figures.reliability_chart(bins, folder, table("page", language))
        return svg, {file.name: file.read_bytes() for file in folder.iterdir()}, len(calls)

    return draw


def test_a_chart_is_drawn_once_and_its_files_are_the_same(drawn):
    plain = drawn()
    with keeping(Shelf()):
        first, second = drawn(), drawn()
    assert second[2] == first[2] == 2
    assert second[:2] == first[:2] == plain[:2]
    assert set(plain[1]) == {"reliability.svg", "reliability.png"}


def test_other_numbers_or_words_are_drawn(drawn):
    shelf = Shelf()
    with keeping(shelf):
        drawn()
        drawn((Bin(0.6, 0.5, 11), Bin(0.9, 0.95, 20)))
        drawn(language="ko")
    assert len(shelf) == 3


def test_without_a_place_to_keep_it_a_chart_is_drawn_each_time(drawn):
    assert [drawn()[2], drawn()[2]] == [1, 2]

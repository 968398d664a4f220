from __future__ import annotations

import numpy as np
import pytest

from jeoni.backbones.catalog import load_backbone
from jeoni.backbones.cut import Tap
from jeoni.data.items import ArrayItems
from jeoni.features.extract import Request
from jeoni.planning.scoring import estimate_score
from jeoni.specs import ScoreSpec
from jeoni.tasks.classification import Classification
from jeoni.types import Dataset
from tests.conftest import TINY
from tests.planning.test_runs import Priced


def made(n: int) -> Dataset:
    items = ArrayItems(np.zeros((n, 8, 8, 3), dtype=np.uint8))
    return Dataset("made", items, np.arange(n) % 3, Classification(("a", "b", "c")))


def test_an_estimate_counts_a_head_and_the_scores_for_every_stage_and_offers_the_tops_alone():
    backbone = load_backbone(TINY)
    stages = Request(backbone, tuple(Tap(k, True) for k in range(1, backbone.n + 1)))
    found = estimate_score(Priced(made(300)), [stages], ScoreSpec(stages=True), 0.0)
    assert found.parts == pytest.approx({"features": 10.0, "heads": 0.2 * backbone.n, "report": 1.0})
    assert found.cheaper[0].options == "no --stages" and found.cheaper[0].seconds == pytest.approx(11.2)
    top = estimate_score(Priced(made(300)), [Request(backbone, (Tap(backbone.n, True),))], ScoreSpec(), 0.0)
    assert top.cheaper == ()


def test_few_items_need_no_estimate():
    assert estimate_score(Priced(made(100)), [], ScoreSpec(), 0.0) is None

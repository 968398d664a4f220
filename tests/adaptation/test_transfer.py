"""What is decided, and said, between a method and a run: without target labels, or by classes of unequal size."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import torch

import jeoni as library
from jeoni.adaptation.outcome import adapted_metrics
from jeoni.adaptation.transfer import Found, _advice, _in_doubt_as_before
from jeoni.data.items import ArrayItems
from jeoni.features.examples import Examples
from jeoni.types import Dataset
from tests.made_tasks import classes as of_classes


@pytest.mark.parametrize(
    ("minority", "sureness", "method", "said"),
    [
        (0.1, 0.95, "shot", "it is surer, of classes as frequent as before"),
        (0.5, 0.95, "source_only", "nothing tells which is right; --method shot takes it"),
        (0.1, 0.75, "source_only", "shot does not make it surer"),
    ],
)
def test_without_the_source_shot_must_be_surer_and_leave_the_shares_of_classes(minority, sureness, method, said):
    """It pulls them towards equal ones: on a target that merely has few of one class it would ruin the model."""

    def found(share, sure):
        y = (np.arange(200) < 200 * share).astype(int)
        return Found(None, np.where(np.arange(2) == y[:, None], sure, 1 - sure), None, {})

    before, after = found(0.1, 0.8), found(minority, sureness)
    kept = _in_doubt_as_before(after, before)
    assert kept.record["method"] == method and said in kept.record["why"]
    assert kept.record.get("advice", "").endswith("source_only,shot" if method == "source_only" else "")
    assert np.array_equal(kept.probs, (after if method == "shot" else before).probs)


@pytest.mark.parametrize(
    ("few", "right", "outcome", "said"),
    [
        (40, (lambda y: np.zeros_like(y), lambda y: 1 - y // 2), "helped", "it cannot be told whether it helped: "),
        (40, (lambda y: np.zeros_like(y), lambda y: np.where(np.arange(200) < 100, y, 1)), "helped", "it hurt: -"),
        (40, (lambda y: y, lambda y: 1 - y), "helped", ""),
        (100, (lambda y: np.zeros_like(y), lambda y: np.ones_like(y)), "cannot tell", ""),
    ],
    ids=["all to the larger class", "the smaller class lost", "both classes", "equal classes"],
)
def test_accuracy_that_comes_from_the_larger_class_alone_is_told(few, right, outcome, said):
    y = (np.arange(200) < few).astype(np.int64)
    data = Dataset("target", ArrayItems(np.zeros((200, 2, 2))), y, of_classes(["sound", "defective"]))
    target = Examples(data, np.arange(200), None, np.arange(200), np.zeros((1, 200), dtype=np.int64))
    after, before = (Found(None, np.eye(2)[rule(y)] * 0.8 + 0.1, None, {"method": "tent"}) for rule in right)
    metrics = adapted_metrics(after, before, target, library.AdaptSpec())
    assert metrics["verdict"]["outcome"] == outcome
    assert (metrics["verdict_balanced"] is None) == (few == 100)
    assert ("But where every class counts alike, " + said in metrics["summary"]) == bool(said)
    if said:
        d = metrics["verdict_balanced"]["difference"]
        balanced = [metrics[who]["metrics"]["balanced_accuracy"]["value"] for who in ("target", "source_only")]
        assert d["value"] == pytest.approx(balanced[0] - balanced[1]) and d["low"] <= d["value"] <= d["high"]


@pytest.mark.parametrize(
    ("kinds", "gains", "batch_norm", "said"),
    [
        (("subspace",), ("standardize", "coral"), True, "source_only,standardize,coral,adabn"),
        (("label", "subspace"), ("coral", "standardize+em"), False, "source_only,coral"),
        (("label",), ("em",), True, "source_only,em"),
        (("none",), (), True, ""),
    ],
)
def test_where_auto_stays_it_says_what_labels_would_decide(kinds, gains, batch_norm, said):
    normalised = torch.nn.Sequential(torch.nn.BatchNorm2d(3) if batch_norm else torch.nn.GroupNorm(1, 3))
    backbone = SimpleNamespace(network=normalised)
    diagnosis = SimpleNamespace(kinds=kinds)
    stayed = SimpleNamespace(chosen_="source_only", gains_=dict.fromkeys(gains), diagnosis_=diagnosis)
    advice = _advice(stayed, backbone)["advice"]
    assert advice.startswith("Label some twenty target items and ")
    assert advice.endswith(f": --method {said}" if said else ": jeoni evaluate RUN/model ITEMS")
    stayed.diagnosis_ = None
    assert _advice(stayed, backbone)["advice"].startswith("Give at least 20 items of each domain, or label some")
    assert _advice(SimpleNamespace(chosen_="coral", gains_={"coral": {}}, diagnosis_=diagnosis), backbone) == {}

"""Candidates whose predictions are known beforehand, and examples for them to be held against each other on."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace

import numpy as np

from jeoni.data.items import ArrayItems
from jeoni.features.examples import Examples
from jeoni.planning.candidates import Candidate, NamedBackbone
from jeoni.planning.price import Price
from jeoni.planning.race import Entrant
from jeoni.tasks.classification import Classification
from jeoni.types import Dataset

TASK = Classification(("no", "yes"))


class Rows:
    """Features by fingerprint and stage, as an extraction gives them."""

    def __init__(self, tables):
        self.tables, self.digests = tables, [b""] * 10_000

    def features(self, backbone, tap, index=None, view=0):
        rows = self.tables[backbone.fingerprint, tap.stage]
        chosen = rows if index is None else rows[index]
        return SimpleNamespace(numpy=lambda: chosen)

    def holds(self, backbone, tap, view=0):
        return (backbone.fingerprint, tap.stage) in self.tables


def made_examples(n=200, folds=5, clusters=None, tables=None):
    """Two classes in turn."""
    items = ArrayItems(np.zeros((n, 2, 2, 3), dtype=np.uint8))
    fold = (np.arange(n) // 2 % folds)[None]
    clusters = np.arange(n) if clusters is None else clusters
    return Examples(Dataset("made", items, np.arange(n) % 2, TASK), clusters, Rows(tables or {}), np.arange(n), fold)


@dataclass
class Known:
    """A strategy that is right with a probability, and as sure as that; or that diverges."""

    right: float
    seed: int = 0
    error: type[Exception] | None = None
    fitted: int = field(default=0, repr=False)
    seen: list = field(default_factory=list, repr=False)
    allowed: list = field(default_factory=list, repr=False)

    def taps(self, backbone, n):
        return ()

    def fit(self, backbone, train, context):
        self.fitted += 1
        self.seen.append(len(train))
        self.allowed.append(context.allowance("made", 1.0))
        if self.error:
            raise self.error("it diverged")
        return self

    def predict_examples(self, examples, source, context):
        rng = np.random.default_rng([self.seed, int(examples.index[0])])
        targets, n = examples.data.targets, len(examples)
        said = np.where(rng.random(n) < self.right, targets, 1 - targets)
        sure = min(max(self.right, 0.51), 0.99)
        probabilities = np.full((n, 2), 1 - sure)
        probabilities[np.arange(n), said] = sure
        return probabilities


def entrant(name, strategy, complexity=0, *, control=False, examples=None, fold_s=None, final_s=None, **parts):
    candidate = Candidate(
        name,
        "probe",
        NamedBackbone("made", SimpleNamespace(fingerprint="made")),
        {"strategy": "probe"},
        complexity,
        control,
        trains=fold_s is not None,
    )
    price = None if fold_s is None else Price(fold_s, final_s, **parts)
    return Entrant(candidate, strategy, lambda: examples, price)

"""Backbones and their stages as candidates on labelled examples: what scores see of them, and what a head then gets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from scipy.special import softmax

from jeoni.assessment.split import Split
from jeoni.backbones.backbone import Backbone
from jeoni.backbones.cut import Tap
from jeoni.features.examples import Context, Examples
from jeoni.features.results import code_digest, digest_of, kept_once
from jeoni.heads.fitting.named import build_head
from jeoni.tasks import task_of
from jeoni.transferability.candidate import Candidate, Facts
from jeoni.types import Array, FloatArray

__all__ = ["Contender", "candidates_of", "held_out_scores", "taps_of_stages"]

UNTRAINED = "untrained"


@dataclass(frozen=True)
class Contender:
    """A backbone that is scored.

    Attributes:
        name: as it was asked for.
        backbone: fitted to the data.
        classifier: weight ``(z, d)`` and bias ``(z,)`` that it was trained with on top; None where there is none.
    """

    name: str
    backbone: Backbone
    classifier: tuple[Array, Array] | None = None

    @property
    def learned(self) -> bool:
        """Whether its weights were trained."""
        return self.backbone.learned and self.backbone.provenance.source != UNTRAINED


def taps_of_stages(backbone: Backbone, stages: bool) -> tuple[Tap, ...]:
    """The pooled outputs that are scored: the top's, or every stage's, the lowest first."""
    first = 1 if stages else backbone.n
    return tuple(Tap(k, True) for k in range(first, backbone.n + 1))


def candidates_of(contender: Contender, examples: Examples, taps: Sequence[Tap]) -> Iterator[tuple[Tap, Candidate]]:
    """A candidate for each tap, but for the one below the top where the top does nothing more than to pool.

    Args:
        contender: the backbone.
        examples: whose rows are in the store.
        taps: where features are taken.
    """
    backbone = contender.backbone
    top = _rows(backbone, examples, Tap(backbone.n, True))
    for tap in taps:
        whole = tap.stage == backbone.n
        features = top if whole else _rows(backbone, examples, tap)
        if not whole and features.shape == top.shape and np.allclose(features, top, rtol=1e-3, atol=1e-5):
            continue
        posteriors = _posteriors(contender, features) if whole else None
        facts = Facts(contender.name, _parameters(backbone, tap.stage), contender.learned, whole)
        stage = backbone.stages[tap.stage - 1].name
        yield tap, Candidate(contender.name, stage, features, facts, posteriors, tap.stage)


def _rows(backbone: Backbone, examples: Examples, tap: Tap) -> Array:
    """``(n, d)``."""
    return np.asarray(examples.features(backbone, tap).numpy(), dtype=np.float32)


def _parameters(backbone: Backbone, stages: int) -> int:
    """Of the lowest so many stages."""
    named = dict(backbone.network.named_parameters())
    used = [name for stage in backbone.stages[:stages] for name in stage.parameters if name in named]
    return sum(named[name].numel() for name in used)


def _posteriors(contender: Contender, features: Array) -> Array | None:
    """``(n, z)`` of the classes that the network was trained on."""
    if contender.classifier is None:
        return None
    weight, bias = contender.classifier
    if weight.shape[1] != features.shape[1]:
        return None
    found: Array = softmax(features @ weight.T + bias, axis=1)
    return found


def held_out_scores(head: str, backbone: Backbone, tap: Tap, split: Split, context: Context) -> FloatArray:
    """How right a head is on each test example, fitted on one tap's features of the training examples.

    Args:
        head: its id.
        backbone: whose features they are.
        tap: where they are taken.
        split: with a test set.
        context: keeps the result, so that it is not computed twice.

    Returns:
        ``(n,)``, of classes 1 for right and 0 for wrong.
    """
    train, test = split.train, split.test
    assert test is not None
    task, features, asked = task_of(train.data), train.features(backbone, tap), test.features(backbone, tap)
    built = build_head(head)
    code = code_digest("jeoni.heads", "jeoni.tasks", "jeoni.assessment.candidates", type(built).__module__)
    known = (features.numpy(), train.data.targets, train.folds, train.clusters, asked.numpy(), test.data.targets)
    identity = digest_of(code, head, repr(task), *known)

    def compute() -> FloatArray:
        fitted = built.fit(features, train.data.targets, task, train.folds, "none", train.clusters)
        with torch.inference_mode():
            outputs = fitted.module(torch.from_numpy(np.asarray(asked.numpy(), dtype=np.float32))).numpy()
        return task.scores(fitted.task.decode(outputs), test.data.targets)

    return kept_once(context.store, "held-out scores of a head", identity, (len(test),), compute)

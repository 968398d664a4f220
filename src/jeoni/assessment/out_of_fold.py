"""Probabilities of training examples by heads that did not see them: what label noise is estimated from."""

from __future__ import annotations

import numpy as np
import torch

from jeoni.backbones.backbone import Backbone
from jeoni.backbones.cut import Tap
from jeoni.features.examples import Context, Examples
from jeoni.features.results import code_digest, digest_of, kept_once
from jeoni.heads.fitting.named import build_head
from jeoni.tasks import task_of
from jeoni.types import FloatArray

__all__ = ["out_of_fold_probs"]

PLAIN = "linear"  # keeps the logits of its folds, unless rows are very many
MANY = 4096  # rows that are predicted together


def out_of_fold_probs(
    backbone: Backbone, train: Examples, context: Context, head: str = PLAIN, class_weights: str = "auto"
) -> FloatArray:
    """Predictions of every example by a head on the frozen features that was not fitted to its fold.

    They come from the very fit that chooses the head's settings on the folds, where the head keeps them; and once
    computed they stay in the store.

    Args:
        backbone: whose pooled features are in the store.
        train: examples with folds, of a classification.
        context: the store.
        head: the head's id; ``linear`` takes its place where it keeps no predictions.
        class_weights: ``auto``, ``balanced`` or ``none``.

    Returns:
        ``(repeats, n, classes)``; no repeat where nothing can be held out.
    """
    task, targets = task_of(train.data), train.data.targets
    shape = (*train.folds.shape, task.width)
    if not len(train.folds):
        return np.zeros(shape)
    features = train.features(backbone, Tap(backbone.n, True))
    code = code_digest("jeoni.heads", "jeoni.tasks", "jeoni.assessment.out_of_fold")
    of = digest_of(
        code, head, class_weights, repr(task), np.asarray(features[slice(0, len(targets))]), targets, train.folds
    )

    def compute() -> FloatArray:
        for name in dict.fromkeys((head, PLAIN)):
            fitted = build_head(name).fit(features, targets, task, train.folds, class_weights, train.clusters)
            predictions = fitted.held_out_predictions()
            if predictions is not None:
                return predictions
        return _fold_by_fold(backbone, train)

    return kept_once(context.store, "predictions out of fold", of, shape, compute)


def _fold_by_fold(backbone: Backbone, train: Examples) -> FloatArray:
    """Of so many rows that their logits are not kept: a head for each fold, with the strength in the middle."""
    task, targets = task_of(train.data), train.data.targets
    features = train.features(backbone, Tap(backbone.n, True))
    found = np.zeros((*train.folds.shape, task.width))
    for repeat, fold in enumerate(train.folds):
        for number in np.unique(fold):
            seen, held = np.flatnonzero(fold != number), np.flatnonzero(fold == number)
            nothing = np.zeros((0, len(seen)), dtype=np.int64)
            fitted = build_head(PLAIN).fit(features[seen], targets[seen], task, nothing, "none")
            for at in range(0, len(held), MANY):
                some = held[at : at + MANY]
                with torch.inference_mode():
                    outputs = fitted.module(torch.as_tensor(np.asarray(features[some], dtype=np.float32)))
                found[repeat, some] = task.decode(outputs.double().numpy())
    return found

"""SHOT (Liang, Hu & Feng ICML 2020, arXiv:2002.08546): source-free; the head stays, features move towards it.

Target predictions become sure one by one and varied in all (information maximisation), and follow pseudo-labels from
the nearest class centroid, made anew in every pass. The source's examples are not needed, only its model. Ours trains
what is above the cut, with the model's own head in the place of the paper's bottleneck and weight normalisation.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from jeoni.adaptation.alignment import Alignment, Batches, Network, Step, only
from jeoni.training.job import Update

__all__ = ["SHOT"]


@dataclass(frozen=True)
class SHOT(Alignment):
    """Information maximisation and centroids.

    Attributes:
        pseudo: weight of the pseudo-labels.
    """

    pseudo: float = 0.3

    uses_source: ClassVar[bool] = False
    # the paper's; its 15 passes by SGD at 1e-2 are not taken over: on small data they are few steps of a rate AdamW
    # does not know. Nor is its source training with smoothed labels: the head is a calibrated logistic regression.
    preferred: ClassVar[Mapping[str, Any]] = {"batch_size": 64}

    def build(self, dim: int, classes: int, network: Network, targets: int) -> nn.Module:
        """The pseudo-labels of the present pass: a part of the state, so that an interrupted training can go on."""
        return _PseudoLabels(targets)

    def prepare(self, network: Network, target: Batches, passed: int) -> None:
        """Pseudo-labels of all target examples."""
        features, logits, numbers = [], [], []
        with torch.no_grad():
            for index, rows in target():
                found = network.features(rows).float()
                features.append(found)
                logits.append(network.head(found).float())
                numbers.append(torch.from_numpy(index))
        labels = centroid_labels(torch.cat(features), torch.cat(logits).softmax(1))
        network.parts.get_buffer("labels")[torch.cat(numbers).to(labels.device)] = labels

    def updates(self, step: Step) -> Iterator[Update]:
        """Sure, varied, and as the centroids say; the head does not move."""
        logits = step.network(step.target).float()
        labels = step.network.parts.get_buffer("labels")[
            torch.from_numpy(step.numbers).to(logits.device, non_blocking=True)
        ]
        loss = self.weight * surprise(logits) + self.pseudo * nn.functional.cross_entropy(logits, labels)
        yield Update(loss, only("features."))


class _PseudoLabels(nn.Module):
    def __init__(self, n: int) -> None:
        super().__init__()
        self.register_buffer("labels", torch.zeros(n, dtype=torch.long))


def surprise(logits: Tensor) -> Tensor:
    """Mean entropy of the predictions less the entropy of their mean."""
    probs = logits.softmax(1)
    mean = probs.mean(0)
    return -(probs * logits.log_softmax(1)).sum(1).mean() + (mean * mean.clamp(min=1e-12).log()).sum()


def centroid_labels(features: Tensor, probs: Tensor) -> Tensor:
    """``(n,)``: the class whose centroid is nearest by cosine; centroids of soft, then of hard assignments.

    Args:
        features: ``(n, d)``.
        probs: ``(n, K)``.
    """
    unit = nn.functional.normalize(torch.cat([features, torch.ones_like(features[:, :1])], 1), dim=1)
    seen = torch.bincount(probs.argmax(1), minlength=probs.shape[1]) > 0
    labels: Any = None
    for _ in range(2):
        share = probs if labels is None else nn.functional.one_hot(labels, probs.shape[1]).to(unit.dtype)
        centroids = nn.functional.normalize((share.T @ unit) / (1e-8 + share.sum(0)[:, None]), dim=1)
        near = unit @ centroids.T
        labels = near.masked_fill(~seen, -torch.inf).argmax(1)
    found: Tensor = labels
    return found

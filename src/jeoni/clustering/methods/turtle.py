"""TURTLE (Gadetsky, Jiang & Brbić, ICML 2024, arXiv:2406.07236): the labelling that linear classifiers find easiest.

Soft labels are the mean over spaces of ``softmax(theta_k z_k)``. A linear classifier of each space is fitted to them
for ten steps from where it stood (warm start); then theta takes one step down the classifiers' cross-entropy, summed
over spaces, less ``gamma`` times the entropy of the mean label of each space, which keeps clusters of like size. Both
by Adam, theta with normalised weights (Salimans & Kingma 2016), as the authors' code has it.

Ours differs in where it begins: labels and classifiers at the clusters of k-means, since on a few thousand examples it
ends, from random weights, in places that differ much by the seed and are worse than those of k-means on the mean
(docs/clusters.md); ``start=random`` begins as theirs does. It also differs in the space
(:mod:`jeoni.clustering.space`, scaled to a mean square of 1), in that all examples are one batch, and in the steps:
theirs takes 6,000 of a rate of 1e-3, ours at most 300 of 1e-2, and ends where for 50 of them fewer than one example in
1,000 changed its cluster.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from jeoni.clustering.linear_start import linear_start, scaled
from jeoni.clustering.methods.kmeans import KMeans
from jeoni.clustering.protocol import Clusterer
from jeoni.errors import ConfigError
from jeoni.types import FloatArray, IntArray

__all__ = ["Turtle"]

STARTS = ("kmeans", "random")
CHECKED = 50  # outer steps from one look at the clusters to the next


@dataclass(frozen=True)
class Turtle(Clusterer):
    """The labelling that linear classifiers find easiest.

    Attributes:
        gamma: how much clusters of like size count.
        inner: steps of the classifiers for each step of the labels.
        steps: of the labels, at most.
        rate: of both.
        settled: share of the examples that may still move when it ends.
        start: ``kmeans`` or ``random``.
    """

    gamma: float = 10.0
    inner: int = 10
    steps: int = 300
    rate: float = 1e-2
    settled: float = 1e-3
    start: str = "kmeans"

    def check(self) -> None:
        """Whether there is such a start.

        Raises:
            ConfigError: there is none.
        """
        if self.start not in STARTS:
            raise ConfigError(f"turtle: start is {self.start!r}; it can be {' or '.join(STARTS)}.")

    def fit(self, spaces: Sequence[FloatArray], clusters: int, seed: int) -> IntArray:
        """See :class:`jeoni.clustering.protocol.Clusterer`."""
        rows = [_extended(space) for space in spaces]
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            labellers = [_labeller(z.shape[1], clusters) for z in spaces]
            classifiers = [_drawn(z.shape[1], clusters) for z in rows]
        if self.start == "kmeans":
            _begin_at(KMeans().fit(spaces, clusters, seed), rows, labellers, classifiers)
        outer = torch.optim.Adam([p for m in labellers for p in m.parameters()], lr=self.rate)
        inner = torch.optim.Adam(classifiers, lr=self.rate, fused=True)
        before = _soft_labels(labellers, rows)[0].argmax(1)
        for step in range(1, self.steps + 1):
            labels, by_space = _soft_labels(labellers, rows)
            for _ in range(self.inner):
                _towards(classifiers, rows, labels.detach(), inner)
            outer.zero_grad()
            self._loss(classifiers, rows, labels, by_space).backward()  # type: ignore[no-untyped-call]
            outer.step()
            if step % CHECKED == 0:
                now = labels.detach().argmax(1)
                if float((now != before).float().mean()) < self.settled:
                    break
                before = now
        with torch.no_grad():
            found: IntArray = _soft_labels(labellers, rows)[0].argmax(1).numpy()
        return found

    def _loss(self, classifiers: list[Tensor], rows: list[Tensor], labels: Tensor, by_space: list[Tensor]) -> Tensor:
        """Of the labels: how hard they are for the classifiers, less the entropy of their sizes."""
        errors = [nn.functional.cross_entropy(z @ w.detach(), labels) for w, z in zip(classifiers, rows, strict=True)]
        balances = [torch.special.entr(one.mean(0)).sum() for one in by_space]
        return torch.stack(errors).sum() - self.gamma * torch.stack(balances).sum()


def _extended(space: FloatArray) -> Tensor:
    """With a mean square of 1, whatever the backbone's scale, since the rate is made for such; and a column of ones."""
    return torch.from_numpy(np.column_stack([scaled(space), np.ones(len(space))]).astype(np.float32))


def _labeller(dim: int, clusters: int) -> nn.Linear:
    """Linear, with normalised weights; a weight that is assigned is taken apart into lengths and directions."""
    made: nn.Linear = nn.utils.parametrizations.weight_norm(nn.Linear(dim, clusters))
    return made


def _drawn(dim: int, clusters: int) -> Tensor:
    """A classifier's weights, the last row being its bias, as ``nn.Linear`` draws them."""
    bound = 1 / max(1, dim - 1) ** 0.5
    return torch.empty(dim, clusters).uniform_(-bound, bound)


@torch.no_grad()
def _begin_at(clusters: IntArray, rows: list[Tensor], labellers: list[nn.Linear], classifiers: list[Tensor]) -> None:
    """Let labels and classifiers of each space say what clusters say, as far as a linear map can."""
    for z, labeller, weights in zip(rows, labellers, classifiers, strict=True):
        start = linear_start(z[:, :-1].double().numpy(), clusters, weights.shape[1])
        weight = torch.from_numpy(start.T.astype(np.float32))
        labeller.weight = weight  # parametrised: it is taken apart into length and direction
        nn.init.zeros_(labeller.bias)
        weights.zero_()
        weights[:-1] = torch.from_numpy(start.astype(np.float32))


def _soft_labels(labellers: list[nn.Linear], rows: list[Tensor]) -> tuple[Tensor, list[Tensor]]:
    """The mean over spaces ``(n, k)``, and of each space."""
    by_space = [theta(z[:, :-1]).softmax(1) for theta, z in zip(labellers, rows, strict=True)]
    return torch.stack(by_space).mean(0), by_space


@torch.no_grad()
def _towards(classifiers: list[Tensor], rows: list[Tensor], labels: Tensor, optimizer: torch.optim.Optimizer) -> None:
    """One step of each classifier; the gradient of its cross-entropy is ``z' (softmax(z w) - labels) / n``."""
    for weights, z in zip(classifiers, rows, strict=True):
        weights.grad = z.T @ ((z @ weights).softmax(1) - labels) / len(z)
    optimizer.step()

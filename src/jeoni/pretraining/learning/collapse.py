"""Whether features have collapsed: to a point, or to fewer directions than they have columns.

RankMe: Garrido et al. ICML 2023 (arXiv:2210.02885), the exponential of the entropy of the singular values, each as a
share of their sum. Effective rank: Roy & Vetterli EUSIPCO 2007, the same of the eigenvalues of the covariance; there
the mean is taken out first, so that one large common direction does not hide that all others are gone.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np

from jeoni.types import Array, FloatArray

__all__ = ["Spread", "effective_rank", "rank_me", "spread_of"]

TINY = 1e-12


@dataclass(frozen=True)
class Spread:
    """How far features are spread.

    Attributes:
        rank_me: from 1 to the smaller of rows and columns.
        effective_rank: the same of centred features.
        deviation: the mean standard deviation of a column over the features' mean length: 0 where all rows are alike.
        n: rows that were measured.
        dim: columns.
    """

    rank_me: float
    effective_rank: float
    deviation: float
    n: int
    dim: int

    def as_dict(self) -> dict[str, float]:
        """For ``metrics.json``."""
        return asdict(self)


def spread_of(features: Array) -> Spread:
    """Measure features ``(n, d)``."""
    rows = np.asarray(features, dtype=np.float64)
    length = float(np.sqrt((rows**2).sum(1).mean()))
    deviation = float(np.sqrt(rows.var(0).sum())) / max(length, TINY)
    return Spread(rank_me(rows), effective_rank(rows), deviation, *rows.shape)


def rank_me(features: FloatArray) -> float:
    """See above.

    Example:
        >>> round(rank_me(np.eye(4)), 3), round(rank_me(np.ones((4, 3))), 3)
        (4.0, 1.0)
    """
    return _exponential_entropy(np.linalg.svd(features, compute_uv=False))


def effective_rank(features: FloatArray) -> float:
    """See above.

    Example:
        >>> round(effective_rank(np.array([[1.0, 0], [-1, 0], [0, 1], [0, -1]])), 3)
        2.0
    """
    return _exponential_entropy(np.linalg.svd(features - features.mean(0), compute_uv=False) ** 2)


def _exponential_entropy(values: Array) -> float:
    total = values.sum()
    if total <= TINY:
        return 1.0
    shares = values / total
    return float(np.exp(-(shares * np.log(shares + TINY)).sum()))

"""EasyAdapt (Daumé III ACL 2007, arXiv:0907.1815): features thrice, as what is general, the source's and the target's.

A linear learner with one L2 penalty then splits each domain's weights into a shared and an own part. Ours takes several
sources, each with a block of its own, and can scale the general block.
"""

from __future__ import annotations

from typing import Any, ClassVar, Self

import numpy as np
from scipy import sparse

from jeoni.adaptation.adapter import Adapter
from jeoni.heads.fitting.maps import Affine, Move
from jeoni.types import Array, IntArray

__all__ = ["EasyAdapt"]


class EasyAdapt(Adapter):
    """Source rows become ``<x, x, 0>``, target rows ``<x, 0, x>``.

    Without labelled target rows no learner has a reason to use the target's block, and little is gained. Where there
    are some, stack them below the source's rows, or let :class:`jeoni.adaptation.FewLabels` do it.

    Args:
        share: times the usual general block in the kernel: 0 parts the domains, 1 is the paper's; the larger, the more
            alike they are taken to be. The block is multiplied by its square root.

    Attributes:
        domains_: the names of the sources, in the order of their blocks; the target's block is the last.

    Raises:
        ValueError: in ``fit``, a ``share`` below 0.

    Example:
        >>> Xs, Xt = np.array([[1.0], [2.0]]), np.array([[3.0]])
        >>> EasyAdapt().fit(Xs, None, Xt).transform(Xs, source=True)
        array([[1., 1., 0.],
               [2., 2., 0.]])
    """

    labelled_target: ClassVar[bool] = True

    def __init__(self, share: float = 1.0) -> None:
        self.share = share

    def fit(self, Xs: Any, ys: Any, Xt: Any, domains: Any = None) -> Self:
        """See :class:`Adapter`.

        Args:
            Xs: ``(ns, d)`` rows of all sources.
            ys: not used.
            Xt: ``(nt, d)`` target rows.
            domains: ``(ns,)`` which source each row is from, as words or numbers; None: there is one.

        Raises:
            ValueError: as :class:`Adapter`; not a domain for every row.
        """
        if not self.share >= 0:
            raise ValueError(f"share is {self.share!r}; a number from 0 is needed.")
        super().fit(Xs, ys, Xt)
        self.domains_ = np.unique([0] if domains is None else _domains(domains, len(Xs)))
        return self

    def transform(self, X: Any, *, source: bool = False, domains: Any = None) -> Array:
        """Where rows lie after adaptation, ``(n, (sources + 2) d)``.

        Args:
            X: ``(n, d)`` rows of the target, or of sources.
            source: which of the two.
            domains: ``(n,)`` which source each row is from; needed where there are several.

        Raises:
            NotFittedError: before ``fit``.
            ValueError: other columns than in ``fit``, NaN, or a domain that is missing or unknown.
        """
        X = super().transform(X, source=source)
        number = self._numbers(domains, len(X)) if source else np.full(len(X), len(self.domains_))
        found: Array = augmented(X, number, len(self.domains_) + 1, self.share)
        return found

    def moves(self) -> tuple[Move, ...]:
        """See :class:`Adapter`."""
        matrix = self.transform(np.eye(self.n_features_in_))
        return (Affine(matrix, np.zeros(matrix.shape[1])),)

    def _fit(self, Xs: Array, ys: IntArray | None, Xt: Array) -> None:
        """Nothing is learned but how wide rows are."""

    def _numbers(self, domains: Any, n: int) -> IntArray:
        if domains is None:
            if len(self.domains_) > 1:
                raise ValueError(f"fit was given {len(self.domains_)} sources; say in domains which each row is from.")
            return np.zeros(n, dtype=np.int64)
        given = _domains(domains, n)
        if not np.isin(given, self.domains_).all():
            strange = np.setdiff1d(given, self.domains_).tolist()[0]
            raise ValueError(f"fit was not given the domain {strange!r}; it knows {self.domains_.tolist()}.")
        return np.searchsorted(self.domains_, given).astype(np.int64)


def augmented(X: Any, domain: IntArray, domains: int, share: float = 1.0) -> Any:
    """Rows beside themselves: ``sqrt(share)`` times each, then a block for every domain, zero but for its own.

    Args:
        X: ``(n, d)``, dense or a CSR matrix; the result is of the same kind and precision.
        domain: ``(n,)`` from 0 to ``domains - 1``.
        domains: how many.
        share: see :class:`EasyAdapt`.

    Example:
        >>> augmented(np.array([[3.0], [5.0]]), np.array([1, 0]), 2, share=4.0)
        array([[ 6.,  0.,  3.],
               [10.,  5.,  0.]])
    """
    root = np.asarray(np.sqrt(share), dtype=X.dtype)
    own = [(domain == k).astype(X.dtype) for k in range(domains)]
    if sparse.issparse(X):
        return sparse.hstack([root * X, *(sparse.diags_array(here) @ X for here in own)], format="csr")
    return np.concatenate([root * X, *(here[:, None] * X for here in own)], axis=1)


def _domains(domains: Any, n: int) -> Array:
    given = np.asarray(domains)
    if given.shape != (n,):
        raise ValueError(f"domains has shape {given.shape}; ({n},) is needed, one for every row.")
    return given

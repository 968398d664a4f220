"""The base class of adapters on plain arrays, and the checks they share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_array, check_is_fitted

from jeoni.heads.fitting.maps import Move
from jeoni.types import Array, FloatArray, IntArray

__all__ = ["Adapter", "Remedy", "effective_size", "source_labels"]


@dataclass(frozen=True)
class Remedy:
    """One kind of shift that an adapter is for, which makes it a candidate of ``auto``.

    Attributes:
        shift: ``label``, ``covariate``, ``subspace``, or ``label and subspace`` where both come together.
        rank: of several candidates for a shift the lower ones, which are simpler, are tried first.
        settings: hyper-parameters to try it with, by name.
        standardized: standardise each domain first, although the paper of the adapter does not.
    """

    shift: str
    rank: int = 5
    settings: Mapping[str, Any] = field(default_factory=dict)
    standardized: bool = False


class Adapter(BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """Brings a labelled source and an unlabelled target closer together.

    A file offers one such class; its ``__init__`` arguments are its hyper-parameters. It writes ``_fit`` and, where
    rows change, ``_map`` and ``moves``. Either the rows of one domain or both are moved (``transform``), or the source
    examples are weighted (``weights_``), and a classifier learns from the result.

    Attributes:
        labelled: whether source labels are needed.
        labelled_target: whether it gains nothing without labels of the target.
        scaled: whether its paper scales the features of each domain beforehand; ``jeoni adapt`` then does.
        shared: whether rows of both domains go through one map, which is then a representation rather than a repair.
        remedies: the kinds of shift that it is for; without any, ``auto`` does not try it.
        n_features_in_: columns of both domains.
        classes_: the source's classes, where labels were given.
        weights_: ``(ns,)`` not negative, mean 1: how much each source example counts. Only of those that re-weight.
        effective_size_: how many equally weighted source examples these weights are worth. Only of those.
    """

    labelled: ClassVar[bool] = False
    labelled_target: ClassVar[bool] = False
    scaled: ClassVar[bool] = False
    shared: ClassVar[bool] = False
    remedies: ClassVar[tuple[Remedy, ...]] = ()
    classes_: Array

    def fit(self, Xs: Any, ys: Any, Xt: Any) -> Self:
        """Learn from both domains; what is handed over stays as it is.

        Args:
            Xs: ``(ns, d)`` source rows.
            ys: ``(ns,)`` source labels of any kind; None where ``labelled`` is False.
            Xt: ``(nt, d)`` target rows; their labels are never seen.

        Raises:
            ValueError: not two matrices with the same number of columns, NaN, labels that are missing, too few or of
                one class.
        """
        Xs, Xt = _rows(Xs, "Xs"), _rows(Xt, "Xt")
        if Xs.shape[1] != Xt.shape[1]:
            raise ValueError(
                f"The source has {Xs.shape[1]} features and the target {Xt.shape[1]}; both need the same ones. "
                "Extract them with the same backbone."
            )
        self.n_features_in_ = Xs.shape[1]
        labels = self._labels(ys, len(Xs))
        self._fit(Xs, labels, Xt)
        return self

    def transform(self, X: Any, *, source: bool = False) -> Array:
        """Where rows lie after adaptation, ``(n, k)``.

        Args:
            X: ``(n, d)`` rows of the target, or of the source.
            source: which of the two.

        Raises:
            NotFittedError: before ``fit``.
            ValueError: other columns than in ``fit``, NaN.
        """
        check_is_fitted(self, "n_features_in_")
        X = _rows(X, "X")
        if X.shape[1] != self.n_features_in_:
            raise ValueError(f"X has {X.shape[1]} features; {type(self).__name__} was fitted on {self.n_features_in_}.")
        return self._map(X, source)

    def too_large(self, ns: int, nt: int, d: int) -> str:
        """Why ``auto`` does not try it on ``ns`` and ``nt`` rows of ``d`` columns; empty where it does."""
        return ""

    def moves(self) -> tuple[Move, ...]:
        """How a target row is moved, step by step, so that a saved model can do it; empty where it stays."""
        return ()

    def _fit(self, Xs: Array, ys: IntArray | None, Xt: Array) -> None:
        """Checked rows, and labels ``0 … K - 1`` in the order of ``classes_``, or None."""
        raise NotImplementedError

    def _map(self, X: Array, source: bool) -> Array:
        """Rows stay where they are, unless an adapter moves them."""
        return X

    def _weigh(self, weights: FloatArray, least: float = 0.0) -> None:
        """Keep weights of any positive sum as ``weights_`` and their ``effective_size_``.

        Raises:
            ValueError: none is above 0, or their effective size is below the share ``least`` of all examples.
        """
        total = float(weights.sum())
        size = effective_size(weights / total) if total > 0 else 0.0
        if size < max(least * len(weights), 1e-9):
            raise ValueError(
                f"The weights rest on {size:.1f} of {len(weights)} source examples, {size / len(weights):.1%}; "
                f"{type(self).__name__} wants {least:.0%} at least (least_effective). Source and target hardly "
                "overlap: use fewer features, an adapter that moves rows such as CORAL, or lower least_effective."
            )
        self.effective_size_ = size
        self.weights_ = weights * (len(weights) / total)

    def _labels(self, ys: Any, n: int) -> IntArray | None:
        if ys is None:
            if self.labelled:
                raise ValueError(f"{type(self).__name__} needs the source's labels; ys is None.")
            return None
        self.classes_, labels = np.unique(source_labels(ys, n), return_inverse=True)
        if self.labelled and len(self.classes_) < 2:
            raise ValueError(f"{type(self).__name__} needs two classes or more; ys holds one: {self.classes_[0]!r}.")
        return labels.astype(np.int64)


def source_labels(ys: Any, n: int) -> Array:
    """``(n,)`` labels of any kind, checked.

    Raises:
        ValueError: another shape.
    """
    given: Array = check_array(ys, ensure_2d=False, dtype=None, input_name="ys")
    if given.shape != (n,):
        raise ValueError(f"ys has shape {given.shape}; ({n},) is needed, a label for every row of Xs.")
    return given


def effective_size(weights: FloatArray) -> float:
    """How many equally weighted examples would be as telling (Kish 1965): ``(sum w)² / sum w²``.

    Example:
        >>> effective_size(np.array([1.0, 1.0, 0.0, 0.0]))
        2.0
    """
    return float(weights.sum() ** 2 / max(float((weights**2).sum()), 1e-300))


def _rows(X: Any, name: str) -> Array:
    """``(n, d)`` float32 where that was given, else float64; never a copy that the caller would see changed."""
    found: Array = check_array(X, dtype=[np.float64, np.float32], input_name=name)
    return found

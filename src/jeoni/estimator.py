"""TransferClassifier: the same transfer as a scikit-learn estimator."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
from sklearn.utils.validation import check_array, check_is_fitted

from jeoni.backbones.catalog import load_backbone
from jeoni.backbones.cut import Tap
from jeoni.errors import DataError
from jeoni.features.examples import Context
from jeoni.features.extract import Request
from jeoni.heads._estimator import HeadClassifier
from jeoni.model import as_items
from jeoni.types import FloatArray

__all__ = ["TransferClassifier"]


class TransferClassifier(HeadClassifier):
    """A head on a frozen pretrained backbone, with scikit-learn's manners.

    ``X`` is a list of image paths, an array of images ``(n, h, w)`` or ``(n, h, w, c)``, or a matrix ``(n, d)`` of
    features that were extracted already. Frozen features are cached, so that a grid search extracts them once.

    Args:
        backbone: a name from ``jeoni list backbones``.
        head: the head's id.
        class_weights: ``auto``, ``balanced`` or ``none``.
        folds: folds inside ``fit`` that choose the head's strength.
        crop: ``squash`` or ``center``.
        engine: what runs the frozen stages.
        random_state: seed of the folds.

    Attributes:
        classes_: the classes.
        head_: the fitted head.

    Example:
        >>> import numpy as np
        >>> X = np.r_[np.zeros((10, 3)), np.ones((10, 3))] + np.arange(20)[:, None] / 100
        >>> TransferClassifier().fit(X, ["no"] * 10 + ["yes"] * 10).predict(X[[0, -1]]).tolist()
        ['no', 'yes']
    """

    def __init__(
        self,
        backbone: str = "efficientnet_lite0",
        *,
        head: str = "linear",
        class_weights: str = "auto",
        folds: int = 5,
        crop: str = "squash",
        engine: str = "auto",
        random_state: int | None = 0,
    ) -> None:
        super().__init__(head, class_weights=class_weights, folds=folds, random_state=random_state)
        self.backbone = backbone
        self.crop = crop
        self.engine = engine

    def fit(self, X: Any, y: Any) -> Self:  # type: ignore[override]  # what folds decide is not that of repeated rows
        """Fit the head on the frozen features of ``X``.

        Raises:
            DataError: an image that cannot be read.
            ValueError: one class only, or numbers of examples that differ.
        """
        if _are_images(X):
            y = check_array(y, ensure_2d=False, dtype=None)
            if len(y) != len(X):
                raise ValueError(f"X holds {len(X)} examples and y {len(y)} labels; they must be as many.")
        return super().fit(self._features(X), y)

    def predict_proba(self, X: Any) -> FloatArray:
        """Calibrated probabilities ``(n, classes)``, columns as in ``classes_``."""
        check_is_fitted(self, "head_")
        return super().predict_proba(self._features(X))

    def _features(self, X: Any) -> Any:
        """``(n, d)`` float32 of images; a matrix is what it is."""
        if not _are_images(X):
            return X
        items = as_items(X)
        backbone = load_backbone(self.backbone, crop=self.crop)
        tap = Tap(backbone.n, True)
        context = Context(engine=self.engine, strict=True)
        seen = context.extract(items, [Request(backbone, (tap,))])
        if not seen.readable.all():
            raise DataError(next(iter(seen.errors.values())))
        return seen.features(backbone, tap).numpy()


def _are_images(X: Any) -> bool:
    if isinstance(X, np.ndarray):
        return X.ndim in (3, 4) or (X.ndim == 1 and X.dtype.kind in "US")
    return isinstance(X, Sequence) and not isinstance(X, str) and len(X) > 0 and isinstance(X[0], (str, Path))

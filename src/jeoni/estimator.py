"""TransferClassifier: the same transfer as a scikit-learn estimator."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_array, check_is_fitted, validate_data

from jeoni import plugins
from jeoni.backbones.catalog import load_backbone
from jeoni.backbones.cut import Tap
from jeoni.data.splits import build_folds, repeats_for
from jeoni.errors import DataError
from jeoni.evaluation.calibration import softmax
from jeoni.features.examples import Context
from jeoni.features.extract import Request
from jeoni.model import as_items
from jeoni.types import Array, FloatArray

__all__ = ["TransferClassifier"]


class TransferClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
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
        self.backbone = backbone
        self.head = head
        self.class_weights = class_weights
        self.folds = folds
        self.crop = crop
        self.engine = engine
        self.random_state = random_state

    def fit(self, X: Any, y: Any) -> TransferClassifier:
        """Fit the head on the frozen features of ``X``.

        Raises:
            DataError: an image that cannot be read.
            ValueError: one class only, or numbers of examples that differ.
        """
        features, y = self._features(X, y, reset=True)
        check_classification_targets(y)
        self.classes_, labels = np.unique(y, return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError(f"TransferClassifier needs at least two classes; the data hold only one class: {y[0]!r}.")
        seed = int(self.random_state or 0)
        labels = labels.astype(np.int64)
        folds = build_folds(labels, np.arange(len(labels)), self.folds, repeats_for(len(labels)), seed)
        head = plugins.load("jeoni.heads", self.head)()
        fitted = head.fit(features, labels, len(self.classes_), folds, self.class_weights)
        self.head_ = fitted.module
        self.choice_ = fitted.choice
        return self

    def predict_proba(self, X: Any) -> FloatArray:
        """Calibrated probabilities ``(n, classes)``, columns as in ``classes_``."""
        import torch

        check_is_fitted(self)
        features, _ = self._features(X, None, reset=False)
        with torch.inference_mode():
            return softmax(self.head_(torch.as_tensor(features, dtype=torch.float32)).double().numpy())

    def predict(self, X: Any) -> Array:
        """The most probable class of each example, ``(n,)``."""
        best = self.predict_proba(X).argmax(1)
        return np.asarray(self.classes_[best])

    def _features(self, X: Any, y: Any, reset: bool) -> tuple[Array, Any]:
        """``(n, d)`` float32, and ``y`` checked against it."""
        if not _are_images(X):
            if reset:
                X, y = validate_data(self, X, y, dtype=np.float32)
                return X, y
            return validate_data(self, X, dtype=np.float32, reset=False), None
        items = as_items(X)
        if reset:
            y = check_array(y, ensure_2d=False, dtype=None)
            if len(y) != len(items):
                raise ValueError(f"X holds {len(items)} examples and y {len(y)} labels; they must be as many.")
        backbone = load_backbone(self.backbone, crop=self.crop)
        tap = Tap(backbone.n, True)
        context = Context(engine=self.engine, strict=True)
        seen = context.extract(items, [Request(backbone, (tap,))])
        if not seen.readable.all():
            raise DataError(next(iter(seen.errors.values())))
        return seen.features(backbone, tap).numpy(), y


def _are_images(X: Any) -> bool:
    if isinstance(X, np.ndarray):
        return X.ndim in (3, 4) or (X.ndim == 1 and X.dtype.kind in "US")
    return isinstance(X, Sequence) and not isinstance(X, str) and len(X) > 0 and isinstance(X[0], (str, Path))

"""TransferClassifier: the same transfer as a scikit-learn estimator."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

import numpy as np
from sklearn.utils.validation import check_array, check_is_fitted

from jeoni.backbones.catalog import default_backbone, fitted_to, load_backbone
from jeoni.backbones.cut import Tap
from jeoni.data.columns import is_missing, label_cells
from jeoni.data.kinds import found_at, modality_of
from jeoni.errors import ConfigError, DataError
from jeoni.features.examples import Context
from jeoni.features.extract import Request
from jeoni.heads.fitting.estimator import HeadClassifier
from jeoni.modalities.inputs import Input
from jeoni.models.items import as_items
from jeoni.specs import check_span
from jeoni.types import Dataset, FloatArray, Items

__all__ = ["TransferClassifier"]


class TransferClassifier(HeadClassifier):
    """A head on a frozen pretrained backbone, with scikit-learn's manners.

    ``X`` is a list (or a column of a table) of texts, of paths of images or of audio, an array of images ``(n, h, w)``
    or ``(n, h, w, c)``, or a matrix ``(n, d)`` of features that were extracted already. Frozen features are cached, so
    that a grid search extracts them once; of audio if ``seconds`` are given, else each fold may use another length.

    Args:
        backbone: a name from ``jeoni list backbones``; ``auto`` goes by the data.
        head: the head's id.
        class_weights: ``auto``, ``balanced`` or ``none``.
        folds: folds inside ``fit`` that choose the head's strength.
        crop: ``squash`` or ``center``.
        seconds: how much of each example of audio is used; None lets the data decide.
        engine: what runs the frozen stages.
        random_state: seed of the folds.

    Attributes:
        classes_: the classes.
        head_: the fitted head.
        backbone_: the backbone's name; empty where features were given.
        input_: how the backbone takes such examples.

    Example:
        >>> import numpy as np
        >>> X = np.r_[np.zeros((10, 3)), np.ones((10, 3))] + np.arange(20)[:, None] / 100
        >>> TransferClassifier().fit(X, ["no"] * 10 + ["yes"] * 10).predict(X[[0, -1]]).tolist()
        ['no', 'yes']
    """

    def __init__(
        self,
        backbone: str = "auto",
        *,
        head: str = "linear",
        class_weights: str = "auto",
        folds: int = 5,
        crop: str = "squash",
        seconds: float | None = None,
        engine: str = "auto",
        random_state: int | None = 0,
    ) -> None:
        super().__init__(head, class_weights=class_weights, folds=folds, random_state=random_state)
        self.backbone = backbone
        self.crop = crop
        self.seconds = seconds
        self.engine = engine

    def fit(self, X: Any, y: Any) -> Self:  # type: ignore[override]  # what folds decide is not that of repeated rows
        """Fit the head on the frozen features of ``X``.

        Raises:
            ConfigError: a backbone that takes something else, or ``seconds`` that are no length.
            DataError: an example that cannot be read, or is missing.
            ValueError: one class only, or numbers of examples that differ.
        """
        if self.seconds is not None and not self.seconds > 0:
            raise ConfigError(f"seconds is {self.seconds}; it must be above 0, or None to let the data decide.")
        check_span(self.seconds or 0)
        X = _listed(X)
        self.backbone_, self.input_ = "", None
        if _are_examples(X):
            y = check_array(y, ensure_2d=False, dtype=None)
            if len(y) != len(X):
                raise ValueError(f"X holds {len(X)} examples and y {len(y)} labels; they must be as many.")
            self.backbone_, self.input_ = self._chosen(X)
        return super().fit(self._features(X), y)

    def predict_proba(self, X: Any) -> FloatArray:
        """Calibrated probabilities ``(n, classes)``, columns as in ``classes_``."""
        check_is_fitted(self, "head_")
        return super().predict_proba(self._features(_listed(X)))

    def _chosen(self, X: Any) -> tuple[str, Input]:
        """The backbone for such examples, by its name, and how it takes them."""
        named = None if self.backbone == "auto" else load_backbone(self.backbone, crop=self.crop)
        modality = _modality(X, named.input.modality if named else "image")
        data = Dataset("X", _items(X, modality), label_cells({}, len(X)), modality=modality)
        name = self.backbone if named else default_backbone(data)
        return name, fitted_to(named or load_backbone(name, crop=self.crop), data, self.seconds).input

    def _features(self, X: Any) -> Any:
        """``(n, d)`` float32 of examples; a matrix is what it is."""
        if not _are_examples(X):
            return X
        name, spec = self._chosen(X) if self.input_ is None else (self.backbone_, self.input_)
        backbone = replace(load_backbone(name, crop=self.crop), input=spec)
        tap = Tap(backbone.n, True)
        context = Context(engine=self.engine, strict=True)
        seen = context.extract(_items(X, spec.modality), [Request(backbone, (tap,))])
        if not seen.readable.all():
            raise DataError(next(iter(seen.errors.values())))
        return seen.features(backbone, tap).numpy()


def _listed(X: Any) -> Any:
    """Strings or paths of a list, an array or a column of a table as a list, None where one is missing."""
    one_by_one = getattr(X, "ndim", 0) == 1 or (isinstance(X, Sequence) and not isinstance(X, str))
    if one_by_one and any(isinstance(x, (str, Path)) for x in X):
        return [None if is_missing(x) else x for x in X]
    return X


def _are_examples(X: Any) -> bool:
    """Whether these are images, or strings or paths that were :func:`_listed`; else they are features."""
    if isinstance(X, np.ndarray):
        return X.ndim in (3, 4)
    return isinstance(X, list) and any(isinstance(x, (str, Path)) for x in X)


def _modality(X: Any, doubtful: str) -> str:
    """The modality of examples by the endings of most; without any, text, or ``doubtful`` if they are files."""
    if isinstance(X, np.ndarray):
        return "image"
    there = [x for x in X if x is not None and str(x).strip()] or [""]
    ending = Counter(modality_of([str(x)]) for x in there).most_common(1)[0][0]
    if ending:
        return ending
    return doubtful if isinstance(there[0], Path) or found_at(there[0]) == "file" else "text"


def _items(X: Any, modality: str) -> Items:
    """Examples to read; strings are texts themselves, unless they name files of texts."""
    if modality == "text" and all(x is None or (modality_of([str(x)]) == "text" and found_at(x) == "file") for x in X):
        X = [x and Path(x) for x in X]
    items = as_items(X, modality)
    if len(items) != len(X):
        raise DataError(f"X is an array {X.shape}, which is one picture. Write X[None].")
    return items

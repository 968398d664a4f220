"""Deep adaptation on plain arrays: a small network, or a linear one, through the same training loop."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import torch
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import check_array, check_is_fitted
from torch import nn

from jeoni.adaptation.alignment import Alignment, Network, SourceOnly
from jeoni.adaptation.deep_training import Domains, attach, part_groups, train_method
from jeoni.evaluation.calibration import softmax
from jeoni.features.examples import Context
from jeoni.specs import Recipe
from jeoni.training.defaults import resolve_defaults
from jeoni.training.groups import Group
from jeoni.training.rows import ArrayRows
from jeoni.types import Array, FloatArray

__all__ = ["DeepAdaptedClassifier"]

LENGTH = 4.0


def _under(part: str, network: nn.Module) -> dict[str, nn.Parameter]:
    return {n: p for n, p in network.named_parameters() if n.startswith(f"{part}.")}


class DeepAdaptedClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """A network of fully connected layers, trained on the source's labels and a deep method's step.

    Args:
        method: a method of :mod:`jeoni.adaptation.deep`, such as ``DANN()``; None trains on the source alone.
        hidden: width of each hidden layer; the last one gives the features that are aligned.
        steps: of the training; -1 goes by the data's size.
        batch_size: of both domains together.
        learning_rate: at its highest.
        weight_decay: decoupled.
        dropout: of the inputs of every layer.
        random_state: seed of weights and order.

    Attributes:
        classes_: the source's classes.
        network_: the trained network.

    Example:
        >>> from jeoni.adaptation import DANN
        >>> rng = np.random.default_rng(0)
        >>> Xs, Xt = rng.normal(size=(64, 2)), rng.normal(size=(64, 2)) + [0, 1]
        >>> DeepAdaptedClassifier(DANN(), hidden=(8,), steps=20).fit(Xs, Xs[:, 0] > 0, Xt).predict(Xt).shape
        (64,)
    """

    def __init__(
        self,
        method: Alignment | None = None,
        *,
        hidden: tuple[int, ...] = (256,),
        steps: int = -1,
        batch_size: int = 128,
        learning_rate: float = 1e-3,
        weight_decay: float = 1e-2,
        dropout: float = 0.0,
        random_state: int = 0,
    ) -> None:
        self.method = method
        self.hidden = hidden
        self.steps = steps
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.dropout = dropout
        self.random_state = random_state

    def fit(self, Xs: Any, ys: Any, Xt: Any) -> Self:
        """Train on ``Xs (ns, d)`` with labels ``ys (ns,)`` and on ``Xt (nt, d)`` without.

        Raises:
            ValueError: matrices that do not fit together, NaN, one class, or a method that needs views or a model.
            ConfigError: fewer rows, in all or in a batch, than the method can make a step of.
        """
        Xs = check_array(Xs, dtype=np.float32, input_name="Xs")
        Xt = check_array(Xt, dtype=np.float32, input_name="Xt")
        ys = check_array(ys, ensure_2d=False, dtype=None, input_name="ys")
        if Xs.shape[1] != Xt.shape[1] or len(ys) != len(Xs):
            raise ValueError(f"Xs {Xs.shape}, ys {ys.shape} and Xt {Xt.shape} do not fit together.")
        method = self.method if self.method is not None else SourceOnly()
        if method.strong_views or not method.uses_source:
            raise ValueError(
                f"{type(method).__name__} needs random views or a trained model; it has no form for arrays."
            )
        self.classes_, labels = np.unique(ys, return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError(f"The source holds one class only: {self.classes_[0]!r}.")
        self.n_features_in_ = Xs.shape[1]
        wanted = Recipe(
            steps=self.steps,
            batch_size=self.batch_size,
            learning_rate=self.learning_rate,
            head_learning_rate=self.learning_rate,
            weight_decay=self.weight_decay,
            augment="none",
        )
        recipe = resolve_defaults(wanted, method.preferred, len(Xs) + len(Xt), LENGTH)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.random_state)
            features, width = self._features(Xs.shape[1])
            head: nn.Module = nn.Linear(width, len(self.classes_))
        network = Network(features, head, nn.Identity())
        domains = Domains(ArrayRows(Xs), labels.astype(np.int64), ArrayRows(Xt), len(self.classes_))
        for turn in ([SourceOnly()] if method.trained_before else []) + [method]:
            attach(turn, network, width, len(self.classes_), len(Xt), self.random_state)
            own = [
                Group(p, _under(p, network), recipe.learning_rate, recipe.weight_decay) for p in ("features", "head")
            ]
            groups = [g for g in own if g.parameters] + part_groups(network, recipe)
            train_method(turn, network, groups, domains, recipe, Context(seed=self.random_state))
        self.network_ = network.eval()
        return self

    def predict_proba(self, X: Any) -> FloatArray:
        """``(n, classes)``."""
        check_is_fitted(self, "network_")
        X = check_array(X, dtype=np.float32)
        with torch.inference_mode():
            return softmax(self.network_(torch.from_numpy(X)).double().numpy())

    def predict(self, X: Any) -> Array:
        """The most probable class of each row, ``(n,)``."""
        best = self.predict_proba(X).argmax(1)
        return np.asarray(self.classes_[best])

    def _features(self, dim: int) -> tuple[nn.Module, int]:
        layers: list[nn.Module] = []
        for width in self.hidden:
            layers += [nn.Dropout(self.dropout), nn.Linear(dim, width), nn.ReLU()]
            dim = width
        return nn.Sequential(*layers), dim

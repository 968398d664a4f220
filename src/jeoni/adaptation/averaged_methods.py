"""The average of the methods that some target labels weigh: one linear head, for the mean of affine maps is affine."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from jeoni import plugins
from jeoni.adaptation.adapter import Adapter
from jeoni.adaptation.few_labels import FewLabelAdapter
from jeoni.adaptation.labelled_target import FEW, ByLabels, Choices, Contender
from jeoni.evaluation.calibration import temperature
from jeoni.heads.fitting.affine import AffineModule
from jeoni.heads.fitting.maps import Affine, joined
from jeoni.types import FloatArray, IntArray

__all__ = ["LinearHead", "fit_average", "fit_contender"]


@dataclass(frozen=True)
class LinearHead:
    """A classifier of target rows.

    Attributes:
        weights: ``(K, k)``.
        biases: ``(K,)``.
        adapter: moves the rows first; None where they are taken as they are.
        temperature: to divide the log-odds by.
    """

    weights: FloatArray
    biases: FloatArray
    adapter: Adapter | None = None
    temperature: float = 1.0

    def module(self) -> AffineModule:
        """The same on moved rows."""
        made = AffineModule.of(self.weights, self.biases)
        made.temperature.fill_(self.temperature)
        return made

    def on_own_rows(self) -> LinearHead:
        """The same on rows that are not moved.

        Raises:
            ValueError: a move that is not affine.
        """
        weights, biases = self.weights, self.biases
        for move in reversed(joined(self.adapter.moves()) if self.adapter is not None else ()):
            if not isinstance(move, Affine):
                raise ValueError(f"{type(move).__name__} is not affine.")
            matrix, shift = np.asarray(move.matrix, dtype=np.float64), np.asarray(move.shift, dtype=np.float64)
            weights, biases = weights @ matrix.T, biases + weights @ shift
        return LinearHead(weights, biases, None, self.temperature)


def fit_contender(contender: Contender, choices: Choices, known: IntArray, labels: IntArray) -> LinearHead:
    """A method with all labels; one that learns nothing from them as it was fitted.

    Args:
        contender: an adapter, the source model, or a method for few labels.
        choices: what was made ready without labels.
        known: ``(n,)`` target rows that have a label.
        labels: ``(n,)`` their classes.
    """
    adapter, space = choices.adapter(contender), contender.space
    if space is None:
        head: AffineModule = choices.fitted[contender.name].estimator_.head_
        sharpness = 1 / float(head.temperature)
        weights, biases = (part.detach().double().numpy() * sharpness for part in (head.weight, head.bias))
        return LinearHead(weights, biases, adapter)
    way: type[FewLabelAdapter] = plugins.load(FEW, contender.way)
    fitted = way(**dict(contender.setting or {})).fit(space.task(known, labels, way))
    return LinearHead(*space.projection.before(*fitted.affine()), adapter)


def fit_average(judged: ByLabels, choices: Choices, known: IntArray, labels: IntArray) -> LinearHead:
    """Let all methods that count learn from all labels, and average their log-odds.

    The temperature makes the held-out probabilities most likely, and is doubted as much as so few items ask for.

    Args:
        judged: with no deep method among those that count.
        choices: what was made ready without labels.
        known: ``(n,)`` target rows that have a label.
        labels: ``(n,)`` their classes.
    """
    parts = [fit_contender(judged.contenders[name], choices, known, labels) for name in judged.shares]
    together = choices.rows_of(judged.contenders[judged.heaviest])
    if len(parts) > 1 and not together:
        parts = [part.on_own_rows() for part in parts]
    shares = np.array(list(judged.shares.values()))
    weights = np.tensordot(shares, np.array([part.weights for part in parts]), 1)
    biases = np.tensordot(shares, np.array([part.biases for part in parts]), 1)
    heat = temperature(judged.logits, labels, doubt=1 / (len(labels) + 2))
    return LinearHead(weights, biases, parts[0].adapter, float(heat))

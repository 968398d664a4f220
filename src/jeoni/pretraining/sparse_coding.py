"""Sparse coding, self-taught learning (Raina, Battle, Lee, Packer & Ng ICML 2007): bases of unlabelled data.

A dictionary is learned on the features of the unlabelled examples (Mairal et al. ICML 2009, scikit-learn's), and the
features of a labelled task are the codes in it: the backbone gets one more stage. Ours differs in that it codes the
features of a backbone rather than raw pixels (with ``vectors`` these are the rows themselves), and that codes are
computed by a fixed number of rounds of FISTA, so that every engine runs them.
"""

from __future__ import annotations

import time
import warnings
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import torch

from jeoni.backbones.backbone import Backbone, build_backbone
from jeoni.backbones.coding import CodedNetwork, CodedSequence, SparseCodes, code_network
from jeoni.backbones.cut import Tap
from jeoni.errors import ConfigError
from jeoni.pretraining.learning.method import Pretrained, Start
from jeoni.specs import Recipe
from jeoni.types import FloatArray

__all__ = ["SparseCoding"]

MOST = 20_000  # examples that a dictionary is learned from
BATCH = 256
TINY = 1e-12


@dataclass(frozen=True)
class SparseCoding:
    """Codes of features.

    Attributes:
        atoms: of the dictionary; 0 takes twice as many as there are features, and no more than half the examples.
        penalty: of the codes' absolute values, for features of unit length on average.
        passes: over the examples.
        rounds: of FISTA for the codes of new examples.
    """

    modalities: ClassVar[tuple[str, ...]] = ("image", "audio", "text", "vector")
    supervised: ClassVar[bool] = False

    atoms: int = 0
    penalty: float = 0.1
    passes: int = 10
    rounds: int = 60

    def taps(self, backbone: Backbone, n: int, recipe: Recipe) -> tuple[Tap, ...]:
        """The pooled features."""
        return (Tap(backbone.n, True),)

    def learn(self, start: Start) -> Pretrained:
        """Learn the dictionary."""
        backbone, n = start.backbone, len(start.examples)
        if isinstance(backbone.network, (CodedNetwork, CodedSequence)):
            raise ConfigError(
                f"{backbone.name} ends with sparse codes already. Take the backbone that they were learned on."
            )
        begun = time.perf_counter()
        some = np.sort(np.random.default_rng(start.context.seed).permutation(n)[:MOST])
        features = start.examples.features(backbone, Tap(backbone.n, True))[some].astype(np.float64)
        atoms = self.atoms or max(2, min(2 * backbone.dim, len(some) // 2))
        centre = features.mean(0)
        scale = float(np.sqrt(((features - centre) ** 2).sum(1).mean())) or 1.0
        scaled = (features - centre) / scale
        dictionary = self.dictionary(scaled, atoms, start.context.seed)
        coded = self._coded(backbone, dictionary, centre, scale)
        with torch.inference_mode():
            codes = _codes(coded)(torch.from_numpy(features).float()).double().numpy()
        left = float(((scaled - codes @ dictionary) ** 2).sum() / (scaled**2).sum())
        seconds = time.perf_counter() - begun
        details = {
            "atoms": float(atoms),
            "used": float((np.abs(codes) > 0).sum(1).mean()),
            "explained": 1 - left,
            "seconds": round(seconds, 3),
        }
        return Pretrained(coded, backbone.n, 0 if start.untrained else backbone.n, details=details)

    def dictionary(self, scaled: FloatArray, atoms: int, seed: int) -> FloatArray:
        """Atoms ``(k, d)`` of unit length for centred, scaled rows ``(n, d)``."""
        from sklearn.decomposition import MiniBatchDictionaryLearning
        from sklearn.exceptions import ConvergenceWarning

        learner = MiniBatchDictionaryLearning(
            n_components=atoms, alpha=self.penalty, max_iter=self.passes, batch_size=min(BATCH, len(scaled)),
            fit_algorithm="cd", random_state=seed, transform_algorithm="lasso_cd",
        )  # fmt: skip
        with warnings.catch_warnings():  # of single codes along the way
            warnings.simplefilter("ignore", ConvergenceWarning)
            components: FloatArray = learner.fit(scaled).components_
        lengths = np.maximum(np.linalg.norm(components, axis=1, keepdims=True), TINY)
        atoms_of_unit_length: FloatArray = components / lengths
        return atoms_of_unit_length

    def _coded(self, backbone: Backbone, dictionary: FloatArray, centre: FloatArray, scale: float) -> Backbone:
        network = code_network(backbone.network, backbone.dim, len(dictionary), self.penalty, self.rounds)
        codes = _codes_of(network)
        with torch.no_grad():
            codes.dictionary.copy_(torch.from_numpy(dictionary))
            codes.centre.copy_(torch.from_numpy(centre))
            codes.scale.fill_(scale)
        arguments = {
            "library": backbone.library, "arguments": backbone.arguments, "dim": backbone.dim,
            "atoms": len(dictionary), "penalty": self.penalty, "rounds": self.rounds,
        }  # fmt: skip
        made = build_backbone(
            network,
            name=backbone.name,
            architecture=backbone.architecture,
            input=backbone.input,
            provenance=backbone.provenance,
            arguments=arguments,
            library="coded",
            preferred=backbone.preferred,
        )
        return replace(made, dropped=backbone.dropped)


def _codes_of(network: torch.nn.Module) -> SparseCodes:
    assert isinstance(network, (CodedNetwork, CodedSequence)) and isinstance(network.codes, SparseCodes)
    return network.codes


def _codes(backbone: Backbone) -> SparseCodes:
    return _codes_of(backbone.network)

"""Fine-tuning of the stages above a cut, the head fitted first (LP-FT, Kumar et al. ICLR 2022, arXiv:2202.10054).

Learning rates fall with depth (Howard & Ruder ACL 2018, arXiv:1801.06146). Ours differs: the frozen stages' activations
come from the store, AdamW takes the place of SGD, and the weights go only as far from their start as a held-out part
of the training examples warrants (WiSE-FT, Wortsman et al. CVPR 2022, arXiv:2109.01903).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from jeoni.backbones.backbone import Backbone
from jeoni.backbones.cut import Tap
from jeoni.features.examples import Context, Examples
from jeoni.models.model import Model
from jeoni.specs import Recipe
from jeoni.strategies.finetuning.expected import expected_work
from jeoni.strategies.finetuning.setup import FinetuneConfig, TrainingSetup
from jeoni.strategies.finetuning.tuning import tune
from jeoni.training.defaults import ResolvedRecipe, resolve_defaults
from jeoni.training.depth import default_frozen, frozen_stages, taps_for
from jeoni.training.precision import precision_for
from jeoni.training.work import Work

__all__ = ["Finetune"]


@dataclass(frozen=True)
class Finetune:
    """Train the stages above the cut, and the head.

    Attributes:
        head: the head's id, and hyper-parameters behind a colon.
        class_weights: ``auto``, ``balanced`` or ``none``.
        recipe: how; ``frozen`` is by default decided by the number of examples.
    """

    head: str = "linear"
    class_weights: str = "auto"
    recipe: Recipe = field(default_factory=Recipe)

    def frozen(self, backbone: Backbone, n: int) -> int:
        """Stages that stay as they are, for a data set of ``n``."""
        return frozen_stages(self.recipe, backbone, default_frozen(backbone, n))

    def taps(self, backbone: Backbone, n: int) -> tuple[Tap, ...]:
        """Pooled features for the head, rows at the cut for the training."""
        return taps_for(backbone, self.frozen(backbone, n), n, self.recipe)

    def resolved(
        self, backbone: Backbone, n: int, length: float = 1.0, long: bool = False, **own: Any
    ) -> ResolvedRecipe:
        """The recipe for ``n`` examples: what the user said, then ``own`` preferences, then those of the backbone.

        ``long`` is for :func:`jeoni.training.precision.precision_for`.
        """
        preferred = {"precision": precision_for(backbone, long), **backbone.preferred, **own}
        return resolve_defaults(self.recipe, preferred, n, length)

    def work(self, backbone: Backbone, n: int, of: int) -> Work:
        """What :meth:`fit` will have to compute for ``n`` examples of a data set of ``of``."""
        return expected_work(backbone, n, self.resolved(backbone, n), self.frozen(backbone, of))

    def setup(self, backbone: Backbone, train: Examples, context: Context) -> TrainingSetup:
        """How these examples are trained on; a strategy of this kind says here in what it differs."""
        config = FinetuneConfig("Fine-tuning", self.frozen(backbone, train.of))
        return self._setup(backbone, context, self.resolved(backbone, len(train)), config)

    def fit(self, backbone: Backbone, train: Examples, context: Context) -> Model:
        """Fit the head, then train."""
        return tune(self.setup(backbone, train, context), train)

    def _setup(
        self,
        backbone: Backbone,
        context: Context,
        recipe: ResolvedRecipe,
        config: FinetuneConfig,
        part: Backbone | None = None,
    ) -> TrainingSetup:
        """With the head; ``part`` is what is trained of the backbone, where that is not all of it."""
        return TrainingSetup(part or backbone, backbone, context, recipe, config, self.head, self.class_weights)

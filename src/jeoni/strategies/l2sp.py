"""L2-SP (Li, Grandvalet & Davoine ICML 2018, arXiv:1802.01483): weights are held near the pretrained ones.

The penalty ``α/2 ‖w - w⁰‖² + β/2 ‖w_head‖²`` takes the place of weight decay. As theirs it is part of the gradient;
ours differs in that the head starts fitted, and that AdamW follows the gradient.
"""

from __future__ import annotations

from dataclasses import dataclass

from jeoni.backbones.backbone import Backbone
from jeoni.features.examples import Context, Examples
from jeoni.strategies.finetune import Finetune
from jeoni.strategies.finetuning.setup import FinetuneConfig, TrainingSetup

__all__ = ["L2SP"]


@dataclass(frozen=True)
class L2SP(Finetune):
    """Fine-tuning that pulls back to the start.

    Attributes:
        alpha: of the pull; the paper's range is 0.001 to 1.
    """

    alpha: float = 0.01

    def setup(self, backbone: Backbone, train: Examples, context: Context) -> TrainingSetup:
        """See :meth:`Finetune.setup`."""
        config = FinetuneConfig("Fine-tuning (L2-SP)", self.frozen(backbone, train.of), anchor=self.alpha)
        recipe = self.resolved(backbone, len(train))
        return self._setup(backbone, context, recipe, config)

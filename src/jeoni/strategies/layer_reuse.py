"""Layer re-use (Yosinski et al. NeurIPS 2014, arXiv:1411.1792): the lower stages of A become a smaller network B.

The upper stages are dropped, an average over positions takes their place, and what is above the cut is fine-tuned.
Theirs puts new random layers on top; ours puts the head there, fitted on the features of the last stage that is kept.
"""

from __future__ import annotations

from dataclasses import dataclass

from jeoni.backbones.backbone import Backbone
from jeoni.backbones.cut import Tap, shorten
from jeoni.features.examples import Context, Examples
from jeoni.strategies.finetune import Finetune
from jeoni.strategies.finetuning.expected import expected_work
from jeoni.strategies.finetuning.setup import FinetuneConfig, TrainingSetup
from jeoni.training.defaults import find_stage
from jeoni.training.depth import default_frozen, frozen_stages, taps_for
from jeoni.training.work import Work

__all__ = ["LayerReuse"]


@dataclass(frozen=True)
class LayerReuse(Finetune):
    """Keep ``recipe.reuse`` stages, by default three quarters of them, and fine-tune the upper ones of those."""

    def shorter(self, backbone: Backbone) -> Backbone:
        """The smaller network."""
        names = tuple(s.name for s in backbone.stages)
        return shorten(backbone, find_stage(self.recipe.reuse, names, "reuse", round(0.75 * backbone.n)))

    def frozen(self, backbone: Backbone, n: int) -> int:
        """Stages of the smaller network that stay as they are."""
        return frozen_stages(self.recipe, backbone, default_frozen(backbone, n))

    def taps(self, backbone: Backbone, n: int) -> tuple[Tap, ...]:
        """As of fine-tuning, in the smaller network."""
        shorter = self.shorter(backbone)
        return taps_for(shorter, self.frozen(shorter, n), n, self.recipe)

    def work(self, backbone: Backbone, n: int, of: int) -> Work:
        """That of the smaller network; its rows at the cut are those of the whole one."""
        shorter = self.shorter(backbone)
        return expected_work(shorter, n, self.resolved(backbone, n), self.frozen(shorter, of))

    def setup(self, backbone: Backbone, train: Examples, context: Context) -> TrainingSetup:
        """Without the upper stages; see :meth:`Finetune.setup`."""
        shorter = self.shorter(backbone)
        config = FinetuneConfig("Layer re-use", self.frozen(shorter, train.of), reuse=shorter.n)
        recipe = self.resolved(backbone, len(train))
        return self._setup(backbone, context, recipe, config, part=shorter)

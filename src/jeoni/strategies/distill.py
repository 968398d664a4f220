"""Distillation (Hinton, Vinyals & Dean 2015, arXiv:1503.02531): a smaller student learns from the fitted teacher.

The loss is ``a T² KL(teacher ‖ student) + (1 - a) CE``, both softened by T. The teacher is the fine-tuned network; the
student is what layer re-use makes of the backbone. As theirs; ours differs in that the student starts from pretrained
layers, and that the teacher speaks once of every example, not of every random view. It has seen what the student is
trained on and nothing else, so that what is held out to choose the student's best moment is new to both.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from jeoni.backbones.backbone import Backbone
from jeoni.backbones.cut import Tap
from jeoni.features.examples import Context, Examples
from jeoni.strategies.finetune import Finetune
from jeoni.strategies.finetuning.setup import FinetuneConfig, TrainingSetup
from jeoni.strategies.layer_reuse import LayerReuse
from jeoni.tasks import Criterion, LossOptions, task_of
from jeoni.tasks.classification import class_names_of
from jeoni.training.job import Batch, Loss
from jeoni.training.work import Work

__all__ = ["Distill"]


@dataclass(frozen=True)
class Distill(LayerReuse):
    """Fine-tune a teacher, then let a network of fewer stages learn from it.

    Attributes:
        temperature: T, which softens the probabilities of both.
        weight: a, the teacher's share of the loss.
    """

    temperature: float = 3.0
    weight: float = 0.7

    @property
    def teacher(self) -> Finetune:
        """Fine-tuning, from which the student learns."""
        return Finetune(self.head, self.class_weights, replace(self.recipe, reuse="auto"))

    def taps(self, backbone: Backbone, n: int) -> tuple[Tap, ...]:
        """Those of the teacher and of the student."""
        return tuple(dict.fromkeys((*self.teacher.taps(backbone, n), *super().taps(backbone, n))))

    def work(self, backbone: Backbone, n: int, of: int) -> Work:
        """That of a teacher for each of the student's two trainings, and that of the student."""
        return self.teacher.work(backbone, n, of) + self.teacher.work(backbone, n, of) + super().work(backbone, n, of)

    def setup(self, backbone: Backbone, train: Examples, context: Context) -> TrainingSetup:
        """The teacher is fitted to what the student is trained on; see :meth:`Finetune.setup`.

        Raises:
            ConfigError: another task than that of classes.
        """
        class_names_of(train.data, "Distillation")
        shorter = self.shorter(backbone)

        def loss_for(examples: Examples) -> Loss:
            teacher = self.teacher.fit(backbone, examples, context)
            task = task_of(examples.data)
            said = torch.from_numpy(teacher.predict_examples(examples, backbone, context)).float()
            return _distilling(
                said, self.temperature, self.weight, task.criterion(examples.data.targets, LossOptions())
            )

        config = FinetuneConfig("Distillation", self.frozen(shorter, train.of), reuse=shorter.n, loss=loss_for)
        recipe = self.resolved(backbone, len(train))
        return self._setup(backbone, context, recipe, config, part=shorter)


def _distilling(teacher: Tensor, temperature: float, weight: float, criterion: Criterion) -> Loss:
    """The loss of a student for probabilities ``(n, classes)`` of the teacher."""
    soft = nn.functional.softmax(teacher.clamp_min(1e-12).log() / temperature, dim=1)

    def loss(logits: Tensor, batch: Batch) -> Tensor:
        wanted = soft[torch.from_numpy(batch.index)].to(logits.device, non_blocking=True)
        said = nn.functional.log_softmax(logits / temperature, dim=1)
        near = nn.functional.kl_div(said, wanted, reduction="none").sum(1) * temperature**2
        return weight * near + (1 - weight) * criterion(logits, batch.targets)

    return loss

"""Feature extraction (linear probe): the whole backbone is frozen, only a head is fitted (frozen = reuse = n).

With ``stage`` the features are those of a lower stage, averaged over positions, and the stages above are dropped
(frozen = reuse < n): lower layers are more general than upper ones (Yosinski et al. NeurIPS 2014, arXiv:1411.1792).
"""

from __future__ import annotations

from dataclasses import dataclass

from jeoni.backbones.backbone import Backbone
from jeoni.backbones.cut import Tap, shorten
from jeoni.errors import ConfigError
from jeoni.features.examples import Context, Examples
from jeoni.features.results import code_digest, digest_of
from jeoni.heads.fitting.named import build_head
from jeoni.heads.fitting.protocol import FittedHead
from jeoni.models.kept_heads import fit_head_once
from jeoni.models.model import Model
from jeoni.tasks import task_of
from jeoni.training.work import Work

__all__ = ["Probe"]


@dataclass(frozen=True)
class Probe:
    """A head on frozen features.

    Attributes:
        head: the head's id, and hyper-parameters behind a colon.
        class_weights: ``auto``, ``balanced`` or ``none``.
        stage: the number of the last stage whose features are used, from 1; None is the topmost.
    """

    head: str = "linear"
    class_weights: str = "auto"
    stage: int | None = None

    def reused(self, backbone: Backbone) -> int:
        """How many stages are kept.

        Raises:
            ConfigError: no such stage.
        """
        if self.stage is None:
            return backbone.n
        if not 1 <= self.stage <= backbone.n:
            names = ", ".join(stage.name for stage in backbone.stages)
            raise ConfigError(f"stage is {self.stage}; it can be a number from 1 to {backbone.n}. The stages: {names}.")
        return self.stage

    def taps(self, backbone: Backbone, n: int) -> tuple[Tap, ...]:
        """The activations that must be in the store before :meth:`fit`: the pooled output of the last stage kept."""
        return (Tap(self.reused(backbone), True),)

    def work(self, backbone: Backbone, n: int, of: int) -> Work:
        """One head."""
        return Work(heads=1)

    def identity(self, backbone: Backbone, train: Examples) -> bytes:
        """All that :meth:`fit` depends on, besides the folds: its own fields and code, features, labels, groups."""
        code = code_digest(
            "jeoni.heads", "jeoni.tasks", "jeoni.strategies.probe", type(build_head(self.head)).__module__
        )
        features = train.features(backbone, Tap(self.reused(backbone), True)).numpy()
        return digest_of(code, repr(self), repr(train.data.task), features, train.data.targets, train.clusters)

    def fit(self, backbone: Backbone, train: Examples, context: Context) -> Model:
        """Fit the head on the features of ``train``."""
        return self._model(backbone, self._fitted(backbone, train))

    def fit_once(self, backbone: Backbone, train: Examples, context: Context) -> Model:
        """The same; a head that was fitted to the same features, labels and folds before is taken from the store."""
        if type(self).fit is not Probe.fit:  # somebody's own way of fitting
            return self.fit(backbone, train, context)
        identity = digest_of("head", self.identity(backbone, train), train.folds)
        return self._model(backbone, fit_head_once(context.store, identity, lambda: self._fitted(backbone, train)))

    def _fitted(self, backbone: Backbone, train: Examples) -> FittedHead:
        features = train.features(backbone, Tap(self.reused(backbone), True))
        head, task = build_head(self.head), task_of(train.data)
        return head.fit(features, train.data.targets, task, train.folds, self.class_weights, train.clusters)

    def _model(self, backbone: Backbone, fitted: FittedHead) -> Model:
        stages = self.reused(backbone)
        return Model(
            backbone=shorten(backbone, stages),
            head=fitted.module,
            head_id=fitted.id or self.head,
            task=fitted.task,
            frozen=stages,
            reuse=stages,
            choice=fitted.choice,
            candidates=fitted.candidates,
            held_out=fitted.held_out_predictions() if fitted.task.link == "softmax" else None,
        )

"""Feature extraction (linear probe): the whole backbone is frozen, only a head is fitted (frozen = reuse = n).

With ``stage`` the features are those of a lower stage, averaged over positions, and the stages above are dropped
(frozen = reuse < n): lower layers are more general than upper ones (Yosinski et al. NeurIPS 2014, arXiv:1411.1792).

With ``stages`` there is a head on each of several stages, and what they say is averaged. Features of all layers
together are better than those of the last (Evci et al. ICML 2022, arXiv:2201.03529, "Head2Toe"); ours differs in that
each stage has a head with a strength and a temperature of its own, in the place of one sparse head on all.
"""

from __future__ import annotations

from dataclasses import dataclass

from jeoni.backbones.backbone import Backbone
from jeoni.backbones.cut import Tap, shorten
from jeoni.backbones.side_by_side import side_by_side, upper_stages
from jeoni.errors import ConfigError
from jeoni.features.examples import Context, Examples
from jeoni.features.results import code_digest, digest_of
from jeoni.heads.fitting.averaged import AVERAGED, average_heads
from jeoni.heads.fitting.named import build_head, kind_of_head
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
        stages: how many of the upper stages have a head: the topmost, and the nearest ones below it that give something
            else than the one above. Where nothing can be held out, as of one example each, the topmost alone.
    """

    head: str = "linear"
    class_weights: str = "auto"
    stage: int | None = None
    stages: int = 1

    def check(self) -> None:
        """Whether the settings go together.

        Raises:
            ConfigError: no stage, two ways of saying which, or a head that cannot be averaged over several.
        """
        if self.stages < 1 or (self.stages > 1 and self.stage is not None):
            raise ConfigError(
                f"stages is {self.stages} and stage {self.stage}; needed is a number of stages from 1, or the number "
                "of one of them."
            )
        if self.stages > 1 and kind_of_head(self.head) not in AVERAGED:
            raise ConfigError(
                f"The head {kind_of_head(self.head)} is not linear in the features, so that those of several stages "
                f"cannot be averaged. Take one of {', '.join(AVERAGED)}, or leave the setting stages out."
            )

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

    def used(self, backbone: Backbone) -> tuple[int, ...]:
        """Numbers of the stages that have a head, lowest first; errors as of :meth:`reused`."""
        return upper_stages(backbone, self.stages) if self.stages > 1 else (self.reused(backbone),)

    def taps(self, backbone: Backbone, n: int) -> tuple[Tap, ...]:
        """The activations that must be in the store before :meth:`fit`: the pooled output of the stages with a head."""
        return tuple(Tap(k, True) for k in self.used(backbone))

    def work(self, backbone: Backbone, n: int, of: int) -> Work:
        """A head for each stage."""
        return Work(heads=len(self.used(backbone)))

    def identity(self, backbone: Backbone, train: Examples) -> bytes:
        """All that :meth:`fit` depends on, besides the folds: its own fields and code, features, labels, groups."""
        code = code_digest(
            "jeoni.heads", "jeoni.tasks", "jeoni.strategies.probe", type(build_head(self.head)).__module__
        )
        features = [train.features(backbone, tap).numpy() for tap in self.taps(backbone, len(train))]
        return digest_of(code, repr(self), repr(train.data.task), *features, train.data.targets, train.clusters)

    def fit(self, backbone: Backbone, train: Examples, context: Context) -> Model:
        """Fit the head on the features of ``train``."""
        return self._model(backbone, train, self._fitted(backbone, train))

    def fit_once(self, backbone: Backbone, train: Examples, context: Context) -> Model:
        """The same; a head that was fitted to the same features, labels and folds before is taken from the store."""
        if type(self).fit is not Probe.fit:  # somebody's own way of fitting
            return self.fit(backbone, train, context)
        identity = digest_of("head", self.identity(backbone, train), train.folds)
        fitted = fit_head_once(context.store, identity, lambda: self._fitted(backbone, train))
        return self._model(backbone, train, fitted)

    def _with_head(self, backbone: Backbone, train: Examples) -> tuple[int, ...]:
        """The stages that have a head: without folds there is no temperature by which several could be averaged."""
        used = self.used(backbone)
        return used if len(train.folds) else used[-1:]

    def _fitted(self, backbone: Backbone, train: Examples) -> FittedHead:
        """The topmost stage's head decides about class weights, so that all speak of the same odds."""
        head, task, weights, found = build_head(self.head), task_of(train.data), self.class_weights, list[FittedHead]()
        for stage in reversed(self._with_head(backbone, train)):
            rows = train.features(backbone, Tap(stage, True))
            found.insert(0, head.fit(rows, train.data.targets, task, train.folds, weights, train.clusters))
            weights = found[0].choice.get("class_weights", weights)
        return found[0] if len(found) == 1 else average_heads(found, train.data.targets)

    def _model(self, backbone: Backbone, train: Examples, fitted: FittedHead) -> Model:
        used = self._with_head(backbone, train)
        return Model(
            backbone=side_by_side(backbone, used) if len(used) > 1 else shorten(backbone, used[-1]),
            head=fitted.module,
            head_id=fitted.id or self.head,
            task=fitted.task,
            frozen=used[-1],
            reuse=used[-1],
            choice=fitted.choice,
            candidates=fitted.candidates,
            held_out=fitted.held_out_predictions() if fitted.task.link == "softmax" else None,
        )

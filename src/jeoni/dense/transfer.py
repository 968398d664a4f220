"""One fit of a dense task: the cut, maps from the store, a head, the loop; and the model that comes of it."""

from __future__ import annotations

import time
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from jeoni import plugins
from jeoni.backbones.backbone import Backbone
from jeoni.backbones.cut import Tap, with_state
from jeoni.backbones.maps import MapNetwork, StageMap, map_network
from jeoni.deadline import Spent
from jeoni.dense.heads_on import HEADS, built_head, maps_for, own_head
from jeoni.dense.model import DenseModel
from jeoni.dense.mosaic import refuse_mosaic, with_mosaics
from jeoni.dense.network import DenseNetwork
from jeoni.dense.protocol import DenseHead, DenseTask, HeadFactory
from jeoni.dense.rows import batches_of, held_rows, map_bytes, rows_to_train
from jeoni.dense.tiles import TileCount, refuse_tiles
from jeoni.errors import ConfigError, did_you_mean
from jeoni.features.examples import Context, Examples
from jeoni.locale import Said
from jeoni.modalities.image.tiles import GRID
from jeoni.modalities.inputs.frame import FrameInput
from jeoni.specs import Recipe
from jeoni.specs.settings import configured
from jeoni.training.defaults import ResolvedRecipe, resolve_defaults
from jeoni.training.depth import frozen_alike, frozen_stages, identity_of
from jeoni.training.facts import training_facts
from jeoni.training.forward import as_input
from jeoni.training.groups import build_groups
from jeoni.training.job import Batch, Job
from jeoni.training.loop import train
from jeoni.training.precision import precision_for
from jeoni.types import Array, Quiet

__all__ = [
    "HEADS",
    "OF_STAGES",
    "STRATEGIES",
    "Transfer",
    "build_dense_head",
    "default_head",
    "heads_of",
    "is_tiled",
    "of_head_alone",
]

STRATEGIES = ("probe", "finetune", "scratch")
TIMED = 4  # steps, after a training that warms up
PATIENCE_S = 4.0  # a first step that takes longer is the measurement itself
OF_STAGES = ("learning_rate", "depth_decay")  # options that are about stages that are trained
MOST_VIEWS = 32  # random tiles of a picture that are kept
FEWEST_VIEWS = 2  # random views: with fewer, they are made anew in every epoch
SCRATCH_LENGTH = 2.0  # times as long as with pretrained weights


@dataclass(frozen=True)
class Transfer:
    """How a backbone is transferred to a dense task.

    Attributes:
        task: what is predicted.
        head: makes the head.
        head_id: its id.
        strategy: ``probe`` trains the head alone, ``finetune`` the stages above the cut too, ``scratch`` everything
            from random weights.
        recipe: what the user said of the training.
        tiles: how many tiles pictures have, where frames are tiles; then there are as many more random views and steps.
        mosaic: whether a mosaic of each picture is learned from too; see :mod:`jeoni.dense.mosaic`.
    """

    task: DenseTask
    head: HeadFactory
    head_id: str
    strategy: str = "probe"
    recipe: Recipe = field(default_factory=Recipe)
    tiles: TileCount = field(default_factory=TileCount)
    mosaic: bool = False

    @property
    def copies(self) -> int:
        """Pictures that are learned from, for each that is there."""
        return 2 if self.mosaic else 1

    def frozen(self, backbone: Backbone) -> int:
        """Stages that stay as they are."""
        if self.strategy == "scratch":
            return 0
        if self.strategy == "probe":
            return backbone.n
        return frozen_stages(self.recipe, backbone, backbone.n // 2)

    def resolved(self, backbone: Backbone, n: int) -> ResolvedRecipe:
        """The recipe for ``n`` pictures: what the user said, then what the task prefers."""
        own = {"precision": precision_for(backbone), "augment": self.task.augment, **self.task.recipe}
        own |= getattr(self.head, "recipe", {})
        length = float(own.pop("length", 1.0)) * (SCRATCH_LENGTH if self.strategy == "scratch" else 1.0)
        if is_tiled(backbone):
            return self._of_tiles(backbone, n, own, length)
        recipe = resolve_defaults(self.recipe, own, n, length)
        size = self.copies * n * map_bytes(self.maps(backbone))
        room = int(recipe.cache_gb * 1e9 // size) - 1  # for the plain rows
        return replace(recipe, views=room) if FEWEST_VIEWS <= room < recipe.views else recipe

    def _of_tiles(self, backbone: Backbone, n: int, own: Mapping[str, Any], length: float) -> ResolvedRecipe:
        """Random tiles are views, so that there are some always; a head that is fitted goes over the grid instead."""
        if own["augment"] == "none":
            recipe = resolve_defaults(self.recipe, own, n, length)
            return replace(recipe, augment=GRID, views=self.tiles.most)
        many = {**own, "views": min(MOST_VIEWS, self.tiles.usual * int(own.get("views", ResolvedRecipe.views)))}
        recipe = resolve_defaults(self.recipe, many, n * self.tiles.usual, length)
        room = int(recipe.cache_gb * 1e9 // (n * map_bytes(self.maps(backbone))))
        return replace(recipe, views=room) if FEWEST_VIEWS <= room < recipe.views else recipe

    def maps(self, backbone: Backbone) -> tuple[StageMap, ...]:
        """The stages whose maps the head takes."""
        return maps_for(self.head, backbone, self.task)

    def stored(self, maps: Sequence[StageMap], recipe: ResolvedRecipe, n: int) -> bool:
        """Whether the maps of ``n`` pictures, in all their views, may be kept on the disk."""
        return map_bytes(maps) * self.copies * n * (1 + recipe.views) <= recipe.cache_gb * 1e9

    def taps(self, backbone: Backbone, n: int) -> tuple[Tap, ...]:
        """What must be in the store of ``n`` pictures before :meth:`fit`; nothing where rows are pixels."""
        if is_tiled(backbone):  # plain rows are but the middles of pictures
            return ()
        return tuple(m.tap for m in self.network(backbone, n).kept)

    def network(self, backbone: Backbone, n: int) -> MapNetwork:
        """What takes the rows of ``n`` pictures."""
        maps = self.maps(backbone)
        return map_network(backbone, maps, self.frozen(backbone), self.stored(maps, self.resolved(backbone, n), n))

    def untrained_network(self, backbone: Backbone, n: int, seed: int = 0) -> DenseNetwork:
        """What is trained on ``n`` pictures, its head with fresh weights."""
        return DenseNetwork(self.network(backbone, n), self._head(backbone, seed))

    def trains(self, backbone: Backbone) -> bool:
        """Whether the head is trained by gradients, not fitted in one pass."""
        return self._head(backbone, 0).trains

    def step_s(self, backbone: Backbone, some: Examples, context: Context) -> float:
        """Seconds of a step of the training, timed on a few pictures as they are; 0 of a head that is not trained."""
        recipe = self.resolved(backbone, len(some))
        size = min(recipe.batch_size, len(some))
        timed = replace(recipe, steps=1, views=0, augment="none", batch_size=size)
        quiet = replace(context, console=Quiet(), checkpoints=None, deadline=None, spent=Spent())
        took = []
        for steps in (1, 1, 1 + TIMED):
            network = self.untrained_network(backbone, len(some), context.seed)
            if not network.head.trains:
                return 0.0
            one = replace(timed, steps=steps)
            took.append(self._train(network, backbone, some, one, self.frozen(backbone), quiet)["seconds"])
            if took[0] > PATIENCE_S:
                break
        each: float = max(0.0, took[2] - took[1]) / TIMED if len(took) > 2 else took[0]
        return each * recipe.batch_size / size

    def kind(self, backbone: Backbone) -> Hashable:
        """Of the training: those of one kind take as long for a step."""
        return self.head_id, backbone.fingerprint, self.frozen(backbone), backbone.input

    def memorise_s(self, backbone: Backbone, some: Examples, n: int, context: Context) -> float:
        """Seconds in which a head that is not trained is fitted to ``n`` pictures; told by the work for a few."""
        network = self.untrained_network(backbone, n, context.seed)
        begun = time.perf_counter()
        self._memorise(network, backbone, some, replace(context, console=Quiet()))
        taken = time.perf_counter() - begun
        each, whole = network.head.work(len(some)), network.head.work(n)
        return taken * whole / each if each else taken * n / max(1, len(some))

    def on(self, backbone: Backbone, named: str, settings: Mapping[str, Any]) -> Transfer:
        """The same with the head of the backbone's own checkpoint, where it has one and the user named none.

        Args:
            backbone: as it was loaded.
            named: by the user; empty or ``auto``: none.
            settings: hyper-parameters of the head, by name.
        """
        head = default_head(self.task, named, backbone)
        if head == self.head_id:
            return self
        return replace(self, head=build_dense_head(self.task, head, settings), head_id=head)

    def check(self, backbone: Backbone) -> None:
        """Whether the head can be had this way, before anything is computed.

        Raises:
            ConfigError: the head is fitted in one pass, and the strategy, or an option, is about a training.
        """
        if is_tiled(backbone):
            refuse_tiles(self.task)
            if self.recipe.augment == "none":
                raise ConfigError(Said("dense.tiles_are_views"))
        if self.mosaic:
            refuse_mosaic(self.task)
            if is_tiled(backbone):
                raise ConfigError(Said("dense.tiles_or_mosaic"))
        head = self._head(backbone, 0)
        self._check(head)
        said = ", ".join(f"--{name.replace('_', '-')}" for name in self.recipe.decided)
        if said and not head.trains:
            raise ConfigError(Said("dense.fitted_head", head=self.head_id, options=said))

    def _check(self, head: DenseHead) -> None:
        if not head.trains and self.strategy != "probe":
            raise ConfigError(Said("dense.fitted_only", head=self.head_id, strategy=repr(self.strategy)))

    def _head(self, backbone: Backbone, seed: int) -> DenseHead:
        """A head with fresh weights."""
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            return built_head(self.head, backbone, self.task, self.maps(backbone))

    def fit(self, backbone: Backbone, train_on: Examples, context: Context) -> DenseModel:
        """Train on labelled pictures.

        Args:
            backbone: what to start from, its input whole frames; of ``scratch`` one with random weights.
            train_on: the pictures.
            context: store, engine, seed, console.

        Raises:
            ConfigError: a strategy whose head is not trained.
        """
        recipe, maps = self.resolved(backbone, len(train_on)), self.maps(backbone)
        frozen = self.frozen(backbone)
        head = self._head(backbone, context.seed)
        self._check(head)
        network = DenseNetwork(self.network(backbone, len(train_on)), head)
        if not head.trains:
            self._memorise(network, backbone, train_on, context)
            return self._model(backbone, network, maps, frozen, {})
        training = self._train(network, backbone, train_on, recipe, frozen, context)
        return self._model(backbone, network, maps, frozen, training)

    def _memorise(self, network: DenseNetwork, backbone: Backbone, examples: Examples, context: Context) -> None:
        """Fit a head that remembers normal examples; of tiles, all those of a picture are one cluster."""
        network.eval()
        recipe = self.resolved(backbone, len(examples))
        if is_tiled(backbone):
            rows, _ = rows_to_train(examples, backbone, network.features, recipe, context)
            passes = recipe.views
        else:
            rows, passes = held_rows(examples, backbone, network.features, context), 1

        def maps() -> Iterator[list[Tensor]]:
            for turn in range(passes):
                for _, block in batches_of(rows, 16, turn):
                    with torch.inference_mode():
                        yield network.features(as_input(block, torch.device("cpu")))

        network.head.fit(maps, context.seed, np.tile(examples.clusters, passes))
        if passes > 1:
            network.head.threshold_by(np.tile(np.arange(len(examples)), passes))

    def _train(
        self,
        network: DenseNetwork,
        backbone: Backbone,
        examples: Examples,
        recipe: ResolvedRecipe,
        frozen: int,
        context: Context,
    ) -> dict[str, Any]:
        identity = f"{identity_of(examples)} {self.head_id} {backbone.fingerprint}"
        with context.spent.on("views"):
            if self.mosaic and recipe.views:  # not where a step is timed
                examples = with_mosaics(examples, self.task, backbone.input, context.seed)
                identity += " mosaic"
            rows, said = rows_to_train(examples, backbone, network.features, recipe, context)
        groups = build_groups(backbone, frozen, network.features.prefix, network, recipe)
        job = Job(
            title="Training",
            network=network,
            groups=groups,
            rows=rows,
            targets=np.arange(len(examples)),
            criterion=None,
            recipe=recipe,
            seed=context.seed,
            train_statistics=self.strategy == "scratch",
            loss=_Loss(self.task, network.head, examples.data.targets, network.size),
            identity=identity,
        )
        allowance = context.allowance(self.kind(backbone), recipe.steps)
        with context.spent.on("training"):
            history = train(job, context.checkpoints, context.checkpoint_s, context.console, allowance)
        return training_facts(history, groups, recipe, said, job.train_statistics)

    def _model(
        self,
        backbone: Backbone,
        network: DenseNetwork,
        maps: Sequence[StageMap],
        frozen: int,
        training: dict[str, Any],
    ) -> DenseModel:
        network.cpu().eval()
        above = network.features.network
        merged = backbone if above is None else with_state(backbone, above.state_dict())
        if training:
            training["frozen_identical"] = frozen_alike(backbone, merged, frozen)
        return DenseModel(
            backbone=merged,
            head=network.head,
            head_id=self.head_id,
            task=self.task,
            maps=tuple(maps),
            frozen=frozen,
            reuse=0 if self.strategy == "scratch" else backbone.n,
            settings=asdict(self.head),  # type: ignore[call-overload]  # every factory is a dataclass
            training=training,
        )


@dataclass(frozen=True)
class _Loss:
    """The head's loss on annotations that follow their views."""

    task: DenseTask
    head: DenseHead
    annotations: Array
    size: tuple[int, int]

    def __call__(self, outputs: Tensor, batch: Batch) -> Tensor:
        targets = []
        for i, geometry in zip(batch.index, batch.geometries(), strict=True):
            assert geometry is not None
            targets.append(self.task.moved(self.annotations[i], geometry))
        return self.head.loss(outputs, targets, self.size)


def of_head_alone(recipe: Recipe) -> Recipe:
    """A recipe without what it says of stages of the backbone, where none is trained."""
    return replace(recipe, learning_rate=None, depth_decay=None, frozen="auto")


def is_tiled(backbone: Backbone) -> bool:
    """Whether frames are tiles of pictures."""
    return isinstance(backbone.input, FrameInput) and backbone.input.tiled


def default_head(task: DenseTask, named: str, backbone: Backbone | None = None) -> str:
    """The id of the head: the one that was named, that of the backbone's own checkpoint, or the task's."""
    if named not in ("", "auto"):
        return named
    own = "" if backbone is None else own_head(heads_of(task), backbone)
    return own or task.head


def heads_of(task: DenseTask) -> str:
    """The extension folder of a task's heads."""
    return f"{HEADS}.{task.family or task.id}"


def build_dense_head(task: DenseTask, named: str, settings: Mapping[str, Any] | None = None) -> HeadFactory:
    """What makes the head of that id.

    Args:
        task: whose.
        named: its id.
        settings: its hyper-parameters, by name.

    Raises:
        ConfigError: the task has none of that name, or the head no such setting; the message lists them.
    """
    folder = heads_of(task)
    known = plugins.names(folder)
    if named not in known:
        near = did_you_mean(named, list(known))
        raise ConfigError(Said("dense.no_head", head=repr(named), task=task.id, known=", ".join(known), near=near))
    made: HeadFactory = configured(named, plugins.load(folder, named), settings or {})
    return made

"""The candidates that a plan of places in pictures prices: heads, what is trained, and the size of frames."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from jeoni.backbones.backbone import Backbone
from jeoni.dense.frames import tile_side, with_frame
from jeoni.dense.heads_on import heads_on
from jeoni.dense.protocol import DenseTask
from jeoni.dense.tiles import TileCount, tile_count
from jeoni.dense.transfer import Transfer, build_dense_head, default_head, heads_of, is_tiled, of_head_alone
from jeoni.features.examples import Examples
from jeoni.modalities.inputs.frame import FrameInput
from jeoni.planning.dense_cost import DenseArm, arms_for
from jeoni.planning.dense_pricing import Priced, price_candidates
from jeoni.planning.dense_rules import DenseCandidate, dense_candidates, larger_side
from jeoni.specs import CompareSpec, FitSpec, PlanSpec
from jeoni.types import Dataset
from jeoni.verbs.session.dense_limits import some_examples, within_disk
from jeoni.verbs.session.session import Session

__all__ = ["arms_of_candidates", "frame_of", "in_frames", "priced_candidates", "scale_to", "tiles_of"]

SAMPLE = 50  # pictures whose headers are read


def in_frames(
    plain: Backbone, data: Dataset, task: DenseTask, spec: FitSpec | CompareSpec | PlanSpec, side: int | None = None
) -> Backbone:
    """The backbone in the frames that the options ask for.

    Args:
        plain: as it was loaded.
        data: the pictures.
        task: of them.
        spec: may name a size, or tiles.
        side: another longer side, pixels.
    """
    tile = tile_side(data, spec.tile)
    return with_frame(plain, data, task.longest, side or spec.frame, tile)


def tiles_of(data: Dataset, backbone: Backbone) -> TileCount:
    """How many tiles pictures have in such frames."""
    assert isinstance(backbone.input, FrameInput)
    return tile_count(data, backbone.input)


def arms_of_candidates(
    data: Dataset, task: DenseTask, plain: Backbone, usual: Backbone, spec: FitSpec | PlanSpec
) -> dict[DenseCandidate, DenseArm]:
    """What is priced: every head on frozen features, the task's own also fine-tuned, both in larger frames too.

    Args:
        data: the pictures.
        task: of them.
        plain: the backbone as it was loaded.
        usual: the same in the frames that are taken where nothing is said.
        spec: names a head and a size, or leaves them open.
    """
    heads = heads_on(heads_of(task), usual) if spec.head in ("", "auto") else [spec.head]
    first = default_head(task, spec.head, usual)
    ordered = [first, *[name for name in heads if name != first]]
    asked = spec.recipe
    settings = getattr(spec, "head_settings", {})
    own = {name.removeprefix("head."): value for name, value in settings.items()}
    tiles = tiles_of(data, usual)
    disk, controlled = getattr(spec, "disk_bytes", None), bool(getattr(spec, "control", True))

    def transfer(strategy: str, head: str) -> Transfer:
        recipe = asked if strategy == "finetune" else of_head_alone(asked)
        made = Transfer(task, build_dense_head(task, head, own if head == first else {}), head, strategy, recipe, tiles)
        return within_disk(made, disk, 1 + controlled)

    known = [(head, transfer("probe", head).trains(usual)) for head in ordered]
    larger = None if spec.frame or is_tiled(usual) else larger_side(max(frame_of(usual)), _longest(data, usual))
    frames = {None: usual} | ({larger: in_frames(plain, data, task, spec, larger)} if larger else {})
    candidates = dense_candidates(known, larger)
    pairs = {one: (transfer(one.strategy, one.head), frames[one.side]) for one in candidates}
    return {one: arms_for(data, spec, [pair])[0] for one, pair in pairs.items()}


def frame_of(backbone: Backbone) -> tuple[int, int]:
    """Width and height of its frames, pixels."""
    assert isinstance(backbone.input, FrameInput)
    return backbone.input.size


def _longest(data: Dataset, backbone: Backbone) -> float:
    """The longer side of most pictures, pixels, by the headers of some."""
    sides = []
    for i in np.unique(np.linspace(0, len(data) - 1, min(SAMPLE, len(data))).astype(np.int64)):
        found = backbone.input.extent(data.items.read(int(i)), data.items.name(int(i)))
        if found is not None:
            sides.append(max(found))
    return float(np.median(sides)) if sides else 0.0


def scale_to(backbone: Backbone, data: Dataset) -> float:
    """Pixels of a frame for one of most pictures."""
    longest = _longest(data, backbone)
    return max(frame_of(backbone)) / longest if longest else 1.0


def priced_candidates(
    session: Session,
    data: Dataset,
    arms: Mapping[DenseCandidate, DenseArm],
    *,
    control: bool = True,
    pictures: bool = True,
) -> dict[DenseCandidate, Priced]:
    """What each takes, by a few seconds of its own work; see :func:`.price_candidates`."""
    usual = next(iter(arms.values()))
    calibration = session.calibration(data, usual.backbone)

    def some(arm: DenseArm) -> Examples:
        return some_examples(session, data, [arm], arm.transfer.resolved(arm.backbone, len(data)).batch_size)

    return price_candidates(calibration, arms, some, len(data), control=control, pictures=pictures)

"""The content of ``run.json``: machine, versions, backbone, engine and the cut, stage by stage."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Sequence
from dataclasses import asdict, fields
from itertools import pairwise
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch

from jeoni._version import __version__
from jeoni.backbones.backbone import Backbone
from jeoni.backbones.cut import Tap, Taps
from jeoni.backbones.entry import example
from jeoni.backbones.side_by_side import side_by_side
from jeoni.backbones.stages import Stage, watching
from jeoni.data.annotations import target_bytes
from jeoni.distributed import cores, device
from jeoni.features.engine import Choice
from jeoni.features.extract import Extraction
from jeoni.features.results import digest_of, find_bytes, keep_bytes
from jeoni.features.store import FeatureStore
from jeoni.locale import Said
from jeoni.models.model import Model
from jeoni.runs.environment import machine, peak_memory_mb, versions
from jeoni.runs.records import HeadRecord, TrainingRecord
from jeoni.specs import CommonSpec
from jeoni.types import Dataset
from jeoni.verbs.session.clock import Clock

__all__ = [
    "backbone_record",
    "cut_record",
    "data_digest",
    "data_record",
    "engine_record",
    "head_record",
    "input_words",
    "run_record",
    "stage_table",
    "training_record",
]

MAP_BYTES = 2  # of a number in the store, of maps
PER_FEATURE = 4  # bytes of a pooled feature


def run_record(
    command: str,
    spec: CommonSpec,
    data: Dataset,
    counts: dict[str, int],
    backbone: Backbone,
    seen: Extraction,
    clock: Clock,
    warnings: Sequence[str],
    own: dict[str, Any],
) -> dict[str, Any]:
    """The content of ``run.json``: a :class:`RunRecord`, and what a strategy of somebody else may add within it.

    Args:
        command: that repeats the run.
        spec: its options.
        data: what was read.
        counts: of examples, by what became of them.
        backbone: what was transferred from.
        seen: the extraction of all examples.
        clock: of the run.
        warnings: of the run, in order.
        own: fields that only some verbs fill.
    """
    rate = seen.computed / seen.seconds if seen.computed else None
    engine = engine_record(seen.choices[0], rate, seen.decoded_by)
    content = {
        "jeoni": __version__,
        "created": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        "command": command,
        "spec": asdict(spec),
        "seed": spec.seed,
        "versions": versions(),
        "machine": machine(cores(), str(device())),
        "data": data_record(data, counts, seen),
        "backbone": backbone_record(backbone),
        "engine": engine,
        "timings": {**clock.total(), "images_per_s": engine["images_per_s"]},
        "calls": clock.calls,
        "warnings": [str(text) for text in warnings],
        "warned": {str(text): text.as_dict() for text in (*warnings, *engine["notes"]) if isinstance(text, Said)},
        "peak_memory_mb": peak_memory_mb(),
    }
    return content | own


def head_record(name: str, model: Model) -> dict[str, Any]:
    """The head, and what the folds decided about it; several tasks or labels have a choice each, in the model."""
    plain = {k: v for k, v in model.choice.items() if not isinstance(v, (dict, list))}
    backbone = model.backbone
    stages = [backbone.stages[number - 1].name for number in backbone.beside]
    declared = _declared(HeadRecord, plain)
    return {"name": name, **declared, "candidates": model.candidates, "stages": stages, "dim": backbone.dim}


class Transferred(Protocol):
    """What came of a backbone: a model, or another backbone."""

    @property
    def backbone(self) -> Backbone:
        """The network now."""

    @property
    def frozen(self) -> int:
        """Stages that were not trained."""

    @property
    def reuse(self) -> int:
        """Stages that started from weights that were there."""

    @property
    def training(self) -> dict[str, Any]:
        """How the others were trained; empty where nothing was."""


def training_record(model: Transferred) -> dict[str, Any]:
    """How the stages above the cut were trained; empty where nothing was."""
    return _declared(TrainingRecord, model.training) if model.training else {}


def _declared(kind: Any, content: dict[str, Any]) -> dict[str, Any]:
    """The fields that a record declares, and all others under ``details``: a strategy may add its own."""
    names = {f.name for f in fields(kind)} - {"details"}
    return {k: v for k, v in content.items() if k in names} | {
        "details": {k: v for k, v in content.items() if k not in names}
    }


def cut_record(backbone: Backbone, model: Transferred, store: FeatureStore | None = None) -> dict[str, Any]:
    """Where the network was cut, and its stages; what was measured of them stays in the store."""
    return {"frozen": model.frozen, "reuse": model.reuse, "stages": stage_table(backbone, model, store)}


def backbone_record(backbone: Backbone) -> dict[str, Any]:
    """Name, size and origin."""
    origin = backbone.provenance
    return {
        "name": backbone.name,
        "architecture": backbone.architecture,
        "source": origin.source,
        "licence": origin.licence,
        "sha256": origin.sha256,
        "url": origin.url,
        "parameters": sum(p.numel() for p in backbone.network.parameters()),
        "dim": backbone.dim,
    }


def _counted(data: Dataset) -> dict[str, Any]:
    """The task, and how many examples each class or label has where there are such."""
    if data.task is None:
        return {"task": "", "classes": {}}
    known = data.task.known(data.targets)
    rows = data.task.rows(data.targets[known]) if data.task.link in ("softmax", "sigmoid") else []
    return {"task": data.task.id, "classes": dict(rows)}


def engine_record(choice: Choice | None, images_per_s: float | None, decoded_by: str = "") -> dict[str, Any]:
    """The engine of the frozen stages, and who decoded; ``cache`` where nothing had to be run."""
    if choice is None:
        return {"name": "cache", "precision": "", "cosine": None, "images_per_s": None, "notes": []}
    return {
        "name": choice.name,
        "precision": choice.precision,
        "cosine": round(choice.cosine, 6),
        "images_per_s": images_per_s and round(images_per_s, 1),
        "notes": list(choice.notes),
        "decoded_by": decoded_by,
    }


def stage_table(backbone: Backbone, model: Transferred, store: FeatureStore | None = None) -> list[dict[str, Any]]:
    """One record per stage of the backbone: parameters, what was done to it, output shape, ms per example on noise.

    ``state`` is ``frozen``, ``trained``, ``new`` (trained from random weights), ``untouched`` (above the cut, but
    nothing of it was trained) or ``dropped``. ``batch_norm`` is ``own`` (the statistics it came with), ``batch``, or
    empty where the stage has none. ``kept_bytes`` is what the store keeps of each example behind the stage, or None.
    """
    shapes, seconds = _measured_stages(backbone, store)
    named = dict(backbone.network.named_parameters())
    rates = model.training.get("rates", {})
    statistics = model.training.get("statistics", "own")
    kept = _kept(backbone, model)
    records = []
    for k, stage in enumerate(backbone.stages):
        records.append(
            {
                "name": stage.name,
                "parameters": sum(named[p].numel() for p in stage.parameters if p in named),
                "frozen": k < model.frozen,
                "state": _state(k, stage.name, model),
                "batch_norm": _batch_norm(stage, "own" if k < model.frozen else statistics),
                "kept_bytes": kept.get(k + 1),
                "learning_rate": rates.get(stage.name, {}).get("learning_rate"),
                "output_shape": shapes[k],
                "ms_per_image": round(1000 * max(0.0, seconds[k]), 3),
            }
        )
    return records


def _kept(backbone: Backbone, model: Transferred) -> dict[int, int]:
    """Bytes that the store keeps of each example, by how many stages have run: of several where a head takes these."""
    if model.backbone.beside:
        return {stage: PER_FEATURE * side_by_side(backbone, (stage,)).dim for stage in model.backbone.beside}
    rows = model.training.get("rows", {"cached": True, "row_bytes": PER_FEATURE * backbone.dim})
    if not rows["cached"]:
        return {}
    maps = {m.stage: MAP_BYTES * m.numbers for m in getattr(model, "maps", ()) if m.stage <= model.frozen}
    rest = rows["row_bytes"] - sum(maps.values())  # what is taken at the cut itself
    if maps and (rest <= 0 or model.frozen in maps):
        return maps
    return {**maps, model.frozen: rest}


def _measured_stages(backbone: Backbone, store: FeatureStore | None) -> tuple[list[list[int]], list[float]]:
    """Output shapes and seconds per example of the stages, on noise; once for each backbone on a machine."""
    what, here = "shapes and times of stages", machine(cores(), str(device()))
    size = json.dumps(backbone.input.describe(), sort_keys=True)
    identity = digest_of(backbone.fingerprint, size, repr(here), torch.__version__)
    kept = find_bytes(store, what, identity) if store is not None else None
    if kept is not None:
        found = json.loads(kept)
        return found["shapes"], found["seconds"]
    n = 2
    images = example(backbone.input, n)
    taps = tuple(Tap(k, False) for k in range(1, backbone.n + 1))
    with torch.inference_mode():
        shapes = [_shape(t) for t in Taps(backbone, taps)(images[:1])]
        seconds = [each / n for each in _seconds_to_each_stage(backbone, images)]
    if store is not None:
        keep_bytes(store, what, identity, json.dumps({"shapes": shapes, "seconds": seconds}).encode())
    return shapes, seconds


def _shape(value: Any) -> list[int]:
    """Without the batch; empty for several tensors that go from stage to stage together."""
    return list(value.shape[1:]) if isinstance(value, torch.Tensor) else []


def _batch_norm(stage: Stage, statistics: str) -> str:
    return statistics if any(p.endswith("running_mean") for p in stage.parameters) else ""


def _state(k: int, name: str, model: Transferred) -> str:
    if k >= model.backbone.n:
        return "dropped"
    if k < model.frozen:
        return "frozen"
    if name not in model.training.get("rates", {}):
        return "untouched"
    return "new" if k >= model.reuse else "trained"


def _seconds_to_each_stage(backbone: Backbone, images: torch.Tensor) -> list[float]:
    """Time from the end of one stage to the end of the next, eager; the least of three passes, after one to warm up."""
    reached: dict[str, float] = {}
    points = {stage.modules[-1]: stage.name for stage in backbone.stages[:-1] if stage.modules}
    passes = []
    with watching(backbone.network, set(points), lambda name, _: reached.update({points[name]: time.perf_counter()})):
        for _ in range(4):
            start = time.perf_counter()
            backbone.network(images)
            end = time.perf_counter()
            ends = [reached.get(stage.name, start) for stage in backbone.stages[:-1]] + [end]
            passes.append([b - a for a, b in pairwise([start, *ends])])
    return [min(times) for times in zip(*passes[1:], strict=True)]


def input_words(inputs: dict[str, Any]) -> list[str | Dataset]:
    """A verb's inputs as they would be typed, for :func:`jeoni.specs.written.command_line`.

    Args:
        inputs: by argument; empty texts are left out. ``data`` stands without its name; what is in memory is its name
            in capitals, and a Dataset itself.
    """
    words: list[str | Dataset] = []
    for name, given in inputs.items():
        if isinstance(given, str) and not given:
            continue
        known = given if isinstance(given, Dataset) else str(given) if isinstance(given, (str, Path)) else name.upper()
        words += [known] if name == "data" else [f"--{name}", known]
    return words


def data_record(data: Dataset, counts: dict[str, int], seen: Extraction) -> dict[str, Any]:
    """The data, with a hash over all content and labels."""
    return {
        "name": data.name,
        "origin": data.origin,
        **_counted(data),
        "groups": None if data.groups is None else len(np.unique(data.groups)),
        "sha256": data_digest(data, seen),
        **counts,
    }


def data_digest(data: Dataset, seen: Extraction) -> str:
    """The hexadecimal sha256 of all content and labels, in their order."""
    content = hashlib.sha256()
    for digest in seen.digests:
        content.update(digest)
    if data.targets.dtype == object:
        for target in data.targets:  # the array itself holds nothing but references
            content.update(target_bytes(target))
    else:
        content.update(data.targets.tobytes())
    return content.hexdigest()

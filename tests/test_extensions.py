"""The table of extension points holds, and a file that is dropped into one of their folders is found and used."""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Callable
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

import jeoni
from jeoni import plugins
from jeoni.adaptation import AutoAdaptedClassifier, FewLabels, diagnose
from jeoni.backbones.catalog import list_backbones, load_backbone
from jeoni.cli._app import app
from jeoni.data.kinds import Columns
from jeoni.data.read import load_labelled
from jeoni.dense.reading import dense_task_of, read_dense
from jeoni.errors import ConfigError
from jeoni.evaluation.evaluate import evaluate
from jeoni.extensions import POINTS
from jeoni.report import render
from jeoni.report.result import result_card
from jeoni.runs import read_json
from tests.conftest import TINY, save_photos
from tests.dense.made import save_masks
from tests.made_tasks import classes
from tests.made_zero_shot import corners

ROOT = Path(__file__).parent.parent
NAME = "dropped_in"


@pytest.mark.parametrize("point", POINTS, ids=[p.name for p in POINTS])
def test_an_extension_point_has_folders_users_tests_and_a_row_in_the_contributors_table(point):
    for folder in point.folders:
        assert plugins.names(folder)
        for name in plugins.names(folder):
            assert plugins.describe(folder, name)
    assert (ROOT / point.tests).is_dir()
    assert point.used_by
    table = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    row = next(line for line in table.splitlines() if line.startswith(f"| {point.one} |"))
    assert point.offers in row and point.tests in row and point.used_by in row


@pytest.fixture
def drop(tmp_path, monkeypatch):
    """``drop("jeoni.heads", text)`` adds the file ``dropped_in.py`` to an extension folder for one test."""
    added = []

    def add(folder: str, text: str) -> None:
        place = tmp_path / folder
        place.mkdir()
        (place / f"{NAME}.py").write_text(f'"""Dropped in (Nobody 2026): a test."""\n{text}', encoding="utf-8")
        importlib.import_module(folder).__path__.append(str(place))
        added.append((folder, str(place)))
        importlib.invalidate_caches()
        plugins._folder.cache_clear()

    yield add
    for folder, place in added:
        package = importlib.import_module(folder)
        package.__path__.remove(place)
        sys.modules.pop(f"{folder}.{NAME}", None)
        if hasattr(package, NAME):
            delattr(package, NAME)
    plugins._folder.cache_clear()


def features(path: Path, seed: int = 0, shift: float = 0.0, each: int = 40) -> Path:
    """Two classes in three columns."""
    rng = np.random.default_rng(seed)
    y = np.arange(2 * each) % 2
    np.savez(path, X=rng.normal(size=(2 * each, 3)) + 3 * y[:, None] + shift, y=y)
    return path


def domains(n: int = 200, d: int = 4):
    """A target that is moved and on another scale."""
    rng = np.random.default_rng(0)
    ys, yt = np.arange(n) % 2, np.arange(n) % 2
    Xs, Xt = (rng.normal(size=(n, d)) + 2 * y[:, None] for y in (ys, yt))
    return Xs, ys, 0.3 * Xt + 2, yt


TASK = """
from dataclasses import dataclass
from typing import ClassVar
from jeoni.tasks.classification import Classification

__all__ = ["DroppedIn"]


@dataclass(frozen=True)
class DroppedIn(Classification):
    id: ClassVar[str] = "dropped_in"
"""


def use_task(tmp_path: Path) -> None:
    jeoni.fit(features(tmp_path / "a.npz"), task=NAME, control=False, folds=2, repeats=1, out=tmp_path / "run")
    assert type(jeoni.load_model(tmp_path / "run").task).__name__ == "DroppedIn"


METRIC = """
import numpy as np

__all__ = ["DroppedIn"]


class DroppedIn:
    title = "Of a stranger"
    unit = ""
    higher_is_better = True

    def __call__(self, targets, predictions, weights):
        return np.full(len(weights), 0.25)
"""


def use_metric(tmp_path: Path) -> None:
    found = evaluate(classes(["no", "yes"]), np.array([0, 1, 0, 1]), np.full((4, 2), 0.5))
    assert found.metrics[NAME].value == 0.25


STRATEGY = """
from dataclasses import dataclass
from jeoni.strategies.probe import Probe

__all__ = ["DroppedIn"]


@dataclass(frozen=True)
class DroppedIn(Probe):
    temper: float = 1.0

    def fit(self, backbone, train, context):
        model = super().fit(backbone, train, context)
        model.choice["temper"] = self.temper
        return model
"""


def use_strategy(tmp_path: Path) -> None:
    quick = {"strategy": NAME, "set": "temper=0.5", "control": False, "folds": 2, "repeats": 1}
    result = jeoni.fit(features(tmp_path / "a.npz"), out=tmp_path / "run", **quick)
    assert result.model.choice["temper"] == 0.5


HEAD = """
from dataclasses import dataclass
import torch
from torch import nn
from jeoni.heads.fitting.protocol import FittedHead

__all__ = ["DroppedIn"]


class Module(nn.Module):
    def __init__(self, dim, width):
        super().__init__()
        self.register_buffer("shares", torch.zeros(width))
        self.register_buffer("temperature", torch.ones(()))

    def forward(self, features):
        return self.shares.expand(len(features), -1) / self.temperature


@dataclass(frozen=True)
class DroppedIn:
    def build(self, dim, width):
        return Module(dim, width)

    def fit(self, features, targets, task, folds, class_weights, clusters=None):
        module = Module(features.shape[1], task.width)
        module.shares.copy_(torch.bincount(torch.as_tensor(targets), minlength=task.width).log())
        return FittedHead(module.eval(), {"class_weights": "none", "temperature": 1.0}, task)
"""


def use_head(tmp_path: Path) -> None:
    quick = {"head": NAME, "control": False, "folds": 2, "repeats": 1}
    jeoni.fit(features(tmp_path / "a.npz"), out=tmp_path / "run", **quick)
    model = jeoni.load_model(tmp_path / "run")
    assert model.head_id == NAME and type(model.head).__name__ == "Module"


ADAPTER = """
import numpy as np
from typing import ClassVar
from jeoni.adaptation.adapter import Adapter, Remedy
from jeoni.heads.fitting.maps import Affine

__all__ = ["DroppedIn"]


class DroppedIn(Adapter):
    remedies: ClassVar[tuple[Remedy, ...]] = (Remedy("subspace", rank=0),)

    def _fit(self, Xs, ys, Xt):
        self.scale_ = Xs.std(0) / Xt.std(0)
        self.shift_ = Xs.mean(0) - self.scale_ * Xt.mean(0)

    def _map(self, X, source):
        return X if source else self.scale_ * X + self.shift_

    def moves(self):
        return (Affine(np.diag(self.scale_), self.shift_),)
"""


def use_adapter(tmp_path: Path) -> None:
    source, target = features(tmp_path / "a.npz"), features(tmp_path / "b.npz", seed=1, shift=6.0)
    result = jeoni.adapt(source, target, method=NAME, out=tmp_path / "run")
    assert result.metrics["target"]["metrics"]["accuracy"]["value"] > 0.9
    Xs, ys, Xt, _ = domains()
    assert AutoAdaptedClassifier().fit(Xs, ys, Xt).tried_[1].name == NAME


DEEP = """
from dataclasses import dataclass
from jeoni.adaptation.alignment import Alignment

__all__ = ["DroppedIn"]


@dataclass(frozen=True)
class DroppedIn(Alignment):
    power: float = 2.0

    def alignment(self, batch, step):
        apart = batch.source_features.mean(0) - batch.target_features.mean(0)
        return apart.abs().pow(self.power).sum()
"""


def use_deep(tmp_path: Path, make_photos: Callable[..., Path]) -> None:
    source, target = make_photos("here"), make_photos("there", first=50)
    quick = {"backbone": TINY, "steps": 2, "batch_size": 8, "views": 1}
    result = jeoni.adapt(source, target, method=NAME, set="power=1", out=tmp_path / "run", **quick)
    assert result.method == NAME


FEW = """
from dataclasses import dataclass
from jeoni.adaptation.few_labels import FewLabelAdapter

__all__ = ["DroppedIn"]


@dataclass
class DroppedIn(FewLabelAdapter):
    def fit(self, task):
        self._fitted = task.learner.fit(task.rows, task.labels, self.strength)
        return self
"""


def use_few(tmp_path: Path) -> None:
    Xs, ys, Xt, yt = domains()
    known = np.where(np.arange(len(yt)) < 20, yt, -1)
    assert FewLabels(NAME).fit(Xs, ys, Xt, known).method_ == NAME
    assert NAME in FewLabels("auto").fit(Xs, ys, Xt, known).losses_


VALIDATOR = """
from dataclasses import dataclass

__all__ = ["DroppedIn"]


@dataclass(frozen=True)
class DroppedIn:
    blind_to = ()
    margins = {"moves": 1.0, "moves far": 1.0, "weighs rows": 1.0, "represents": 1.0}

    def __call__(self, candidate):
        return 0.5
"""


def use_validator(tmp_path: Path) -> None:
    """Its margin is out of reach, so nothing is trusted any more."""
    Xs, ys, Xt, _ = domains()
    found = AutoAdaptedClassifier().fit(Xs, ys, Xt)
    assert all(gains[NAME] == 0.0 for gains in found.gains_.values()) and len(found.gains_) > 2
    assert found.chosen_ == "source_only"


DISTANCE = """
from dataclasses import dataclass

__all__ = ["DroppedIn"]


@dataclass(frozen=True)
class DroppedIn:
    seed: int = 0

    def __call__(self, Xs, Xt):
        return 40.0 + self.seed
"""


def use_distance(tmp_path: Path) -> None:
    Xs, ys, Xt, _ = domains()
    found = diagnose(Xs, ys, Xt, seed=2)
    assert found.distances[NAME] == 42.0
    assert any("dropped in 42" in sentence for sentence in found.sentences)


SCORE = """
from dataclasses import dataclass
from typing import ClassVar

__all__ = ["DroppedIn"]


@dataclass(frozen=True)
class DroppedIn:
    title: ClassVar[str] = "of a stranger"
    needs: ClassVar[str] = "features"

    def __call__(self, features, labels, groups=None):
        return 42.0
"""


def use_score(tmp_path: Path) -> None:
    found = jeoni.score(features(tmp_path / "a.npz"), out=tmp_path / "run", quiet=True)
    assert found.metrics["candidates"][0]["scores"][NAME]["value"] == 42.0
    assert "of a stranger" in found.report.read_text(encoding="utf-8")


QUERY = """
from dataclasses import dataclass
from typing import ClassVar
import numpy as np
from jeoni.querying.choosing.pool import Chosen

__all__ = ["DroppedIn"]


@dataclass(frozen=True)
class DroppedIn:
    first: int = 0

    needs_labels: ClassVar[bool] = False
    score: ClassVar[str] = "none"

    def __call__(self, pool, budget):
        return Chosen(np.arange(self.first, self.first + budget), np.zeros(budget))
"""


def use_query(tmp_path: Path) -> None:
    np.savez(tmp_path / "pool.npz", X=np.random.default_rng(0).normal(size=(30, 3)))
    found = jeoni.query(tmp_path / "pool.npz", method=NAME, set="first=4", budget=2, out=tmp_path / "run")
    assert found.queries["path"].tolist() == ["row 4", "row 5"]
    simulated = {"simulate": True, "budget": 8, "draws": 2, "rounds": 2, "method": NAME}
    found = jeoni.query(features(tmp_path / "a.npz"), out=tmp_path / "again", **simulated)
    assert found.metrics["simulation"]["methods"][0]["name"] == NAME


CLUSTERING = """
from dataclasses import dataclass
import numpy as np
from jeoni.clustering.protocol import Clusterer

__all__ = ["DroppedIn"]


@dataclass(frozen=True)
class DroppedIn(Clusterer):
    column: int = 0

    def fit(self, spaces, clusters, seed):
        places = spaces[0][:, self.column].argsort().argsort()
        return (places * clusters // len(places)).astype(np.int64)
"""


def use_clustering(tmp_path: Path) -> None:
    quick = {"clusters": 2, "repeats": 2, "pictures": False, "set": "column=1"}
    result = jeoni.cluster(features(tmp_path / "a.npz"), method=NAME, out=tmp_path / "run", **quick)
    assert result.metrics["method"] == NAME
    assert [c["size"] for c in result.metrics["clusters"]] == [40, 40]


ENGINE = """
from jeoni.features.engines.torch import TorchEngine

__all__ = ["DroppedIn"]


class DroppedIn(TorchEngine):
    name = "dropped_in"
"""


def use_engine(tmp_path: Path, make_photos) -> None:
    result = jeoni.fit(make_photos(), backbone=TINY, engine=NAME, control=False, out=tmp_path / "run")
    assert read_json(result.run / "run.json")["engine"]["name"] == NAME


PRETRAINING = """
from dataclasses import dataclass
from typing import ClassVar

from jeoni.backbones.cut import Tap
from jeoni.pretraining.learning.method import Pretrained

__all__ = ["DroppedIn"]


@dataclass(frozen=True)
class DroppedIn:
    modalities: ClassVar[tuple[str, ...]] = ("vector",)
    supervised: ClassVar[bool] = False
    times: int = 1

    def taps(self, backbone, n, recipe):
        return (Tap(backbone.n, True),)

    def learn(self, start):
        return Pretrained(start.backbone, start.backbone.n, start.backbone.n, details={"times": float(self.times)})
"""


def use_pretraining(tmp_path: Path) -> None:
    found = jeoni.pretrain(features(tmp_path / "a.npz"), method=NAME, set="times=3", out=tmp_path / "run")
    assert found.metrics["details"] == {"times": 3.0} and found.outcome == "unclear"


SOURCE = """
from jeoni.backbones.sources.untrained import Untrained

__all__ = ["DroppedIn"]


class DroppedIn:
    def names(self):
        return ["one"]

    def load(self, name, weights):
        return Untrained().load("test_resnet", weights)
"""


def use_source(tmp_path: Path) -> None:
    assert load_backbone(f"{NAME}:one").n > 1
    assert any(str(one["name"]).endswith("one") and one["source"] == NAME for one in list_backbones())


DENSE_TASK = """
from dataclasses import dataclass
from typing import ClassVar
from jeoni.dense.tasks.segmentation import Segmentation

__all__ = ["DroppedIn"]


@dataclass(frozen=True)
class DroppedIn(Segmentation):
    id: ClassVar[str] = "dropped_in"
    headline: ClassVar[str] = "dice"
"""


def use_dense_task(tmp_path: Path) -> None:
    root = save_masks(tmp_path / "squares", 8)
    data = load_labelled(str(root), Columns())
    found = read_dense(data, NAME)
    assert dense_task_of(found).id == NAME
    assert read_dense(data).task.id == "segmentation" or NAME < "segmentation"
    options = {"head": "linear", "folds": 2, "steps": 2, "views": 1, "control": False, "quiet": True}
    result = jeoni.fit(str(root), out=tmp_path / "run", backbone=TINY, task=NAME, **options)  # a path, and its name
    assert result.model.task.id == NAME and result.metrics["headline"] == "dice"
    assert jeoni.evaluate(tmp_path / "run", str(root), quiet=True).n == 8


DENSE_HEAD = """
from dataclasses import dataclass
from jeoni.dense.heads.segmentation.linear import Linear

__all__ = ["DroppedIn"]


@dataclass(frozen=True)
class DroppedIn(Linear):
    wide: int = 3
"""


def use_dense_head(tmp_path: Path) -> None:
    root = save_masks(tmp_path / "squares", 8)
    options = {"head": NAME, "set": "wide=5", "folds": 2, "steps": 2, "views": 1, "control": False, "quiet": True}
    result = jeoni.fit(str(root), out=tmp_path / "run", backbone=TINY, task="segmentation", **options)
    assert result.model.head_id == NAME and result.model.settings == {"wide": 5}


FORMAT = """
from dataclasses import dataclass
from typing import ClassVar
import numpy as np
from jeoni.data.annotations import Boxes
from jeoni.data.annotations.notes import Notes
from jeoni.data.annotations.pictures import Picture, dataset_of_pictures

__all__ = ["DroppedIn"]


@dataclass(frozen=True)
class DroppedIn:
    title: ClassVar[str] = "A stranger's boxes"
    tasks: ClassVar[tuple[str, ...]] = ("detection",)
    needs: ClassVar[str] = "boxes.txt"
    by_request: ClassVar[bool] = False

    def recognises(self, root):
        return (root / "boxes.txt").is_file()

    def read(self, root, options):
        pictures = []
        for line in (root / "boxes.txt").read_text().splitlines():
            name, *box = line.split()
            boxes = Boxes(np.array([box], dtype=float), ("cat",))
            pictures.append(Picture(root / name, name, boxes))
        return dataset_of_pictures(root, pictures, options, Notes())
"""


def use_format(tmp_path: Path) -> None:
    root = save_photos(tmp_path / "photos", classes=1, each=2)
    (root / "boxes.txt").write_text("class_0/000.png 1 2 30 40\nclass_0/001.png 0 0 8 8\n")
    data = load_labelled(str(root), Columns())
    assert [data.items.name(i) for i in range(2)] == ["class_0/000.png", "class_0/001.png"]
    assert data.targets[0].boxes.tolist() == [[1, 2, 30, 40]] and data.targets[1].names == ("cat",)


VERB = """
from dataclasses import dataclass

from jeoni.specs import SeedOptions, Spec, option

__all__ = ["count"]


@dataclass(frozen=True, kw_only=True)
class CountSpec(Spec, SeedOptions):
    times: int = option(1, "How many times.")


@dataclass(frozen=True)
class Counted:
    summary: str


def count(word: str, spec: CountSpec | None = None, *, loud: bool = False, console=None) -> Counted:
    '''Say a word.

    Args:
        word: what is said.
        spec: how often.
        loud: in capitals.
        console: is told of progress.
    '''
    spec = spec or CountSpec()
    return Counted(" ".join([word.upper() if loud else word] * spec.times) + f" {spec.seed}")
"""


def use_verb(tmp_path: Path) -> None:
    assert getattr(jeoni, NAME)("ho", loud=True).summary == "HO 0"
    said = CliRunner().invoke(app, [NAME, "ho", "--times", "2", "--seed", "7"])
    assert said.exit_code == 0 and "ho ho 7" in said.stdout
    assert "Dropped in (Nobody 2026)" in CliRunner().invoke(app, ["--help"]).stdout
    told = CliRunner().invoke(app, [NAME, "--help"]).stdout
    assert "What is said" in told and "--times" in told and "In capitals" in told and "--console" not in told
    assert told.endswith("Examples:\n  jeoni dropped-in WORD\n")


TRANSDUCTIVE = """
from dataclasses import dataclass
import numpy as np

__all__ = ["DroppedIn"]


@dataclass(frozen=True)
class DroppedIn:
    def __call__(self, support, labels, queries, classes):
        return np.tile(np.eye(classes)[0], (len(queries), 1))
"""


def use_transductive(tmp_path: Path) -> None:
    drawn = {"ways": 2, "shots": 1, "queries": 5, "episodes": 4, "methods": f"transductive:{NAME}", "quiet": True}
    found = jeoni.episodes(features(tmp_path / "a.npz"), **drawn)
    assert found.interval(f"transductive:{NAME}")[0] == 0.5


PAGE = """
from jeoni.report.card import Card

__all__ = ["DroppedIn"]


class DroppedIn:
    def view(self, run, record, figures, words):
        return {"headline": "A page of a stranger", "details": []}

    def card(self, run, language):
        return Card("A card of a stranger", "", [])
"""
TEMPLATE = """{% extends "page.html" %}{% import "parts.html" as part with context %}
{% block header %}{{ part.headlines() }}{% endblock %}
{% block sections %}{% endblock %}"""


def use_page(tmp_path: Path) -> None:
    run = jeoni.fit(features(tmp_path / "a.npz"), control=False, folds=2, repeats=1, out=tmp_path / "run").run
    record = read_json(run / "run.json")
    (run / "run.json").write_text(json.dumps(record | {"kind": NAME}), encoding="utf-8")
    place = next(p for p in importlib.import_module("jeoni.report.pages").__path__ if p.startswith(str(tmp_path)))
    (Path(place) / f"{NAME}.html").write_text(TEMPLATE, encoding="utf-8")
    assert "A page of a stranger" in render(run).read_text(encoding="utf-8")
    assert "A card of a stranger" in result_card(run)


ZERO_SHOT = """
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from jeoni.zero_shot_learning.semantics.protocol import Compatibility

__all__ = ["DroppedIn"]


@dataclass(frozen=True)
class DroppedIn:
    space: ClassVar[str] = "seen"
    attributes: ClassVar[bool] = False
    strength: float = 1.0

    def settings(self):
        return [{"strength": self.strength}]

    def candidates(self, features, labels, vectors, settings, seed):
        for setting in settings:
            means = np.array([features[labels == k].mean(0) for k in range(len(vectors))])
            yield Compatibility(np.linalg.pinv(vectors) @ means, np.zeros(vectors.shape[1]))
"""


def use_zero_shot(tmp_path: Path) -> None:
    result = jeoni.zero_shot(**corners(), method=NAME, set="strength=2", out=tmp_path / "run", pictures=False)
    assert result.method == NAME and result.metrics["learned"]["setting"] == {"strength": 2.0}
    assert result.metrics.accuracy.value == 1.0


CALIBRATION = """
from dataclasses import dataclass

import numpy as np

__all__ = ["DroppedIn"]


@dataclass(frozen=True)
class DroppedIn:
    def __call__(self, scores, neutral):
        return np.array([0.0, 1e6])
"""


def use_calibration(tmp_path: Path) -> None:
    """It takes so much from the second class that all goes to the first."""
    result = jeoni.zero_shot(**corners(), calibration=NAME, out=tmp_path / "run", pictures=False)
    assert result.metrics["calibration"] == NAME
    assert [one["predicted"] for one in result.metrics["classes"]] == [40, 0]


DROPPED: dict[str, tuple[str, str, Callable[..., None]]] = {
    "tasks": ("jeoni.tasks", TASK, use_task),
    "metrics": ("jeoni.evaluation.metrics.classification", METRIC, use_metric),
    "strategies": ("jeoni.strategies", STRATEGY, use_strategy),
    "heads": ("jeoni.heads", HEAD, use_head),
    "transductive": ("jeoni.few_shot.transductive", TRANSDUCTIVE, use_transductive),
    "adapters": ("jeoni.adaptation.shallow", ADAPTER, use_adapter),
    "deep": ("jeoni.adaptation.deep", DEEP, use_deep),
    "few": ("jeoni.adaptation.few", FEW, use_few),
    "validators": ("jeoni.adaptation.validators", VALIDATOR, use_validator),
    "zero-shot": ("jeoni.zero_shot_learning", ZERO_SHOT, use_zero_shot),
    "calibrations": ("jeoni.zero_shot_learning.calibrations", CALIBRATION, use_calibration),
    "clustering": ("jeoni.clustering.methods", CLUSTERING, use_clustering),
    "distances": ("jeoni.transferability.distances", DISTANCE, use_distance),
    "scores": ("jeoni.transferability.scores", SCORE, use_score),
    "queries": ("jeoni.querying", QUERY, use_query),
    "engines": ("jeoni.features.engines", ENGINE, use_engine),
    "pretraining": ("jeoni.pretraining", PRETRAINING, use_pretraining),
    "sources": ("jeoni.backbones.sources", SOURCE, use_source),
    "dense-tasks": ("jeoni.dense.tasks", DENSE_TASK, use_dense_task),
    "dense-heads": ("jeoni.dense.heads.segmentation", DENSE_HEAD, use_dense_head),
    "formats": ("jeoni.data.annotations.formats", FORMAT, use_format),
    "verbs": ("jeoni.verbs", VERB, use_verb),
    "pages": ("jeoni.report.pages", PAGE, use_page),
}
ELSEWHERE = {"inputs"}  # tests/modalities drops one in


def test_every_extension_point_is_tried_with_a_file_of_a_stranger():
    assert {p.name for p in POINTS} == {*DROPPED, *ELSEWHERE}


@pytest.mark.parametrize("point", DROPPED)
def test_a_file_that_is_dropped_in_is_found_and_used(point, drop, tmp_path, request):
    folder, text, use = DROPPED[point]
    drop(folder, text)
    assert NAME in plugins.names(folder) and "Nobody 2026" in plugins.describe(folder, NAME)
    more: dict[str, Any] = (
        {"make_photos": request.getfixturevalue("make_photos")} if point in ("deep", "engines") else {}
    )
    use(tmp_path, **more)


@pytest.mark.parametrize("task", ["regression", "multilabel"])
def test_a_metric_that_is_dropped_in_is_one_of_its_task(task, drop):
    drop(f"jeoni.evaluation.metrics.{task}", METRIC)
    made = {"regression": {"size": [1.0, 2.0]}, "multilabel": {"labels": ["a|b", "a"]}}[task]
    assert NAME in plugins.load("jeoni.tasks", task).read(made)[0].metrics()


def test_an_entry_point_of_another_package_is_used_like_a_file(monkeypatch):
    one = EntryPoint("strangers", "jeoni.transferability.distances.energy:Energy", "jeoni.transferability.distances")
    monkeypatch.setattr(plugins, "entry_points", lambda group: [one] if group == one.group else [])
    Xs, ys, Xt, _ = domains()
    found = diagnose(Xs, ys, Xt).distances
    assert found["strangers"] == found["energy"]


def test_a_distance_that_cannot_be_computed_is_left_out(drop):
    drop("jeoni.transferability.distances", DISTANCE.replace("return 40.0 + self.seed", 'raise ValueError("few rows")'))
    Xs, ys, Xt, _ = domains()
    assert NAME not in diagnose(Xs, ys, Xt).distances


def test_a_validator_without_margins_takes_no_part(drop):
    drop("jeoni.adaptation.validators", VALIDATOR.replace("margins =", "others ="))
    Xs, ys, Xt, _ = domains()
    found = AutoAdaptedClassifier().fit(Xs, ys, Xt)
    assert found.gains_ and all(NAME not in gains for gains in found.gains_.values())


def test_a_margin_for_an_unknown_kind_of_repair_is_refused(drop):
    drop("jeoni.adaptation.validators", VALIDATOR.replace('"moves far"', '"moved"'))
    Xs, ys, Xt, _ = domains()
    with pytest.raises(ConfigError, match=r"dropped_in has a margin for 'moved'; kinds of repair are moves, "):
        AutoAdaptedClassifier().fit(Xs, ys, Xt)


def test_a_folder_within_an_extension_folder_is_no_extension():
    assert "fitting" not in plugins.names("jeoni.heads")


@pytest.mark.parametrize("group, found", [("jeoni.heads", True), ("console_scripts", False)])
def test_packages_are_asked_for_extensions_only_where_one_names_a_group(tmp_path, monkeypatch, group, found):
    folder = tmp_path / "theirs-1.0.dist-info"
    folder.mkdir()
    (folder / "entry_points.txt").write_text(f"[{group}]\nmine = theirs:Mine\n")
    monkeypatch.setattr("sys.path", [str(tmp_path), str(tmp_path / "missing")])
    plugins._others_join.cache_clear()
    try:
        assert plugins._others_join() is found
        assert [e.name for e in plugins.entry_points(group)] == (["mine"] if found else [])
    finally:
        plugins._others_join.cache_clear()

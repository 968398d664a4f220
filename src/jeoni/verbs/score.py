"""Which pretrained network suits the data: transferability scores of backbones, and what was then measured."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

import numpy as np

from jeoni.assessment.candidates import Contender, candidates_of, held_out_scores, taps_of_stages
from jeoni.assessment.scoring import Measured, Sizes, scoring_metrics, scoring_rows
from jeoni.assessment.split import Split, split_examples
from jeoni.backbones.backbone import Backbone
from jeoni.backbones.catalog import default_backbone, load_classifier, packaged_here
from jeoni.console import console_for
from jeoni.data.checks import check_labels
from jeoni.errors import ConfigError, DataError, JeoniError
from jeoni.features.examples import Examples
from jeoni.features.extract import Request
from jeoni.heads.fitting.named import build_head
from jeoni.locale import language_of
from jeoni.planning.scoring import estimate_score
from jeoni.runs import RunFolder
from jeoni.runs.issues import write_issues
from jeoni.runs.records import ScoringMetrics
from jeoni.specs import ScoreSpec
from jeoni.specs.keywords import ScoreKeywords
from jeoni.tasks import read_targets, task_of
from jeoni.tasks.classification import Classification
from jeoni.transferability.labelled import drawn_rows
from jeoni.transferability.scoring import build_scores, score_candidate
from jeoni.types import Console, Dataset
from jeoni.verbs.session.keywords import takes_options
from jeoni.verbs.session.reading import choose_backbone, own_test_set, read
from jeoni.verbs.session.result import Metrics, RunResult
from jeoni.verbs.session.session import Session

if TYPE_CHECKING:
    from pandas import DataFrame

__all__ = ["ScoreResult", "score"]

MOST = 5000  # training items that scores see; of more, as many are drawn, the same for all candidates
AUTO = "auto"


@dataclass(frozen=True, repr=False)
class ScoreResult(RunResult):
    """The result of scoring backbones.

    Attributes:
        run: the run folder, with ``scores.csv``.
        metrics: the content of ``metrics.json``: candidates, the most accurate first, and how each score ordered them.
        summary: the outcome in a few sentences.
    """

    run: Path
    metrics: Metrics
    summary: str

    @property
    def scores(self) -> DataFrame:
        """Of each candidate its held-out accuracy and every score, the most accurate first."""
        return self._table("scores.csv")


@takes_options(ScoreSpec)
def score(
    data: Any,
    spec: ScoreSpec | None = None,
    *,
    out: str | Path | None = None,
    overwrite: bool = False,
    console: Console | None = None,
    quiet: bool = False,
    command: str = "",
    **options: Unpack[ScoreKeywords],
) -> ScoreResult:
    """Score backbones, and their stages, on labelled data, and say how well the scores foretold what was measured.

    Scores see the training part only; then a head on frozen features is measured on the held-out part. Features and
    heads are kept, so that a run that was interrupted goes on where it stopped when it is called again.

    Args:
        data: as for :func:`jeoni.fit`; labels are classes.
        spec: all options; see :class:`jeoni.ScoreSpec`.
        out: the run folder; ``runs/<data>-score-<time>`` if left out.
        overwrite: replace a run that is there.
        console: where remarks and progress are shown; left out, on the terminal or in the notebook.
        quiet: show neither.
        command: how the run was called, for the record.
        options: those of ``spec`` by their names, below; None is the default.

    Raises:
        DataError: data that cannot be used: numbers or several labels in the place of classes, or one example a class.
        ConfigError: an option that cannot be used, or no backbone at hand.
        WeightsError: an unknown backbone.

    Example:
        ``jeoni.score("photos/", stages=True).scores``
    """
    test = own_test_set(options)
    spec = (spec or ScoreSpec()).changed(**options)
    session = Session("score", spec, console_for(console, quiet, spec.language), command)
    with session.step("read"):
        session.check(out, overwrite=overwrite)
        scores = build_scores(spec.score_names)
        build_head(spec.head)
        dataset = _of_classes(read_targets(read(data, spec, test=spec.test if test is None else test), AUTO))
        findings = check_labels(dataset)
    folder = out or RunFolder.named_for(f"{dataset.name}-score")
    inputs = {"data": data if test is None else dataset}
    with session.recording(inputs, folder, overwrite=overwrite):
        with session.step("load"):
            contenders = _contenders(session, dataset, spec)
        requests = [Request(c.backbone, taps_of_stages(c.backbone, spec.stages)) for c in contenders]
        with session.step("calibrate"), session.optional("An estimate of the time"):
            calibration = session.calibration(dataset, contenders[0].backbone, spec.head)
            session.tell(estimate_score(calibration, requests, spec, session.passed_s))
        ready = session.prepare(dataset, requests, findings)
        with session.step("check"):
            split = split_examples(
                ready.data, ready.seen, ready.checked, folds=spec.folds, repeats=1,
                test_fraction=spec.test_fraction, least=0, seed=spec.seed,
            )  # fmt: skip
            _check_enough(split)
        with session.step("score"):
            found = _measured(session, contenders, requests, split, scores, spec)
        with session.step("evaluate"):
            assert split.test is not None
            scored, width = min(len(split.train), MOST), task_of(split.train.data).width
            sizes = Sizes(len(split.train), scored, len(split.test), width)
            metrics = scoring_metrics(
                found, scores, split.test.groups, sizes, head=spec.head, stages=spec.stages,
                resamples=spec.resamples, seed=spec.seed, language=language_of(spec.language),
            )  # fmt: skip
        if session.is_main:
            with session.step("write"):
                write_issues(session.run, ready.findings)
                session.run.write_csv("scores.csv", *scoring_rows(metrics))
                session.run.write_record("metrics.json", ScoringMetrics, metrics)
            counts = {"items": len(ready.data), "train": sizes.train, "test": sizes.test, "skipped": ready.skipped}
            best = next(c for c in contenders if c.name == metrics["candidates"][0]["backbone"])
            kinds = dict(Counter(f.kind for f in ready.findings))
            session.finish(ready, best.backbone, counts, [dataset], kind="scoring", findings=kinds)
    return ScoreResult(session.run.final, Metrics(metrics, {}), metrics["summary"])


def _of_classes(data: Dataset) -> Dataset:
    """The data themselves.

    Raises:
        DataError: another task than telling classes apart.
    """
    if not isinstance(data.task, Classification):
        kind = data.task.id if data.task is not None else "unknown"
        raise DataError(
            f"The labels make a task of {kind}, and scores ask how well classes are told apart. Give one column of "
            "classes; see --label-column."
        )
    return data


def _check_enough(split: Split) -> None:
    """Raise a DataError where no class has two training examples."""
    if np.bincount(split.train.data.targets).max() < 2:
        raise DataError(
            f"There are {len(split.train)} training examples, one of each class; scores ask how alike examples of one "
            "class are, so two of a class are needed at least. Add examples."
        )


def _contenders(session: Session, data: Dataset, spec: ScoreSpec) -> list[Contender]:
    """The backbones that were named, or all that are at hand; of the latter, one that cannot take the data is left out.

    Raises:
        ConfigError: none is at hand.
    """
    automatic = spec.backbones == (AUTO,)
    names = _at_hand(data) if automatic else spec.backbones
    found = []
    for name in names:
        try:
            found.append(_contender(name, data, spec))
        except JeoniError as error:
            if not automatic:
                raise
            session.console.warn(f"The backbone {name} is left out: {error}")
    if not found:
        raise ConfigError(
            f"No backbone for {data.modality} data is at hand. Install one of `jeoni list backbones`, or name one: "
            "--backbones timm:resnet50."
        )
    return found


def _at_hand(data: Dataset) -> list[str]:
    """Every packaged backbone that is installed, and the default one without training."""
    usual = default_backbone(data)
    if data.modality == "vector":
        return [usual]
    return [*packaged_here(data.modality), f"untrained:{usual}"]


def _contender(name: str, data: Dataset, spec: ScoreSpec) -> Contender:
    options = spec.of_backbone_named(default_backbone(data) if name == AUTO else name)
    backbone: Backbone = choose_backbone(data, options)
    classifier = load_classifier(options.backbone, options.weights)
    arrays = None if classifier is None else (classifier[0].numpy(), classifier[1].numpy())
    return Contender(options.backbone, backbone, arrays)


def _measured(
    session: Session,
    contenders: Sequence[Contender],
    requests: Sequence[Request],
    split: Split,
    scores: dict[str, Any],
    spec: ScoreSpec,
) -> list[Measured]:
    """Score every candidate on the training part, and measure a head on the held-out part."""
    examples = _scored_part(split.train)
    labels, groups = examples.data.targets, examples.groups
    found = []
    total = sum(len(request.taps) for request in requests)
    with session.console.track("Scoring", total) as advance:
        for contender, request in zip(contenders, requests, strict=True):
            for tap, candidate in candidates_of(contender, examples, request.taps):
                values = score_candidate(candidate, labels, groups, scores, resamples=spec.resamples, seed=spec.seed)
                right = held_out_scores(spec.head, contender.backbone, tap, split, session.context)
                dim = candidate.features.shape[1]
                bare = replace(candidate, features=candidate.features[:0], posteriors=None)
                found.append(Measured(bare, dim, contender.backbone.n, values, right))
            advance(len(request.taps))
    return found


def _scored_part(train: Examples) -> Examples:
    """All training examples, or as many as are enough for scores."""
    some = drawn_rows(len(train), MOST, 0)
    return train if len(some) == len(train) else train.select(some, train.folds[:, some])

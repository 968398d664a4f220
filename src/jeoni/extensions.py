"""Every extension point in one table: where its files lie, what they offer, who uses them, and what tests them.

To add one more of a kind is to write one file; ``jeoni list``, the contract tests and CONTRIBUTING.md go by this table.
Packages of others join through an entry point whose group is the folder's dotted name, such as ``jeoni.heads``.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["POINTS", "ExtensionPoint", "folders_of"]


@dataclass(frozen=True)
class ExtensionPoint:
    """One kind of extension.

    Attributes:
        name: as in ``jeoni list NAME``.
        one: a single one of them, with its article.
        folders: dotted names of the folders its files lie in.
        offers: what a file must offer.
        used_by: who uses it without being told its name.
        tests: the folder of its contract tests.
    """

    name: str
    one: str
    folders: tuple[str, ...]
    offers: str
    used_by: str
    tests: str


METRIC = "`title`, `unit`, `higher_is_better`, `__call__(targets, predictions, weights) -> (B,)`"

POINTS = (
    ExtensionPoint(
        "tasks", "a task", ("jeoni.tasks",),
        "a frozen dataclass: what a target is, its loss, decoding and scores; see `jeoni.tasks.Task`",
        "`--task`, every strategy, report and model folder", "tests/tasks/",
    ),
    ExtensionPoint(
        "metrics", "a metric",
        tuple(f"jeoni.evaluation.metrics.{task}" for task in ("classification", "regression", "multilabel")),
        METRIC, "every evaluation of its task", "tests/evaluation/",
    ),
    ExtensionPoint(
        "strategies", "a strategy", ("jeoni.strategies",),
        "a frozen dataclass with `taps(backbone, n)` and `fit(backbone, train, context) -> Model`",
        "`fit --strategy`, `compare --strategies`; its other fields by `--set`", "tests/strategies/",
    ),
    ExtensionPoint(
        "heads", "a head", ("jeoni.heads",),
        "`build(dim, width)`, `fit(features, targets, task, folds, class_weights, clusters)`",
        "`--head`, in every strategy; its fields by `--set head.NAME=VALUE`", "tests/heads/",
    ),
    ExtensionPoint(
        "transductive", "a transductive method", ("jeoni.few_shot.transductive",),
        "a frozen dataclass, `__call__(support, labels, queries, classes) -> (m, classes)` probabilities",
        "`jeoni episodes --methods transductive:NAME`", "tests/few_shot/",
    ),
    ExtensionPoint(
        "adapters", "an adapter", ("jeoni.adaptation.shallow",),
        "a class on `Adapter`: `_fit(Xs, ys, Xt)` and, where rows move, `_map(X, source)` and `moves()`; `remedies`",
        "`adapt --method`, and `auto` for the shifts that `remedies` declares", "tests/adaptation/",
    ),
    ExtensionPoint(
        "deep", "a deep method", ("jeoni.adaptation.deep",),
        "a frozen dataclass on `Alignment`: `alignment(batch, step)`, or `updates(step)`",
        "`adapt --method`", "tests/adaptation/",
    ),
    ExtensionPoint(
        "few", "a method for few labels", ("jeoni.adaptation.few",),
        "a dataclass on `FewLabelAdapter`: `fit(task)` and `probs(rows)`",
        '`FewLabels`, also `FewLabels("auto")`', "tests/adaptation/",
    ),
    ExtensionPoint(
        "pretraining", "a way of pretraining", ("jeoni.pretraining",),
        "a frozen dataclass with `modalities`, `taps(backbone, n, recipe)` and `learn(start) -> Pretrained`",
        "`pretrain --method`; its fields by `--set`", "tests/pretraining/",
    ),
    ExtensionPoint(
        "validators", "a validator", ("jeoni.adaptation.validators",),
        "a frozen dataclass, `__call__(candidate) -> float`, higher is better; `margins` by kind of repair",
        "`adapt --method auto`, where it declares margins", "tests/adaptation/",
    ),
    ExtensionPoint(
        "zero-shot", "a zero-shot method", ("jeoni.zero_shot_learning",),
        "a frozen dataclass with `space`: `names` and `scores(vectors)`, or `seen`, `attributes`, `settings()` and "
        "`candidates(features, labels, vectors, settings, seed)`",
        "`zero-shot --method`; its fields by `--set`", "tests/zero_shot/",
    ),
    ExtensionPoint(
        "calibrations", "a calibration of class names", ("jeoni.zero_shot_learning.calibrations",),
        "a frozen dataclass, `__call__(scores, neutral) -> (classes,)`, what is taken from the scores",
        "`zero-shot --calibration`", "tests/zero_shot/",
    ),
    ExtensionPoint(
        "clustering", "a way of clustering", ("jeoni.clustering.methods",),
        "a frozen dataclass on `Clusterer`: `fit(spaces, clusters, seed) -> (n,)`",
        "`cluster --method`; its fields by `--set`", "tests/clustering/",
    ),
    ExtensionPoint(
        "distances", "a distance", ("jeoni.transferability.distances",),
        "a frozen dataclass, `__call__(Xs, Xt) -> float`; its fields `most` and `seed` are set",
        "`jeoni diagnose`, and the diagnosis of `adapt --method auto`", "tests/transferability/",
    ),
    ExtensionPoint(
        "scores", "a transferability score", ("jeoni.transferability.scores",),
        "a frozen dataclass, `title`, `needs` (`features`, `posteriors` or `facts`) and "
        "`__call__(rows, labels, groups) -> float`, higher is better; `resampled` where an interval is cheap",
        "`jeoni score`", "tests/transferability/",
    ),
    ExtensionPoint(
        "queries", "a query method", ("jeoni.querying",),
        "a frozen dataclass with `needs_labels` and `score`, `__call__(pool, budget) -> Chosen`",
        "`query --method`, also in a simulation, and `adapt --query`; its fields by `--set`", "tests/querying/",
    ),
    ExtensionPoint(
        "engines", "an inference engine", ("jeoni.features.engines",),
        "`missing()`, `precisions()`, `compile(...)`", "`--engine auto`: the first that gives what torch gives",
        "tests/features/",
    ),
    ExtensionPoint(
        "inputs", "an input", ("jeoni.modalities.inputs",),
        "a frozen dataclass on `Input`: `kind`, `modality`, `bounds`, `open`, `row`, `example_rows`",
        "backbones that are built on it, and saved models of that `kind`", "tests/modalities/",
    ),
    ExtensionPoint(
        "dense-tasks", "a task on places in pictures", ("jeoni.dense.tasks",),
        "a frozen dataclass on `DenseTask`: what annotations it takes, how they follow a view, evidence and scores",
        "every fit of annotations that it takes; its own by `--task`", "tests/dense/tasks/",
    ),
    ExtensionPoint(
        "dense-heads", "a head on feature maps",
        tuple(f"jeoni.dense.heads.{task}" for task in ("detection", "segmentation", "pose", "anomaly")),
        "a frozen dataclass, `build(task, maps) -> DenseHead`; the head has `forward`, `loss` (or `fit`) and `decode`",
        "`--head` of its task; its fields by `--set`", "tests/dense/heads/",
    ),
    ExtensionPoint(
        "formats", "a format of annotations", ("jeoni.data.annotations.formats",),
        "a frozen dataclass with `title`, `tasks`, `needs`, `by_request`, `recognises(root) -> bool` and "
        "`read(root, options) -> Dataset`; also `writes` and `write(folder, predicted)`",
        "every verb that reads such data: what it recognises needs no option", "tests/data/annotations/",
    ),
    ExtensionPoint(
        "sources", "a backbone source", ("jeoni.backbones.sources",),
        "`load(name, weights) -> Backbone`, `names() -> list[str]`", "`--backbone SOURCE:NAME`, `jeoni list backbones`",
        "tests/backbones/",
    ),
    ExtensionPoint(
        "verbs", "a verb", ("jeoni.verbs",),
        "a function; its `spec`, a dataclass of options, and its other parameters become the command's",
        "`jeoni VERB` and `jeoni.VERB(…)`; a file in `src/jeoni/cli/` only to show its result better", "tests/verbs/",
    ),
    ExtensionPoint(
        "pages", "a report page", ("jeoni.report.pages",),
        "a class with `view(run, record, figures, words)` and `card(run, language)`, and a template `NAME.html` beside "
        "it or in `report/templates`",
        "`jeoni report`, for runs whose `kind` is the file's name", "tests/report/",
    ),
)  # fmt: skip


def folders_of(name: str) -> tuple[str, ...]:
    """The folders of an extension point; none where there is none of that name.

    Example:
        >>> folders_of("heads")
        ('jeoni.heads',)
    """
    return next((point.folders for point in POINTS if point.name == name), ())

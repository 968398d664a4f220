"""The options of each verb as keyword arguments. Written by ``scripts/write_keywords.py``: do not edit.

Every option may be None, which is its default. A verb takes them as ``**options: Unpack[FitKeywords]``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, TypedDict

__all__ = [
    "AdaptKeywords",
    "BackboneKeywords",
    "BudgetKeywords",
    "ClusterKeywords",
    "ColumnKeywords",
    "CompareKeywords",
    "ComputeKeywords",
    "DiagnoseKeywords",
    "EpisodesKeywords",
    "EvaluateKeywords",
    "FitKeywords",
    "FrameKeywords",
    "HeadKeywords",
    "LanguageKeywords",
    "LeakKeywords",
    "PlanKeywords",
    "PredictKeywords",
    "PretrainKeywords",
    "QueryKeywords",
    "RecipeKeywords",
    "ScoreKeywords",
    "SeedKeywords",
    "SettingKeywords",
    "SeveralBackboneKeywords",
    "SigmaKeywords",
    "SubjectKeywords",
    "TaskKeywords",
    "TestSetKeywords",
    "TimeKeywords",
    "ZeroShotKeywords",
]


class RecipeKeywords(TypedDict, total=False):
    """How weights are trained. What is None or ``auto`` is decided by the strategy and by the data's size."""

    frozen: str | None
    """The lowest stages that stay as they are: how many, or the name of the last one."""

    reuse: str | None
    """With layer_reuse, the lowest stages that are kept: how many, or the last one's name."""

    steps: int | None
    """Training steps; left out, they grow with the root of the data's size."""

    epochs: int | None
    """
    The length of the training in passes over the training examples, in the place of --steps: a pass has as many
    steps as there are batches.
    """

    batch_size: int | None
    """Examples in a step."""

    learning_rate: float | None
    """Learning rate of the topmost trained stage."""

    head_learning_rate: float | None
    """Learning rate of the head."""

    depth_decay: float | None
    """Each stage's learning rate is that of the stage above times this."""

    weight_decay: float | None
    """Decoupled weight decay; none for biases and normalisation."""

    warmup: float | None
    """The share of the steps in which learning rates rise; then they fall as a cosine."""

    label_smoothing: float | None
    """Probability that is spread over all classes."""

    mixup: float | None
    """Strength of mixup (Beta distribution); 0 is none."""

    augment: Literal["auto", "none", "light", "strong", "medical", "scale", "mosaic"] | None
    """Random views of the items; mosaic, for boxes only, also learns from parts of four pictures put together."""

    views: int | None
    """How many random views are kept of each item; each epoch draws one."""

    logit_adjustment: float | None
    """Strength of the logit adjustment against imbalance; 0 is none."""

    ema: float | None
    """Decay of the moving average of the weights; 0 is none."""

    patience: int | None
    """Patience: evaluations of the held-out part without progress before training stops; 0 is no limit."""

    accumulate: int | None
    """Gradient accumulation: parts in which a step's examples go through the network."""

    precision: Literal["auto", "float32", "bfloat16"] | None
    """What training computes in."""

    deterministic: bool | None
    """
    On a GPU, add up in one order, so that the same training ends with the same weights; without, it is faster.
    """

    cache_gb: float | None
    """Room for cached activations; what does not fit is computed again in every epoch."""


class SettingKeywords(TypedDict, total=False):
    """Hyper-parameters of the extension file that a verb was asked to use."""

    set: str | Mapping[str, Any] | None
    """
    Hyper-parameters of the strategy or method, such as temperature=2,weight=0.5; head.hidden=128 is the head's.
    """


class LanguageKeywords(TypedDict, total=False):
    """The language of what a person reads."""

    language: Literal["auto", "en", "ko"] | None
    """The language of the output and the report; auto goes by LC_ALL or LANG."""


class SeedKeywords(TypedDict, total=False):
    """The seed."""

    seed: int | None
    """The seed of all random choices."""


class ComputeKeywords(TypedDict, total=False):
    """How the frozen stages are run."""

    engine: str | None
    """What runs the frozen stages; see `jeoni doctor`."""

    device: str | None
    """
    What it is computed on: auto (a GPU if there is one), cpu, cuda, cuda:1 (the second GPU), mps (a Mac's GPU).
    """

    on: str | None
    """
    Where the frozen stages are run: here, ray (processes on this machine), or a Ray cluster: ray://HOST:PORT, or
    HOST:PORT on one of its machines.
    """

    workers: int | None
    """
    How many threads or processes read and decode; left out, one per core. On Ray: processes; left out, one per GPU
    or core.
    """

    decoding: Literal["auto", "threads", "processes"] | None
    """
    What decodes images and recordings: threads, or processes, which many cores need; auto goes by the cores and the
    number of items.
    """

    strict: bool | None
    """Stop at the first bad item instead of skipping it."""


class BackboneKeywords(TypedDict, total=False):
    """The pretrained network, and how an example becomes its input."""

    backbone: str | None
    """What to transfer from: a name from `jeoni list backbones`, or source:name; auto goes by the data."""

    weights: str | Path | None
    """A local weights file for the backbone (safetensors, or a plain state dict)."""

    crop: Literal["squash", "center"] | None
    """How an image becomes a square: whole but squashed, or its centre."""

    seconds: float | None
    """Seconds of each recording that are used, its middle; left out, the data decide."""

    window: str | None
    """
    Of images of more than 8 bits, such as scans, the values that become black and white: LOW,HIGH or CENTER/WIDTH;
    left out, each file's own window, or else the range of the data.
    """


class ColumnKeywords(TypedDict, total=False):
    """Which columns of a table, or which numbers of a mask, hold what."""

    image_column: str | None
    """The column that holds images or their paths (recognised if left out)."""

    text_column: str | None
    """The column that holds texts (recognised if left out)."""

    audio_column: str | None
    """The column that holds recordings or their paths (recognised if left out)."""

    label_column: str | Sequence[Any] | None
    """The column that holds the labels (recognised if left out); several, separated by commas."""

    group_column: str | None
    """A column whose groups (patient, panel, video) are never split."""

    group_pattern: str | None
    """A regular expression; its group, matched below a class's folder, names an item's group."""

    frames: Literal["middle", "all"] | None
    """Of a DICOM file of several frames: its middle one, or all, as examples of one group."""

    class_names: str | Sequence[Any] | None
    """
    Of masks and boxes that number their classes: a file with a name in each line (or name,r,g,b), or names
    separated by commas.
    """

    void: str | Sequence[Any] | None
    """Names or numbers of classes in masks or boxes of which nothing is to be learned."""


class LeakKeywords(TypedDict, total=False):
    """The treatment of items that are on both sides of a split."""

    keep_leaks: bool | None
    """Keep training items that are also in the test set."""


class AdaptKeywords(
    LeakKeywords,
    ColumnKeywords,
    BackboneKeywords,
    ComputeKeywords,
    SeedKeywords,
    LanguageKeywords,
    SettingKeywords,
    RecipeKeywords,
    total=False,
):
    """Everything that decides an adaptation."""

    method: str | Sequence[Any] | None
    """
    How to adapt; auto tries what suits the shift, and stays with the source model in doubt. Several, with commas
    between, are scored side by side.
    """

    query: int | None
    """Do not adapt yet: propose so many target items to label, which --labels then reads."""

    class_weights: Literal["auto", "balanced", "none"] | None
    """Weights against imbalance of the source."""

    pictures: bool | None
    """Also make the report's pictures; without them a short run is shorter still."""

    folds: int | None
    """Folds of the training part that decide every choice."""

    repeats: int | None
    """How often the folds are drawn anew; left out, the data's size decides."""


class SeveralBackboneKeywords(BackboneKeywords, total=False):
    """One pretrained network, or several."""

    backbone: str | None
    """
    What to transfer from: a name from `jeoni list backbones`, or several with commas between; auto goes by the
    data.
    """


class ClusterKeywords(
    SeveralBackboneKeywords,
    LeakKeywords,
    ColumnKeywords,
    BackboneKeywords,
    ComputeKeywords,
    SeedKeywords,
    LanguageKeywords,
    SettingKeywords,
    total=False,
):
    """Everything that decides a clustering."""

    clusters: int | None
    """How many clusters; left out, the number that two halves of the data agree on most."""

    method: str | None
    """How to cluster; see `jeoni list clustering`."""

    scaling: Literal["auto", "whitened", "unit", "standardized", "none"] | None
    """
    How features are made ready: whitened (for networks), unit length, standardized columns, or as they are; auto is
    whitened for a backbone and standardized for vectors.
    """

    repeats: int | None
    """Random parts of the items that are clustered too, to see how stable clusters are."""

    control: bool | None
    """Also cluster features of an untrained backbone, and raw pixels, words or spectra."""

    control_items: int | None
    """The most examples that the untrained backbone is run on; a number above that of the examples takes all."""

    pictures: bool | None
    """Also make the report's pictures; without them a short run is shorter still."""


class TimeKeywords(TypedDict, total=False):
    """The time that a run may take."""

    budget: str | None
    """
    The time that the run may take, such as 90s, 10m or 1h30m: trainings are planned into it. Such a run can come
    out otherwise on another machine.
    """


class HeadKeywords(TypedDict, total=False):
    """The head on top of the backbone."""

    head: str | None
    """What is put on top; see `jeoni list heads`. auto is linear, and gda where labels are few."""

    class_weights: Literal["auto", "balanced", "none"] | None
    """Weights against imbalance."""


class SigmaKeywords(TypedDict, total=False):
    """How keypoints of several subjects are scored."""

    oks_sigma: float | None
    """
    Of keypoints of several subjects, how far annotators differ, in shares of the root of a subject's area, such as
    0.05: average precision is told with it. Of people as COCO marks them it is known.
    """


class TestSetKeywords(TypedDict, total=False):
    """The items that decide nothing and are scored."""

    test: Any
    """An own test set: a folder or table like the data."""


class FrameKeywords(TypedDict, total=False):
    """The size at which pictures are computed where places are marked in them."""

    image_size: str | None
    """
    Of places in pictures, the size at which they are computed: the longer side in pixels, or width and height as
    640x480; left out, the task and the pictures decide. Twice the side costs four times as much.
    """

    tile: str | None
    """
    Of places in large pictures, the side of square parts that are computed at the picture's own resolution, such as
    512, and merged; auto does so of pictures of 2000 pixels and more. Left out, pictures are computed whole.
    """


class TaskKeywords(TypedDict, total=False):
    """The task."""

    task: str | None
    """
    What is predicted: classification, regression, multilabel or multitask; of places in pictures detection,
    segmentation, pose or anomaly; auto goes by the labels.
    """


class CompareKeywords(
    LeakKeywords,
    ColumnKeywords,
    BackboneKeywords,
    ComputeKeywords,
    SeedKeywords,
    LanguageKeywords,
    TaskKeywords,
    FrameKeywords,
    TestSetKeywords,
    SigmaKeywords,
    HeadKeywords,
    RecipeKeywords,
    TimeKeywords,
    total=False,
):
    """Everything that decides a comparison."""

    strategies: str | Sequence[Any] | None
    """
    What is compared, separated by commas; the last is the control. Hyper-parameters behind a colon: lora:rank=4.
    """

    budgets: str | Sequence[Any] | None
    """Labels per class, separated by commas."""

    folds: int | None
    """Folds of the training part that decide every choice."""

    repeats: int | None
    """Training draws; without an own test set each has a fold of its own to be tested on."""

    measure: Literal["auto", "accuracy", "balanced_accuracy"] | None
    """What is compared; auto is balanced accuracy for draws of as many per class where classes are unequal."""

    stages: bool | None
    """Also probe every stage's features."""

    halving: bool | None
    """Only the better half of the strategies goes on to the next larger budget."""


class DiagnoseKeywords(
    LeakKeywords,
    ColumnKeywords,
    BackboneKeywords,
    ComputeKeywords,
    SeedKeywords,
    LanguageKeywords,
    total=False,
):
    """Everything that decides a diagnosis of the shift between two domains."""


class EpisodesKeywords(
    LeakKeywords,
    ColumnKeywords,
    BackboneKeywords,
    ComputeKeywords,
    SeedKeywords,
    LanguageKeywords,
    total=False,
):
    """Everything that decides an evaluation by episodes."""

    methods: str | Sequence[Any] | None
    """Heads, and transductive methods as transductive:NAME, separated by commas."""

    ways: int | None
    """Classes in an episode."""

    shots: int | None
    """Examples of each class to learn from."""

    queries: int | None
    """Examples of each class to be tested on."""

    episodes: int | None
    """How many episodes are drawn."""

    dirichlet: float | None
    """Concentration of the query classes' frequencies, such as 2; left out, all classes are equally frequent."""


class SubjectKeywords(TypedDict, total=False):
    """Where the boxes come from in which keypoints of several subjects are found."""

    boxes: str | None
    """
    Of keypoints, the boxes of subjects: a model that `jeoni fit` made for detection, a JSON as COCO has it with
    boxes, or whole, where each picture shows one subject.
    """


class EvaluateKeywords(
    ColumnKeywords,
    SubjectKeywords,
    ComputeKeywords,
    SigmaKeywords,
    SeedKeywords,
    LanguageKeywords,
    total=False,
):
    """Everything that decides how a saved model is scored."""


class BudgetKeywords(TimeKeywords, total=False):
    """The time and the disk that a run may take."""

    disk: str | None
    """
    The most that the run may add to the feature cache, such as 500MB or 5GB: what does not fit is computed again
    whenever it is needed.
    """


class FitKeywords(
    LeakKeywords,
    ColumnKeywords,
    BackboneKeywords,
    ComputeKeywords,
    SeedKeywords,
    LanguageKeywords,
    TaskKeywords,
    FrameKeywords,
    TestSetKeywords,
    SigmaKeywords,
    SettingKeywords,
    HeadKeywords,
    RecipeKeywords,
    BudgetKeywords,
    total=False,
):
    """Everything that decides a fit."""

    strategy: str | None
    """
    How to transfer; see `jeoni list strategies`. plan goes by the data, and tries what trains where --budget allows
    it.
    """

    plan: str | None
    """A plan.json that `jeoni plan` wrote, or its run folder: do what it says."""

    test_fraction: float | None
    """The share kept as test set when none is given."""

    folds: int | None
    """Folds of the training part that decide every choice."""

    repeats: int | None
    """How often the folds are drawn anew; left out, the data's size decides."""

    drop_suspects: bool | None
    """Leave items whose label is probably wrong out of training; none is left out of what scores."""

    control: bool | None
    """Also measure an untrained backbone on the same folds."""

    control_items: int | None
    """The most examples that the untrained backbone is run on; a number above that of the examples takes all."""

    pictures: bool | None
    """Also make the report's pictures; without them a short run is shorter still."""


class PlanKeywords(
    SeveralBackboneKeywords,
    LeakKeywords,
    ColumnKeywords,
    BackboneKeywords,
    ComputeKeywords,
    SeedKeywords,
    LanguageKeywords,
    TaskKeywords,
    FrameKeywords,
    TestSetKeywords,
    HeadKeywords,
    RecipeKeywords,
    BudgetKeywords,
    total=False,
):
    """Everything that decides a plan."""

    test_fraction: float | None
    """The share that a fit would keep as test set when none is given; a plan does not look at it."""

    folds: int | None
    """Folds of the training part that decide every choice."""

    repeats: int | None
    """How often the folds are drawn anew; left out, the data's size decides."""

    costs: bool | None
    """Also measure what the candidates that train would take."""

    pictures: bool | None
    """Also make the report's pictures; without them a short run is shorter still."""


class PredictKeywords(SubjectKeywords, ComputeKeywords, total=False):
    """Everything that decides how a saved model predicts."""

    column: str | None
    """A table's column of items; left out, that of the fit, or a recognised one."""

    format: str | None
    """
    Of places in pictures, the format of the files in --out: voc, coco, yolo, mask_png, deeplabcut, labelme; left
    out, the one that the model learned from, else the usual one.
    """

    frames: Literal["middle", "all"] | None
    """Of a DICOM file of several frames: its middle one, or all, as examples of one group."""


class PretrainKeywords(
    LeakKeywords,
    ColumnKeywords,
    BackboneKeywords,
    ComputeKeywords,
    SeedKeywords,
    LanguageKeywords,
    TaskKeywords,
    SettingKeywords,
    RecipeKeywords,
    TimeKeywords,
    total=False,
):
    """Everything that decides a pretraining."""

    method: str | None
    """
    How to pretrain; see `jeoni list pretraining`. Auto takes vicreg for images and audio, masked_language for
    texts, sparse_coding for vectors.
    """

    backbone: str | None
    """
    The weights to start from: a name from `jeoni list backbones`, or source:name; auto goes by the data, none takes
    the same network with random weights.
    """

    probe: Any
    """
    Labelled data for the verdict, as for fit; left out, the labels of the data themselves where there are any.
    """

    folds: int | None
    """Folds of the training part that decide every choice."""

    repeats: int | None
    """How often the folds are drawn anew; left out, the data's size decides."""

    pictures: bool | None
    """Also make the report's pictures; without them a short run is shorter still."""


class QueryKeywords(
    LeakKeywords,
    ColumnKeywords,
    BackboneKeywords,
    ComputeKeywords,
    SeedKeywords,
    LanguageKeywords,
    SettingKeywords,
    total=False,
):
    """Everything that decides what to label next."""

    budget: int | None
    """How many items to label next; with --simulate, how many in all."""

    method: str | Sequence[Any] | None
    """
    How to choose; auto is kmeans until two classes have a label, then dropquery. With --simulate several, with
    commas between.
    """

    head: str | None
    """What learns from the labels; see `jeoni list heads`."""

    simulate: bool | None
    """Label a labelled pool again, and compare with labelling at random."""

    draws: int | None
    """Of a simulation: how often it is repeated on other items."""

    rounds: int | None
    """Of a simulation: rounds in which labels are asked for."""

    pictures: bool | None
    """Also make the report's pictures; without them a short run is shorter still."""


class ScoreKeywords(
    LeakKeywords,
    ColumnKeywords,
    BackboneKeywords,
    ComputeKeywords,
    SeedKeywords,
    LanguageKeywords,
    TestSetKeywords,
    total=False,
):
    """Everything that decides which backbones are scored, how, and against what."""

    backbone: str | None
    """
    The candidates: names from `jeoni list backbones`, model folders, or source:name, with commas between; auto is
    every one whose weights are installed, and the default one without training.
    """

    stages: bool | None
    """Also score the features of every lower stage."""

    scores: str | Sequence[Any] | None
    """Scores from `jeoni list scores`, with commas between; auto is all."""

    head: str | None
    """The head that is then measured on held-out items; see `jeoni list heads`."""

    test_fraction: float | None
    """
    The share of the items that the head is measured on, where the data come without a test part; scores see only
    the others.
    """

    folds: int | None
    """Folds of the training part that decide every choice."""

    resamples: int | None
    """Resamples of the items for the intervals of scores that are quick to compute; 0 gives none."""


class ZeroShotKeywords(
    LeakKeywords,
    ColumnKeywords,
    BackboneKeywords,
    ComputeKeywords,
    SeedKeywords,
    LanguageKeywords,
    SettingKeywords,
    total=False,
):
    """Everything that decides a zero-shot classification."""

    method: str | None
    """
    How items are held against classes; auto is nearest_name where items and names are in one space, and eszsl with
    seen classes.
    """

    calibration: str | None
    """
    What is taken from each class's scores: batch, its mean over the unlabelled items; contextual, its mean over
    texts without content; none. auto is none: batch helps where classes are equally frequent, and costs else.
    """

    templates: str | None
    """Sentences that a class's name is put into, with {} for it and | between them; auto goes by the data."""

    text_backbone: str | None
    """What encodes the class names where items are no texts; auto goes by their language."""

    generalised: bool | None
    """Items may be of the seen classes too: these are candidates, at a handicap that seen classes decide."""

    pictures: bool | None
    """Also make the report's pictures; without them a short run is shorter still."""

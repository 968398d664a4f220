"""The protocols of dense prediction: a task, which is a vocabulary with its metrics, and a head, which is a network."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol, Self

import numpy as np
from torch import Tensor, nn

from jeoni.data.annotations import Annotation, Prediction
from jeoni.dense.merging.tile import Tile
from jeoni.errors import ConfigError
from jeoni.evaluation.measures import Measure
from jeoni.locale import Said
from jeoni.modalities.geometry import Geometry
from jeoni.types import Array, Dataset, Finding, FloatArray, IntArray

__all__ = ["DenseHead", "DenseTask", "HeadFactory", "MapShape", "Row"]


@dataclass(frozen=True)
class MapShape:
    """One of the feature maps that a head is given, fine ones first.

    Attributes:
        channels: how many.
        stride: pixels of the row for one place of the map.
    """

    channels: int
    stride: int


@dataclass(frozen=True)
class Row:
    """A line of a table by class or by keypoint.

    Attributes:
        name: of the class, or of the keypoint.
        count: of objects, pixels or visible points.
        scores: ``(B,)`` by metric id.
    """

    name: str
    count: int
    scores: Mapping[str, FloatArray]


class DenseTask(Protocol):
    """A frozen dataclass whose fields are its vocabulary: the names of classes or of keypoints.

    A new one subclasses this protocol.

    Attributes:
        id: the file's name.
        link: tells it from tasks on pooled features.
        family: detection, segmentation, pose or anomaly: whose annotations formats give it, whose heads it takes and
            as what its predictions are written; empty for one that takes whatever is annotated, with heads of its own.
        head: the id of the head that is used where none is named.
        augment: the name of the policy of random views where none is named.
        strides: of the feature maps that its heads want, fine ones first; what a backbone lacks is left out.
        longest: the longer side of the frames, pixels, where the user does not say.
        recipe: fields of :class:`jeoni.training.defaults.ResolvedRecipe` that it prefers, and ``length``: how many
            times longer than a classification it trains.
    """

    id: ClassVar[str]
    link: ClassVar[str] = "places"
    family: ClassVar[str] = ""
    head: ClassVar[str]
    augment: ClassVar[str]
    strides: ClassVar[tuple[int, ...]]
    longest: ClassVar[int] = 480
    recipe: ClassVar[Mapping[str, Any]] = {}

    @property
    def headline(self) -> str:
        """The id of the metric that leads."""

    @property
    def in_boxes(self) -> bool:
        """Whether it is about subjects in boxes, which a prediction must be given."""
        return False

    @classmethod
    def takes(cls, annotation: Annotation) -> bool:
        """Whether an annotation is of the kind that this task is about."""

    @classmethod
    def read(cls, annotations: Sequence[Annotation | None]) -> tuple[Self, list[Finding]]:
        """The task that annotations make, and what is remarked. None is a picture without an annotation.

        Raises:
            Unreadable: they cannot be of this task.
        """

    def as_examples(self, data: Dataset) -> Dataset:
        """Annotated pictures as the examples that it is about: the same, but where a part of a picture is one."""
        return data

    def reread(self, annotations: Sequence[Annotation | None]) -> None:
        """Check annotations of other pictures against the vocabulary.

        Raises:
            Unreadable: a name that it does not hold.
        """

    def known(self, targets: Array) -> Array:
        """``(n,)`` bool: which pictures have an annotation; a picture without any object has one."""

    def learns_from(self, targets: Array) -> Array:
        """``(n,)`` bool: which pictures a head is trained on, where they are not held out; all, if left out."""
        return self.known(targets)

    def strata(self, targets: Array) -> IntArray:
        """``(n,)``: what folds keep in proportion, such as the rarest class of each picture; -1 where unknown."""

    def check(self, data: Dataset) -> list[Finding]:
        """Check the annotations without decoding a picture: classes that are rare, boxes of no size, too few to learn.

        Raises:
            DataError: nothing can be learned from them.
        """

    def without_lost(self, data: Dataset, usable: Array) -> tuple[Dataset, Array, list[Finding]]:
        """The data, which ``(n,)`` are usable, and what is remarked, once usable pictures are known.

        Raises:
            DataError: too little is left to learn from.
        """
        self.check(data.select(np.flatnonzero(usable)))
        return data, usable, []

    def named_targets(self, targets: Array) -> list[Any]:
        """``(n,)`` annotations in a few words."""
        return ["" if one is None else type(one).__name__.lower() for one in targets]

    def counted(self, targets: Array) -> Mapping[str, int]:
        """How often each class or keypoint is marked in known annotations, for a profile; nothing, if left out."""
        return {}

    def object_sides(self, targets: Array) -> FloatArray:
        """``(k,)`` the side of a square as large as each object, pixels of its picture; none, if left out."""
        return np.zeros(0)

    def moved(self, annotation: Annotation, geometry: Geometry) -> Any:
        """The annotation in the coordinates of a row, as the task's heads take it for their loss.

        What the row shows too little of is left out, or marked as ignored.
        """

    def returned(self, prediction: Prediction, geometry: Geometry, extent: tuple[int, int]) -> Prediction:
        """A prediction in a row's coordinates, in those of the picture of that width and height."""

    def merged(self, parts: Iterable[tuple[Prediction, Tile]], extent: tuple[int, int]) -> Prediction:
        """Predictions of overlapping parts of a picture, as one of the whole; a task that does not say cannot.

        Args:
            parts: row by row, each in its own pixels; they are computed as they are asked for.
            extent: width and height of the picture.

        Raises:
            ConfigError: predictions of parts mean nothing for the whole.
        """
        raise ConfigError(Said("dense.no_tiles", task=self.id))

    def composed(self, parts: Sequence[tuple[Annotation, Geometry, tuple[int, int]]]) -> Annotation:
        """What is annotated in a picture that is made of parts of others; a task that does not say cannot.

        Args:
            parts: of each the annotation of its picture, where places of that lie in the part, and the left and top
                edge of the part in the new picture.

        Raises:
            ConfigError: a mosaic means nothing.
        """
        raise ConfigError(Said("dense.no_mosaic", task=self.id))

    def evidence(self, prediction: Prediction, annotation: Annotation) -> Any:
        """All that the metrics need to know of one picture: small, so that predictions need not be kept."""

    def scores(self, evidence: Sequence[Any], weights: FloatArray) -> dict[str, FloatArray]:
        """Metrics ``(B,)`` by id, of pictures that count as often as ``weights (B, n)`` say; NaN where undefined."""

    def metrics(self) -> Mapping[str, Measure]:
        """Title, unit and direction of each id of :meth:`scores`, in the order in which they are shown."""

    def rows(self, evidence: Sequence[Any], weights: FloatArray) -> list[Row]:
        """The metrics of single classes or keypoints."""

    def scored(self, evidence: Sequence[Any], weights: FloatArray) -> tuple[dict[str, FloatArray], list[Row]]:
        """:meth:`scores` and :meth:`rows`, for a task whose two share most of their work."""
        return self.scores(evidence, weights), self.rows(evidence, weights)

    def item_scores(self, evidence: Sequence[Any]) -> FloatArray:
        """``(n,)`` how well each picture was done, higher is better: for the worst ones in a report; NaN: unknown."""

    def columns(self, evidence: Sequence[Any]) -> dict[str, Sequence[Any]]:
        """Columns ``(n,)`` of ``predictions.csv`` by title: what was found in each picture; none, if left out."""
        return {}

    def shares(self, evidence: Sequence[Any]) -> Mapping[str, int]:
        """Metrics that are shares of pictures, and of how many: of none or all, intervals have no width to resample."""
        return {}

    def details(self, evidence: Sequence[Any]) -> dict[str, Any]:
        """Further details for the report, for JSON, such as the points of precision-recall curves."""

    @property
    def names(self) -> tuple[str, ...]:
        """Of the classes, or of the keypoints."""

    @property
    def edges(self) -> tuple[tuple[int, int], ...]:
        """Numbers of the two keypoints of each line that is drawn between them; none, if left out."""
        return ()

    def informed_by(self, data: Dataset) -> Self:
        """The same with what data say besides their annotations: the order of classes, edges between keypoints."""
        return self

    def describe(self) -> dict[str, Any]:
        """The fields, for JSON."""

    @classmethod
    def restored(cls, described: Mapping[str, Any]) -> Self:
        """From what :meth:`describe` gave; nothing in it is trusted.

        Raises:
            ValueError: values that cannot be.
        """


class DenseHead(nn.Module):
    """A network on feature maps, its loss, and what its outputs mean.

    A head that is trained defines :meth:`loss`. One that is not, such as a memory of normal examples, sets ``trains``
    to False and defines :meth:`fit`; all that it learns are buffers, so that it is saved like any other.

    Attributes:
        trains: whether it is trained by gradients.
    """

    trains: ClassVar[bool] = True

    def forward(self, maps: Sequence[Tensor]) -> Tensor:
        """Maps ``(b, channels, h, w)``, as :class:`MapShape` listed them, to one tensor ``(b, …)`` of outputs."""
        raise NotImplementedError

    def loss(self, outputs: Tensor, targets: Sequence[Any], size: tuple[int, int]) -> Tensor:
        """``(b,)`` losses of outputs.

        Args:
            outputs: of :meth:`forward`.
            targets: ``(b,)`` of :meth:`DenseTask.moved`.
            size: width and height of the rows, pixels.
        """
        raise NotImplementedError

    def fit(self, maps: Any, seed: int, clusters: IntArray | None = None) -> None:
        """Learn from the feature maps of normal examples.

        Args:
            maps: a function without arguments that gives an iterator over batches, each a list of maps
                ``(b, channels, h, w)``; every call begins anew.
            seed: of all that is random.
            clusters: ``(n,)`` numbers of the examples in order: those of one number belong together, such as a
                patient's, where some are held out.
        """
        raise NotImplementedError

    def work(self, pictures: int) -> float:
        """How much :meth:`fit` has to do for so many pictures, in any unit; 0: it grows with their number."""
        return 0.0

    def threshold_by(self, pictures: IntArray) -> None:
        """Of a head that was fitted on parts of pictures: what it says of one of them is to hold for a picture.

        Args:
            pictures: ``(n,)`` which picture each example is a part of, in order.
        """

    def decode(self, outputs: Tensor, size: tuple[int, int]) -> list[Prediction]:
        """``(b,)`` predictions in the coordinates of rows of that width and height."""
        raise NotImplementedError


class HeadFactory(Protocol):
    """A frozen dataclass whose fields are hyper-parameters; the file's name is the head's id.

    One that goes on with what else a backbone's checkpoint holds has ``fits(backbone) -> bool``, ``build_on(backbone,
    task, maps)`` in place of :meth:`build`, and ``strides(backbone)`` in place of the task's. ``recipe`` is what it
    prefers to the task's.
    """

    def build(self, task: Any, maps: Sequence[MapShape]) -> DenseHead:
        """A head with fresh weights, drawn from torch's global generator."""

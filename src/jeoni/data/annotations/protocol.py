"""What a file format of annotations offers, and what its reader and its writer are told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Protocol

from jeoni.data.annotations.class_tables import ClassTable
from jeoni.data.annotations.kinds import Prediction
from jeoni.data.annotations.notes import Notes
from jeoni.data.annotations.numbering import Numbering
from jeoni.errors import ConfigError, did_you_mean
from jeoni.locale import Said
from jeoni.types import Dataset

__all__ = ["TASKS", "Format", "Predicted", "ReadOptions", "WritingFormat"]

TASKS = ("detection", "segmentation", "pose", "anomaly")


@dataclass(frozen=True)
class ReadOptions:
    """What the user says of annotations.

    Attributes:
        wanted: the task that they are read for, one of :data:`TASKS`; empty: what they look like.
        classes: the names of classes, and perhaps their numbers and colours; None: what the data say.
        void: names or numbers of classes of which nothing is to be learned.
        pattern: a regular expression whose first group, in a picture's path, names its group.
    """

    wanted: str = ""
    classes: ClassTable | None = None
    void: tuple[str, ...] = ()
    pattern: str = ""

    def chosen(self, offered: Sequence[str]) -> str:
        """The task: the one that is wanted, else the first that the data offer."""
        return self.wanted if self.wanted in offered else offered[0]

    def refuse_classes(self, title: str) -> None:
        """For a format that names its classes itself.

        Raises:
            ConfigError: names were given.
        """
        if self.classes is not None:
            raise ConfigError(Said("dense.own_names", title=title, names=str(self.classes.origin)))

    def check_void(self, names: Sequence[str]) -> None:
        """Whether all classes that are void exist.

        Raises:
            ConfigError: one does not, with the nearest names.
        """
        for one in self.void:
            if one not in names:
                near = did_you_mean(one, names)
                there = ", ".join(names) or "none"
                raise ConfigError(Said("dense.no_void", name=repr(one), near=near, known=there))


class Format(Protocol):
    """A frozen dataclass; the file's name is the format's id.

    Attributes:
        title: what it is called in messages.
        tasks: those that its annotations can be read for, the most usual first.
        needs: what must lie where, for messages.
        by_request: it is tried only where the user names one of its tasks: what it recognises may be other data too.

    One whose annotations are pictures themselves has ``masks_in(root) -> list[Path]`` too: the files that a prediction
    of the folder leaves out. One that numbers pictures or classes by itself has ``numbering(root, task, notes) ->
    Numbering``: what predictions of the folder are numbered by.
    """

    title: ClassVar[str]
    tasks: ClassVar[tuple[str, ...]]
    needs: ClassVar[str]
    by_request: ClassVar[bool]

    def recognises(self, root: Path) -> bool:
        """Whether a folder or a file is of this format: by names, and by at most one small file."""

    def read(self, root: Path, options: ReadOptions) -> Dataset:
        """Pictures with their annotations as targets that no task has read yet.

        Raises:
            DataError: what cannot be understood, with the file and the line.
            ConfigError: an option that does not fit.
        """


@dataclass(frozen=True, eq=False)
class Predicted:
    """Predictions to be written.

    Attributes:
        names: ``(n,)`` of pictures: their paths, relative to the folder that they were read from.
        sizes: ``(n,)`` width and height of each picture, pixels.
        predictions: ``(n,)``; those that are too unsure are left out by who asks.
        vocabulary: names of the classes, or of the keypoints, that the numbers of predictions stand for.
        edges: numbers of the two keypoints of each line between them, for a format that draws some.
        numbering: the numbers of classes and pictures in the data, for a format that numbers them.
        notes: is told by the writer of what is not written as usual.
    """

    names: Sequence[str]
    sizes: Sequence[tuple[int, int]]
    predictions: Sequence[Prediction]
    vocabulary: Sequence[str]
    edges: Sequence[tuple[int, int]] = ()
    numbering: Numbering = field(default_factory=Numbering, repr=False)
    notes: Notes = field(default_factory=Notes, repr=False)


class WritingFormat(Format, Protocol):
    """A format that can be written too.

    Attributes:
        writes: the tasks whose predictions it can hold.
    """

    writes: ClassVar[tuple[str, ...]]

    def write(self, folder: Path, predicted: Predicted) -> list[Path]:
        """Write predictions into a folder, which is made; the files that were written.

        Paths are made by :mod:`jeoni.data.annotations.outputs`, so that they lie inside of the folder and over nothing.
        """

"""Options about the data: columns, groups, the task, test set and leaks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from jeoni.errors import ConfigError
from jeoni.locale import CHOICES
from jeoni.specs.options import Bounds, Options, option

__all__ = [
    "FRAMES",
    "ColumnOptions",
    "FrameOptions",
    "LanguageOptions",
    "LeakOptions",
    "SeedOptions",
    "SigmaOptions",
    "SubjectOptions",
    "TaskOptions",
    "TestSetOptions",
]

FRAMES = "Of a DICOM file of several frames: its middle one, or all, as examples of one group."

LEAST_TILE = 64  # pixels
LEAST_SIDE, MOST_SIDE, MOST_DIGITS = 32, 2048, 5  # pixels


@dataclass(frozen=True, kw_only=True)
class ColumnOptions(Options):
    """Which columns of a table, or which numbers of a mask, hold what."""

    section: ClassVar[str] = "Data"

    image_column: str = option("", "The column that holds images or their paths (recognised if left out).")
    text_column: str = option("", "The column that holds texts (recognised if left out).")
    audio_column: str = option("", "The column that holds recordings or their paths (recognised if left out).")
    label_column: str = option(
        "", "The column that holds the labels (recognised if left out); several, separated by commas.", several=True
    )
    group_column: str = option("", "A column whose groups (patient, panel, video) are never split.")
    group_pattern: str = option(
        "", "A regular expression; its group, matched below a class's folder, names an item's group."
    )
    frames: str = option("middle", FRAMES, ("middle", "all"))
    class_names: str = option(
        "",
        "Of masks and boxes that number their classes: a file with a name in each line (or name,r,g,b), or names "
        "separated by commas.",
        several=True,
    )
    void: str = option(
        "", "Names or numbers of classes in masks or boxes of which nothing is to be learned.", several=True
    )


@dataclass(frozen=True, kw_only=True)
class SigmaOptions(Options):
    """How keypoints of several subjects are scored."""

    section: ClassVar[str] = "Evaluation"

    oks_sigma: float | None = option(
        None,
        "Of keypoints of several subjects, how far annotators differ, in shares of the root of a subject's area, such "
        "as 0.05: average precision is told with it. Of people as COCO marks them it is known.",
        bounds=Bounds(0, 1, open_low=True),
    )


@dataclass(frozen=True, kw_only=True)
class SubjectOptions(Options):
    """Where the boxes come from in which keypoints of several subjects are found."""

    section: ClassVar[str] = "Data"

    boxes: str = option(
        "",
        "Of keypoints, the boxes of subjects: a model that `jeoni fit` made for detection, a JSON as COCO has it with "
        "boxes, or whole, where each picture shows one subject.",
    )


@dataclass(frozen=True, kw_only=True)
class TaskOptions(Options):
    """The task."""

    section: ClassVar[str] = "Data"

    task: str = option(
        "auto",
        "What is predicted: classification, regression, multilabel or multitask; of places in pictures detection, "
        "segmentation, pose or anomaly; auto goes by the labels.",
        names=("tasks",),
    )


@dataclass(frozen=True, kw_only=True)
class FrameOptions(Options):
    """The size at which pictures are computed where places are marked in them.

    Example:
        >>> FrameOptions(image_size="640x480").frame, FrameOptions(image_size="640").frame
        ((640, 480), 640)
    """

    section: ClassVar[str] = "Data"

    image_size: str = option(
        "",
        "Of places in pictures, the size at which they are computed: the longer side in pixels, or width and height as "
        "640x480; left out, the task and the pictures decide. Twice the side costs four times as much.",
    )
    tile: str = option(
        "",
        "Of places in large pictures, the side of square parts that are computed at the picture's own resolution, such "
        "as 512, and merged; auto does so of pictures of 2000 pixels and more. Left out, pictures are computed whole.",
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        _ = self.frame
        number = self.tile.isdecimal() and len(self.tile) < MOST_DIGITS
        if self.tile not in ("", "auto") and not (number and LEAST_TILE <= int(self.tile) <= MOST_SIDE):
            raise ConfigError(
                f"tile is {self.tile!r}; pixels from {LEAST_TILE} to {MOST_SIDE} are needed, such as 512, or auto."
            )
        if self.tile and self.image_size:
            raise ConfigError(
                f"tile is {self.tile!r} and image_size {self.image_size!r}; tiles keep the resolution of pictures. Say "
                "one of them."
            )

    @property
    def frame(self) -> tuple[int, int] | int | None:
        """Width and height, or the longer side alone; None where nothing was said.

        Raises:
            ConfigError: neither a number nor two, or sides out of bounds.
        """
        if not self.image_size:
            return None
        words = self.image_size.lower().replace("×", "x").split("x")
        good = 1 <= len(words) <= 2 and all(w.strip().isdecimal() and len(w) < MOST_DIGITS for w in words)
        sides = [int(w) for w in words] if good else []
        if not sides or not all(LEAST_SIDE <= side <= MOST_SIDE for side in sides):
            raise ConfigError(
                f"image_size is {self.image_size!r}; pixels from {LEAST_SIDE} to {MOST_SIDE} are needed, such as 640 "
                "or 640x480."
            )
        return sides[0] if len(sides) == 1 else (sides[0], sides[1])


@dataclass(frozen=True, kw_only=True)
class TestSetOptions(Options):
    """The items that decide nothing and are scored."""

    section: ClassVar[str] = "Evaluation"

    test: str = option("", "An own test set: a folder or table like the data.")


@dataclass(frozen=True, kw_only=True)
class LeakOptions(Options):
    """The treatment of items that are on both sides of a split."""

    section: ClassVar[str] = "Evaluation"

    keep_leaks: bool = option(False, "Keep training items that are also in the test set.")


@dataclass(frozen=True, kw_only=True)
class SeedOptions(Options):
    """The seed."""

    section: ClassVar[str] = "Evaluation"

    seed: int = option(0, "The seed of all random choices.", bounds=Bounds(0, 2**31 - 1))


@dataclass(frozen=True, kw_only=True)
class LanguageOptions(Options):
    """The language of what a person reads."""

    section: ClassVar[str] = "Output"

    language: str = option("auto", "The language of the output and the report; auto goes by LC_ALL or LANG.", CHOICES)

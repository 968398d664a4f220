"""Options about the data: columns, groups, the task, test set and leaks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from jeoni.locale import CHOICES
from jeoni.specs.options import Bounds, Options, option

__all__ = ["FRAMES", "ColumnOptions", "LanguageOptions", "LeakOptions", "SeedOptions", "TaskOptions", "TestSetOptions"]

FRAMES = "Of a DICOM file of several frames: its middle one, or all, as examples of one group."


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

"""The options of `jeoni compare`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from jeoni.errors import ConfigError
from jeoni.specs.budget import TimeOptions
from jeoni.specs.data import FrameOptions, SigmaOptions, TaskOptions, TestSetOptions
from jeoni.specs.options import Bounds, option
from jeoni.specs.training import TransferOptions
from jeoni.specs.verbs.common import FOLD_BOUNDS, FOLDS, CommonSpec

__all__ = ["CompareSpec"]

DIGITS = 10


@dataclass(frozen=True, kw_only=True)
class CompareSpec(CommonSpec, TaskOptions, FrameOptions, TestSetOptions, SigmaOptions, TransferOptions, TimeOptions):
    """Everything that decides a comparison.

    Example:
        >>> CompareSpec(budgets="5,all").sizes
        (5, None)
    """

    absent: ClassVar[Mapping[str, str]] = {
        "strategy": "Name several: strategies='probe,finetune,scratch'; the last is the control.",
        "set": "Write hyper-parameters behind the strategy that they belong to: strategies='lora:rank=4,scratch'.",
    }

    section: ClassVar[str] = "Evaluation"

    strategies: str = option(
        "probe,finetune,scratch",
        "What is compared, separated by commas; the last is the control. Hyper-parameters behind a colon: lora:rank=4.",
        several=True,
        section="Transfer",
        names=("strategies",),
    )
    budgets: str = option("5,10,20,50,all", "Labels per class, separated by commas.", several=True)
    folds: int = option(5, FOLDS, bounds=FOLD_BOUNDS)
    repeats: int = option(
        5, "Training draws; without an own test set each has a fold of its own to be tested on.", bounds=Bounds(1, 1000)
    )
    measure: str = option(
        "auto",
        "What is compared; auto is balanced accuracy for draws of as many per class where classes are unequal.",
        ("auto", "accuracy", "balanced_accuracy"),
    )
    stages: bool = option(True, "Also probe every stage's features.")
    halving: bool = option(False, "Only the better half of the strategies goes on to the next larger budget.")

    def __post_init__(self) -> None:
        super().__post_init__()
        if len(self.arms) < 2 or len(set(self.arms)) < len(self.arms):
            raise ConfigError(f"strategies is {self.strategies!r}; at least two different ones are needed.")
        _ = self.sizes

    @property
    def arms(self) -> tuple[str, ...]:
        """The strategies' ids, those with hyper-parameters of their own as ``id:name=value,name=value``.

        Example:
            >>> CompareSpec(strategies="probe, lora:rank=4, alpha=8, scratch").arms
            ('probe', 'lora:rank=4,alpha=8', 'scratch')
        """
        found: list[str] = []
        for part in (part.strip() for part in self.strategies.split(",")):
            if "=" in part and ":" not in part and found and ":" in found[-1]:  # goes on with those of the one before
                found[-1] += f",{part}"
            elif part:
                found.append(part)
        return tuple(found)

    @property
    def sizes(self) -> tuple[int | None, ...]:
        """Labels per class, rising; None is all there are.

        Raises:
            ConfigError: not a number from 2 on, and not ``all``.
        """
        words = [w.strip() for w in self.budgets.split(",") if w.strip()]
        wrong = [w for w in words if w != "all" and not (w.isdecimal() and len(w) < DIGITS and int(w) >= 2)]
        if wrong or not words:
            raise ConfigError(f"budgets is {self.budgets!r}; numbers from 2 on and `all` are needed, such as 5,20,all.")
        numbers: list[int | None] = [*sorted({int(w) for w in words if w != "all"})]
        return (*numbers, None) if "all" in words else tuple(numbers)

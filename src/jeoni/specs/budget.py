"""Options about the time and the disk that a run may take."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from jeoni.specs.amounts import parse_duration, parse_size
from jeoni.specs.options import Options, option

__all__ = ["BudgetOptions", "TimeOptions"]


@dataclass(frozen=True, kw_only=True)
class TimeOptions(Options):
    """The time that a run may take."""

    section: ClassVar[str] = "Machine"

    budget: str = option(
        "",
        "The time that the run may take, such as 90s, 10m or 1h30m: trainings are planned into it. Such a run can come "
        "out otherwise on another machine.",
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        _ = self.budget_s

    @property
    def budget_s(self) -> float | None:
        """Seconds; None is no limit.

        Raises:
            ConfigError: not a duration.
        """
        return parse_duration(self.budget, "budget") if self.budget else None


@dataclass(frozen=True, kw_only=True)
class BudgetOptions(TimeOptions):
    """The time and the disk that a run may take."""

    disk: str = option(
        "",
        "The most that the run may add to the feature cache, such as 500MB or 5GB: what does not fit is computed again "
        "whenever it is needed.",
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        _ = self.disk_bytes

    @property
    def disk_bytes(self) -> int | None:
        """Bytes; None is no limit but that of ``cache_gb``.

        Raises:
            ConfigError: not a size.
        """
        return parse_size(self.disk, "disk") if self.disk else None

"""An estimate: seconds by part, a sentence, and a cheaper way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from jeoni.console.durations import duration

__all__ = ["Cheaper", "Estimate"]

TOLD_S = 60.0  # what takes less is not announced
CHEAPER = 0.5  # of the time, at most, is what a cheaper way may take to be worth a word


@dataclass(frozen=True)
class Cheaper:
    """Other options for the same data, and what they would take.

    Attributes:
        options: as they are typed.
        seconds: of the whole run.
    """

    options: str
    seconds: float


@dataclass(frozen=True)
class Estimate:
    """How long a run will take, by part.

    Attributes:
        parts: seconds by part, in order: features, training, heads, control …
        before_s: seconds that had passed when the estimate was made, calibration included.
        cheaper: ways that take less, the nearest to what was asked for first.
    """

    parts: Mapping[str, float]
    before_s: float = 0.0
    cheaper: tuple[Cheaper, ...] = field(default=())

    @property
    def seconds(self) -> float:
        """That are left when it is made."""
        return sum(self.parts.values())

    @property
    def worth_telling(self) -> bool:
        """Whether the run is long enough for a word."""
        return self.seconds >= TOLD_S

    @property
    def sentence(self) -> str:
        """In words.

        Example:
            >>> Estimate({"features": 120.0, "training": 540.0, "report": 5.0}).sentence
            'This will take about 11 min: features 2 min, training 9 min.'
        """
        least = self.seconds / 20
        named = ", ".join(f"{part} {duration(s)}" for part, s in self.parts.items() if s >= max(1.0, least))
        said = f"This will take about {duration(self.seconds)}: {named}."
        best = next((way for way in self.cheaper if way.seconds <= CHEAPER * self.seconds), None)
        return f"{said} A cheaper way: {best.options} (about {duration(best.seconds)})." if best else said

    def as_dict(self) -> dict[str, object]:
        """For ``run.json``; seconds to a tenth."""
        return {
            "seconds": round(self.seconds + self.before_s, 1),
            "parts": {part: round(s, 1) for part, s in self.parts.items()},
            "before_s": round(self.before_s, 1),
            "cheaper": [{"options": way.options, "seconds": round(way.seconds, 1)} for way in self.cheaper],
        }

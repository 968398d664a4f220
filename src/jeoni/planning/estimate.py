"""An estimate: seconds by part, a sentence, and a cheaper way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce

from jeoni.console.durations import duration
from jeoni.locale import Said

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
        disk_bytes: that will be added to the feature cache; 0 where that was not asked.
        memory_bytes: of the process at its peak, roughly; 0 where that was not asked.
        took: seconds by part that it took in the end; empty before that is known.
    """

    parts: Mapping[str, float]
    before_s: float = 0.0
    cheaper: tuple[Cheaper, ...] = field(default=())
    disk_bytes: int = 0
    memory_bytes: int = 0
    took: Mapping[str, float] = field(default_factory=dict)

    @property
    def seconds(self) -> float:
        """That are left when it is made."""
        return sum(self.parts.values())

    @property
    def worth_telling(self) -> bool:
        """Whether the run is long enough for a word."""
        return self.seconds >= TOLD_S

    @property
    def sentence(self) -> Said:
        """In words.

        Example:
            >>> Estimate({"features": 120.0, "training": 540.0, "report": 5.0}).sentence
            'This will take about 11 min: features 2 min, training 9 min.'
        """
        least = self.seconds / 20
        long = {part: seconds for part, seconds in self.parts.items() if seconds >= max(1.0, least)}
        named = [Said("estimate.part", part=part, time=duration(seconds)) for part, seconds in long.items()]
        said = Said("estimate.whole", time=duration(self.seconds), parts=_listed(named))
        best = next((way for way in self.cheaper if way.seconds <= CHEAPER * self.seconds), None)
        if best is None:
            return said
        return Said("estimate.cheaper", estimate=said, options=best.options, time=duration(best.seconds))

    def as_dict(self) -> dict[str, object]:
        """For ``run.json``; seconds to a tenth."""
        return {
            "seconds": round(self.seconds + self.before_s, 1),
            "parts": {part: round(s, 1) for part, s in self.parts.items()},
            "took": {part: round(s, 1) for part, s in self.took.items()},
            "before_s": round(self.before_s, 1),
            "cheaper": [{"options": way.options, "seconds": round(way.seconds, 1)} for way in self.cheaper],
            "disk_bytes": self.disk_bytes,
            "memory_bytes": self.memory_bytes,
        }


def _listed(parts: Sequence[Said]) -> str:
    """The parts with commas between them, as one sentence that can be told in another language."""
    if not parts:
        return ""
    return reduce(lambda listed, part: Said("estimate.parts", listed=listed, part=part), parts)

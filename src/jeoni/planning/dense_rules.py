"""What is worth transferring to places in pictures, and which of it is taken where nothing was tried: a table of rules.

Few pictures: a frozen backbone with a head of some size does as well as a fine-tuned one, and costs a fraction
(Vasconcelos, Birodkar & Dumoulin CVPR 2022, arXiv:2204.00484). Many: what is trained catches up and goes beyond (He,
Girshick & Dollár ICCV 2019, arXiv:1811.08883). Heads that remember normal pictures train nothing at all (Roth et al.
CVPR 2022, arXiv:2106.08265). Objects that span less than two places of the finest map are hard to find at any depth
(Lin et al. CVPR 2017, arXiv:1612.03144): then the larger frame is taken. Where the limits lie is our choice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

__all__ = [
    "FEW",
    "RULES",
    "SMALL_PX",
    "DenseCandidate",
    "DenseRule",
    "choose_by_rule",
    "dense_candidates",
    "larger_side",
]

FEW = 100  # pictures to learn from, below which the backbone stays frozen
SMALL_PX = 16.0  # pixels of an object's side in the frame: two places at a stride of 8
PATIENCE_S = 3600.0  # what takes longer is not taken by rule alone
LARGER, WORTHWHILE = 1.5, 1.25  # times the usual side; and by how much pictures must be larger than that


@dataclass(frozen=True)
class DenseCandidate:
    """A way of transferring.

    Attributes:
        strategy: ``probe`` or ``finetune``.
        head: its id.
        side: the longer side of the frames, pixels; None where it is the usual one.
        trains: whether anything is trained by gradients.
    """

    strategy: str
    head: str
    side: int | None = None
    trains: bool = True

    @property
    def name(self) -> str:
        """For tables.

        Example:
            >>> DenseCandidate("finetune", "fpn", 720).name
            'finetune, fpn, 720 px'
        """
        size = f", {self.side} px" if self.side else ""
        return f"{self.strategy}, {self.head}{size}"

    @property
    def options(self) -> dict[str, str]:
        """Of ``jeoni fit``."""
        size = {"image_size": str(self.side)} if self.side else {}
        return {"strategy": self.strategy, "head": self.head, **size}


@dataclass(frozen=True)
class DenseRule:
    """A line of the table; the reason in words stands under ``dense.`` and its id in the locale.

    Attributes:
        id: such as ``places_few``.
        source: who found that.
    """

    id: str
    source: str


RULES = {
    rule.id: rule
    for rule in (
        DenseRule("places_few", "Vasconcelos, Birodkar & Dumoulin CVPR 2022 (arXiv:2204.00484)"),
        DenseRule("places_many", "He, Girshick & Dollár ICCV 2019 (arXiv:1811.08883)"),
        DenseRule("places_long", "Vasconcelos, Birodkar & Dumoulin CVPR 2022 (arXiv:2204.00484)"),
        DenseRule("places_memory", "Roth et al. CVPR 2022 (arXiv:2106.08265)"),
    )
}


def larger_side(usual: int, there: float) -> int | None:
    """The longer side of larger frames that pictures have the detail for; None where they have not.

    Args:
        usual: of the frames that a task takes by itself, pixels.
        there: of most pictures, pixels.

    Example:
        >>> larger_side(480, 640.0), larger_side(480, 500.0), larger_side(480, 4000.0)
        (640, None, 720)
    """
    return min(round(there), round(LARGER * usual)) if there >= WORTHWHILE * usual else None


def dense_candidates(heads: Sequence[tuple[str, bool]], larger: int | None) -> list[DenseCandidate]:
    """All that are priced, the usual one first.

    Args:
        heads: id of each head, the usual one first, and whether it is trained.
        larger: see :func:`larger_side`.
    """
    (usual, trains), *_ = heads
    found = [DenseCandidate("probe", name, None, trained) for name, trained in heads]
    found += [DenseCandidate("finetune", usual)] if trains else []
    if larger:
        found.append(DenseCandidate("probe", usual, larger, trains))
        found += [DenseCandidate("finetune", usual, larger)] if trains else []
    return found


def choose_by_rule(
    candidates: Sequence[DenseCandidate],
    pictures: int,
    seconds: Sequence[float | None],
    object_px: float | None = None,
    limit_s: float = PATIENCE_S,
) -> tuple[DenseCandidate, DenseRule]:
    """The candidate that the table names, and the line that did.

    Args:
        candidates: of :func:`dense_candidates`.
        pictures: to learn from.
        seconds: of the whole fit of each candidate; None where that is not known.
        object_px: the median side of objects in the usual frame, pixels; None where there are no such.
        limit_s: what may be taken takes no longer.
    """
    usual, cost = candidates[0], dict(zip(candidates, seconds, strict=True))

    def in_time(one: DenseCandidate) -> bool:
        return (cost[one] or 0.0) <= limit_s

    sides = {one.side for one in candidates} - {None}
    small = object_px is not None and object_px < SMALL_PX
    wanted = [*sides, None] if small else [None]
    if not usual.trains:
        return usual, RULES["places_memory"]
    if pictures >= FEW:
        for side in wanted:
            tuned = DenseCandidate("finetune", usual.head, side)
            if tuned in cost and in_time(tuned):
                return tuned, RULES["places_many"]
    frozen = [DenseCandidate("probe", usual.head, side) for side in wanted]
    taken = next((one for one in frozen if one in cost and in_time(one)), usual)
    late = pictures >= FEW and any(one.strategy == "finetune" for one in candidates)
    return taken, RULES["places_long" if late else "places_few"]

"""The one next step where ``auto`` stays with the source model: which few labels would decide, and by which command."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["next_step"]

LABELS = "Label some twenty target items"


def next_step(methods: Sequence[str], told: bool) -> str:
    """What to do next.

    Args:
        methods: that may help, by what is known of the shift.
        told: whether there were enough items to tell how the domains differ.

    Example:
        >>> next_step(["coral"], told=True)
        'Label some twenty target items and let them tell in one run: --method source_only,coral'
    """
    if methods:
        return f"{LABELS} and let them tell in one run: --method {','.join(['source_only', *methods])}"
    score = "score the source model on them: jeoni evaluate RUN/model ITEMS"
    if not told:
        return f"Give at least 20 items of each domain, or label some of the target's and {score}"
    return f"{LABELS} and {score}"

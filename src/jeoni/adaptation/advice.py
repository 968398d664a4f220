"""The one next step where ``auto`` stays with the source model: which few labels would decide, and by which command."""

from __future__ import annotations

from collections.abc import Sequence

from jeoni.locale import Said

__all__ = ["next_step"]


def next_step(methods: Sequence[str], told: bool, source: bool = False) -> Said:
    """What to do next.

    Args:
        methods: that may help, by what is known of the shift.
        told: whether there were enough items to tell how the domains differ.
        source: whether the source's examples are at hand, so that target labels can choose and teach.

    Example:
        >>> next_step(["coral"], told=True)
        'Label some twenty target items and let them tell in one run: --method source_only,coral'
    """
    if methods and source:
        return Said("advice.labels", methods=",".join(["source_only", *methods]))
    if methods:
        return Said("advice.several_methods", methods=",".join(["source_only", *methods]))
    return Said("advice.score_source" if told else "advice.more_items")

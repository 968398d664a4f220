"""From what a user says of the place to the processes there."""

from __future__ import annotations

from jeoni.features.crew import Crew
from jeoni.specs.backbone import ComputeOptions
from jeoni.specs.where import parse_where

__all__ = ["crew_of"]


def crew_of(spec: ComputeOptions) -> Crew | None:
    """The processes that shall run the frozen stages, reached; None where it is this one.

    Raises:
        MissingExtra: a cluster is asked for, and Ray is not installed.
        ConfigError: it cannot be reached, or used; see :func:`jeoni.scaling.cluster.connect`.

    Example:
        >>> from jeoni.specs import PredictSpec
        >>> crew_of(PredictSpec()) is None
        True
    """
    where = parse_where(spec.on)
    if where.here:
        return None
    from jeoni.scaling.ray import RayCrew  # only where it is asked for

    crew = RayCrew(where, spec.engine, spec.workers or 0)
    crew.check()
    return crew

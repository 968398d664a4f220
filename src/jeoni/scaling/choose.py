"""From what a user says of the place to the processes there."""

from __future__ import annotations

from jeoni.features.executor import Executor
from jeoni.specs.backbone import ComputeOptions
from jeoni.specs.where import parse_where

__all__ = ["executor_of"]


def executor_of(spec: ComputeOptions) -> Executor | None:
    """The processes that shall run the frozen stages, reached; None where it is this one.

    Raises:
        MissingExtra: a cluster is asked for, and Ray is not installed.
        ConfigError: it cannot be reached, or used; see :func:`jeoni.scaling.cluster.connect`.

    Example:
        >>> from jeoni.specs import PredictSpec
        >>> executor_of(PredictSpec()) is None
        True
    """
    where = parse_where(spec.on)
    if where.here:
        return None
    from jeoni.scaling.ray import RayExecutor  # only where it is asked for

    executor = RayExecutor(where, spec.engine, spec.workers or 0)
    executor.check()
    return executor

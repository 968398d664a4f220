"""The options of `jeoni diagnose`."""

from __future__ import annotations

from dataclasses import dataclass

from jeoni.specs.verbs.common import CommonSpec

__all__ = ["DiagnoseSpec"]


@dataclass(frozen=True, kw_only=True)
class DiagnoseSpec(CommonSpec):
    """Everything that decides a diagnosis of the shift between two domains."""

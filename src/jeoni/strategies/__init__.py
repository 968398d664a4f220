"""Ways of transferring with target labels: one file each; a frozen dataclass whose fields are its hyper-parameters."""

from __future__ import annotations

from jeoni.strategies.building import build_strategy, check_training

__all__ = ["build_strategy", "check_training"]

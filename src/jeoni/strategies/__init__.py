"""Ways of transferring with target labels: one file each; a frozen dataclass whose fields are its hyper-parameters.

Nothing is imported before one is built, so that they can be listed at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jeoni.strategies.building import build_arm, build_strategy, check_training

__all__ = ["build_arm", "build_strategy", "check_training"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'jeoni.strategies' has no attribute {name!r}")
    from jeoni.strategies import building

    return getattr(building, name)

"""Which method suits which data."""

from __future__ import annotations

from jeoni import plugins
from jeoni.data.kinds import plural
from jeoni.errors import ConfigError
from jeoni.pretraining.learning.method import FOLDER, Method

__all__ = ["default_method", "refuse_modality"]

DEFAULTS = {"image": "vicreg", "audio": "vicreg", "text": "masked_language", "vector": "sparse_coding"}


def default_method(modality: str) -> str:
    """The method where none is named.

    Example:
        >>> default_method("text")
        'masked_language'
    """
    return DEFAULTS[modality]


def refuse_modality(name: str, method: Method, modality: str) -> None:
    """Refuse data that a method cannot learn from.

    Raises:
        ConfigError: they are of another modality; the message names the methods for them.
    """
    if modality in method.modalities:
        return
    others = [other for other in plugins.names(FOLDER) if modality in plugins.load(FOLDER, other).modalities]
    takes = " or ".join(plural(one) for one in method.modalities)
    raise ConfigError(
        f"{name} learns from {takes}; the data are {plural(modality)}. For {plural(modality)} take {', '.join(others)}."
    )

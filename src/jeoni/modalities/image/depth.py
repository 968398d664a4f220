"""Which values of deep images become black and white: of 12 bits in a file of 16, or of a scan with negative values."""

from __future__ import annotations

from contextlib import suppress

import numpy as np

from jeoni.errors import DataError
from jeoni.modalities.image.images import deep_values
from jeoni.types import Items

__all__ = ["compared_as", "window_of"]

SAMPLE = 64  # images that are looked at
PIXELS = 20_000  # of each
OUTER = 0.5  # percent of the values at either end that do not decide
MARGIN = 1.0  # times the range of the others, that they may lie beyond it


def window_of(items: Items) -> tuple[float, float] | None:
    """The lowest and the highest value of a sample of images, without outliers; None where none has more than 8 bits.

    A few values may lie as far beyond the others as these reach; what lies farther, as one hot or infinite pixel does,
    would leave hardly any grey to the rest.
    """
    chosen = np.unique(np.linspace(0, len(items) - 1, min(SAMPLE, len(items))).astype(np.int64))
    found = []
    for i in chosen.tolist():
        with suppress(DataError):  # it is reported when it is decoded
            values = deep_values(items.read(i), items.name(i))
            if values is not None:
                flat = values.ravel()
                some = flat[:: max(1, len(flat) // PIXELS)].astype(np.float64)
                found.append(some[np.isfinite(some)])
    values = np.concatenate(found) if found else np.zeros(0)
    if not len(values):
        return None
    low, high = np.percentile(values, [OUTER, 100 - OUTER])
    reach = MARGIN * (high - low)
    bottom, top = max(values.min(), low - reach), min(values.max(), high + reach)
    return (float(bottom), float(top)) if top > bottom else None


def compared_as(window: tuple[float, float] | None, own_window: bool) -> str:
    """Names the form in which images are compared: copies of another form are no measure of likeness.

    >>> compared_as(None, True), compared_as((0.0, 4095.0), True)
    ('grey 32 px', 'grey 32 px of 0 to 4095')
    """
    if window is None:
        return "grey 32 px"
    return f"grey 32 px of {window[0]:.9g} to {window[1]:.9g}{'' if own_window else ' for all'}"

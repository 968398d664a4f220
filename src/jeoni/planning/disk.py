"""The disk that a fit may add to the feature cache: how much of it is left for rows at the cut, and their views.

Pooled features are always kept, for heads and folds read them many times. Rows at the cut and their random views are
kept only as far as they fit; what does not is computed again whenever it is needed.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from jeoni.backbones.backbone import Backbone
from jeoni.backbones.cut import Tap
from jeoni.data.kinds import plural
from jeoni.errors import ConfigError, DataError
from jeoni.features.extract import Request
from jeoni.locale import Said
from jeoni.planning.calibration import Calibration
from jeoni.planning.cost import kept_beside
from jeoni.specs.amounts import write_size
from jeoni.training.rows import row_bytes
from jeoni.types import Dataset

__all__ = ["bytes_at", "room_at_the_cut"]

SAMPLE = 64
LONGER = 1.25  # rows of other texts and recordings may be longer than those of the sample


def room_at_the_cut(
    limit: int, calibration: Calibration, requests: Sequence[Request], tap: Tap, views: int, cache_gb: float
) -> float:
    """What ``cache_gb`` must be so that no more than ``limit`` bytes are added.

    Args:
        limit: bytes.
        calibration: knows how much of the features is in the store already.
        requests: of each backbone the pooled features alone.
        tap: of the rows that are trained on.
        views: random views of them that would be kept.
        cache_gb: the room without the limit.

    Raises:
        ConfigError: the features alone take more; the message says how much.
    """
    data, backbone = calibration.data, requests[0].backbone
    n = len(data)
    pooled = calibration.features_bytes(requests) + kept_beside(data, len(requests) + 1 + views, len(requests))
    if pooled > limit:
        raise ConfigError(
            Said(
                "budget.disk_too_small",
                limit=write_size(limit),
                n=f"{n:,}",
                items=plural(data.modality),
                needed=write_size(pooled),
            )
        )
    each = n * bytes_at(data, backbone, tap)
    copies = int((limit - pooled) // each)  # of all rows: those of the examples as they are, and one for each view
    if copies < 1:
        return min(cache_gb, 0.5 * each / 1e9)
    kept = max(1, copies - 1)
    return min(cache_gb, (kept + 0.5) * each / 1e9) if copies >= 2 else min(cache_gb, 0.5 * each / 1e9)


def bytes_at(data: Dataset, backbone: Backbone, tap: Tap) -> float:
    """An example's row on the disk; of sequences by the lengths of a sample."""
    longest = row_bytes(backbone, tap)
    spec = backbone.input
    if not spec.ragged or tap.pooled or tap.stage == backbone.n:
        return longest
    some = np.random.default_rng(0).permutation(len(data))[:SAMPLE]
    lengths = []
    for i in some:
        try:
            opened = spec.open(data.items.read(int(i)), data.items.name(int(i)), spec.at_least(""))
        except DataError:
            continue
        lengths.append(len(spec.row(opened)))
    share = LONGER * float(np.mean(lengths)) / spec.longest if lengths else 1.0
    return longest * min(1.0, share)

"""Class vectors from class texts: each text through an encoder of sentences, unit vectors averaged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from jeoni.backbones.backbone import Backbone
from jeoni.backbones.cut import Tap
from jeoni.backbones.packaged_names import E5, MINILM
from jeoni.data.text_items import TextItems
from jeoni.features.examples import Context
from jeoni.features.extract import Request
from jeoni.heads.fitting.closed_form import unit_rows
from jeoni.types import FloatArray

__all__ = ["NEUTRAL", "NameEncoder", "scale_of"]

NEUTRAL = ("N/A", "[MASK]", ".")
# what the cosines were multiplied by when these encoders were trained: 1 / 0.05 and 1 / 0.01
SCALES = {MINILM: 20.0, E5: 100.0}
USUAL_SCALE = 20.0


def scale_of(backbone: Backbone) -> float:
    """What cosines are multiplied by before the softmax: as in the encoder's training, else as is usual for its kind.

    It decides how sure probabilities look, and no prediction; without labels it cannot be learned.
    """
    return SCALES.get(backbone.name, USUAL_SCALE)


@dataclass(frozen=True)
class NameEncoder:
    """What turns names into vectors.

    Attributes:
        backbone: reads texts.
        shared: whether the items lie in the same space.
        scale: what cosines of it are multiplied by; see :func:`scale_of`.
    """

    backbone: Backbone
    shared: bool
    scale: float

    def vectors(self, texts: Sequence[Sequence[str]], context: Context) -> FloatArray:
        """``(classes, d)`` of length 1: the mean of the unit vectors of each class's texts.

        Args:
            texts: of each class, one at least.
            context: the store, where they are kept.
        """
        flat = [text for own in texts for text in own]
        rows = self.rows(flat, context)
        ends = np.cumsum([len(own) for own in texts])
        means = [part.mean(0) for part in np.split(rows, ends[:-1])]
        return unit_rows(np.array(means))

    def rows(self, texts: Sequence[str], context: Context) -> FloatArray:
        """``(n, d)`` unit vectors of texts."""
        tap = Tap(self.backbone.n, True)
        context = replace(context, engine="torch")  # names are few: to compile another engine would take longer
        seen = context.extract(TextItems(list(texts), list(texts)), [Request(self.backbone, (tap,))])
        return unit_rows(seen.features(self.backbone, tap).numpy())

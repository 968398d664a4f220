"""Which items of a pool to label next (active learning)."""

from __future__ import annotations

"""Groups of unlabelled items, from features that were learned elsewhere."""

from __future__ import annotations

"""What zero-shot methods share: class texts and their vectors, folds over classes, scores that are linear."""

from __future__ import annotations

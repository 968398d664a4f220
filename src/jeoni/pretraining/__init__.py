"""Ways of pretraining an upstream model on unlabelled data, or on labels of another task."""

from __future__ import annotations

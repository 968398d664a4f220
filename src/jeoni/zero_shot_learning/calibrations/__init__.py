"""Priors of class names, taken from similarities without labels: a file each."""

from __future__ import annotations

"""The verbs: one file each, which reads from top to bottom in the order in which data flow."""

from __future__ import annotations

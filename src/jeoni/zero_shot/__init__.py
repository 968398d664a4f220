"""Classes that no example was seen of: from their names, descriptions or attributes."""

from __future__ import annotations

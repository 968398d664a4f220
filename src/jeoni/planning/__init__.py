"""How long a run will take, said before it starts."""

from __future__ import annotations

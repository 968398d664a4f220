"""The run folder: what a run writes piece by piece, and the typed records in it. No torch here."""

from __future__ import annotations

from jeoni.runs.folder import RunFolder, read_json, refuse_kept, seal, sealed

__all__ = ["RunFolder", "read_json", "refuse_kept", "seal", "sealed"]

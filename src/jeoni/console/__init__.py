"""What a run says while it works: remarks, a status line, and progress with the time that is left."""

from __future__ import annotations

from jeoni.console.choose import console_for

__all__ = ["console_for"]

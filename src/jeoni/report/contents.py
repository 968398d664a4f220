"""The headings of a page, and the table of contents that is made of them."""

from __future__ import annotations

from markupsafe import Markup, escape

__all__ = ["Contents"]


class Contents:
    """Collects headings while the sections are rendered.

    Attributes:
        entries: ``(id, title)`` of each, in order.
    """

    def __init__(self) -> None:
        self.entries: list[tuple[str, str]] = []

    def heading(self, title: str) -> Markup:
        """An ``h2`` that the table of contents leads to."""
        name = f"section-{len(self.entries) + 1}"
        self.entries.append((name, title))
        return Markup(f'<h2 id="{name}">{escape(title)}</h2>')

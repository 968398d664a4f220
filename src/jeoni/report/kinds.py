"""From the kind of a run to its page."""

from __future__ import annotations

from jeoni import plugins
from jeoni.errors import DataError
from jeoni.report.pages import Page

__all__ = ["PAGES", "page_of"]

PAGES = "jeoni.report.pages"


def page_of(kind: str) -> Page:
    """The page of a kind of run, as ``run.json`` names it.

    Raises:
        DataError: no page of that kind: the run is of a newer version, or of a package that is not installed.
    """
    if kind not in plugins.names(PAGES):
        known = ", ".join(plugins.names(PAGES))
        raise DataError(
            f"The run is of the kind {kind[:60]!r}, which this version of jeoni has no page for; it knows {known}. "
            "Install the version or the package that made it."
        )
    page: Page = plugins.load(PAGES, kind)()
    return page

"""Results of verbs that write a run folder: what they say of themselves in a script, a notebook and a frame."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jeoni.report.result import result_card, result_lines
from jeoni.types import Interval

if TYPE_CHECKING:
    from pandas import DataFrame

__all__ = ["Metrics", "RunResult"]


class Metrics(dict[str, Any]):
    """The content of ``metrics.json``; the scores that count are attributes too.

    Args:
        content: of the file.
        scores: of the test set, of cross-validation, or in the target domain.

    Example:
        >>> score = {"value": 0.9, "low": 0.8, "high": 1.0}
        >>> Metrics({"n": 30, "test": {"accuracy": score}}, {"accuracy": score}).accuracy.low
        0.8
    """

    def __init__(self, content: Mapping[str, Any], scores: Mapping[str, Mapping[str, float]]) -> None:
        super().__init__(content)
        self._scores = {name: Interval(s["value"], s["low"], s["high"]) for name, s in scores.items()}

    def __getattr__(self, name: str) -> Interval:
        scores: dict[str, Interval] = self.__dict__.get("_scores", {})
        if name in scores:
            return scores[name]
        raise AttributeError(f"There is no metric {name!r}. There are: {', '.join(scores) or 'none'}.")

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self._scores]


class RunResult:
    """The base of what verbs return that write a run folder.

    Attributes:
        run: the run folder.
        summary: the outcome in a sentence or two.
    """

    run: Path
    summary: str

    @property
    def report(self) -> Path:
        """The report, a page that stands alone."""
        return self.run / "report.html"

    @property
    def issues(self) -> DataFrame:
        """What the checks found: ``kind``, ``path``, ``detail``, ``action`` and ``other`` of each finding."""
        return self._table("issues.csv")

    @property
    def predictions(self) -> DataFrame:
        """Of each held-out example its ``path``, ``label``, what was ``predicted``, and how sure it is.

        Raises:
            AttributeError: a verb that predicts no examples, such as ``compare``.
        """
        if not (self.run / "predictions.csv").exists():
            raise AttributeError(f"{self.run} holds no predictions of single examples.")
        return self._table("predictions.csv")

    def _table(self, name: str) -> DataFrame:
        import pandas

        texts = dict.fromkeys(("path", "label", "predicted"), str)
        return pandas.read_csv(self.run / name, encoding="utf-8-sig", dtype=texts)

    def __repr__(self) -> str:
        return "\n".join([type(self).__name__, *(f"  {line}" for line in result_lines(self.run))])

    def _repr_html_(self) -> str:
        return result_card(self.run)

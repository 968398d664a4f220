"""What a run took, by the parts of the estimate that was made of it."""

from __future__ import annotations

from collections.abc import Mapping

from jeoni.console.durations import duration
from jeoni.locale import Said
from jeoni.planning.estimate import Estimate

__all__ = ["told_at_the_end", "took_by_part"]

OF_STEPS = {
    "features": ("extract_s",),
    "plan": ("plan_s",),
    "heads": ("fit_s", "adapt_s"),
    "controls": ("control_s",),
    "stages": ("stages_s",),
    "report": ("check_s", "evaluate_s", "write_s", "pictures_s", "report_s"),
}
INSIDE = ("views", "training")  # of a fit: counted where they happen, and not as heads


def took_by_part(
    expected: Mapping[str, float], steps: Mapping[str, float], spent: Mapping[str, float]
) -> dict[str, float]:
    """Seconds by part; of a part that no clock stood at, nothing.

    Args:
        expected: seconds by part, as they were estimated.
        steps: seconds by step of the run.
        spent: seconds inside its fits, by what on.

    Example:
        >>> took_by_part({"training": 60, "heads": 3}, {"fit_s": 70.0}, {"training": 65.0})
        {'training': 65.0, 'heads': 5.0}
    """
    inside = sum(spent.get(part, 0.0) for part in INSIDE)
    took = {}
    for part in expected:
        if part in INSIDE:
            took[part] = spent.get(part, 0.0)
        elif part in spent:
            took[part] = spent[part]
        elif any(step in steps for step in OF_STEPS.get(part, ())):
            whole = sum(steps.get(step, 0.0) for step in OF_STEPS[part])
            took[part] = max(0.0, whole - inside) if part == "heads" else whole
    return took


def told_at_the_end(took_s: float, estimate: Estimate | None, budget_s: float | None) -> Said | None:
    """One line: what a run took beside its budget, or beside what was told before; None where neither was.

    Args:
        took_s: seconds in all.
        estimate: that was made of it, if one was.
        budget_s: that it was given, if it was given one.
    """
    if budget_s is not None:
        kept = "kept" if took_s <= budget_s else "overrun"
        return Said(f"budget.{kept}", time=duration(took_s), budget=duration(budget_s))
    if estimate is None or not estimate.worth_telling:
        return None
    whole = estimate.seconds + estimate.before_s
    return Said("estimate.took", expected=duration(whole), time=duration(took_s))

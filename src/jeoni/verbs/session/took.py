"""What a run took, by the parts of the estimate that was made of it."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["took_by_part"]

OF_STEPS = {
    "features": ("extract_s",),
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

"""Options as they are typed."""

from __future__ import annotations

import shlex

from jeoni.specs.options import Options, ordered_fields

__all__ = ["command_line"]


def command_line(spec: Options, *words: str) -> str:
    """The command that has these options.

    Args:
        spec: the options; those that have their defaults are left out.
        words: the verb and its arguments.

    Example:
        >>> from jeoni.specs import FitSpec
        >>> command_line(FitSpec(folds=3, control=False), "fit", "my photos/")
        "jeoni fit 'my photos/' --folds 3 --no-control"
    """
    typed = ["jeoni", *words]
    for f in ordered_fields(type(spec)):
        value = getattr(spec, f.name)
        if value != f.default:
            option = f.name.replace("_", "-")
            typed += (
                [f"--{option}" if value else f"--no-{option}"]
                if isinstance(value, bool)
                else [f"--{option}", str(value)]
            )
    return shlex.join(typed)

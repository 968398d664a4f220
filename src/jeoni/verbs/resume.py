"""Continue a run that was interrupted."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any, get_args, get_type_hints

from jeoni import plugins
from jeoni.errors import ConfigError, DataError
from jeoni.runs import RunFolder
from jeoni.runs.records import AskedRecord
from jeoni.runs.typed import read_record
from jeoni.specs import Spec, may_be_left_out
from jeoni.types import Console
from jeoni.verbs.session.result import RunResult

__all__ = ["resume"]

VERBS = "jeoni.verbs"
OF_ALL_VERBS = {"spec", "out", "overwrite", "console", "quiet", "command", "resume", "options"}


def resume(run: str | Path, *, verb: str = "", console: Console | None = None, quiet: bool = False) -> RunResult:
    """Continue an interrupted run of ``fit``, ``compare``, ``adapt`` or another verb that takes ``resume``.

    Args:
        run: its folder.
        verb: as on the command line, such as ``fit``, if it must be a run of that.
        console: where remarks and progress are shown; left out, on the terminal or in the notebook.
        quiet: show neither.

    Returns:
        What the verb returns; the result is that of an undisturbed run.

    Raises:
        ConfigError: not a run that can be continued, or one of another verb.
        DataError: its ``spec.json`` is damaged.

    Example:
        ``jeoni.resume("runs/photos-20261123-101500")``
    """
    folder = RunFolder.reopen(Path(run)).path
    asked = _asked_for(folder / "spec.json")
    if verb not in ("", asked.verb):
        raise ConfigError(f"{run} is a run of `jeoni {asked.verb}`; say: jeoni {asked.verb} --resume {run}")
    if None in asked.inputs.values():
        raise ConfigError(f"{run} was made from data in memory; say {asked.verb}(…, out=…, resume=True).")
    again = _resumable(asked.verb)
    assert again is not None
    kind = _spec_of(again)
    spec = kind().changed(**_as_said(kind, asked.spec))
    given: dict[str, Any] = {"out": folder, "resume": True, "command": asked.command}
    result: RunResult = again(**asked.inputs, spec=spec, console=console, quiet=quiet, **given)
    return result


def _as_said(kind: type[Spec], options: dict[str, Any]) -> dict[str, Any]:
    """The options of a run; what was left open is None, where earlier runs wrote -1, or 0."""
    open_ = {f.name for f in fields(kind) if may_be_left_out(f)}
    formerly = {name: (0,) if name in ("repeats", "workers") else (-1,) for name in open_}
    return {name: None if value in formerly.get(name, ()) else value for name, value in options.items()}


def _asked_for(path: Path) -> AskedRecord:
    """The verb, inputs and options of a run.

    Raises:
        DataError: the file does not hold that.
    """
    asked = read_record(AskedRecord, path)
    verb = _resumable(asked.verb)
    if verb is None:
        raise DataError(f"{path} does not say what the run was asked for; it was changed. Begin anew.", path=str(path))
    known = _inputs_of(verb)
    if not asked.inputs or not set(asked.inputs) <= known:  # earlier versions did not name all
        raise DataError(f"{path} does not name the inputs {', '.join(sorted(known))}. Begin anew.", path=str(path))
    return asked


def _resumable(name: str) -> Callable[..., Any] | None:
    """The verb of that name, if its runs can be continued."""
    file = name.replace("-", "_")
    if file == "resume" or file not in plugins.names(VERBS):
        return None
    verb: Callable[..., Any] = plugins.load(VERBS, file)
    return verb if "resume" in inspect.signature(verb).parameters else None


def _spec_of(verb: Callable[..., Any]) -> type[Spec]:
    """The class of its options."""
    hint = get_type_hints(verb)["spec"]
    found: type[Spec] = next(
        kind for kind in (*get_args(hint), hint) if isinstance(kind, type) and issubclass(kind, Spec)
    )
    return found


def _inputs_of(verb: Callable[..., Any]) -> set[str]:
    """Its parameters that are neither options nor common to all verbs."""
    options = {f.name for f in fields(_spec_of(verb))}
    return set(inspect.signature(verb).parameters) - options - OF_ALL_VERBS

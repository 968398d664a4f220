"""Continue a run that was interrupted."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Any

from jeoni import plugins
from jeoni.errors import ConfigError, DataError
from jeoni.runs import RunFolder
from jeoni.runs.records import AskedRecord
from jeoni.runs.typed import read_record
from jeoni.specs import AdaptSpec, CompareSpec, FitSpec, Spec, may_be_left_out
from jeoni.types import Console
from jeoni.verbs.adapt import AdaptResult
from jeoni.verbs.compare import CompareResult
from jeoni.verbs.fit import FitResult
from jeoni.verbs.query import QueryResult

__all__ = ["resume"]

SPECS: dict[str, type[Spec]] = {"fit": FitSpec, "compare": CompareSpec, "adapt": AdaptSpec}
INPUTS = {"fit": {"data"}, "compare": {"data"}, "adapt": {"source", "target", "model", "labels"}}
LATER = {"labels"}  # inputs that runs of earlier versions do not name


def resume(
    run: str | Path, *, verb: str = "", console: Console | None = None, quiet: bool = False
) -> FitResult | CompareResult | AdaptResult | QueryResult:
    """Continue an interrupted run of ``fit``, ``compare`` or ``adapt``; the result is that of an undisturbed one.

    Args:
        run: its folder.
        verb: ``fit``, ``compare`` or ``adapt``, if it must be a run of that.
        console: where remarks and progress are shown; left out, on the terminal or in the notebook.
        quiet: show neither.

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
    again = plugins.load("jeoni.verbs", asked.verb)
    spec = SPECS[asked.verb]().changed(**_as_said(SPECS[asked.verb], asked.spec))
    given: dict[str, Any] = {"out": folder, "resume": True, "command": asked.command}
    result: FitResult | CompareResult | AdaptResult | QueryResult
    result = again(**asked.inputs, spec=spec, console=console, quiet=quiet, **given)
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
    if asked.verb not in SPECS:
        raise DataError(f"{path} does not say what the run was asked for; it was changed. Begin anew.", path=str(path))
    known = INPUTS[asked.verb]
    if not known - LATER <= set(asked.inputs) <= known:
        raise DataError(f"{path} does not name the inputs {', '.join(sorted(known))}. Begin anew.", path=str(path))
    return asked

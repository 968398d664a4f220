"""The run folder: written piece by piece, each piece whole or not at all; read by the report and by people."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath
from typing import Any

from jeoni.errors import ConfigError, DataError, StorageError
from jeoni.files.cells import write_table
from jeoni.files.names import encodable_content
from jeoni.files.outputs import check_output, real_path, write_text, writing
from jeoni.locale import Said
from jeoni.runs.contents import belongs, foreign_files, remove_own
from jeoni.runs.typed import as_record, finite

__all__ = ["PROGRESS", "UNFINISHED", "RunFolder", "read_json", "refuse_kept", "seal", "sealed"]

UNFINISHED = {"state": "unfinished"}
PROGRESS = "progress.json"
BESIDE, REPLACED = ".unfinished", ".replaced"


class RunFolder:
    """A folder that one run writes to.

    Where there is a run already, the new one is built beside it, in ``NAME.unfinished``, and replaces it at the end.

    Attributes:
        path: where the run is written; ``final`` once it is finished.
        final: where it will lie.

    Example:
        >>> import tempfile
        >>> run = RunFolder.create(Path(tempfile.mkdtemp()) / "first")
        >>> run.write_json("metrics.json", {"n": 0})
        >>> read_json(run.path / "metrics.json")
        {'n': 0}
    """

    def __init__(self, path: Path, final: Path | None = None) -> None:
        self.path = path
        self.final = final or path

    @classmethod
    def create(cls, path: Path, overwrite: bool = False) -> RunFolder:
        """Make the folder, beside ``path`` if there is something to lose.

        Raises:
            ConfigError: it exists and ``overwrite`` was not said, it is something else than a run, or it holds files
                that no run wrote.
            StorageError: it cannot be written.
        """
        path = check_output(path)
        if path.is_symlink():
            path = real_path(path)
        run = cls(path)
        with _reporting_folder(path):
            if _occupied(path):
                cls.refuse_taken(path, overwrite)
                run = cls._in_place_of(path)
            (run.path / "figures").mkdir(parents=True, exist_ok=True)
            run.write_json("run.json", {**UNFINISHED, "replaces": run.final.name if run.final != run.path else ""})
        return run

    @classmethod
    def refuse_taken(cls, path: Path, overwrite: bool = False) -> None:
        """Whether a folder can be written to; nothing is changed.

        Raises:
            ConfigError: as :meth:`create`.
        """
        path = check_output(path)
        if path.is_symlink():
            path = real_path(path)
        if not _occupied(path):
            return
        _refuse_foreign(path)
        there = cls(path)
        if not there.unfinished and not overwrite:
            raise ConfigError(Said("error.run_there", path=str(path)))
        if there.unfinished and there.worth_keeping and not overwrite:
            raise ConfigError(Said("error.run_interrupted", path=str(path)))

    @classmethod
    def _in_place_of(cls, path: Path) -> RunFolder:
        """Where to write instead of a folder that is there."""
        there = cls(path)
        if there.unfinished and not there.worth_keeping:
            remove_own(path)  # what is left of a run that was killed before it came to anything
            return there
        beside = path.with_name(f"{path.name}{BESIDE}")
        if _occupied(beside):
            _refuse_foreign(beside)
            if not cls(beside).unfinished:
                raise ConfigError(f"{beside} is needed to write to, and holds a run. Move it, or choose another --out.")
            remove_own(beside)
        return cls(beside, path)

    @classmethod
    def begin(cls, path: Path, said: dict[str, Any], overwrite: bool = False, resume: bool = False) -> RunFolder:
        """Make the folder and keep what was asked for, so that an interrupted run can be resumed; or resume one.

        Raises:
            ConfigError: as :meth:`create` and :meth:`reopen`.
            StorageError: it cannot be written.
        """
        if resume:
            return cls.reopen(path)
        run = cls.create(path, overwrite)
        # in ASCII: paths that are not UTF-8 are needed again as they were
        write_text(run.path / "spec.json", json.dumps(said, indent=2))
        return run

    @contextmanager
    def discarded_on_failure(self, warn: Callable[[str], None], verb: str) -> Iterator[None]:
        """Remove the folder if what is done inside fails; keep it if a training can be resumed, or a model was saved.

        A training cannot where data or options are at fault: then it would fail again.
        """
        try:
            yield
        except BaseException as error:
            if self.holds_model:
                warn(f"The model was saved before that and is kept: {self.path / 'model'}.{self._remark(verb)}")
            elif self.can_go_on and not isinstance(error, (ConfigError, DataError)):
                warn(f"The training can be resumed: jeoni {verb} --resume {self.path}.{self._remark('')}")
            else:
                self.discard_unfinished()
            raise

    def _remark(self, verb: str) -> str:
        again = f" To write the rest: jeoni {verb} --resume {self.path}." if verb and self.unfinished else ""
        return again + ("" if self.final == self.path else f" The run in {self.final} is as it was.")

    @classmethod
    def reopen(cls, path: Path) -> RunFolder:
        """An interrupted run, to be resumed; also by the name of the run that it will replace.

        Raises:
            ConfigError: there is no such run, or it came to its end.
        """
        path = check_output(path, "--resume")
        beside = path.with_name(f"{path.name}{BESIDE}") if path.name else path
        if not cls(path).unfinished and cls(beside).unfinished:
            path = beside
        if not (path / "run.json").exists() or not (path / "spec.json").exists():
            raise ConfigError(f"{path} is not a run that can be resumed: run.json or spec.json is missing.")
        if not cls(path).unfinished:
            raise ConfigError(f"{path} is complete; there is nothing to resume.")
        replaces = path.name.removesuffix(BESIDE)
        if (_record(path) or {}).get("replaces") == replaces:
            return cls(path, path.with_name(replaces))
        return cls(path)

    @property
    def checkpoints(self) -> Path:
        """Where the states of trainings lie while the run goes on."""
        return self.path / "checkpoints"

    @property
    def can_go_on(self) -> bool:
        """Whether a training's state was kept."""
        return self.unfinished and any(self.checkpoints.glob("*.safetensors"))

    @property
    def holds_model(self) -> bool:
        """Whether the model was saved: it is moved to its place when it is whole."""
        return (self.path / "model" / "config.json").is_file()

    @property
    def worth_keeping(self) -> bool:
        """Whether an unfinished run holds something that took long to compute."""
        return self.can_go_on or self.holds_model

    @property
    def unfinished(self) -> bool:
        """Whether the run that made the folder never came to its end."""
        return (_record(self.path) or {}).get("state") == UNFINISHED["state"]

    def discard_unfinished(self) -> None:
        """Remove the folder of a run that failed: what is worth keeping is in the cache."""
        if self.path.exists() and self.unfinished:
            with suppress(OSError):
                remove_own(self.path)

    def write_draft(self, record: dict[str, Any]) -> None:
        """``run.json`` as the report needs it, of a run that is not at its end yet."""
        replaces = self.final.name if self.final != self.path else ""
        self.write_json("run.json", {**record, **UNFINISHED, "replaces": replaces})

    def finish(self, record: dict[str, Any], warn: Callable[[str], None]) -> None:
        """Write ``run.json``, drop what only an unfinished run needs, and move the folder to its place.

        Raises:
            StorageError: it cannot be moved; then it lies where it was written.
        """
        self.write_json("run.json", record)
        shutil.rmtree(self.checkpoints, ignore_errors=True)
        (self.path / PROGRESS).unlink(missing_ok=True)
        if self.final != self.path:
            self._take_place(warn)
        self.point_latest()

    def _take_place(self, warn: Callable[[str], None]) -> None:
        """Rename the old run, then the new one; only then the old one is removed."""
        old = self.final.with_name(f"{self.final.name}{REPLACED}")
        if old.exists():
            old = old.with_name(f"{old.name}-{uuid.uuid4().hex[:8]}")
        try:
            if self.final.exists():
                self.final.rename(old)
            self.path.rename(self.final)
        except OSError as error:
            if old.exists() and not self.final.exists():
                old.rename(self.final)
            raise StorageError(
                f"The new run is complete and lies in {self.path}; it cannot be moved to {self.final}: "
                f"{error.strerror or error}."
            ) from error
        self.path = self.final
        try:
            kept = remove_own(old) if old.exists() else []
        except OSError as error:
            warn(f"The old run lies in {old} and cannot be removed: {error.strerror or error}.")
            return
        if kept:
            warn(f"{old} keeps what no run wrote, such as {kept[0].relative_to(old)}.")

    @staticmethod
    def named_for(data: str, root: Path = Path("runs")) -> Path:
        """``runs/<data>-<time>``, not in use."""
        stem = "".join(c if c.isalnum() or c in "-_" else "-" for c in data).strip("-") or "data"
        base = root / f"{stem}-{time.strftime('%Y%m%d-%H%M%S')}"
        path, number = base, 2
        while path.exists():
            path, number = base.with_name(f"{base.name}-{number}"), number + 1
        return path

    def write_json(self, name: str, content: Any) -> None:
        """Numbers that are not finite become null, as JSON wants."""
        plain = encodable_content(finite(content))
        write_text(self.path / name, json.dumps(plain, indent=2, ensure_ascii=False))

    def write_record(self, name: str, kind: type, content: dict[str, Any]) -> None:
        """JSON that a record of :mod:`jeoni.runs.records` can be read from, which is tried before it is written.

        Raises:
            ValueError: it cannot: the verb that made the content has a defect.
        """
        as_record(kind, content, exact=False)
        self.write_json(name, content)

    def write_csv(self, name: str, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
        """UTF-8 with a header line, and a byte order mark where it is not ASCII; see :mod:`jeoni.files.cells`."""
        with writing(self.path / name) as file:
            write_table(file, header, rows)

    def point_latest(self) -> None:
        """Let ``latest`` beside the folder point to it, where links can be made and the name is free."""
        link, part = self.path.parent / "latest", self.path.parent / f".latest-{uuid.uuid4().hex[:8]}"
        if link.exists() and not (link.is_symlink() and _record(link)):
            return
        try:
            part.symlink_to(self.path.name, target_is_directory=True)
            part.replace(link)
        except OSError:
            part.unlink(missing_ok=True)


def refuse_kept(path: Path) -> None:
    """Whether a single file may be written: none that a run or a saved model consists of.

    Raises:
        ConfigError: it would damage one.
    """
    target = real_path(path)
    if (target.parent / "model.safetensors").exists() and (target.parent / "config.json").exists():
        raise ConfigError(f"{path} lies in the folder of a model, which it would damage. Choose another --out.")
    for folder in target.parents:
        if _record(folder) is not None and belongs(PurePosixPath(target.relative_to(folder).as_posix())):
            raise ConfigError(f"{path} is a file of the run in {folder}, which it would replace. Choose another --out.")


def _occupied(path: Path) -> bool:
    """Whether something is there besides an empty folder."""
    return os.path.lexists(path) and not (path.is_dir() and not any(path.iterdir()))


def _refuse_foreign(path: Path) -> None:
    if not path.is_dir() or _record(path) is None:
        raise ConfigError(Said("error.no_run_there", path=str(path)))
    foreign = next(foreign_files(path), None)
    if foreign is not None:
        raise ConfigError(
            f"{path} holds {foreign.relative_to(path)}, which no run wrote; the folder is left alone. "
            "Move that file away, or choose another --out."
        )


def _record(folder: Path) -> dict[str, Any] | None:
    """The content of ``run.json``; None where there is none that jeoni wrote."""
    try:
        content = read_json(folder / "run.json")
    except (DataError, OSError):
        return None
    return content if "jeoni" in content or "state" in content else None


@contextmanager
def _reporting_folder(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StorageError(f"{path} cannot be written: {error.strerror or error}. Choose another --out.") from error


def read_json(path: Path) -> dict[str, Any]:
    """A JSON file of a run.

    Raises:
        DataError: it is missing, cannot be read, or is no JSON object.
    """
    if not path.is_file():
        raise DataError(f"{path} is missing; a run folder holds run.json and metrics.json.", path=str(path))
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}.", path=str(path)) from error
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path} is not valid JSON: {error}.", path=str(path)) from error
    if not isinstance(content, dict):
        raise DataError(f"{path} holds a {type(content).__name__}; a JSON object is needed.", path=str(path))
    return content


def seal(config: dict[str, Any]) -> dict[str, Any]:
    """A copy with a checksum of its own content under ``seal``."""
    content = {k: v for k, v in config.items() if k != "seal"}
    return {**content, "seal": _digest(content)}


def sealed(config: dict[str, Any]) -> bool:
    """Whether the content is still what was sealed."""
    return config.get("seal") == _digest({k: v for k, v in config.items() if k != "seal"})


def _digest(content: dict[str, Any]) -> str:
    # through JSON and back, so that tuples and lists, read or written, count the same
    return hashlib.sha256(json.dumps(json.loads(json.dumps(content)), sort_keys=True).encode()).hexdigest()

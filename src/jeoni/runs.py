"""The run folder: written piece by piece, each piece whole or not at all; read by the report and by people."""

from __future__ import annotations

import csv
import hashlib
import json
import math
import shutil
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from jeoni.errors import ConfigError, DataError, StorageError

__all__ = ["PROGRESS", "UNFINISHED", "RunFolder", "read_json", "seal", "sealed"]

UNFINISHED = {"state": "unfinished"}
PROGRESS = "progress.json"


class RunFolder:
    """A folder that one run writes to.

    Example:
        >>> import tempfile
        >>> run = RunFolder.create(Path(tempfile.mkdtemp()) / "first")
        >>> run.write_json("run.json", {"seed": 0})
        >>> read_json(run.path / "run.json")
        {'seed': 0}
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def create(cls, path: Path, overwrite: bool = False) -> RunFolder:
        """Make the folder.

        Raises:
            ConfigError: it exists and ``overwrite`` was not said, or it is something else than a run.
            StorageError: it cannot be written.
        """
        if path.exists():
            if not path.is_dir() or ((any(path.iterdir())) and not (path / "run.json").exists()):
                raise ConfigError(f"{path} exists and is not a run folder; it is left alone. Choose another --out.")
            if not overwrite and (path / "run.json").exists() and cls(path).can_go_on:
                raise ConfigError(
                    f"{path} holds a run that was interrupted. Go on with --resume {path}, or say --overwrite."
                )
            if not overwrite and (path / "run.json").exists() and not cls(path).unfinished:
                raise ConfigError(f"{path} holds a run already. Say --overwrite, or choose another --out.")
        try:
            if path.exists():
                shutil.rmtree(path)
            (path / "figures").mkdir(parents=True)
            (path / "run.json").write_text(json.dumps(UNFINISHED), encoding="utf-8")
        except OSError as error:
            raise StorageError(f"{path} cannot be written: {error.strerror or error}. Choose another --out.") from error
        return cls(path)

    @classmethod
    def begin(cls, path: Path, said: dict[str, Any], overwrite: bool = False, resume: bool = False) -> RunFolder:
        """Make the folder and keep what was asked for, so that an interrupted run can be gone on with; or go on.

        Raises:
            ConfigError: as :meth:`create` and :meth:`reopen`.
            StorageError: it cannot be written.
        """
        if resume:
            return cls.reopen(path)
        run = cls.create(path, overwrite)
        run.write_json("spec.json", said)
        return run

    @contextmanager
    def discarded_on_failure(self, warn: Callable[[str], None], verb: str) -> Iterator[None]:
        """Remove the folder if what is done inside fails; keep it if a training can go on.

        It cannot where data or options are at fault: then it would fail again.
        """
        try:
            yield
        except BaseException as error:
            if self.can_go_on and not isinstance(error, (ConfigError, DataError)):
                warn(f"The training can go on: jeoni {verb} --resume {self.path}")
            else:
                self.discard_unfinished()
            raise

    @classmethod
    def reopen(cls, path: Path) -> RunFolder:
        """A run that was interrupted, to go on with.

        Raises:
            ConfigError: there is no such run, or it came to its end.
        """
        if not (path / "run.json").exists() or not (path / "spec.json").exists():
            raise ConfigError(f"{path} is not a run that can be gone on with: run.json or spec.json is missing.")
        if not cls(path).unfinished:
            raise ConfigError(f"{path} came to its end; there is nothing to go on with.")
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
    def unfinished(self) -> bool:
        """Whether the run that made the folder never came to its end."""
        return bool(read_json(self.path / "run.json") == UNFINISHED)

    def discard_unfinished(self) -> None:
        """Remove the folder of a run that failed: what is worth keeping is in the cache."""
        if self.path.exists() and self.unfinished:
            shutil.rmtree(self.path, ignore_errors=True)

    def finish(self) -> None:
        """Drop what only an unfinished run needs."""
        shutil.rmtree(self.checkpoints, ignore_errors=True)
        (self.path / PROGRESS).unlink(missing_ok=True)

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
        self.write_text(name, json.dumps(_finite(content), indent=2, ensure_ascii=False))

    def write_csv(self, name: str, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
        """UTF-8 with a header line."""
        part = self._part(name)
        with _guard(self.path / name), open(part, "w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(header)
            writer.writerows(rows)
        with _guard(self.path / name):
            part.replace(self.path / name)

    def point_latest(self) -> None:
        """Let ``latest`` beside the folder point to it, where links can be made."""
        link, part = self.path.parent / "latest", self.path.parent / f".latest-{uuid.uuid4().hex[:8]}"
        if link.exists() and not link.is_symlink():
            return
        try:
            part.symlink_to(self.path.name, target_is_directory=True)
            part.replace(link)
        except OSError:
            part.unlink(missing_ok=True)

    def write_text(self, name: str, text: str) -> None:
        """UTF-8, whole or not at all."""
        self.write_bytes(name, text.encode("utf-8"))

    def write_bytes(self, name: str, content: bytes) -> None:
        """A file, whole or not at all; what is in its place is replaced, and a link there is not followed."""
        part = self._part(name)
        with _guard(self.path / name):
            part.write_bytes(content)
            part.replace(self.path / name)

    def _part(self, name: str) -> Path:
        target = self.path / name
        return target.with_name(f".{target.name}.{uuid.uuid4().hex[:8]}.part")


class _guard:  # noqa: N801 - reads as a verb in a with statement
    """Turns a failed write into a StorageError that names the file."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        if isinstance(error, OSError):
            raise StorageError(f"{self._path} cannot be written: {error.strerror or error}.") from error


def read_json(path: Path) -> Any:
    """A JSON file of a run.

    Raises:
        DataError: it is missing or not JSON.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise DataError(f"{path} is missing; a run folder holds run.json and metrics.json.", path=str(path)) from None
    except ValueError as error:
        raise DataError(f"{path} is not valid JSON: {error}.", path=str(path)) from error


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


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {str(k): _finite(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(v) for v in value]
    return value

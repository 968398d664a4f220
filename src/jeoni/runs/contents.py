"""Which files of a run folder are jeoni's own: only those are ever removed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath

__all__ = ["belongs", "foreign_files", "remove_own"]

OWN = (
    "run.json",
    "spec.json",
    "progress.json",
    "metrics.json",
    "verdict.json",
    "comparison.json",
    "plan.json",
    "predictions.csv",
    "issues.csv",
    "trials.csv",
    "clusters.csv",
    "clusters.npz",
    "queries.csv",
    "scores.csv",
    "suspects.csv",
    "report.html",
    "checkpoints/*.safetensors",
    "checkpoints/.tmp*",  # of safetensors, killed while it wrote
    "model/model.safetensors",
    "model/config.json",
    "model/README.md",
    "model/fitted_on.bin",
    "model/tokenizer.json",
    "model/preprocessor_config.json",
    "figures/gallery.json",
    "figures/map.json",
    "figures/map.jpg",
    "figures/explanations.json",
    "figures/looks.json",
    "figures/inside.json",
    "figures/domains.json",
    "figures/pairs.json",
    "figures/pool.json",
    "figures/places.json",
    "figures/precision-recall.*",
    "figures/sizes.*",
    "figures/within.*",
    "figures/scores.*",
    "figures/roc.*",
    "figures/queries.json",
    "figures/surest.json",
    "figures/suspects.json",
    "figures/more_labels.*",
    "figures/clusters.json",
    "figures/clusters.svg",
    "figures/clusters.png",
    "figures/reliability*.*",
    "figures/numbers*.*",
    "figures/training.*",
    "figures/course.*",
    "figures/samples.png",
    "figures/views.jpg",
    "figures/labels.*",
    "figures/time.*",
    "figures/stages.*",
    "figures/thumbs/[0-9]*.jpg",
    "figures/places/[0-9]*.*",
    "figures/sounds/[0-9]*.*",
    "figures/pairs/[0-9]*.*",
    "figures/suspects/[0-9]*.*",
    "figures/explanations/[0-9]*.jpg",
    "figures/looks/[0-9]*.jpg",
    "figures/inside/[0-9]*.jpg",
    "figures/inside/filters.png",
)
# what a stopped write leaves, and what file managers put into every folder they show
REMAINS = (".*.part", ".DS_Store", "Thumbs.db", "desktop.ini")


def belongs(relative: PurePosixPath) -> bool:
    """Whether a run writes a file of this name, below its folder.

    >>> belongs(PurePosixPath("model/config.json")), belongs(PurePosixPath("thesis.txt"))
    (True, False)
    """
    parts = relative.parts
    if any(fnmatchcase(part, remains) for part in parts for remains in REMAINS):
        return True
    return any(_matches(parts, pattern) for pattern in OWN)


def foreign_files(folder: Path) -> Iterator[Path]:
    """Files below a run folder that no run wrote; links are foreign, wherever they lead."""
    for path in _files(folder):
        if path.is_symlink() or not belongs(PurePosixPath(path.relative_to(folder).as_posix())):
            yield path


def remove_own(folder: Path) -> list[Path]:
    """Remove a run's files, and folders that are empty then.

    Returns:
        The foreign files, which stay where they are.

    Raises:
        OSError: a file cannot be removed.
    """
    kept = list(foreign_files(folder))
    for path in set(_files(folder)).difference(kept):
        path.unlink()
    for below, _, _ in os.walk(folder, topdown=False):
        if not any(Path(below).iterdir()):
            Path(below).rmdir()
    return kept


def _files(folder: Path) -> list[Path]:
    """All that is not a real folder."""
    found = []
    for below, folders, files in os.walk(folder):
        links = [name for name in folders if Path(below, name).is_symlink()]
        found += [Path(below, name) for name in (*files, *links)]
    return sorted(found)


def _matches(parts: tuple[str, ...], pattern: str) -> bool:
    wanted = pattern.split("/")
    return len(parts) == len(wanted) and all(map(fnmatchcase, parts, wanted))

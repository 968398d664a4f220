"""MATLAB's files, read in a process of their own: of a damaged one SciPy's reader may crash or take all memory."""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from scipy.sparse import csc_matrix, issparse

from jeoni.data.files import most_unpacked
from jeoni.data.isolated import IsolatedError, run_isolated
from jeoni.errors import DataError

__all__ = ["load_mat"]

READ = "from jeoni.data.matlab import convert; convert()"
OVERHEAD = 1 << 30  # bytes that the interpreter and its libraries take
START_S, BYTES_PER_S = 30, 5_000_000
NEWER = "NotImplementedError"
_SPARSE, _PLAIN, _OTHER = "sparse", "plain", "other"


def load_mat(path: Path, size: int) -> dict[str, Any]:
    """The arrays of a file by their names; cells that hold a value each become an array of these.

    Args:
        path: of the file.
        size: its bytes.

    Raises:
        DataError: MATLAB's format 7.3, which SciPy does not read.
        IsolatedError: damaged, or larger than the memory allows.
    """
    with TemporaryDirectory() as folder:
        converted = Path(folder) / "arrays.npz"
        seconds = START_S + size / BYTES_PER_S
        try:
            run_isolated(READ, [str(path), str(converted)], seconds=seconds, memory=OVERHEAD + most_unpacked(size))
        except IsolatedError as error:
            if NEWER not in str(error):
                raise
            raise DataError(
                f"{path} is in MATLAB's format 7.3, which is not read. Save it with -v7: "
                f"save('{path.name}', 'X', 'y', '-v7').",
                path=str(path),
            ) from None
        with np.load(converted, allow_pickle=False) as found:
            return _restored(dict(found))


def convert() -> None:
    """Read the file that the first argument names, and write its arrays to the second; runs in the other process."""
    from scipy.io import loadmat

    source, target = sys.argv[1:]
    members: dict[str, Any] = {}
    found = loadmat(source)
    kept = {name: value for name, value in found.items() if not name.startswith("__") and hasattr(value, "dtype")}
    for number, (name, value) in enumerate(kept.items()):
        members |= _parts(f"{number}", name, value)
    np.savez(target, **members)


def _parts(number: str, name: str, value: Any) -> dict[str, Any]:
    """A stand-in for one array in the file in between, which holds no objects."""
    if issparse(value):
        columns = csc_matrix(value)
        columns.check_format(full_check=True)
        parts = {"data": columns.data, "indices": columns.indices, "indptr": columns.indptr}
        named = {f"{number}.{part}": values for part, values in parts.items()}
        return {f"{number}.{_SPARSE}": np.array(name), **named, f"{number}.shape": np.array(columns.shape)}
    plain = _plain(value)
    if plain.dtype.hasobject:  # cells of cells, or structures: only their place is kept
        return {f"{number}.{_OTHER}": np.array(name), f"{number}.shape": np.array(value.shape)}
    return {f"{number}.{_PLAIN}": np.array(name), f"{number}.values": plain}


def _plain(value: Any) -> Any:
    """Cells with a value each as an array of words or numbers; another array as it is."""
    if value.dtype.kind != "O":
        return value
    cells = [cell.ravel() if isinstance(cell, np.ndarray) else np.array([cell]) for cell in value.ravel()]
    if any(len(cell) > 1 or cell.dtype.kind not in "biufUS" for cell in cells):
        return value
    values = [cell[0] if len(cell) else "" for cell in cells]
    return np.array(values).reshape(value.shape)


def _restored(members: dict[str, Any]) -> dict[str, Any]:
    arrays: dict[str, Any] = {}
    for key, named in members.items():
        number, _, kind = key.partition(".")
        if kind == _SPARSE:
            parts = tuple(members[f"{number}.{part}"] for part in ("data", "indices", "indptr"))
            arrays[str(named)] = csc_matrix(parts, shape=tuple(members[f"{number}.shape"].tolist()))
        elif kind == _PLAIN:
            arrays[str(named)] = members[f"{number}.values"]
        elif kind == _OTHER:
            arrays[str(named)] = np.empty(tuple(members[f"{number}.shape"].tolist()), dtype=object)
    return arrays

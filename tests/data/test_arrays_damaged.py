"""Files of arrays that are damaged, or made to harm: an answer in words, whatever their readers do."""

from __future__ import annotations

import io
import random
import zipfile

import numpy as np
import pytest
from scipy.io import savemat

from jeoni.data import files
from jeoni.data.arrays import read_arrays
from jeoni.data.isolated import IsolatedError, IsolatedTimeoutError, run_isolated
from jeoni.errors import DataError, JeoniError

X, Y = np.random.default_rng(0).random((20, 4)), np.arange(20) % 2


def write(path):
    {
        ".npz": lambda: np.savez_compressed(path, X=X, y=Y),
        ".npy": lambda: np.save(path, X),
        ".mat": lambda: savemat(path, {"X": X, "y": Y}),
    }[path.suffix]()
    return path.read_bytes()


def mutated(raw, seed):
    """A few bytes of it changed, and sometimes its end cut off."""
    dice, changed = random.Random(seed), bytearray(raw)
    for _ in range(dice.choice([1, 3, 10])):
        changed[dice.randrange(len(raw))] = dice.randrange(256)
    return bytes(changed[: dice.randrange(len(raw))] if dice.random() < 0.1 else changed)


@pytest.mark.filterwarnings("ignore")  # readers warn of what they then refuse
@pytest.mark.parametrize("name, seeds", [("t.npz", 200), ("t.npy", 200), ("t.mat", 3)])
def test_changed_bytes_end_in_an_answer(name, seeds, tmp_path):
    path = tmp_path / name
    raw = write(path)
    for seed in range(seeds):
        path.write_bytes(mutated(raw, seed))
        try:
            items = read_arrays(path, labelled=False).items
            assert all(len(items.read(i)) for i in range(len(items)))
        except JeoniError as error:
            assert "t." in str(error)


def test_a_matlab_file_of_which_the_reader_dies_is_refused(tmp_path):
    path = tmp_path / "t.mat"
    changed = bytearray(write(path))
    changed[144] = 200  # the class of the first array
    path.write_bytes(changed)
    with pytest.raises(DataError, match=r"t\.mat cannot be read: it is damaged \(.*\)\. Save it again"):
        read_arrays(path)


def test_cells_that_hold_one_value_each_are_these_values(tmp_path):
    names = np.array(["cat", "dog"] * 10, dtype=object)
    names[3] = np.zeros((0, 0))
    savemat(tmp_path / "t.mat", {"X": X, "y": names, "more": {"a": 1}})
    data = read_arrays(tmp_path / "t.mat")
    assert data.targets[:5, 0].tolist() == ["cat", "dog", "cat", "", "cat"]


def test_an_archive_that_unpacks_to_far_more_than_it_has_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "ALWAYS_UNPACKED", 1 << 20)
    np.savez_compressed(tmp_path / "t.npz", X=np.zeros((20, 1 << 16)), y=Y)
    with pytest.raises(DataError, match=r"t\.npz has 10\.\d kB and would unpack to 10\.5 MB; at most 1\.0\d MB"):
        read_arrays(tmp_path / "t.npz")


@pytest.mark.parametrize("name", ["t.npz", "t.npy"])
def test_a_header_that_claims_terabytes_is_refused(name, tmp_path):
    array = io.BytesIO()
    np.lib.format.write_array_header_1_0(array, {"descr": "<f8", "fortran_order": False, "shape": (3 << 20, 1 << 20)})
    path = tmp_path / name
    if name.endswith("z"):
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("X.npy", array.getvalue() + bytes(64))
    else:
        path.write_bytes(array.getvalue() + bytes(64))
    with pytest.raises(DataError, match=rf"{name} cannot be read: it is damaged"):
        read_arrays(path)


def test_what_crashes_runs_on_or_fails_alone_is_an_error_here():
    with pytest.raises(IsolatedError, match="crashed with signal"):
        run_isolated("import os; os.abort()", [], seconds=20)
    with pytest.raises(IsolatedTimeoutError, match=r"stopped after 0\.2 s"):
        run_isolated("while True: pass", [], seconds=0.2)
    with pytest.raises(IsolatedError, match="^ValueError: no$"):
        run_isolated("raise ValueError('no')", [], seconds=20)
    with pytest.raises(IsolatedError, match="MemoryError"):
        run_isolated("bytearray(1 << 30)", [], seconds=20, memory=200 << 20)
    assert run_isolated("import sys; print(sys.argv[1], sys.stdin.read())", ["a"], b"b", seconds=20).split() == [
        b"a",
        b"b",
    ]

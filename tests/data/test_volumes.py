from __future__ import annotations

from pathlib import Path

import pytest

from jeoni.data.kinds import Columns
from jeoni.data.read import load_items, load_labelled
from jeoni.data.volumes import volume_error
from jeoni.errors import DataError


@pytest.mark.parametrize("name, kind", [("brain.nii.gz", "NIfTI"), ("Brain.NII", "NIfTI"), ("a.nrrd", "NRRD")])
def test_volumes_are_refused_with_what_to_do(tmp_path, name, kind):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / name).write_bytes(b"x")
    said = f"holds volumes as {kind}, such as {name}, which are not read. Needed: pictures. Save their slices as PNG"
    with pytest.raises(DataError, match=said):
        load_labelled(tmp_path, Columns())
    for path in (tmp_path, tmp_path / "a", tmp_path / "a" / name):
        with pytest.raises(DataError, match=said):
            load_items(path)
    with pytest.raises(DataError, match=said):
        load_labelled(tmp_path / "a" / name, Columns())


def test_other_files_are_no_volumes():
    assert volume_error([Path("a.png"), Path("nii"), Path("a.gz")], Path("a")) is None

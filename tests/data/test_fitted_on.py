from __future__ import annotations

import pytest

from jeoni.data.fitted_on import FILE, FittedOn
from jeoni.errors import WeightsError


def test_examples_are_known_by_their_content_after_saving_and_joining(tmp_path):
    some = [bytes([k]) * 16 for k in range(5)]
    FittedOn.of(some[:2]).with_those(FittedOn.of(some[1:3])).save(tmp_path)
    found = FittedOn.load(tmp_path)
    assert len(found) == 3 and found.holds([*some, b""]).tolist() == [True] * 3 + [False] * 3
    assert found == FittedOn.of(reversed(some[:3]))


def test_nothing_known_leaves_no_file_and_none_is_nothing_known(tmp_path):
    FittedOn().save(tmp_path)
    assert not (tmp_path / FILE).exists() and FittedOn.load(tmp_path) == FittedOn()
    assert not FittedOn().holds([b"0123456789", b""]).any()


def test_what_cannot_be_read_is_said(tmp_path):
    (tmp_path / FILE).mkdir()
    with pytest.raises(WeightsError, match=r"fitted_on\.bin is a folder. Needed: a regular file"):
        FittedOn.load(tmp_path)

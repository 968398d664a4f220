from __future__ import annotations

import os

import pytest

from jeoni.errors import WeightsError
from jeoni.files.beside import read_saved
from jeoni.files.regular import is_regular, open_regular, read_regular

pytestmark = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes")


@pytest.mark.parametrize("follow", [False, True])
def test_a_pipe_a_device_and_a_folder_are_refused_without_waiting(tmp_path, follow):
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", tmp_path, "/dev/zero"):
        with pytest.raises(OSError, match="it is not a regular file"):
            open_regular(path, follow)


def test_a_link_is_followed_only_where_that_is_asked_for(tmp_path):
    (tmp_path / "file").write_bytes(b"12345")
    (tmp_path / "link").symlink_to(tmp_path / "file")
    with pytest.raises(OSError, match="links are not followed"):
        read_regular(tmp_path / "link", 5)
    assert read_regular(tmp_path / "link", 5, follow=True) == b"12345"
    assert is_regular(tmp_path / "file") and not is_regular(tmp_path / "link")


def test_no_more_is_read_than_such_a_file_can_have(tmp_path):
    (tmp_path / "file").write_bytes(b"12345")
    with pytest.raises(OSError, match="larger than the 4 bytes"):
        read_regular(tmp_path / "file", 4)


def test_what_lies_beside_weights_is_read_only_from_a_regular_file(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(WeightsError, match="it is not a regular file"):
        read_saved(tmp_path / "pipe", "0" * 64)

from __future__ import annotations

import os
from pathlib import Path

import pytest

from jeoni.data import files
from jeoni.data.files import check_file, check_unpacked, open_file, read_file, special_kind
from jeoni.errors import DataError


def test_a_regular_file_is_read_through_links(tmp_path):
    (tmp_path / "file").write_bytes(b"content")
    (tmp_path / "link").symlink_to("file")
    assert (read_file(tmp_path / "link"), check_file(tmp_path / "file")) == (b"content", 7)


@pytest.mark.parametrize("path", ["/dev/zero", "/dev/null", "/dev/stdin"])
def test_a_device_is_refused(path):
    with pytest.raises(DataError, match=r"is (a device|a named pipe|empty)"):
        read_file(path)


def test_a_pipe_nobody_writes_to_is_refused_at_once(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(DataError, match=r"^photo 3 is a named pipe\. Needed: a regular file\.$"):
        read_file(tmp_path / "pipe", "photo 3")
    assert special_kind(tmp_path / "pipe") == "a named pipe"


def test_a_socket_and_a_folder_are_refused_by_their_kinds(tmp_path, monkeypatch):
    import socket

    monkeypatch.chdir(tmp_path)  # the path of a socket must be short
    with socket.socket(socket.AF_UNIX) as unix:
        unix.bind("socket")
        with pytest.raises(DataError, match=r"is a socket\. Needed: a regular file"):
            read_file("socket")
    with pytest.raises(DataError, match=r"is a folder\. Needed: a regular file"):
        read_file(tmp_path)


@pytest.mark.parametrize("path", ["/proc/self/environ", "/proc/self/mem"])
def test_a_file_of_proc_is_not_read(path):
    if not Path(path).exists():
        pytest.skip("the system has no /proc")
    with pytest.raises(DataError, match=r"is empty \(zero bytes\)"):
        read_file(path)


@pytest.mark.parametrize("path", ["a\0b", "n" * 5000])
def test_a_path_that_no_system_takes_is_an_error_in_words(path):
    with pytest.raises(DataError, match="cannot be read"):
        read_file(path)


def test_a_file_beyond_the_limit_is_refused_before_it_is_read(tmp_path):
    with (tmp_path / "large").open("wb") as file:
        file.truncate(3 << 30)  # takes no room on the disk
    with pytest.raises(DataError, match=r"large has 3\.22 GB; at most 537 MB are read\. Split it"):
        open_file(tmp_path / "large")


def test_what_unpacks_to_far_more_than_its_size_is_a_bomb():
    check_unpacked("small.npz", 900 << 20, 1 << 20)
    with pytest.raises(DataError, match=r"a\.npz has 9\.44 MB and would unpack to 9\.66 GB; at most 1\.07 GB"):
        check_unpacked("a.npz", 9 << 30, 9 << 20)


def test_what_the_memory_cannot_hold_is_refused(monkeypatch):
    monkeypatch.setattr(files, "_memory", lambda: 4 << 30)
    check_unpacked("a.npz", 2 << 30, 1 << 30)
    with pytest.raises(DataError, match=r"at most 2\.15 GB are unpacked"):
        check_unpacked("a.npz", 3 << 30, 1 << 30)

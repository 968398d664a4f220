"""Files are written whole or not at all, and never over an input."""

from __future__ import annotations

import errno
import os
import stat

import pytest

from jeoni.errors import ConfigError, StorageError
from jeoni.files.outputs import check_output, refuse_overlap, write_text, writing


def test_a_file_that_cannot_be_finished_leaves_the_old_one_and_no_part(tmp_path):
    path = tmp_path / "old.csv"
    path.write_text("old")
    with pytest.raises(StorageError, match="old.csv cannot be written: No space left"), writing(path) as file:
        file.write("half")
        raise OSError(errno.ENOSPC, "No space left on device")
    assert path.read_text() == "old" and list(tmp_path.iterdir()) == [path]


def test_a_written_file_has_the_mode_that_the_umask_gives(tmp_path):
    before = os.umask(0o027)
    try:
        write_text(tmp_path / "a.txt", "a")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "a.txt").stat().st_mode) == 0o640


def test_a_link_that_a_user_named_is_written_through_and_a_device_is_not_replaced(tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "real.txt")
    with writing(tmp_path / "link", follow=True) as file:
        file.write("a")
    assert (tmp_path / "link").is_symlink() and (tmp_path / "real.txt").read_text() == "a"
    device = tmp_path / "null"
    device.symlink_to(os.devnull)
    with writing(device, follow=True) as file:
        file.write("a")
    assert stat.S_ISCHR(device.stat().st_mode)


def test_a_link_in_a_folder_that_came_from_elsewhere_is_replaced_and_what_it_leads_to_is_not_touched(tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    (tmp_path / "link").symlink_to(tmp_path / "mine.txt")
    write_text(tmp_path / "link", "a")
    assert not (tmp_path / "link").is_symlink() and (tmp_path / "link").read_text() == "a"
    assert (tmp_path / "mine.txt").read_text() == "mine"


def test_a_name_of_the_greatest_length_can_be_written(tmp_path):
    path = tmp_path / ("n" * 255)
    write_text(path, "a")
    assert path.read_text() == "a"


def test_surrogates_are_written_escaped(tmp_path):
    write_text(tmp_path / "a.txt", "caf\udce9")
    assert (tmp_path / "a.txt").read_text() == "caf\\xe9"


@pytest.mark.parametrize(
    ("given", "said"),
    [("a\0b", "without null characters"), ("caf\udce9", "valid UTF-8"), ("n" * 300, "File name too long")],
)
def test_an_impossible_path_is_refused_in_a_sentence(tmp_path, given, said):
    with pytest.raises(ConfigError, match=said) as caught:
        check_output(f"{tmp_path}/{given}")
    assert "\0" not in str(caught.value)


@pytest.mark.parametrize(
    ("output", "relation"),
    [
        ("data", "is"),
        ("data/../data", "is"),
        ("link", "is"),
        ("data/run", "lies in"),
        ("link/run", "lies in"),
        (".", "contains"),
        ("hard.csv", "is"),
    ],
)
def test_an_output_that_overlaps_an_input_is_refused(tmp_path, monkeypatch, output, relation):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data").mkdir()
    (tmp_path / "table.csv").write_text("a")
    (tmp_path / "link").symlink_to(tmp_path / "data")
    (tmp_path / "hard.csv").hardlink_to(tmp_path / "table.csv")
    inputs = {"test set": "table.csv"} if output == "hard.csv" else {"data": "data"}
    with pytest.raises(ConfigError, match=rf"--out \S+ {relation} the (data|test set) "):
        refuse_overlap(tmp_path / output, inputs)


def test_an_output_beside_the_inputs_is_accepted(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data").mkdir()
    refuse_overlap(tmp_path / "data-run", {"data": "data", "backbone": "timm/resnet50", "weights": "", "test": "a\0"})

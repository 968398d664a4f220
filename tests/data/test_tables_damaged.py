"""Tables that are damaged, or made to harm: an answer in words, whatever their readers do."""

from __future__ import annotations

import json
import os
import random

import pyarrow
import pytest
from pyarrow import parquet

from jeoni.data import columns, files
from jeoni.data.tables import read_table
from jeoni.errors import ConfigError, DataError, JeoniError
from jeoni.tasks import load_data

TEXTS = [f"number {i} of some texts" for i in range(30)]
LABELS = ["pos" if i % 3 else "neg" for i in range(30)]


def write(path):
    if path.suffix == ".parquet":
        parquet.write_table(pyarrow.table({"text": TEXTS, "label": LABELS, "when": range(30)}), path)
    elif path.suffix == ".jsonl":
        rows = [{"text": t, "label": x} for t, x in zip(TEXTS, LABELS, strict=True)]
        path.write_text("\n".join(map(json.dumps, rows)))
    else:
        path.write_text("\n".join(["text,label", *map(",".join, zip(TEXTS, LABELS, strict=True))]))
    return path.read_bytes()


@pytest.mark.parametrize("name, seeds", [("t.csv", 150), ("t.jsonl", 150), ("t.parquet", 600)])
def test_changed_bytes_end_in_an_answer(name, seeds, tmp_path):
    path = tmp_path / name
    raw = write(path)
    for seed in range(seeds):
        dice, changed = random.Random(seed), bytearray(raw)
        for _ in range(dice.choice([1, 3, 10])):
            changed[dice.randrange(len(raw))] = dice.randrange(256)
        path.write_bytes(changed)
        try:
            items = read_table(path).items
        except JeoniError as error:
            assert name in str(error)
            continue
        for i in range(len(items)):
            try:
                items.read(i)
            except JeoniError as error:
                assert "row" in str(error) or "text" in str(error)


def test_a_parquet_file_with_letters_that_are_none_is_refused(tmp_path):
    path = tmp_path / "t.parquet"
    parquet.write_table(pyarrow.table({"text": TEXTS, "label": LABELS}), path, compression="none", use_dictionary=False)
    path.write_bytes(path.read_bytes().replace(b"number 7", b"numb\xff\xfe 7"))
    with pytest.raises(DataError, match=r"t\.parquet cannot be read as a table: .*UTF8"):
        read_table(path)


def test_a_parquet_file_of_many_rows_that_take_no_room_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "ALWAYS_UNPACKED", 1 << 16)
    same = pyarrow.table({"text": ["a"] * 1_000_000, "label": ["b"] * 1_000_000})
    parquet.write_table(same, tmp_path / "t.parquet")
    with pytest.raises(DataError, match=r"would unpack to 2 MB; at most \d+ kB"):
        read_table(tmp_path / "t.parquet")


def test_a_million_columns_are_refused_by_their_number(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text(",".join(f"f{i}" for i in range(1_000_000)) + "\n1")
    with pytest.raises(DataError, match=r"t\.csv has 1,000,000 columns; at most 50,000 .* np\.savez"):
        read_table(path)


def test_a_wide_parquet_file_is_refused_before_it_is_read(tmp_path, monkeypatch):
    monkeypatch.setattr("jeoni.data.delimited.MOST_COLUMNS", 2)
    write(tmp_path / "t.parquet")
    with pytest.raises(DataError, match=r"t\.parquet has 3 columns; at most 2"):
        read_table(tmp_path / "t.parquet")


def test_a_table_beyond_the_limit_is_refused_before_it_is_read(tmp_path):
    with (tmp_path / "t.csv").open("wb") as file:
        file.truncate(3 << 30)
    with pytest.raises(DataError, match=r"t\.csv has 3\.22 GB; at most 2\.15 GB are read"):
        read_table(tmp_path / "t.csv")


def test_zeros_within_cells_are_read_over(tmp_path):
    (tmp_path / "t.csv").write_bytes(b"text,label\n" + b"a\0b,x\n" + b"some more words,y\n" * 20)
    data = read_table(tmp_path / "t.csv")
    assert (data.items.read(0), data.targets[:2, 0].tolist()) == (b"ab", ["x", "y"])


@pytest.mark.parametrize("name", ["t.csv", "t.parquet"])
def test_pipes_and_devices_that_a_table_names_are_items_that_cannot_be_read(name, put):
    root = put("1.png", "2.png", "3.png")
    os.mkfifo(root / "pipe.png")
    paths, labels = ["1.png", "2.png", "3.png", "pipe.png", "/dev/zero"], list("abaab")
    if name == "t.csv":
        (root / name).write_text("\n".join(["file,label", *map(",".join, zip(paths, labels, strict=True))]))
    else:
        parquet.write_table(pyarrow.table({"file": paths, "label": labels}), root / name)
    items = load_data(root / name).items
    with pytest.raises(DataError, match=r"^pipe\.png is a named pipe"):
        items.read(3)
    with pytest.raises(DataError, match=r"^/dev/zero is a device"):
        items.read(4)


def test_a_pattern_that_never_ends_is_stopped(put, monkeypatch):
    monkeypatch.setattr(columns, "PATTERN_S", 0.5)
    root = put(f"x/{'a' * 60}!.png", "y/1.png")
    with pytest.raises(ConfigError, match=r"'\^\(a\+\)\+\$' was searched for in 2 paths for 0\.5 s without an end"):
        load_data(root, group_pattern="^(a+)+$")


@pytest.mark.parametrize("pattern", ["(a{99999999999})", "(" * 500 + "a" + ")" * 500])
def test_a_pattern_that_cannot_be_compiled_is_refused_or_fits_nothing(pattern, put):
    with pytest.raises(DataError, match=r"The group pattern .* (is not a regular expression|fits no path)"):
        load_data(put("x/1.png", "y/2.png"), group_pattern=pattern)


def test_names_that_are_not_utf_8_are_classes_paths_and_groups(tmp_path, make_image, encode):
    for seed, name in enumerate([b"caf\xe9/p1_\xff.png", b"caf\xe9/p2.png", b"tea/p1_\xfe.png"]):
        path = tmp_path / os.fsdecode(name)
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(encode(make_image(seed, (12, 10))))
    data = load_data(tmp_path, group_pattern=r"^(p\d)")
    assert data.task.class_names == ("caf\\xe9", "tea")
    assert (data.targets.tolist(), len(set(data.groups.tolist()))) == ([0, 0, 1], 2)
    assert data.items.read(0) == encode(make_image(0, (12, 10)))
    assert len(set(load_data(tmp_path, group_pattern=r"^(p.*)\.").groups.tolist())) == 3

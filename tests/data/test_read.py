from __future__ import annotations

import json
import os
import unicodedata
from pathlib import Path

import numpy as np
import pytest

from jeoni.data.checks import check_labels
from jeoni.data.read import load_items
from jeoni.errors import DataError
from jeoni.tasks import load_data


def names_of(data):
    return [data.items.name(i) for i in range(len(data))]


def test_a_folder_per_class_is_read_sorted_and_undecoded(put):
    root = put("dog/2.png", "cat/b/deep.JPG", "cat/1.png", "dog/.hidden.png", "dog/.cache/3.png", ".git/x.png")
    (root / "cat" / "notes.txt").write_text("no image")
    (root / "dog" / "broken.png").write_bytes(b"not decoded, so not noticed")
    data = load_data(root)
    assert names_of(data) == ["cat/1.png", "cat/b/deep.JPG", "dog/2.png", "dog/broken.png"]
    assert (data.task.class_names, data.targets.tolist()) == (("cat", "dog"), [0, 0, 1, 1])
    assert (data.name, data.origin, set(data.part)) == (root.name, str(root), {""})
    assert data.items.read(0).startswith(b"\x89PNG")


def test_parts_above_the_classes_are_kept_whatever_they_are_called(put):
    root = put("Train/a/1.png", "TRAIN2/x/9.png", "Train/b/2.png", "validation/a/3.png", "TEST/b/4.png")
    data = load_data(root)
    assert list(zip(names_of(data), data.part.tolist(), data.targets.tolist(), strict=True)) == [
        ("TEST/b/4.png", "test", 1),
        ("Train/a/1.png", "train", 0),
        ("Train/b/2.png", "train", 1),
        ("validation/a/3.png", "val", 0),
    ]


@pytest.mark.parametrize("read", [load_data, load_items])
def test_a_workbook_is_refused_with_what_to_save_it_as(tmp_path, read):
    (tmp_path / "r.XLS").write_bytes(b"\xd0\xcf\x11\xe0")
    with pytest.raises(DataError, match=r"r\.XLS is a workbook of a kind that is not read\. Save it as \.xlsx, or its"):
        read(tmp_path / "r.XLS")


@pytest.mark.parametrize("mark, what, ending", [("\t", "tabs", "tsv"), (",", "commas", "csv")])
def test_a_table_that_is_called_a_text_is_told_how_to_be_called(tmp_path, mark, what, ending):
    path = tmp_path / "ratings.txt"
    path.write_text(f"id{mark}document{mark}label\n1{mark}fine, so{mark}1\n")
    with pytest.raises(
        DataError, match=rf"hold {what}: if it is a table, call it ratings\.{ending}\. To predict a single"
    ):
        load_data(path)
    path.write_text(f"dear reader,\nthis is{mark} a letter\nof three lines\n")
    with pytest.raises(DataError, match=r"features \(.*\)\. To predict a single item"):
        load_data(path)


def test_a_class_that_is_called_train_is_a_class(put):
    assert load_data(put("train/1.png", "bus/2.png")).task.class_names == ("bus", "train")


def test_a_class_whose_name_starts_with_underscores_is_not_lost(put):
    assert load_data(put("__none__/1.png", "a/2.png", "__MACOSX/3.png")).task.class_names == ("__none__", "a")


def test_links_within_the_data_are_followed_and_a_circle_of_links_ends(put):
    root = put("data/a/1.png", "data/b/2.png", "data/.kept/3.png")
    (root / "data" / "c").symlink_to(root / "data" / ".kept")
    (root / "data" / "a" / "again").symlink_to(root / "data" / "a")
    (root / "data" / "a" / "self").symlink_to("self")
    data = load_data(root / "data")
    assert (names_of(data), data.findings) == (["a/1.png", "b/2.png", "c/3.png"], ())


def test_a_root_that_is_a_link_is_read(put):
    root = put("data/a/1.png", "data/b/2.png")
    (root / "link").symlink_to(root / "data")
    assert names_of(load_data(root / "link")) == ["a/1.png", "b/2.png"]


def test_links_out_of_the_data_are_skipped_and_reported(put):
    root = put("data/a/1.png", "data/b/2.png", "elsewhere/3.png", "elsewhere/c/4.png")
    (root / "data" / "c").symlink_to(root / "elsewhere" / "c")
    (root / "data" / "a" / "5.png").symlink_to(root / "elsewhere" / "3.png")
    (root / "data" / "a" / "zero.png").symlink_to("/dev/zero")
    data = load_data(root / "data")
    assert names_of(data) == ["a/1.png", "b/2.png"]
    assert [(f.kind, f.path, f.action) for f in data.findings] == [
        ("outside", path, "skipped") for path in ("a/5.png", "a/zero.png", "c")
    ]
    assert "a link that leads out of" in data.findings[0].detail


def test_a_folder_of_nothing_but_links_out_of_it_says_so(put):
    root = put("elsewhere/a/1.png", "elsewhere/b/2.png")
    (root / "data").mkdir()
    for name in "ab":
        (root / "data" / name).symlink_to(root / "elsewhere" / name)
    with pytest.raises(DataError, match=r"nothing that can be read\. Skipped: 2, the first because a: it is a link"):
        load_data(root / "data")


def test_links_out_of_the_folder_are_not_predicted(put):
    root = put("data/1.png", "elsewhere/2.png")
    (root / "data" / "2.png").symlink_to(root / "elsewhere" / "2.png")
    data = load_items(root / "data")
    assert (names_of(data), [f.path for f in data.findings]) == (["1.png"], ["2.png"])


def test_a_pipe_among_images_is_an_item_that_cannot_be_read(put):
    root = put("a/1.png", "b/2.png")
    os.mkfifo(root / "a" / "pipe.png")
    items = load_data(root).items
    with pytest.raises(DataError, match=r"^a/pipe\.png is a named pipe\. Needed: a regular file\."):
        items.read([items.name(i) for i in range(len(items))].index("a/pipe.png"))


@pytest.mark.parametrize("name", ["data", "data.csv", "data.parquet", "data.npz", "photo.jpg"])
def test_a_pipe_in_the_place_of_data_is_refused_at_once(name, tmp_path):
    os.mkfifo(tmp_path / name)
    for read in (load_data, load_items):
        with pytest.raises(DataError, match=rf"{name} is a named pipe\. Needed: a file or a folder\."):
            read(tmp_path / name)


@pytest.mark.parametrize("name", ["data.csv", "data.jsonl", "data.parquet", "data.npz", "data.npy", "data.mat"])
def test_a_folder_that_is_called_like_a_table_is_read_as_a_folder(name, tmp_path):
    (tmp_path / name).mkdir()
    with pytest.raises(DataError, match=r"is empty\. Needed: one folder per class"):
        load_data(tmp_path / name)


def test_a_folder_that_cannot_be_listed_is_reported(put, monkeypatch):
    root, usual = put("a/1.png", "b/2.png", "b/shut/3.png"), Path.iterdir

    def refuse(path):
        if path.name == "shut":
            raise PermissionError(13, "Permission denied")
        return usual(path)

    monkeypatch.setattr(Path, "iterdir", refuse)
    data = load_data(root)
    assert [(f.path, f.action) for f in data.findings] == [("b/shut", "skipped")]
    assert "cannot be listed: Permission denied" in data.findings[0].detail


def test_an_empty_class_folder_is_reported(put):
    root = put("a/1.png", "b/2.png")
    (root / "c").mkdir()
    data = load_data(root)
    assert data.task.class_names == ("a", "b")
    assert [(f.kind, f.detail) for f in data.findings] == [("empty_class", "the class c has no items")]


@pytest.mark.parametrize(
    "path", ["photos", "photos/", "./photos/x", "photos/panels", "photos/list.csv", "photos/one.png"]
)
def test_a_path_that_does_not_exist_is_named_and_no_hub_is_asked(path, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("jeoni.data.read.read_hub", lambda *a: pytest.fail("the hub was asked"))
    with pytest.raises(DataError, match=rf"^{path} does not exist\. Needed: a folder per class, a table") as caught:
        load_data(path)
    assert caught.value.path == path


def test_a_path_that_could_be_a_dataset_of_the_hub_says_how_to_ask_for_it(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DataError, match=r"hub is meant, write hub:photos/panels$"):
        load_data("photos/panels")


@pytest.mark.parametrize("path", ["hub:", "hub:cats", "hub:a/b/c", "hub:../etc/passwd"])
def test_what_follows_the_prefix_of_the_hub_must_be_an_owner_and_a_name(path):
    with pytest.raises(DataError, match=r"is no dataset of the hub\. Needed: hub:OWNER/NAME\."):
        load_data(path)


def test_an_empty_folder_says_what_is_needed(tmp_path):
    with pytest.raises(DataError, match=r"is empty\. Needed: one folder per class"):
        load_data(tmp_path)


def test_folders_without_images_say_which_kinds_are_known(tmp_path):
    (tmp_path / "a").mkdir()
    with pytest.raises(
        DataError,
        match=r"holds nothing in folders named for classes .*images: \.jpg, .*texts: .*audio: \.wav, \.flac, \.mp3, \.ogg, ",
    ):
        load_data(tmp_path)


def test_images_without_class_folders_point_to_predict_and_tables(put):
    with pytest.raises(DataError, match=r"holds 2 images, but not in folders .*CLASS/image\.jpg.*jeoni predict MODEL"):
        load_data(put("1.png", "2.png"))


def test_parts_without_class_folders_are_not_taken_for_classes(put):
    with pytest.raises(DataError, match=r"split into test, train, but in test and in train are no folders named"):
        load_data(put("train/1.png", "test/2.png"))


def test_an_example_of_what_is_needed_is_of_the_kind_that_is_there(put):
    with pytest.raises(DataError, match=r"Needed: .*/test/CLASS/audio\.wav\. To predict: jeoni predict MODEL .*/test$"):
        load_data(put("train/1.flac", "test/2.flac"))


def test_one_part_without_class_folders_is_named(put):
    with pytest.raises(DataError, match=r"but in test are no .*test/CLASS/image\.jpg\. To predict: jeoni predict"):
        load_data(put("train/a/1.png", "train/b/2.png", "test/3.png"))


def test_one_class_is_refused_unless_it_is_allowed(put):
    root = put("only/1.png", "only/2.png")
    with pytest.raises(DataError, match=r"holds one class only \(only\); a classifier needs at least two"):
        load_data(root)
    assert load_data(root, single_class=True).task.class_names == ("only",)


def test_a_single_image_is_no_labelled_data(put):
    with pytest.raises(DataError, match=r"1\.png is one file, not labelled data.*jeoni predict MODEL"):
        load_data(put("1.png") / "1.png")


def test_a_folder_has_no_group_column(put):
    with pytest.raises(DataError, match="has no columns, so no groups 'panel'"):
        load_data(put("a/1.png", "b/2.png"), group_column="panel")


def test_a_pattern_is_searched_below_the_folders_of_classes_and_what_it_does_not_fit_is_named(put):
    root = put(
        "a_zero_x/1_ann_.png", "a_zero_x/2_bob_.png", "a_six_x/1_ann_.png", "a_six_x/2_Bob-M_.png", "a_six_x/3_ann_.png"
    )  # fmt: skip
    data = load_data(root, group_pattern="_([a-z]+)_")
    assert names_of(data)[1] == "a_six_x/2_Bob-M_.png"
    ann, strange, *more, bob = data.groups.tolist()
    assert more == [ann, ann] and len({ann, bob, strange}) == 3
    assert [(f.kind, f.path, f.action) for f in data.findings] == [
        ("ungrouped", "a_six_x/2_Bob-M_.png", "a group by itself")
    ]
    assert "finds no group in '2_Bob-M_.png'" in data.findings[0].detail
    parts = put("parts/train/a/ann/1.png", "parts/train/b/ann/2.png", "parts/test/b/bob/3.png") / "parts"
    assert len(set(load_data(parts, group_pattern="^([a-z]+)/").groups.tolist())) == 2


def test_a_pattern_is_searched_in_all_that_a_table_says(put):
    root = put("ann_/1.png", "ann_/2.png", "bob_/3.png", "4.png")
    (root / "t.csv").write_text("file,label\nann_/1.png,x\nann_/2.png,y\nbob_/3.png,y\n4.png,x\n")
    data = load_data(root / "t.csv", group_pattern="([a-z]+)_/")
    assert len(set(data.groups.tolist())) == 3
    assert [(f.kind, f.path) for f in data.findings] == [("ungrouped", "4.png")]


def test_an_own_test_set_is_appended_as_the_test_part(put):
    root = put("data/a/1.png", "data/b/2.png", "data/c/3.png", "held/c/4.png", "held/b/5.png")
    data = load_data(root / "data", test=root / "held")
    assert data.part.tolist() == ["", "", "", "test", "test"]
    assert data.targets.tolist() == [0, 1, 2, 1, 2]  # a is missing in the test set, and b keeps its number
    assert data.items.name(3) == "b/5.png" and data.items.read(3) != data.items.read(1)


def test_items_of_an_own_test_set_are_told_apart_by_name_and_what_was_found_in_it_is_told(tmp_path):
    (tmp_path / "train.csv").write_text("text,label\nfine,좋음\ndull,나쁨\n", encoding="utf-8")
    (tmp_path / "test.csv").write_bytes("text,label\n좋다,좋음\n나쁘다,나쁨\n".encode("cp949"))
    data = load_data(tmp_path / "train.csv", test=tmp_path / "test.csv")
    assert names_of(data) == ["row 0", "row 1", "test row 0", "test row 1"]
    assert names_of(data.select([3, 0])) == ["test row 1", "row 0"]
    assert [f.detail for f in data.findings] == ["in the test set, the table is in CP949, not in UTF-8"]


def test_files_of_one_name_in_data_and_test_set_are_told_apart(put):
    root = put("data/a/1.png", "data/b/2_p_.png", "held/a/3_p_.png", "held/b/2_p_.png", "held/b/4.png")
    data = load_data(root / "data", test=root / "held", group_pattern="_(p)_")
    assert names_of(data) == ["a/1.png", "b/2_p_.png", "test a/3_p_.png", "test b/2_p_.png", "test b/4.png"]
    assert [(f.path, f.detail[:16]) for f in data.findings] == [
        ("a/1.png", "the group patter"),
        ("test b/4.png", "in the test set,"),
    ]


def test_a_class_only_in_the_test_set_is_refused_by_name(put):
    root = put("data/a/1.png", "data/b/2.png", "held/bird/4.png")
    data = load_data(root / "data", test=root / "held")
    with pytest.raises(DataError, match=r"classes that the training data do not: bird\. The training data hold a, b"):
        check_labels(data)


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_names_are_the_same_however_their_letters_are_put_together(put, form):
    cut = unicodedata.normalize("NFD", "긍정"), unicodedata.normalize("NFD", "부정")
    root = put(f"data/{cut[0]}/1.png", f"data/{cut[1]}/2.png", f"data/{cut[1]}/_민_.png")
    header = unicodedata.normalize(form, "파일,라벨,사람")
    (root / "t.csv").write_text(f"{header}\ndata/{cut[0]}/1.png,긍정,{cut[0]}\ndata/{cut[1]}/2.png,{cut[1]},긍정\n")
    data = load_data(root / "data", test=root / "t.csv")
    assert data.task.class_names == ("긍정", "부정") and data.targets.tolist() == [0, 1, 1, 0, 1]
    assert names_of(data)[0] == f"{cut[0]}/1.png" and all(data.items.read(i) for i in range(5))
    same = load_data(root / "t.csv", group_column=unicodedata.normalize("NFD", "사람")).groups
    assert same[0] == same[1]
    assert len(load_data(root / "data", group_pattern="_([가-힣])_").findings) == 2


def test_with_an_own_test_set_the_former_test_part_is_trained_on(put):
    root = put("data/train/a/1.png", "data/test/b/2.png", "held/a/3.png")
    assert load_data(root / "data", test=root / "held").part.tolist() == ["train", "train", "test"]


def test_equal_groups_of_two_tables_are_one_group_and_a_folder_has_none(put):
    root = put("1.png", "2.png", "3.png", "4.png", "held/a/5.png")
    (root / "x.csv").write_text("file,label,panel\n1.png,a,P7\n2.png,b,P8\n")
    (root / "y.csv").write_text("file,label,panel\n3.png,a,P9\n4.png,b,P7\n")
    one, two, three, four = load_data(root / "x.csv", test=root / "y.csv", group_column="panel").groups
    assert one == four and len({one, two, three}) == 3
    groups = load_data(root / "x.csv", test=root / "held", group_column="").groups
    assert groups is None


def test_items_to_predict_come_from_a_file_a_folder_or_a_table(put):
    root = put("b/2.png", "1.png")
    (root / "list.csv").write_text("path,other\n1.png,x\nb/2.png,y\n")
    assert names_of(load_items(root)) == ["1.png", "b/2.png"]
    assert names_of(load_items(root / "1.png")) == [str(root / "1.png")]
    data = load_items(root / "list.csv")
    assert names_of(data) == ["1.png", "b/2.png"]
    assert (data.targets.tolist(), data.task) == ([[None], [None]], None)
    np.testing.assert_array_equal(data.part, ["", ""])


@pytest.mark.parametrize(
    "name, message", [("gone", "gone does not exist. Needed: a file"), (".", r"holds no images \(\.jpg, ")]
)
def test_nothing_to_predict_is_an_error(tmp_path, name, message):
    with pytest.raises(DataError, match=message):
        load_items(tmp_path / name)


@pytest.mark.parametrize(
    "names, modality",
    [
        (("0.wav", "0.txt"), "audio"),  # what is said in each
        (("0.wav", "0.png"), "audio"),  # its picture
        (("0.txt", "0.png"), "image"),  # what is to be seen
        (("0.wav", "0.txt", "1.txt"), "text"),
    ],
)
def test_of_as_many_files_of_two_kinds_sounds_go_before_images_and_these_before_texts(tmp_path, names, modality):
    for kind in "ab":
        (tmp_path / kind).mkdir()
        for name in names:
            (tmp_path / kind / name).write_bytes(b"x")
    data = load_data(tmp_path)
    assert data.modality == modality and "lie among them" in data.findings[0].detail


@pytest.mark.parametrize("table, disk", [("NFC", "NFD"), ("NFD", "NFC")])
def test_files_are_found_however_the_letters_of_their_names_are_put_together(tmp_path, table, disk):
    names = [f"소리 {k}.wav" for k in range(4)]
    for name in names:
        (tmp_path / unicodedata.normalize(disk, name)).write_bytes(b"RIFF")
    rows = "".join(f"{unicodedata.normalize(table, name)},{'ab'[k % 2]}\n" for k, name in enumerate(names))
    (tmp_path / "t.csv").write_text(f"file,label\n{rows}", encoding="utf-8")
    data = load_data(tmp_path / "t.csv", group_pattern=unicodedata.normalize("NFD", "소리 ([0-9])"))
    assert [data.items.read(k) for k in range(4)] == [b"RIFF"] * 4 and len(set(data.groups.tolist())) == 4


def test_paths_in_records_are_relative_to_their_table_too(tmp_path, monkeypatch):
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "0.wav").write_bytes(b"RIFF")
    cells = [{"audio": {"path": "0.wav", "bytes": None}, "label": k} for k in (0, 1)]
    (tmp_path / "there" / "t.jsonl").write_text("\n".join(map(json.dumps, cells)))
    monkeypatch.chdir(tmp_path)
    data = load_data("there/t.jsonl")
    assert (data.modality, data.items.read(0), data.select([1]).items.read(0)) == ("audio", b"RIFF", b"RIFF")


def test_records_of_samples_are_said_to_be_no_files(tmp_path):
    cells = [{"audio": {"array": [0.0, 0.5], "sampling_rate": 8000}, "label": k} for k in (0, 1)]
    (tmp_path / "t.jsonl").write_text("\n".join(map(json.dumps, cells)))
    with pytest.raises(DataError, match=r"'audio' of .* holds struct<array.*Needed: encoded files \(bytes\), or paths"):
        load_data(tmp_path / "t.jsonl")

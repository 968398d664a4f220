from __future__ import annotations

import json
import os
import random
import unicodedata

import datasets
import pytest

from jeoni.data.read import load_items
from jeoni.errors import DataError, JeoniError
from jeoni.tasks import load_data


@pytest.fixture(autouse=True)
def no_progress_bars():
    datasets.disable_progress_bars()


def make_table(encode, make_image, labels, classes=("no", "yes"), **more):
    cells = [{"bytes": encode(make_image(i, (6, 6))), "path": None} for i in range(len(labels))]
    features = {"picture": datasets.Image(), "answer": datasets.ClassLabel(names=list(classes))}
    features.update({name: datasets.Value("string") for name in more})
    values = {"picture": cells, "answer": labels, **more}
    return datasets.Dataset.from_dict(values, features=datasets.Features(features))


def test_a_saved_dataset_gives_encoded_images_and_its_classes_by_name(tmp_path, encode, make_image):
    make_table(encode, make_image, [1, 0, 1], classes=("yes", "no")).save_to_disk(tmp_path / "kept")
    data = load_data(tmp_path / "kept")
    assert (data.task.class_names, data.targets.tolist(), data.name) == (("no", "yes"), [0, 1, 0], "kept")
    assert [data.items.name(i) for i in range(3)] == ["row 0", "row 1", "row 2"]
    assert data.items.read(2) == encode(make_image(2, (6, 6)))


def test_names_in_a_saved_dataset_are_the_same_however_their_letters_are_put_together(tmp_path, encode, make_image):
    cut = [unicodedata.normalize("NFD", name) for name in ("긍정", "부정", "라벨")]
    table = make_table(encode, make_image, [1, 0], classes=cut[:2])
    table.rename_column("answer", cut[2]).save_to_disk(tmp_path / "kept")
    assert load_data(tmp_path / "kept", label_column="라벨").task.class_names == ("긍정", "부정")


def test_the_splits_of_a_saved_dataset_are_parts(tmp_path, encode, make_image):
    splits = {
        "train": make_table(encode, make_image, [0, 1]),
        "validation": make_table(encode, make_image, [1]),
        "test": make_table(encode, make_image, [-1, 0]),
    }
    datasets.DatasetDict(splits).save_to_disk(tmp_path / "kept")
    data = load_data(tmp_path / "kept")
    assert data.part.tolist() == ["train", "train", "val", "test", "test"]
    assert data.targets.tolist() == [0, 1, 1, -1, 0]
    assert data.items.name(4) == "test row 1"
    assert data.items.read(4) == encode(make_image(1, (6, 6)))


def test_groups_reach_over_the_splits_of_a_saved_dataset(tmp_path, encode, make_image):
    splits = {
        "train": make_table(encode, make_image, [0, 1], who=["ann", "bob"]),
        "test": make_table(encode, make_image, [1], who=["bob"]),
    }
    datasets.DatasetDict(splits).save_to_disk(tmp_path / "kept")
    groups = load_data(tmp_path / "kept", group_column="who").groups
    assert groups[1] == groups[2] != groups[0]


def test_a_saved_dataset_without_labels_can_be_predicted(tmp_path, encode, make_image):
    make_table(encode, make_image, [0, 1]).remove_columns("answer").save_to_disk(tmp_path / "kept")
    assert load_items(tmp_path / "kept").targets.tolist() == [[None], [None]]
    with pytest.raises(
        DataError, match=r"known to hold the labels\. Name it with --label-column\. Its columns: picture"
    ):
        load_data(tmp_path / "kept")


def test_of_two_columns_that_may_hold_labels_the_one_that_was_taken_is_told(tmp_path):
    table = datasets.Dataset.from_dict({"text": ["fine", "dull"], "category": ["x", "y"], "sentiment": ["p", "n"]})
    table.save_to_disk(tmp_path / "kept")
    assert "from the column 'category'; 'sentiment' may" in load_data(tmp_path / "kept").findings[0].detail


def test_a_damaged_saved_dataset_is_named(tmp_path):
    (tmp_path / "state.json").write_text("{}")
    with pytest.raises(DataError, match=r"looks like a saved dataset but cannot be read: .* Save it again"):
        load_data(tmp_path)


def test_a_dataset_without_rows_says_so(monkeypatch, tmp_path, encode, make_image):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(datasets, "load_dataset", lambda name: {"train": make_table(encode, make_image, [])})
    with pytest.raises(DataError, match="someone/cats has no rows"):
        load_data("hub:someone/cats")


def test_a_name_with_the_prefix_is_asked_of_the_hub(monkeypatch, tmp_path, encode, make_image):
    asked = []
    monkeypatch.chdir(tmp_path)
    table = make_table(encode, make_image, [0, 1])
    monkeypatch.setattr(datasets, "load_dataset", lambda name: asked.append(name) or {"train": table})
    data = load_data("hub:someone/cats.v1")
    assert (asked, data.name, data.part.tolist()) == (["someone/cats.v1"], "someone-cats.v1", ["train", "train"])


def test_a_hub_that_does_not_answer_is_explained(monkeypatch, tmp_path):
    def fail(name):
        raise ConnectionError("no route to the hub.\nmany more lines")

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(datasets, "load_dataset", fail)
    with pytest.raises(
        DataError, match=r"The dataset someone/cats could not be had from the hub: no route to the hub\. Check"
    ):
        load_data("hub:someone/cats")


def test_names_of_files_in_a_saved_dataset_are_no_texts(tmp_path):
    import datasets

    datasets.Dataset.from_dict({"text": ["a.txt", "b.txt"], "label": ["x", "y"]}).save_to_disk(tmp_path / "kept")
    with pytest.raises(DataError, match=r"column 'text' of .* holds names of files, for example 'a\.txt', not texts"):
        load_data(tmp_path / "kept")


def test_a_split_without_labels_has_none_and_one_without_items_is_named(tmp_path):
    train = datasets.Dataset.from_dict({"text": ["fine film", "dull film"], "label": ["a", "b"], "who": ["x", "y"]})
    for name, test in {"texts": {"text": ["so so"]}, "others": {"words": ["so so"]}}.items():
        datasets.DatasetDict({"train": train, "test": datasets.Dataset.from_dict(test)}).save_to_disk(tmp_path / name)
    data = load_data(tmp_path / "texts")
    assert data.targets.tolist() == [0, 1, -1] and data.part.tolist() == ["train", "train", "test"]
    with pytest.raises(DataError, match="The split 'test' of .*texts has no column 'who'. Its columns: text"):
        load_data(tmp_path / "texts", group_column="who")
    with pytest.raises(DataError, match="The split 'test' of .*others has no column 'text'. Its columns: words"):
        load_data(tmp_path / "others")


def test_cells_of_a_saved_dataset_that_hold_several_values_are_several_labels_and_no_groups(tmp_path):
    table = {"text": ["fine film", "dull film"], "label": [["a"], ["a", "b"]], "who": ["x", "y"]}
    datasets.Dataset.from_dict(table).save_to_disk(tmp_path / "sets")
    assert load_data(tmp_path / "sets").task.label_names == ("a", "b")
    datasets.Dataset.from_dict({**table, "who": [["x"], ["y"]]}).save_to_disk(tmp_path / "kept")
    with pytest.raises(DataError, match=r"column 'who' of .* holds several values in one cell, for example \['x'\]"):
        load_data(tmp_path / "kept", group_column="who")


def test_changed_bytes_of_a_saved_dataset_end_in_an_answer(tmp_path, encode, make_image):
    make_table(encode, make_image, [0, 1] * 6, note=["ab"] * 12).save_to_disk(tmp_path / "kept")
    contents = {path: path.read_bytes() for path in sorted((tmp_path / "kept").iterdir())}
    refused = 0
    for seed in range(90):
        dice = random.Random(seed)
        path = dice.choice(list(contents))
        changed = bytearray(contents[path])
        for _ in range(dice.choice([1, 3, 10])):
            changed[dice.randrange(len(changed))] = dice.randrange(256)
        path.write_bytes(changed)
        try:
            items = load_data(tmp_path / "kept").items
            assert all(len(items.read(i)) for i in range(len(items)))
        except JeoniError:
            refused += 1
        path.write_bytes(contents[path])
    assert 0 < refused < 90


@pytest.mark.parametrize("name", ["/dev/zero", "../elsewhere.arrow"])
def test_a_saved_dataset_names_no_file_out_of_its_folder(name, tmp_path, encode, make_image):
    make_table(encode, make_image, [0, 1]).save_to_disk(tmp_path / "kept")
    state = json.loads((tmp_path / "kept" / "state.json").read_text())
    state["_data_files"][0]["filename"] = name
    (tmp_path / "kept" / "state.json").write_text(json.dumps(state))
    with pytest.raises(DataError, match=r"names the file '.*', which is not in its folder"):
        load_data(tmp_path / "kept")


def test_a_pipe_in_a_saved_dataset_is_refused_at_once(tmp_path, encode, make_image):
    make_table(encode, make_image, [0, 1]).save_to_disk(tmp_path / "kept")
    (tmp_path / "kept" / "data-00000-of-00001.arrow").unlink()
    os.mkfifo(tmp_path / "kept" / "data-00000-of-00001.arrow")
    with pytest.raises(DataError, match="is a named pipe"):
        load_data(tmp_path / "kept")


def test_a_label_beyond_the_classes_is_refused(monkeypatch, encode, make_image):
    table = make_table(encode, make_image, [0, 1, 1])
    broken = table.with_format("arrow")[:].set_column(1, "answer", [[0, 9, 1]])
    info = datasets.DatasetInfo(features=table.features)
    monkeypatch.setattr(datasets, "load_dataset", lambda name: {"train": datasets.Dataset(broken, info=info)})
    with pytest.raises(DataError, match="A label of someone/cats is 9; its 2 classes are numbered from 0"):
        load_data("hub:someone/cats")

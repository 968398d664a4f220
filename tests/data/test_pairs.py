"""Labelled examples in memory: understood without a doubt, or refused in a sentence."""

from __future__ import annotations

import numpy as np
import pandas
import pytest
import torch
from PIL import Image

from jeoni.data.kinds import Columns
from jeoni.data.pairs import examples_modality, load_labelled_in_memory
from jeoni.errors import ConfigError, DataError
from tests.conftest import make_picture


def load(data, **columns):
    return load_labelled_in_memory(data, Columns(**columns))


class Pictures(torch.utils.data.Dataset):
    """Samples as torchvision's datasets give them; counts how often one was read."""

    def __init__(self, n=4):
        self.n, self.read = n, 0

    def __len__(self):
        return self.n

    def __getitem__(self, index):
        self.read += 1
        return make_picture(index % 2, index, 16), index % 2


@pytest.mark.parametrize(
    ("X", "modality"),
    [
        (["a.png", "b.png"], "image"),
        ([make_picture(0, 0, 16)], "image"),
        ([np.zeros((8, 8, 3), dtype=np.uint8)], "image"),
        (np.zeros((2, 8, 8, 3), dtype=np.uint8), "image"),
        (["a.wav", None], "audio"),
        (["good.", "bad."], "text"),
        (np.array(["good.", "bad."]), "text"),
        (pandas.Series(["good.", None]), "text"),
        (np.zeros((2, 5)), "vector"),
        ([[0.5, 1.0], [1.0, 2.0]], "vector"),
        (torch.zeros(2, 5), "vector"),
        (Pictures(), "image"),
    ],
)
def test_examples_say_what_they_are(X, modality):
    assert examples_modality(X) == modality


def test_lists_of_pictures_and_labels():
    pictures = [make_picture(k % 2, k, 16) for k in range(4)]
    data = load((pictures, ["no", "yes", "no", None]))
    assert data.modality == "image" and data.targets.ravel().tolist() == ["no", "yes", "no", None]
    np.testing.assert_array_equal(np.asarray(data.items.read(1)), np.asarray(pictures[1]))


def test_texts_with_a_series_of_labels():
    data = load((["good", "bad"], pandas.Series([1, 0])))
    assert data.modality == "text" and data.items.text(1) == "bad" and data.targets.ravel().tolist() == [1, 0]


@pytest.mark.parametrize(
    "y",
    [
        np.array([[1, 0.5], [0, 0.25]]),
        pandas.DataFrame({"label 0": [1.0, 0.0], "label 1": [0.5, 0.25]}),
        {"label 0": [1.0, 0.0], "label 1": [0.5, 0.25]},
    ],
    ids=["array", "frame", "dictionary"],
)
def test_several_columns_of_labels(y):
    data = load((np.zeros((2, 3)), y))
    assert data.label_columns == ("label 0", "label 1")
    assert data.targets.tolist() == [[1.0, 0.5], [0.0, 0.25]]


def test_files_of_texts_are_read_and_texts_are_not_files(tmp_path):
    (tmp_path / "a.txt").write_text("a lovely film")
    assert load(([str(tmp_path / "a.txt")], ["x"])).items.read(0) == b"a lovely film"
    assert load((["a lovely film.txt"], ["x"]), modality="text").items.text(0) == "a lovely film.txt"


def test_a_torch_dataset_gives_examples_and_labels():
    data = load(Pictures())
    assert data.modality == "image" and data.targets.ravel().tolist() == [0, 1, 0, 1]


def test_labels_that_a_torch_dataset_keeps_are_taken_without_reading_and_by_their_names():
    samples = Pictures()
    samples.targets, samples.classes = torch.tensor([0, 1, 0, 1]), ["sound", "broken"]
    assert load(samples).targets.ravel().tolist() == ["sound", "broken", "sound", "broken"]
    assert samples.read == 1  # the first, to see what it is


def test_a_frame_is_a_table():
    data = load(pandas.DataFrame({"review": ["good", "bad"], "stars": [5, 1]}), label="stars")
    assert data.modality == "text" and data.targets.ravel().tolist() == [5, 1]


def test_a_group_pattern_finds_groups_in_paths(tmp_path):
    for name in ("p1_a.png", "p1_b.png", "p2_a.png"):
        Image.new("RGB", (8, 8)).save(tmp_path / name)
    paths = [tmp_path / name for name in ("p1_a.png", "p1_b.png", "p2_a.png")]
    groups = load((paths, [0, 1, 0]), pattern=r"(p\d)_").groups
    assert groups[0] == groups[1] != groups[2]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ((["a", "b"], [1]), "X holds 2 examples and y 1 labels; they must be as many"),
        ((["a", "b"], {"x": [1, 2], "z": [1]}), "X holds 2 examples and y 1 labels of 'z'"),
        ((["a", "b"], [None, float("nan")]), "All labels in y are missing"),
        ((["a", "b"], "xy"), "y is of the type str; a list or an array of labels is needed"),
        ((np.zeros((2, 3)), np.zeros((2, 2, 2))), r"y is an array \(2, 2, 2\); labels \(n,\)"),
        ((np.zeros((2, 3)), np.float64(1)), r"y is an array \(\); labels \(n,\)"),
        (([], []), "A list holds no examples; at least one is needed"),
        (([{1}], [1]), "An example is a set. Needed: a path; a table"),
        (["a", "b"], "A list has no labels. Needed: a path; a table"),
        (3, "An int has no labels. Needed: a path"),
        (torch.utils.data.TensorDataset(torch.zeros(2, 3)), r"Sample 0 of the torch Dataset is of the type tuple"),
        (torch.utils.data.DataLoader(Pictures()), "Give its dataset: loader.dataset"),
    ],
)
def test_what_cannot_be_understood_is_refused(data, said):
    with pytest.raises(DataError, match=said):
        load(data)


def test_columns_of_what_has_none_are_refused():
    with pytest.raises(ConfigError, match="The column 'grade' was named, but A tuple has no columns"):
        load((["a"], [1]), label="grade")

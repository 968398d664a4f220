"""Features that exist already: files of arrays, tables of numbers, and what is made of them."""

from __future__ import annotations

import json
import zipfile

import numpy as np
import pyarrow
import pytest
from pyarrow import parquet
from scipy.io import savemat
from scipy.sparse import csc_matrix, csr_array, csr_matrix

from jeoni.backbones.catalog import default_backbone, fitted_to, load_backbone
from jeoni.data.read import load_items
from jeoni.data.vectors import VectorItems, check_numbers
from jeoni.errors import ConfigError, DataError, WeightsError
from jeoni.modalities.inputs import load_input
from jeoni.modalities.inputs.vector import VectorInput
from jeoni.tasks import load_data

X = np.arange(12, dtype=float).reshape(4, 3) / 8
Y = np.array([2, 10, 2, 10])


def rows_of(data):
    return np.stack([data.items.read(i) for i in range(len(data))])


@pytest.fixture
def save(tmp_path):
    def saved(name="t.npz", **arrays):
        if name.endswith(".mat"):
            savemat(tmp_path / name, arrays)
        else:
            np.savez(tmp_path / name, **arrays)
        return tmp_path / name

    return saved


@pytest.mark.parametrize("features", ["X", "feats", "Embeddings", "data", "anything"])
@pytest.mark.parametrize("labels", ["y", "labels", "target", "classes", "whatever"])
def test_arrays_are_recognised_by_their_names_or_because_there_are_no_others(save, features, labels):
    data = load_data(save(**{features: X, labels: Y}))
    assert (data.modality, data.task.class_names, data.targets.tolist()) == ("vector", ("2", "10"), [0, 1, 0, 1])
    np.testing.assert_array_equal(rows_of(data), X)
    assert rows_of(data).dtype == np.float32 and data.items.name(2) == "row 2"


def test_names_go_before_shapes(save):
    other = np.ones((9, 9))
    data = load_data(save(distances=other, fts=X, note=np.arange(4), labels=["b", "a", "b", "a"]))
    assert (data.task.class_names, data.targets.tolist()) == (("a", "b"), [1, 0, 1, 0])
    np.testing.assert_array_equal(rows_of(data), X)


@pytest.mark.parametrize("labels", [[1.0, np.nan, 0.0, 1.0], ["01", "", "02", "01"], [True, False, True, False]])
def test_labels_become_the_names_that_a_table_gives_them(save, tmp_path, labels):
    cells = ["" if v != v else str(v) for v in labels]
    (tmp_path / "t.csv").write_text("a,b,label\n" + "".join(f"{i},1,{v}\n" for i, v in enumerate(cells)))
    one, other = load_data(save(X=X, y=labels)), load_data(tmp_path / "t.csv")
    assert one.task.class_names == other.task.class_names
    assert one.targets.tolist() == other.targets.tolist()


def test_matlab_s_files_are_read_sparse_ones_and_cells_of_words_too(save):
    cells = np.array([["b"], ["a"], ["b"], ["a"]], dtype=object)
    for features in (X, csc_matrix(X), X.astype(np.float32).T):
        data = load_data(save("t.mat", fts=features, labels=cells))
        assert (data.task.class_names, data.targets.tolist()) == (("a", "b"), [1, 0, 1, 0])
        np.testing.assert_array_equal(rows_of(data), X)
    assert "3 x 4: items lie in columns" in data.findings[0].detail


def test_items_are_rows_that_are_not_copied_sparse_ones_alike():
    for array in (X, csr_array(X)):
        items = VectorItems(array)
        chosen = items.select([3, 1]).select([1])
        assert (len(chosen), chosen.name(0), chosen.size(0)) == (1, "row 1", 3)
        np.testing.assert_array_equal(chosen.read(0), X[1])
    array = X.copy()
    items = VectorItems(array)
    array[0] = 7
    assert items.read(0).tolist() == [7, 7, 7]
    with pytest.raises(DataError, match=r"rows of an array \(n, d\); this one is \(3,\)"):
        VectorItems(np.ones(3))
    with pytest.raises(DataError, match="rows of numbers; this array holds no numbers but <U1"):
        VectorItems(np.array([["a", "b"]]))


def test_groups_and_a_split_come_with_the_arrays(save):
    path = save(X=X, y=Y, groups=["p", "q", "p", "q"], who=[1, 2, 3, 1], split=["train", "train", "test", "val"])
    data = load_data(path)
    assert data.part.tolist() == ["train", "train", "test", "val"]
    assert data.groups[0] == data.groups[2] != data.groups[1]
    named = load_data(path, group_column="who")
    assert named.groups[0] == named.groups[3] != named.groups[2]
    with pytest.raises(DataError, match=r"no array 'wo' of groups\. Did you mean who\?"):
        load_data(path, group_column="wo")
    with pytest.raises(DataError, match=r"'groups' in .* is 3; one value for each of 4 rows is needed"):
        load_data(save(X=X, y=Y, groups=[1, 2, 3]))


def test_features_alone_are_for_predicting(tmp_path, save):
    np.save(tmp_path / "t.npy", X.astype(np.float16))
    data = load_items(tmp_path / "t.npy", "vector")
    assert (data.modality, data.targets.tolist()) == ("vector", [[None]] * 4)
    np.testing.assert_array_equal(rows_of(data), X)
    assert load_items(save(X=X, y=Y), "vector").targets.tolist() == [[None]] * 4
    with pytest.raises(DataError, match=r"t\.npy holds features without labels\. Save both: np\.savez.*jeoni predict"):
        load_data(tmp_path / "t.npy")
    with pytest.raises(DataError, match=r"is a folder\. Needed: features \(\.npz, \.npy, \.mat\) or a table"):
        load_items(tmp_path, "vector")


@pytest.mark.parametrize(
    "arrays, said",
    [
        ({"X": X + 1j, "y": Y}, "features 'X' in .* are complex numbers; real numbers are needed"),
        ({"weird": X * 1j, "y": Y}, "features 'weird' in .* are complex numbers"),
        ({"X": X.astype(str), "y": Y}, "features 'X' in .* are no numbers but <U"),
        ({"X": np.ones(4), "y": Y}, r"holds no features\. Needed: one array .* There: X \(4,\) float64, y \(4,\)"),
        ({"images": np.ones((4, 2, 2)), "y": Y}, r"holds no features.* There: images \(4, 2, 2\)"),
        ({"one": X, "two": X, "y": Y}, "several arrays that may be the features: one, two. Save the one that is meant"),
        ({"X": X, "feats": X, "y": Y}, "several arrays that may be the features: X, feats"),
        ({"X": X, "y": Y[:2]}, r"labels 'y' in .* are 2, the features 4 x 3: one label for each row is needed"),
        ({"X": X, "y": np.eye(4)[:, :2]}, r"labels 'y' in .* are 4 x 2, the features 4 x 3"),
        ({"X": X}, r"No array of .* is known to hold the labels\. Call it y, .* There: X \(4, 3\)"),
        ({"X": X, "a": Y, "b": Y}, "No array of .* is known to hold the labels"),
        ({"X": X, "y": ["", "", "", ""]}, "labels 'y' in .* are all empty"),
        ({"X": np.zeros((0, 3)), "y": []}, "features in .* are 0 x 3: empty"),
        ({"X": X, "y": np.array(["a", None] * 2)}, r"'y' in .* holds Python objects, .*pickle.* such as y\.astype\(str\)"),
        ({"X": np.array([[1, None]] * 4), "y": Y}, "'X' in .* holds Python objects"),
        ({"X": X, "y": Y, "label": Y[:2]}, "labels 'label' in .* are 2, the features 4 x 3"),
    ],
)  # fmt: skip
def test_arrays_that_cannot_be_used_say_why(save, arrays, said):
    with pytest.raises(DataError, match=said):
        load_data(save(**arrays))


def test_a_named_array_of_labels_is_taken_or_missed(save):
    path = save(X=X, y=Y, quality=[5, 6, 5, 6])
    assert load_data(path, label_column="quality").task.class_names == ("5", "6")
    with pytest.raises(
        DataError, match=r"no array 'qualty' of labels\. Did you mean quality\?.*other arrays: y, quality"
    ):
        load_data(path, label_column="qualty")


def test_python_objects_that_nobody_needs_are_left_alone(save):
    data = load_data(save(X=X, y=Y, about=np.array([{"a": 1}], dtype=object)))
    assert len(data) == 4


def test_cells_in_the_place_of_features_are_refused(save):
    with pytest.raises(DataError, match="features 'X' in .* are no numbers but <U1"):
        load_data(save("t.mat", X=np.array([["a", "b"], ["c", "d"]], dtype=object), y=[1, 2]))


@pytest.mark.parametrize("name", ["t.npz", "t.npy", "t.mat"])
def test_files_that_are_none_or_are_cut_off_say_so(save, tmp_path, name):
    (tmp_path / name).write_bytes(b"nothing of the kind, though it is long enough to be one" * 9)
    with pytest.raises(DataError, match=rf"{name} cannot be read: .*damaged.* Save it again"):
        load_data(tmp_path / name)
    np.save(tmp_path / "t.npy", X) if name == "t.npy" else save(name, X=np.ones((40, 40)), y=np.ones(40))
    whole = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(whole[: len(whole) * 2 // 3])
    with pytest.raises(DataError, match=rf"{name} cannot be read: .*damaged"):
        load_data(tmp_path / name)


def test_a_changed_byte_in_an_archive_is_noticed(save):
    path = save(X=X, y=Y)
    raw = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as archive:
        raw[archive.getinfo("y.npy").header_offset + 170] ^= 1
    path.write_bytes(raw)
    with pytest.raises(DataError, match="cannot be read: it is damaged"):
        load_data(path)


def test_a_pickle_is_never_loaded(tmp_path):
    np.save(tmp_path / "t.npy", np.array([[print, 1]], dtype=object))
    with pytest.raises(DataError, match="holds Python objects, which only pickle loads, and pickle may run code"):
        load_items(tmp_path / "t.npy", "vector")


def test_matlab_s_new_format_says_how_to_save(tmp_path):
    head = b"MATLAB 7.3 MAT-file, Platform: GLNXA64".ljust(124) + b"\0\2IM"
    (tmp_path / "t.mat").write_bytes(head.ljust(2048, b"\0"))
    with pytest.raises(DataError, match=r"format 7\.3, which is not read\. Save it with -v7: save\('t\.mat'"):
        load_data(tmp_path / "t.mat")


@pytest.mark.parametrize("bad", [np.nan, np.inf, 1e300])
def test_a_few_rows_without_numbers_are_skipped_by_name_and_many_are_refused(save, bad):
    wrong = X.copy()
    wrong[1, 2] = bad
    data = load_data(save(X=wrong, y=Y))
    with pytest.raises(DataError, match="row 1 holds NaN, infinity or a number too large in 1 of its 3 places"):
        VectorInput(3).open(data.items.read(1), data.items.name(1))
    wrong[1:, 2] = bad
    for features in (wrong, csc_matrix(wrong)):
        with pytest.raises(
            DataError, match=r"3 of the 4 rows in .* hold NaN, .* in 1 of 3 columns; the first are rows 1, 2, 3"
        ):
            load_data(save("t.mat", X=features, y=Y))


TABLE = "id,a,b,label\n" + "".join(f"n{i},{r[0]},{r[1]:e},{y}\n" for i, (r, y) in enumerate(zip(X, Y, strict=True)))


@pytest.fixture
def write(tmp_path):
    def written(text, name="t.csv"):
        (tmp_path / name).write_text(text)
        return tmp_path / name

    return written


def test_a_table_of_numbers_is_one_of_features(write):
    data = load_data(write(TABLE))
    assert (data.modality, data.task.class_names) == ("vector", ("2", "10"))
    np.testing.assert_array_equal(rows_of(data), X[:, :2].astype(np.float32))
    assert [f.detail for f in data.findings] == ["the column 'id' is no feature"]


def test_groups_split_and_labels_are_no_features_and_an_empty_cell_is_no_number(write):
    text = "a;b;quality;who;split\n1;2;x;7;train\n;NA;y;8;test\n3;4;x;7;train\n"
    data = load_data(write(text), label_column="quality", group_column="who")
    assert data.groups[0] == data.groups[2] != data.groups[1]
    assert data.part.tolist() == ["train", "test", "train"]
    np.testing.assert_array_equal(rows_of(data), [[1, 2], [np.nan, np.nan], [3, 4]])


@pytest.mark.parametrize("name", ["t.parquet", "t.jsonl"])
def test_typed_tables_may_hold_numbers_or_lists_of_them(tmp_path, name):
    for columns in ({"a": [1, 2], "b": [0.5, None]}, {"vector": [[1.0, 0.5], [2.0, None]]}):
        rows = {**columns, "label": ["x", "y"]}
        if name.endswith("parquet"):
            parquet.write_table(pyarrow.table(rows), tmp_path / name)
        else:
            lines = [json.dumps({k: v[i] for k, v in rows.items()}) for i in (0, 1)]
            (tmp_path / name).write_text("\n".join(lines))
        data = load_data(tmp_path / name)
        np.testing.assert_array_equal(rows_of(data), [[1, 0.5], [2, np.nan]])


@pytest.mark.parametrize(
    "text, said",
    [
        ("a,b,c,label\n1,2,word,x\n3,4,word,y\n", r"known to hold images, texts or audio.* numbers: 'c' does not"),
        ("a,label\n1,x\n2,y\n", "hold numbers: there are fewer than two"),
        ("text,a,b,label\n12,1,2,x\n13,3,4,y\n", "'text' of .* holds numbers, for example '12', not texts"),
        ("a,b\n1,2\n3,4\n", r"No column of .* is known to hold the labels\. Name it with --label-column"),
        ("a,a,label\n1,2,x\n3,4,y\n", "numbers: 'a' does not"),
        ("a,b,label\n1,,x\n2,,y\n3,,y\n", "3 of the 3 rows in .* hold NaN.* in 1 of 2 columns"),
    ],
)
def test_tables_that_are_none_of_features_say_why(write, text, said):
    with pytest.raises(DataError, match=said):
        load_data(write(text))


def test_lists_that_differ_in_length_are_no_features(tmp_path):
    parquet.write_table(pyarrow.table({"v": [[1.0], [1.0, 2.0]], "label": ["x", "y"]}), tmp_path / "t.parquet")
    with pytest.raises(DataError, match="numbers: 'v' does not"):
        load_data(tmp_path / "t.parquet")


def test_a_named_column_goes_before_numbers(write):
    with pytest.raises(DataError, match="'a' of .* holds numbers, for example '0.0', not texts"):
        load_data(write(TABLE), text_column="a")


def test_an_input_takes_its_length_only_and_survives_the_disk(tmp_path):
    spec = VectorInput(3)
    assert load_input(spec.kind, spec.describe(), tmp_path) == spec
    with pytest.raises(DataError, match=r"row 5 holds 2 numbers; 3 are needed\. All columns count but"):
        spec.open(np.ones(2), "row 5")
    for odd in (b"abc", np.ones((3, 3))):
        with pytest.raises(DataError, match="a is no vector; one of 3 numbers is needed"):
            spec.open(odd, "a")


def test_the_backbone_is_of_the_data_s_length(save):
    data = load_data(save(X=X, y=Y))
    assert default_backbone(data) == "vectors:3"
    backbone = fitted_to(load_backbone("vectors:3"), data)
    assert (backbone.n, backbone.dim, backbone.learned) == (1, 3, False)
    with pytest.raises(DataError, match="Vectors of 4 numbers are needed, and 4 have 3, for example row 0"):
        fitted_to(load_backbone("vectors:4"), data)
    with pytest.raises(ConfigError, match="test_resnet takes images; the data are vectors"):
        fitted_to(load_backbone("untrained:test_resnet"), data)
    for name in ("vectors:many", "vectors:0"):
        with pytest.raises(WeightsError, match=f"{name} tells no length.*as in vectors:800"):
            load_backbone(name)
    with pytest.raises(WeightsError, match=r"vectors:3 has no weights; it takes no weights file \(w\.pth\)"):
        load_backbone("vectors:3", "w.pth")


def test_a_test_set_of_another_length_is_refused(save):
    data = load_data(save(X=X, y=Y), test=save("test.npz", X=X[:, :2], y=Y))
    with pytest.raises(DataError, match="and 4 of the test part or target have 2, for example test row 0"):
        fitted_to(load_backbone(default_backbone(data)), data)


@pytest.mark.parametrize("scale, told", [(1, 0), (1e14, 0), (1e19, 1), (1e-24, 1)])
def test_features_of_an_extreme_scale_are_reported(scale, told, tmp_path):
    X = np.random.default_rng(0).random((20, 3)) * scale
    np.savez(tmp_path / "t.npz", X=X, y=np.arange(20) % 2)
    found = [f for f in load_data(tmp_path / "t.npz").findings if f.kind == "scale"]
    assert len(found) == told and all("leave the range of single precision" in f.detail for f in found)


def test_sparse_features_of_too_many_columns_are_refused():
    with pytest.raises(DataError, match=r"have 20,000,000 columns; at most 10,000,000 are read"):
        check_numbers(csr_matrix((3, 20_000_000)), "t.mat")

from __future__ import annotations

import numpy as np
import pandas
import pytest

from jeoni.errors import DataError
from jeoni.zero_shot_learning.semantics.attributes import read_attributes

TABLE = "class,stripes,size\nzebra,1,3.5\nhorse,0,3\n"


def test_a_table_is_read_from_a_file_a_frame_and_a_mapping(tmp_path):
    (tmp_path / "a.csv").write_text(TABLE, encoding="utf-8")
    frame = pandas.DataFrame({"stripes": [1, 0], "size": [3.5, 3.0]}, index=["zebra", "horse"])
    mapping = {"zebra": {"stripes": 1, "size": 3.5}, "horse": {"stripes": 0, "size": 3}}
    for given in (tmp_path / "a.csv", frame, mapping):
        found = read_attributes(given)
        assert found.classes == ("zebra", "horse") and found.names == ("stripes", "size")
        assert found.of(["horse", "zebra"]).tolist() == [[0, 3], [1, 3.5]]
    assert found.binary().values.tolist() == [[1, 1], [0, 0]]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("class,a\nzebra,yes\n", "The attribute a of zebra is 'yes'; a number is needed, such as 0 or 1"),
        ("class,a\nzebra,nan\n", "a number is needed"),
        ("class,a\nzebra,1,2\n", "row 2 has 3 cells, the first row 2"),
        ("class\nzebra\n", "holds 1 classes and 0 attributes"),
        ("class,a\n", "holds 0 classes and 1 attributes"),
        ("class,a\nzebra,1\nzebra,0\n", "several rows for zebra; one for each class is needed"),
        ("\n", "is empty"),
    ],
)
def test_a_table_that_cannot_be_used_is_refused(tmp_path, content, said):
    (tmp_path / "a.csv").write_text(content, encoding="utf-8")
    with pytest.raises(DataError, match=said):
        read_attributes(tmp_path / "a.csv")


def test_no_table_and_something_else_are_refused(tmp_path):
    with pytest.raises(DataError, match="The table of attributes .*b.csv does not exist. Needed: a CSV with a row"):
        read_attributes(tmp_path / "b.csv")
    with pytest.raises(DataError, match="attributes is int. Needed: a CSV"):
        read_attributes(3)
    with pytest.raises(DataError, match="no row for okapi; it has zebra"):
        read_attributes({"zebra": {"a": 1}}).of(["okapi"])


def test_attributes_that_tell_nothing_and_classes_that_are_alike_are_found():
    found = read_attributes(
        {"aa": {"x": 1, "y": 0}, "bb": {"x": 1, "y": 1}, "cc": {"x": 0, "y": 1}, "dd": {"x": 0, "y": 1}}
    )
    findings = found.findings(["aa", "bb"], ["cc", "dd"])
    assert [(f.kind, f.detail) for f in findings] == [
        ("constant_attribute", "all seen classes have as much of x"),
        ("alike_classes", "cc, dd have the same attributes"),
    ]
    assert np.array_equal(found.of(["cc"]), found.of(["dd"]))

from __future__ import annotations

import pytest

from jeoni.data.class_names import odd_classes
from jeoni.tasks import load_data


@pytest.mark.parametrize(
    "other, shown",
    [
        ("Pos", "'Pos'"),
        ("pos\u200b", r"'pos\u200b'"),
        ("p\xados", r"'p\xados'"),
        ("ｐｏｓ", "'ｐｏｓ'"),
        ("po s", "'po s'"),
    ],
)
def test_classes_that_read_alike_are_named_with_what_parts_them(other, shown):
    (found,) = odd_classes(["neg", "pos", other])
    assert found.kind == "similar_classes" and f"'pos' and {shown} differ only" in found.detail


@pytest.mark.parametrize(
    "names, several",
    [
        (["a", "b", "a,b"], 1),
        (["a;b", "a", "b;c"], 1),
        (["a|b", "b|c", "a|c"], 3),
        (["Paris, France", "Lyon, France"], 0),
        (["a", "b"], 0),
        (["1,5", "2,5"], 0),
        ([",", ";", "!"], 0),
    ],
)
def test_cells_of_several_labels_are_reported(names, several):
    found = odd_classes(names)
    assert [f.detail.split()[0] for f in found if f.kind == "several_labels"] == [str(several)] * bool(several)


def test_similar_classes_of_a_table_stay_apart(tmp_path):
    rows = [f"text number {i},{'pos' if i % 2 else 'pos' + chr(0x200B)}" for i in range(20)]
    (tmp_path / "t.csv").write_text("\n".join(["text,label", *rows]), encoding="utf-8")
    assert load_data(tmp_path / "t.csv").task.class_names == ("pos", "pos\u200b")

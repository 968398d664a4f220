"""Tables of classes, of every kind that tools write."""

from __future__ import annotations

import pytest

from jeoni.data.annotations.class_tables import ClassRow, read_class_table, written_classes
from jeoni.errors import DataError
from tests.data.annotations.made import save_text

SKY, ROAD = (128, 128, 128), (128, 64, 128)


@pytest.mark.parametrize(
    ("name", "text", "rows"),
    [
        ("classes.txt", "sky\nroad\n", [ClassRow("sky"), ClassRow("road")]),
        ("classes.txt", "\ufeffsky\r\n\r\nroad", [ClassRow("sky"), ClassRow("road")]),
        (
            "class_dict.csv",
            "name,r,g,b\nsky,128,128,128\nroad, 128,64,128\n",
            [ClassRow("sky", None, SKY), ClassRow("road", None, ROAD)],
        ),
        ("classes.csv", "sky,128,128,128\nroad,128,64,128", [ClassRow("sky", None, SKY), ClassRow("road", None, ROAD)]),
        ("classes.csv", "red;green;blue;class\n128;64;128;road", [ClassRow("road", None, ROAD)]),
        (
            "label_colors.txt",
            "128 128 128\tsky\n128 64 128\troad",
            [ClassRow("sky", None, SKY), ClassRow("road", None, ROAD)],
        ),
        ("labelmap.txt", "# label:color_rgb:parts:actions\nsky:128,128,128::\n", [ClassRow("sky", None, SKY)]),
        (
            "_classes.csv",
            "Pixel Value, Class\n0, background\n3, road side\n",
            [ClassRow("background", 0), ClassRow("road side", 3)],
        ),
        ("classes.txt", "0,sky\n5,road", [ClassRow("sky", 0), ClassRow("road", 5)]),
        ("classes.txt", "sky,0\nroad,5", [ClassRow("sky", 0), ClassRow("road", 5)]),
    ],
)
def test_a_table_is_read_as_its_tool_writes_it(name, text, rows, tmp_path):
    assert list(read_class_table(save_text(tmp_path / name, text)).rows) == rows


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "names no class. Needed: a name in each line"),
        ("# nothing\n", "names no class"),
        ("sky,1,2\n", r"line 1: 'sky,1,2' is not understood. Needed: a name in each line, or name,r,g,b"),
        ("sky,1,2,300\n", r"line 1: 'sky,1,2,300' is not understood"),
        ("name,r,g,b\nsky,1,2\n", r"line 2: 'sky,1,2' is not understood"),
        ("index,name\none,sky\n", r"line 2: 'one,sky' is not understood"),
        ("sky,road\n", r"line 1: 'sky,road' is not understood"),
        ("sky\nsky\n", "has the name sky twice. Needed: one class for each"),
        ("sky,1,2,3\nroad,1,2,3\n", r"has the colour \(1, 2, 3\) twice"),
        ("1,sky\n1,road\n", "has the value 1 twice"),
    ],
)
def test_a_line_that_is_not_understood_is_told(text, said, tmp_path):
    with pytest.raises(DataError, match=said):
        read_class_table(save_text(tmp_path / "classes.csv", text))


def test_what_a_user_names_is_a_file_a_list_or_names_with_commas(tmp_path):
    path = save_text(tmp_path / "classes.txt", "sky\nroad\n")
    assert (
        written_classes(str(path)).names == written_classes("sky, road").names == written_classes(["sky", "road"]).names
    )
    assert written_classes("") is None and written_classes(()) is None
    with pytest.raises(DataError, match=r"missing.txt does not exist"):
        written_classes(str(tmp_path / "missing.txt"))

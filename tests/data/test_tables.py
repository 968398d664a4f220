from __future__ import annotations

import json

import pyarrow
import pytest
from pyarrow import parquet

from jeoni.data.read import load_items
from jeoni.errors import DataError
from jeoni.tasks import load_data


@pytest.fixture
def write(put):
    root = put("1.png", "2.png", "3.png", "4.png")

    def written(text, name="t.csv", encoding="utf-8"):
        (root / name).write_bytes(text.encode(encoding))
        return root / name

    return written


@pytest.mark.parametrize(
    "name, text, encoding",
    [
        ("t.csv", "file,label\n1.png,x\n2.png,y\n", "utf-8"),
        ("t.csv", "File;Label\r\n1.png;x\r\n2.png;y\r\n", "utf-8-sig"),
        ("t.csv", "file\tlabel\n1.png\tx\n2.png\ty\n", "utf-8-sig"),
        ("t.tsv", "path\tclass\tnote\n1.png\tx\ta,b,c\n2.png\ty\t,,,\n", "utf-8"),
        ("t.csv", 'note,file,label\n"a ""b"",\nc",1.png,x\n-,2.png,y\n', "utf-8"),
        ("t.jsonl", '{"image": "1.png", "target": "x"}\n{"image": "2.png", "target": "y"}\n', "utf-8"),
    ],
)
def test_tables_are_read_whatever_their_marks(write, name, text, encoding):
    data = load_data(write(text, name, encoding))
    assert (data.task.class_names, data.targets.tolist(), data.name) == (("x", "y"), [0, 1], "t")
    assert [data.items.name(i) for i in range(2)] == ["1.png", "2.png"]
    assert data.items.read(1).startswith(b"\x89PNG")


def test_paths_may_be_absolute(write, tmp_path):
    data = load_data(write(f"file,label\n{tmp_path}/1.png,x\n2.png,y\n"))
    assert data.items.read(0) != data.items.read(1)


def test_named_columns_are_taken_and_groups_numbered(write):
    path = write("file,where,label,defect,panel\nno,1.png,no,x,P1\nno,2.png,no,y,P2\nno,3.png,no,y,P1\n")
    data = load_data(path, image_column="where", label_column="defect", group_column="panel")
    assert data.task.class_names == ("x", "y")
    assert data.groups[0] == data.groups[2] != data.groups[1]


@pytest.mark.parametrize(
    "header, chosen, others",
    [("category,sentiment,y", "category", "'sentiment' and 'y'"), ("평점,rating,note", "평점", "'rating'")],
)
def test_where_several_columns_may_hold_the_labels_the_one_that_was_taken_is_told(write, header, chosen, others):
    path = write(f"file,{header}\n1.png,1,2,3\n2.png,3,4,5\n")
    (found,) = load_data(path).findings
    assert (found.kind, found.action) == ("labels", "if another is meant, name it with --label-column")
    assert found.detail == f"the labels are taken from the column {chosen!r}; {others} may hold them too"
    assert load_data(path, label_column=chosen).findings == ()


def test_an_empty_group_is_a_group_by_itself(write):
    data = load_data(write("file,label,g\n1.png,x,A\n2.png,y,\n3.png,y,\n4.png,x,A\n"), group_column="g")
    assert len(set(data.groups.tolist())) == 3


@pytest.mark.parametrize(
    "values, classes",
    [
        (("0.0", "1.0"), ("0", "1")),
        (("2", "10"), ("2", "10")),
        (("01", "02"), ("01", "02")),
        (("True", "False"), ("false", "true")),
        (("Nan", "inf"), ("Nan", "inf")),
        (("0.5", "-1"), ("-1", "0.5")),
    ],
)
def test_labels_become_clean_class_names_in_a_sensible_order(write, values, classes):
    assert load_data(write(f"file,label\n1.png,{values[0]}\n2.png,{values[1]}\n")).task.class_names == classes


@pytest.mark.parametrize(
    "values, classes", [((0.0, 1.0), ("0", "1")), ((True, False), ("false", "true")), ((10, 9), ("9", "10"))]
)
def test_typed_labels_become_the_same_names(write, tmp_path, values, classes):
    lines = [json.dumps({"file": f"{i + 1}.png", "label": v}) for i, v in enumerate(values)]
    assert load_data(write("\n".join(lines), "t.jsonl")).task.class_names == classes
    parquet.write_table(pyarrow.table({"file": ["1.png", "2.png"], "label": list(values)}), tmp_path / "t.parquet")
    assert load_data(tmp_path / "t.parquet").task.class_names == classes


def test_a_word_after_many_numbers_is_a_class_like_any_other(write):
    text = (
        "file,label,more\n" + f'1.png,1,"a\n{"-" * 200}"\n' * 6000 + "2.png,unknown,-\n"
    )  # longer than the part a type is guessed from
    assert load_data(write(text)).task.class_names == ("1", "unknown")


def test_parquet_may_hold_the_images_themselves(tmp_path):
    cells = [{"bytes": b"one", "path": None}, {"bytes": b"two", "path": "two.png"}]
    for name, column in [("bytes", [b"one", b"two"]), ("structs", cells)]:
        parquet.write_table(pyarrow.table({"image": column, "label": ["x", "y"]}), tmp_path / f"{name}.parquet")
        assert [load_data(tmp_path / f"{name}.parquet").items.read(i) for i in (0, 1)] == [b"one", b"two"]


def test_a_split_column_is_honoured(write):
    data = load_data(write("file,label,Split\n1.png,x,train\n2.png,y,Valid\n3.png,y,TEST\n"))
    assert data.part.tolist() == ["train", "val", "test"]


def test_a_split_column_that_means_something_else_is_left_alone(write):
    assert set(load_data(write("file,label,split\n1.png,x,1\n2.png,y,2\n")).part) == {""}


@pytest.mark.parametrize("cell, said", [("holdout", "holdout"), ("", "an empty cell")])
def test_a_split_column_with_unknown_values_is_refused(write, cell, said):
    with pytest.raises(DataError, match=rf"column 'split' of .* holds {said} beside train, val and test"):
        load_data(write(f"file,label,split\n1.png,x,train\n2.png,y,{cell}\n"))


def test_missing_labels_are_minus_one(write):
    assert load_data(write("file,label\n1.png,x\n2.png,\n3.png,y\n")).targets.tolist() == [0, -1, 1]
    text = '{"file": "1.png", "label": "x"}\n{"file": "2.png", "label": null}\n{"file": "3.png", "label": "y"}\n'
    assert load_data(write(text, "t.jsonl")).targets.tolist() == [0, -1, 1]


def test_a_few_missing_paths_stay_and_fail_when_they_are_read(write):
    data = load_data(write("file,label\n1.png,x\ngone.png,y\n,y\n3.png,y\n"))
    assert (len(data), data.items.name(2)) == (4, "row 2")
    with pytest.raises(DataError, match=r"gone\.png does not exist"):
        data.items.read(1)
    with pytest.raises(DataError, match="row 2 names no file"):
        data.items.read(2)


def test_mostly_missing_paths_are_counted_and_the_first_shown(write):
    path = write("file,label\n" + "".join(f"gone{i}.png,x\n" for i in range(5)) + "1.png,y\n")
    with pytest.raises(
        DataError,
        match=r"5 of the 6 paths in the column 'file' of .* do not exist, for example gone0\.png, gone1\.png, gone2\.png\. "
        "Paths are .*name it with --image-column, --text-column",
    ):
        load_data(path)


@pytest.mark.parametrize("column", ["filename", "path"])
def test_texts_are_taken_where_the_files_beside_them_do_not_exist(write, column):
    lines = f"{column},text,label\na.html,fine,x\nb.html,dull,y\n1.png,poor,y\n"
    data = load_data(write(lines))
    assert (data.modality, data.items.read(1), data.column) == ("text", b"dull", "text")
    assert f"most files that the column '{column}' names do not exist" in data.findings[0].detail
    data = load_items(write(lines), "text")
    assert (data.modality, data.items.read(1), data.findings) == ("text", b"dull", ())
    with pytest.raises(DataError, match=f"2 of the 3 paths in the column '{column}'.*--column"):
        load_items(write(lines), "image")
    data = load_data(write(f"{column},text,label\na.html,fine,x\n2.png,dull,y\n1.png,poor,y\n"))
    assert (data.modality, data.items.name(1), data.findings) == ("image", "2.png", ())
    with pytest.raises(DataError, match=r"2 of the 3 paths in the column 'image'.*--text-column"):
        load_data(write("image,text,label\na.png,fine,x\nb.png,dull,y\n1.png,poor,y\n"))
    with pytest.raises(DataError, match=r"2 of the 3 paths in the column 'file'"):
        load_data(write("file,text,label\na,fine,x\nb,dull,y\n1.png,poor,y\n"), image_column="file")


@pytest.fixture
def letters(write, tmp_path):
    """A table of names of files that hold texts, some of which are there."""

    def made(column, names, there):
        for k, name in enumerate(there):
            (tmp_path / name).parent.mkdir(exist_ok=True)
            (tmp_path / name).write_text(f"text {k}")
        return write(f"{column},label\n" + "".join(f"{name},{'xy'[k % 2]}\n" for k, name in enumerate(names)))

    return made


@pytest.mark.parametrize("column", ["file", "text", "said"])
@pytest.mark.parametrize("names", [["tx/1.txt", "tx/2.TXT", "tx/3.text"], ["tx/no 1.txt", "tx/no 2.txt", "gone.txt"]])
def test_a_column_of_texts_that_names_files_gives_what_they_hold(letters, column, names):
    path = letters(column, names, [name for name in names if name != "gone.txt"])
    named = {} if column == "text" else {"text_column": column}
    for data in (load_data(path, **named), load_items(path, "text", **({"column": column} if named else {}))):
        assert (data.modality, data.items.read(1), data.items.name(2)) == ("text", b"text 1", names[2])


def test_names_of_files_that_are_not_there_are_no_texts(letters):
    path = letters("text", ["a.txt", "b.txt", "c.txt"], ["c.txt"])
    with pytest.raises(
        DataError, match=r"2 of the 3 paths in the column 'text' of .* do not exist, for example a\.txt"
    ):
        load_data(path)
    path = letters("file", ["1.png", "2.png", "gone.wav"], [])
    with pytest.raises(DataError, match=r"column 'file' of .* holds names of files, for example '1\.png', not texts"):
        load_data(path, text_column="file")


def test_words_that_end_like_files_are_texts(letters):
    texts = ["rm notes.txt", "cat a.txt", "the end of photo.png", "why"]
    assert load_data(letters("text", texts, [])).items.read(1) == b"cat a.txt"


def test_texts_in_files_that_a_table_names_are_read_in_the_encoding_of_all(letters, tmp_path):
    texts = ["정말 재미있는 영화", "너무 지루하다", "다시 보고 싶다", "웩"]
    path = letters("file", [f"{k}.txt" for k in range(4)], [])
    for k, text in enumerate(texts):
        (tmp_path / f"{k}.txt").write_bytes(text.encode("cp949"))
    data = load_data(path)
    assert data.items.read(3).decode() == "웩"
    assert [f.detail for f in data.findings] == ["the files are in CP949, not in UTF-8"]


def test_a_path_too_long_for_the_disk_is_a_missing_one(write):
    with pytest.raises(DataError, match=r"2 of the 2 paths in .* do not exist, for example xxx"):
        load_data(write(f"file,label\n{'x' * 5000},a\n{'y' * 5000},b\n"))


@pytest.mark.parametrize("option", ["image", "label", "group"])
def test_a_column_that_is_not_there_lists_those_that_are(write, option):
    with pytest.raises(
        DataError, match=r"has no column 'panell'\. Did you mean panel\? Its columns: file, label, panel"
    ):
        load_data(write("file,label,panel\n1.png,x,1\n2.png,y,2\n"), **{f"{option}_column": "panell"})


@pytest.mark.parametrize(
    "header, what, option", [("thing,label", "images, texts or audio", "image"), ("file,thing", "the labels", "label")]
)
def test_a_column_that_is_not_recognised_must_be_named(write, header, what, option):
    columns = header.replace(",", ", ")
    with pytest.raises(
        DataError, match=f"known to hold {what}. Name it with --{option}-column.*Its columns: {columns}"
    ):
        load_data(write(f"{header}\n1.png,2.png\n"))


@pytest.mark.parametrize(
    "text, name, message",
    [
        ("file,label\n", "t.csv", r"t\.csv has no rows"),
        ("", "t.csv", r"t\.csv is empty \(zero bytes\)"),
        ("\n\n", "t.csv", "cannot be read as a table: CSV parse error: Empty CSV"),
        ("file,label\n1.png,x,extra\n", "t.csv", "cannot be read as a table: row 2, .*has 3 cells, .*header has 2"),
        ("file,label,label\n1.png,x,y\n", "t.csv", "several columns 'label'; give each a name"),
        ("file,label\n1.png,\n2.png,\n", "t.csv", "column 'label' of .* holds no labels"),
        ("no parquet", "t.parquet", r"cannot be read as a table: .*[Pp]arquet.*[^.]\.$"),
        ("{broken", "t.jsonl", r"cannot be read as a table: JSON.*[^.]\.$"),
    ],
)
def test_a_table_that_cannot_be_used_says_why(write, text, name, message):
    with pytest.raises(DataError, match=message):
        load_data(write(text, name))


@pytest.mark.parametrize("encoding", ["cp949", "utf-16"])
def test_a_table_in_another_encoding_is_read_and_said_so(write, encoding):
    data = load_data(write("file,label\n1.png,불량\n2.png,정상\n", encoding=encoding))
    assert data.task.class_names == ("불량", "정상")
    assert f"{encoding.upper()}, not in UTF-8" in data.findings[0].detail


@pytest.mark.parametrize("ending", ["jsonl", "ndjson"])
@pytest.mark.parametrize("encoding", ["cp949", "utf-16", "utf-8", "utf-8-sig"])
def test_lines_of_json_are_read_in_every_usual_encoding(write, ending, encoding):
    lines = '{"file": "1.png", "label": "불량"}\n{"file": "2.png", "label": "정상"}\n'
    data = load_data(write(lines, f"t.{ending}", encoding))
    assert data.task.class_names == ("불량", "정상")
    said = [] if encoding.startswith("utf-8") else [f"the table is in {encoding.upper()}, not in UTF-8"]
    assert [f.detail for f in data.findings] == said


def test_a_line_of_json_longer_than_a_block_is_read_like_any_other(write):
    texts = ["fine", "a long text " * 200_000, "dull"]
    lines = [json.dumps({"text": t, "label": "xyx"[i]}) for i, t in enumerate(texts)]
    data = load_data(write("\n".join(lines), "t.jsonl"))
    assert [data.items.text(i) for i in range(3)] == texts


@pytest.mark.parametrize("name", ["t.csv", "t.jsonl"])
def test_dates_stay_as_they_are_written(write, name):
    rows = [("fine", "2020-01-01", "2020-01-01T10:00:00"), ("dull", "2021-01-01", "2020-01-01 11:00:00")]
    text = "\n".join(["text,label,at", *map(",".join, rows)])
    if name == "t.jsonl":
        text = "\n".join(json.dumps(dict(zip(("text", "label", "at"), row, strict=True))) for row in rows)
    path = write(text, name)
    assert load_data(path).task.class_names == ("2020-01-01", "2021-01-01")
    assert load_data(path, label_column="at").task.class_names == ("2020-01-01 11:00:00", "2020-01-01T10:00:00")


def test_a_table_in_no_known_encoding_says_how_to_save_it(tmp_path):
    (tmp_path / "t.csv").write_bytes(b"file,label\n" + bytes(range(128, 256)))
    (tmp_path / "t.jsonl").write_bytes('{"text": "très bon", "label": "à"}'.encode("latin-1"))
    for name in ("t.csv", "t.jsonl"):
        with pytest.raises(DataError, match=f"{name} is in an encoding that is not understood.*Save it again as UTF-8"):
            load_data(tmp_path / name)


def test_a_table_to_predict_needs_no_labels_and_ignores_a_split(write):
    data = load_items(write("file,split\n1.png,train\n2.png,whatever\n"))
    assert (data.targets.tolist(), set(data.part)) == ([[None], [None]], {""})

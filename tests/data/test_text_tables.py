from __future__ import annotations

import csv
import json

import pyarrow
import pytest
from pyarrow import parquet

from jeoni.data.read import load_items
from jeoni.errors import DataError
from jeoni.tasks import load_data
from tests.data.made_texts import write


@pytest.mark.parametrize("column", ["text", "Review", "sentence", " text ", "리뷰", "문서", "후기", "감상평"])
def test_a_column_of_texts_is_recognised(tmp_path, column):
    data = load_data(write(tmp_path / "t.csv", f"id,{column}, label\n1,fine,x\n2,dull,y\n"))
    assert (data.modality, data.items.read(1), data.findings) == ("text", b"dull", ())


@pytest.mark.parametrize("column", ["감정", "감성", "긍부정", "정답", "Rating", "평점", "평가"])
def test_a_column_of_labels_is_recognised(tmp_path, column):
    data = load_data(write(tmp_path / "t.csv", f"text,{column}\nfine,1\ndull,2\n"))
    assert data.task.class_names == ("1", "2")


def test_ratings_are_labels_only_where_no_other_column_is_and_they_are_few(tmp_path):
    rows = "".join(f"text {k},{k / 10},{'xy'[k % 2]}\n" for k in range(21))
    data = load_data(write(tmp_path / "t.csv", f"text,rating,label\n{rows}"))
    assert data.task.class_names == ("x", "y")
    many = write(tmp_path / "t.csv", f"text,rating,other\n{rows}")
    with pytest.raises(
        DataError, match=r"the labels: 'rating' holds 21 different values.*--label-column.*text, rating, other"
    ):
        load_data(many)
    assert load_data(many, label_column="rating").task.id == "regression"
    assert len(load_data(many, label_column="rating", task="classification").task.class_names) == 21
    numbers = write(tmp_path / "t.csv", "a,rating,y\n1,2,x\n2,1,z\n")
    assert load_data(numbers).items.read(0).tolist() == [1, 2]  # a feature like any other
    with pytest.raises(DataError, match="known to hold the labels"):
        load_data(write(tmp_path / "t.csv", "a,rating\n1,2\n2,1\n"))


def test_a_named_column_of_texts_goes_before_one_of_files(tmp_path):
    path = write(tmp_path / "t.csv", "file,said,label\na.png,fine,x\nb.png,dull,y\n")
    assert load_data(path, text_column="said").items.read(0) == b"fine"


REVIEWS = {
    "리뷰": ["정말 재미있다", "쉼표, 탭\t없이", None, '그는 "최고"라 했다'],
    "감정": ["긍정", "부정", "부정", "긍정"],
}


@pytest.mark.parametrize("ending", ["parquet", "dictionary.parquet", "jsonl", "tsv", "csv"])
def test_korean_is_the_same_in_every_kind_of_table(tmp_path, ending):
    path, table = tmp_path / f"t.{ending}", pyarrow.table(REVIEWS)
    if ending == "parquet":
        parquet.write_table(table.cast(pyarrow.schema([("리뷰", pyarrow.large_string()), ("감정", "string")])), path)
    elif ending == "dictionary.parquet":  # as pandas writes its categories
        parquet.write_table(table.set_column(1, "감정", table["감정"].dictionary_encode()), path)
    elif ending == "jsonl":
        path.write_text("".join(json.dumps(r, ensure_ascii=False) + "\n" for r in table.to_pylist()), encoding="utf-8")
    else:
        with open(path, "w", encoding="utf-8", newline="") as file:
            rows = csv.writer(file, delimiter="\t" if ending == "tsv" else ",")
            rows.writerows([table.column_names, *zip(*REVIEWS.values(), strict=True)])
    data = load_data(path)
    assert (data.modality, data.task.class_names, data.targets.tolist()) == ("text", ("긍정", "부정"), [0, 1, 1, 0])
    assert [data.items.text(i) or None for i in range(4)] == REVIEWS["리뷰"]
    assert [load_items(path, "text").items.text(i) or None for i in range(4)] == REVIEWS["리뷰"]
    assert not data.findings


def test_a_table_in_cp949_is_read_and_said_so(tmp_path):
    data = load_data(write(tmp_path / "t.csv", "text,label\n좋다,긍정\n나쁘다,부정\n", "cp949"))
    assert data.items.read(0).decode() == "좋다"
    assert data.task.class_names == ("긍정", "부정")
    assert "CP949" in data.findings[0].detail


@pytest.mark.parametrize(
    "text, said",
    [
        (
            "text,label\n12,x\n13.5,y\n1e5,x\n",
            r"'text' of .* holds numbers, for example '12', not texts.*--text-column",
        ),
        ("text,label\nsame,x\nsame,y\nsame,x\n", r"All texts in the column 'text' of .* are the same: 'same'"),
        ("said,label\nfine,x\ndull,y\n", r"No column of .* is known to hold images, texts or audio.*--text-column"),
        (
            "n,말,label\n1,좋다,x\n2,나쁘다,y\n",
            r"If it is '말', name it: --text-column '말'\. Its columns, by its first row: n, 말, label",
        ),
        ("rating,said,label\n1,so fine,x\n2,very dull,y\n", r"If it is 'said', name it: --text-column 'said'"),
    ],
)
def test_columns_that_hold_no_texts_say_so(tmp_path, text, said):
    with pytest.raises(DataError, match=said):
        load_data(write(tmp_path / "t.csv", text))


def test_a_column_of_lists_is_refused(tmp_path):
    lines = '{"text": ["so", "fine"], "label": "x"}\n{"text": null, "label": "x"}\n{"text": ["dull"], "label": "y"}\n'
    said = r"'text' of .* holds list<.*string>, for example \['so', 'fine'\], not texts\. Join what belongs"
    path = write(tmp_path / "t.jsonl", lines)
    with pytest.raises(DataError, match=rf"{said} .*--text-column"):
        load_data(path)
    with pytest.raises(DataError, match=rf"{said} .*--column"):
        load_items(path, "text")


@pytest.mark.parametrize(
    "text, said",
    [
        ("id,독후감\n1,좋다\n", r"known to hold texts\. If it is '독후감', name it: --column '독후감'\. Its"),
        ("id,image,말\n1,a.png,좋다\n", r"known to hold texts\. If it is '말', name it: --column '말'\. Its"),
        ("id,said\n1,fine\n", r"known to hold texts\. Name it with --column\. Its columns: id, said\."),
        ("id,image\n1,a.png\n", r"'image' of .* do not exist, .* holds the items, name it with --column\."),
        ("text,id\n12,1\n13,2\n", r"holds numbers, .* Name the column of texts with --column\."),
        ("file,id\na,1\nb,2\n", r"do not exist, .* If another column holds the items, name it with --column\."),
    ],
)
def test_to_predict_there_is_one_option_for_the_column(tmp_path, text, said):
    with pytest.raises(DataError, match=said) as caught:
        load_items(write(tmp_path / "t.csv", text), "text")
    assert "-column" not in str(caught.value).replace("--column", "")


def test_to_predict_columns_that_hold_something_else_are_left_alone(tmp_path):
    import datasets

    path = write(tmp_path / "t.csv", "image,review,말,file,audio\na.png,fine,좋다,b.txt,c.wav\n")
    assert load_items(path, "text").items.text(0) == "fine"
    assert load_items(path, "text", kept="말").column == "말"
    assert load_items(path, "text", kept="gone").column == "review"
    assert load_items(path, "text", "review", kept="말").column == "review"
    with pytest.raises(DataError, match=r"1 of the 1 paths in the column 'audio' .*name it with --column\."):
        load_items(path, "audio")
    (tmp_path / "a.png").write_bytes(b"not read")
    cells = {"image": [str(tmp_path / "a.png")], "review": ["fine"], "말": ["좋다"]}
    table = datasets.Dataset.from_dict(cells).cast_column("image", datasets.Image())
    table.save_to_disk(tmp_path / "kept")
    assert load_items(tmp_path / "kept", "text").items.text(0) == "fine"
    assert [load_items(tmp_path / "kept", "text", **k).column for k in ({"column": "말"}, {"kept": "말"})] == ["말"] * 2
    table.remove_columns("review").save_to_disk(tmp_path / "other")
    with pytest.raises(DataError, match=r"known to hold the texts\. Name it with --column\. Its columns: image, 말"):
        load_items(tmp_path / "other", "text")


def test_a_binary_table_is_refused(tmp_path):
    (tmp_path / "t.csv").write_bytes(b"\x89PNG\r\n\x1a\n\x00\x00")
    with pytest.raises(DataError, match="is not a text but binary"):
        load_data(tmp_path / "t.csv")


def test_the_hint_is_at_the_column_of_the_longest_texts_and_never_at_dates(tmp_path):
    rows = "".join(
        f"{i},2024-01-{i + 1:02} 10:00,김 철수,정말 재미있게 본 영화 {i},{'긍부'[i % 2]}\n" for i in range(9)
    )
    path = write(tmp_path / "t.csv", f"번호,작성일,작성자,의견,감정\n{rows}")
    with pytest.raises(DataError, match=r"If it is '의견', name it: --text-column '의견'"):
        load_data(path)
    with pytest.raises(DataError, match=r"'작성일' .* holds dates, for example '2024-01-01 10:00', not texts"):
        load_data(path, text_column="작성일")
    assert load_data(path, text_column="의견").findings == ()


@pytest.mark.parametrize(
    "date, other",
    [
        ("2024-01-01T10:00:00Z", "2024-01-01 10:00 재밌다"),
        ("2024년 1월 3일", "2024년 최고의 영화"),
        ("24. 1. 3.", "3.5 점"),
        ("2024-01-01 오후 3:20", "1-2-3 좋다"),
    ],
)
def test_dates_are_told_from_texts_that_begin_like_one(tmp_path, date, other):
    path = write(tmp_path / "t.csv", f'text,label\n"{date}",x\n"{date}",y\n"{date} ",x\n')
    with pytest.raises(DataError, match="holds dates"):
        load_data(path)
    assert len(load_data(write(path, f"text,label\n{other},x\n{other}!,y\n"))) == 2


@pytest.mark.parametrize("kind", ["string", "large_string", "string_view", "dictionary"])
def test_texts_are_hinted_at_whatever_type_of_string_they_have(tmp_path, kind):
    texts = pyarrow.array(["정말 좋다", "아주 나쁘다"] * 3)
    try:
        texts = texts.dictionary_encode() if kind == "dictionary" else texts.cast(getattr(pyarrow, kind)())
    except pyarrow.ArrowNotImplementedError as error:
        pytest.skip(str(error))
    parquet.write_table(pyarrow.table({"의견": texts, "감정": ["긍정", "부정"] * 3}), tmp_path / "t.parquet")
    with pytest.raises(DataError, match="--text-column '의견'"):
        load_data(tmp_path / "t.parquet")
    assert load_data(tmp_path / "t.parquet", text_column="의견").items.text(1) == "아주 나쁘다"


def test_a_table_without_a_line_of_names_is_told_to_have_one(tmp_path):
    path = write(tmp_path / "t.csv", "아주 좋은 영화,긍정\n정말 별로다,부정\n다시 보고 싶다,긍정\n")
    with pytest.raises(DataError, match=r"The first line must hold names; where it holds data, write one above it"):
        load_data(path)


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_what_pandas_writes_for_nothing_is_nothing_and_what_may_be_a_class_is_told(tmp_path, ending):
    table = pyarrow.table({
        "text": ["fine film", "dull film", "good one", "nan", "bad one", "so so"],
        "label": ["a", "b", "NaN", "a", "None", "b"],
        "group": ["x", "y", "nan", "x", "y", "nan"],
    })  # fmt: skip
    path = tmp_path / f"t.{ending}"
    parquet.write_table(table, path) if ending == "parquet" else table.to_pandas().to_csv(path, index=False)
    data = load_data(path, group_column="group")
    assert data.task.class_names == ("None", "a", "b") and data.targets.tolist() == [1, 2, -1, 1, 0, 2]
    assert data.groups[2] != data.groups[5]
    with pytest.raises(DataError, match="row 3 is empty"):
        data.items.read(3)
    said = [f.detail for f in data.findings]
    assert [s for s in said if "'label' that say nan (1)" in s] and [s for s in said if "'None' (1) are taken for" in s]


@pytest.mark.parametrize(("column", "cell"), [("label", {"name": "a"}), ("group", {"name": "a"}), ("group", ["a"])])
def test_cells_that_hold_several_values_are_no_labels_and_no_groups(tmp_path, column, cell):
    table = {"text": ["a b", "c d"], "label": ["x", "y"], "group": ["1", "2"], column: [cell, cell]}
    parquet.write_table(pyarrow.table(table), tmp_path / "t.parquet")
    with pytest.raises(DataError, match=f"column '{column}' of .* holds several values in one cell, for example .*a"):
        load_data(tmp_path / "t.parquet", group_column="group")


def test_nested_texts_are_named_as_such(tmp_path):
    path = tmp_path / "t.jsonl"
    path.write_text("".join(json.dumps({"text": {"body": f"good {i}"}, "label": i % 2}) + "\n" for i in range(4)))
    with pytest.raises(DataError, match=r"holds struct<body: string>, for example {'body': 'good 0'}, not texts"):
        load_data(path)


@pytest.mark.parametrize("cell", ["Y", ""])
def test_texts_go_before_a_column_of_images_that_names_none(tmp_path, cell):
    path = write(tmp_path / "t.csv", f"리뷰,사진,감정\n정말 좋다,{cell},긍정\n나쁘다,{cell},부정\n")
    data = load_data(path)
    assert (data.modality, data.column) == ("text", "리뷰") and "'사진' names do not exist" in data.findings[0].detail


def test_where_the_images_are_missing_the_texts_beside_them_are_named(tmp_path):
    path = write(tmp_path / "t.csv", "review,image,label\ngood one,a.jpg,x\nbad one,b.jpg,y\n")
    with pytest.raises(DataError, match=r"do not exist.* If the texts in 'review' .*: --text-column 'review'"):
        load_data(path)


def test_which_column_of_texts_was_taken_is_told(tmp_path):
    path = write(tmp_path / "t.csv", "body,review,label\ngood one,fine,x\nbad one,dull,y\n")
    assert "taken from the column 'review'; 'body' may hold" in load_data(path).findings[0].detail
    assert load_data(path, text_column="review").findings == ()
    assert "there is no column 'text', in which" in load_items(path, "text", kept="text").findings[0].detail
    assert not load_items(path, "text", "body", kept="text").findings


def test_the_index_that_pandas_writes_is_no_feature(tmp_path):
    table = {"a": [0.1, 0.2, 0.3], "b": [1.0, 2.0, 3.0], "label": [0, 1, 0], "__index_level_0__": [0, 3, 4]}
    parquet.write_table(pyarrow.table(table), tmp_path / "t.parquet")
    data = load_data(tmp_path / "t.parquet")
    assert data.items.read(0).tolist() == pytest.approx([0.1, 1.0])
    assert "'__index_level_0__' is no feature" in data.findings[0].detail

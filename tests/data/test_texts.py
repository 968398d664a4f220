from __future__ import annotations

import csv
import doctest
import hashlib
import json

import numpy as np
import pyarrow
import pytest
from pyarrow import parquet
from tokenizers import Tokenizer
from tokenizers.models import Unigram

from jeoni.backbones.catalog import load_backbone
from jeoni.data import inputs, texts
from jeoni.data.duplicates import near_pairs
from jeoni.data.encodings import decode
from jeoni.data.inputs import collate
from jeoni.data.read import load_data, load_items
from jeoni.data.texts import TextInput, TextItems, text_signature
from jeoni.errors import ConfigError, DataError


@pytest.mark.parametrize("module", [texts, inputs])
def test_the_examples_in_the_documentation_hold(module):
    result = doctest.testmod(module)
    assert result.attempted and not result.failed


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp949", "euc-kr", "utf-16"])
def test_korean_is_read_in_every_usual_encoding(encoding):
    assert decode("정말 재미있는 영화".encode(encoding), "a.txt")[0] == "정말 재미있는 영화"


def test_what_is_no_text_is_refused_by_name():
    with pytest.raises(DataError, match=r"photo.txt is not a text but binary"):
        decode(b"\x89PNG\r\n\x1a\n\x00\x00\x00", "photo.txt")
    with pytest.raises(DataError, match=r"odd.txt is in an encoding that is not understood.*UTF-8"):
        decode(bytes(range(128, 256)), "odd.txt")


@pytest.fixture
def spec(encoder_folder):
    return load_backbone(str(encoder_folder("bert"))).input


def test_long_texts_are_shortened_and_remarked(spec):
    short, long = spec.tokenize("the film"), spec.tokenize("film " * 100)
    assert (len(short.tokens), short.shortened, spec.remarks(short)) == (4, False, ())
    assert (len(long.tokens), long.shortened, spec.remarks(long)) == (spec.most, True, ("shortened",))
    assert long.tokens[-1] == short.tokens[-1]  # what closes a text is kept


@pytest.mark.parametrize("start", ["good " + " " * 11_000, ("x" * 120 + " ") * 40, "\n" * 200_000])
def test_a_text_of_few_tokens_is_read_to_its_end_however_many_letters_it_has(spec, start):
    opened, end = spec.tokenize(start + "dull film"), spec.tokenize("dull film").tokens
    assert not opened.shortened and opened.tokens[-3:].tolist() == end[-3:].tolist()
    assert spec.tokenize(start + "dull film " * 100).shortened


@pytest.mark.parametrize("encoding, said", [("utf-8-sig", ()), ("cp949", ("recoded",)), ("utf-16", ("recoded",))])
def test_a_text_that_is_not_in_utf8_is_remarked(spec, encoding, said):
    opened = spec.open("정말 재미있는 영화".encode(encoding), "a.txt")
    assert (opened.text, spec.remarks(opened)) == ("정말 재미있는 영화", (*said, "unknown"))


def test_a_text_in_a_language_that_the_backbone_does_not_know_is_remarked(spec):
    assert spec.remarks(spec.tokenize("une histoire à dormir debout")) == ("unknown",)
    assert spec.remarks(spec.tokenize("the film la peste")) == ()  # half of it


def test_blank_texts_are_refused(spec):
    with pytest.raises(DataError, match="a.txt holds nothing but blanks"):
        spec.open(b" \n ", "a.txt")


def test_an_input_survives_the_disk(spec, tmp_path):
    for name, content in spec.files().items():
        (tmp_path / name).write_bytes(content)
    again = TextInput.restore(spec.describe(), tmp_path)
    assert again == spec
    assert again.tokenize("a dull film").tokens.tolist() == spec.tokenize("a dull film").tokens.tolist()
    (tmp_path / "tokenizer.json").write_bytes(spec.files()["tokenizer.json"].replace(b"dull", b"full"))
    with pytest.raises(DataError, match="was changed since it was saved"):
        TextInput.restore(spec.describe(), tmp_path)
    (tmp_path / "tokenizer.json").unlink()
    with pytest.raises(DataError, match="was lost since it was saved"):
        TextInput.restore(spec.describe(), tmp_path)


@pytest.fixture
def scored():
    """A tokenizer with scores of which some do not survive being saved and read."""
    scores = np.random.default_rng(0).uniform(-15, -1, 400).astype(np.float32).astype(float).tolist()
    pieces = [("<unk>", 0.0), *((chr(0xAC00 + 28 * k), score) for k, score in enumerate(scores))]
    made = Tokenizer(Unigram(pieces, 0, False))
    assert Tokenizer.from_str(made.to_str()).to_str() != made.to_str()
    return made


def test_scores_that_change_when_they_are_read_do_not_change_an_input(scored, tmp_path):
    made = TextInput.make(scored, 32, "query: ")
    for folder in (tmp_path / "first", tmp_path / "second"):  # what was restored can be saved again
        folder.mkdir()
        (folder / "tokenizer.json").write_bytes(made.files()["tokenizer.json"])
        again = TextInput.restore(made.describe(), folder)
        assert (again, again.files()) == (made, made.files())
        made = again


def test_an_input_saved_before_its_scores_had_settled_can_be_restored(scored, tmp_path):
    raw = scored.to_str().encode()
    (tmp_path / "tokenizer.json").write_bytes(raw)
    described = {"tokenizer": hashlib.sha256(raw).hexdigest(), "vocabulary": 401, "most": 32, "prefix": ""}
    assert TextInput.restore(described, tmp_path) == TextInput.make(scored, 32)


def test_rows_of_different_length_are_filled_up_with_what_is_no_token():
    rows = collate([np.array([1, 2, 3], dtype=np.int32), np.array([4], dtype=np.int32)])
    assert rows[0].tolist() == [1, 2, 3]
    assert rows[1, 0] == 4 and (rows[1, 1:] < 0).all()


def pairs_of(*texts):
    return near_pairs(np.stack([text_signature(t) for t in texts])).tolist()


def test_copies_with_other_case_blanks_and_marks_are_near_identical_and_other_texts_are_not():
    rng = np.random.default_rng(0)
    words = ["".join(rng.choice(list("abcdefghijklmnopqrstuvwxyz"), 6)) for _ in range(1500)]
    long = " ".join(words)
    assert pairs_of("Great film!!", "great  film", "great films indeed", "dull") == [[0, 1]]
    assert pairs_of(long, long.replace(words[77], "other"), long[: len(long) // 2]) == [[0, 1]]
    assert pairs_of("재미있다", "재미 있다.", "재미없다") == [[0, 1]]


def test_items_are_read_selected_and_named():
    items = TextItems(["a", None, "ccc"])
    assert (len(items), items.name(2), items.read(2), items.size(2)) == (3, "row 2", b"ccc", 3)
    assert items.select([2, 0]).read(0) == b"ccc"
    with pytest.raises(DataError, match="row 1 is empty"):
        items.read(1)


def test_a_text_in_memory_is_read_whatever_signs_are_in_it(spec):
    items = TextItems(["좋\0다\0", "\ue000\x01\x02"])
    assert [spec.open(items.read(i), items.name(i)).text for i in range(2)] == ["좋다", "\ue000\x01\x02"]


def write(path, text, encoding="utf-8"):
    path.write_bytes(text.encode(encoding))
    return path


@pytest.mark.parametrize("column", ["text", "Review", "sentence", " text ", "리뷰", "문서", "후기", "감상평"])
def test_a_column_of_texts_is_recognised(tmp_path, column):
    data = load_data(write(tmp_path / "t.csv", f"id,{column}, label\n1,fine,x\n2,dull,y\n"))
    assert (data.modality, data.items.read(1), data.findings) == ("text", b"dull", ())


@pytest.mark.parametrize("column", ["감정", "감성", "정답", "Rating", "평점"])
def test_a_column_of_labels_is_recognised(tmp_path, column):
    data = load_data(write(tmp_path / "t.csv", f"text,{column}\nfine,1\ndull,2\n"))
    assert data.class_names == ("1", "2")


def test_ratings_are_labels_only_where_no_other_column_is_and_they_are_few(tmp_path):
    rows = "".join(f"text {k},{k / 10},{'xy'[k % 2]}\n" for k in range(21))
    data = load_data(write(tmp_path / "t.csv", f"text,rating,label\n{rows}"))
    assert data.class_names == ("x", "y")
    many = write(tmp_path / "t.csv", f"text,rating,other\n{rows}")
    with pytest.raises(DataError, match=r"known to hold the labels. Name it with --label-column.*text, rating, other"):
        load_data(many)
    assert len(load_data(many, label_column="rating").class_names) == 21
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
    assert (data.modality, data.class_names, data.labels.tolist()) == ("text", ("긍정", "부정"), [0, 1, 1, 0])
    assert [data.items.text(i) or None for i in range(4)] == REVIEWS["리뷰"]
    assert [load_items(path, "text").items.text(i) or None for i in range(4)] == REVIEWS["리뷰"]
    assert not data.findings


def test_a_table_in_cp949_is_read_and_said_so(tmp_path):
    data = load_data(write(tmp_path / "t.csv", "text,label\n좋다,긍정\n나쁘다,부정\n", "cp949"))
    assert data.items.read(0).decode() == "좋다"
    assert data.class_names == ("긍정", "부정")
    assert "CP949" in data.findings[0].detail


@pytest.mark.parametrize(
    "text, said",
    [
        (
            "text,label\n12,x\n13.5,y\n1e5,x\n",
            r"'text' of .* holds numbers, for example '12', not texts.*--text-column",
        ),
        ("text,label\nsame,x\nsame,y\nsame,x\n", r"All texts in the column 'text' of .* are the same: 'same'"),
        ("said,label\nfine,x\ndull,y\n", r"No column of .* is known to hold images, texts or sounds.*--text-column"),
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
        load_items(path, "sound")
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


def test_a_folder_of_texts_per_class_is_read_in_any_encoding(tmp_path):
    for label, words in {"좋음": "좋다", "나쁨": "나쁘다"}.items():
        (tmp_path / "d" / label).mkdir(parents=True)
        write(tmp_path / "d" / label / "1.txt", words, "cp949")
        write(tmp_path / "d" / label / "2.txt", words + " 정말")
    (tmp_path / "d" / "좋음" / "cover.png").write_bytes(b"x")
    data = load_data(tmp_path / "d")
    assert (data.modality, len(data), data.class_names) == ("text", 4, ("나쁨", "좋음"))
    assert "1 files that are not texts" in data.findings[0].detail
    assert len(load_items(tmp_path / "d", "text")) == 4


SLANG = ["헐", "꿀잼", "쩐다", "웩", "캡짱"]  # each too short to be known as CP949; the last one is UTF-8 too
PLAIN = ["정말 재미있는 영화", "너무 지루하다", "다시 보고 싶다"]


@pytest.fixture
def letters(tmp_path):
    """A folder with a folder of texts, and what its files read like or what is wrong with them."""

    def made(*files):
        (tmp_path / "d" / "a").mkdir(parents=True)
        for k, raw in enumerate(files):
            (tmp_path / "d" / "a" / f"{k:02}.txt").write_bytes(raw)
        data = load_data(tmp_path / "d", single_class=True)
        alike = load_items(tmp_path / "d", "text")
        assert data.findings == alike.findings

        def said(k):
            try:
                text = decode(data.items.read(k), data.items.name(k))[0]
            except DataError as error:
                return str(error)
            assert decode(alike.items.select([k]).read(0), "")[0] == text
            return text

        return [said(k) for k in range(len(data))], [f.detail for f in data.findings]

    return made


def test_short_texts_are_read_in_the_encoding_of_all_files(letters):
    found, told = letters(*(t.encode("cp949") for t in [*SLANG, "OK!", *PLAIN]))
    assert (found, told) == ([*SLANG, "OK!", *PLAIN], ["the files are in CP949, not in UTF-8"])


@pytest.mark.parametrize("other", ["좋다", "Köln", "Schön war es in München", "中文", "\U0001fa77"])
def test_where_one_file_is_plainly_utf8_each_is_judged_by_itself(letters, other):
    found, told = letters(*(t.encode("cp949") for t in [*SLANG, *PLAIN]), other.encode())
    assert (found[4:], told) == (["ĸ¯", *PLAIN, other], [])
    assert all("00.txt is in an encoding that is not understood" in f for f in found[:1])


def test_two_files_tell_nothing_of_all(letters):
    found, told = letters(*(t.encode("cp949") for t in [PLAIN[0], "웩"]))
    assert (found[0], told) == (PLAIN[0], []) and "not understood" in found[1]


def test_what_is_plainly_no_korean_is_refused_among_korean_files_too(letters):
    strange = ["浪费时间的电影，剧情太差了".encode("gbk"), b"\x89PNG\r\n\x1a\n\0\0", b"\xff\xff\xff"]
    found, told = letters(*(t.encode("cp949") for t in PLAIN), *strange)
    assert found[:3] == PLAIN and len(told) == 1
    assert "which is not Korean" in found[3] and "not a text but binary" in found[4] and "not understood" in found[5]


def test_files_in_another_encoding_are_not_taken_for_korean_together(letters):
    found, told = letters(*(t.encode("gbk") for t in ["非常好看", "浪费时间的电影", "剧情太差了", "不好"]))
    assert not told and all("not understood" in f for f in found)


def test_groups_come_from_a_pattern_in_names(tmp_path):
    for label in "ab":
        (tmp_path / "d" / label).mkdir(parents=True)
        for k in range(4):
            write(tmp_path / "d" / label / f"{k}_ann{k % 2}_.txt", f"{label} {k}")
    data = load_data(tmp_path / "d", group_pattern=r"_([a-z0-9]+)_")
    assert len(set(data.groups.tolist())) == 2
    with pytest.raises(DataError, match="has no group"):
        load_data(tmp_path / "d", group_pattern="_ann")
    with pytest.raises(DataError, match="fits no path .*the first is '0_ann0_.txt'. It is searched in"):
        load_data(tmp_path / "d", group_pattern="(xyz)")
    with pytest.raises(DataError, match="is not a regular expression"):
        load_data(tmp_path / "d", group_pattern="(")


@pytest.mark.parametrize("kind", ["csv", "jsonl", "saved", "numbers"])
def test_a_pattern_needs_names_and_rows_have_none(tmp_path, kind):
    import datasets

    if kind == "saved":
        datasets.Dataset.from_dict({"text": ["fine", "dull"], "label": ["x", "y"]}).save_to_disk(tmp_path / "t.saved")
    elif kind == "jsonl":
        write(tmp_path / "t.jsonl", '{"text": "fine", "label": "x"}\n{"text": "dull", "label": "y"}\n')
    else:
        rows = "1,2,x\n3,4,y\n" if kind == "numbers" else "fine,so,x\ndull,so,y\n"
        write(tmp_path / f"t.{kind}", f"{'text' if kind == 'csv' else 'a'},b,label\n{rows}")
        (tmp_path / f"t.{kind}").rename(tmp_path / "t.csv")
        kind = "csv"
    with pytest.raises(DataError, match=r"have no paths in which --group-pattern could find groups.*--group-column"):
        load_data(tmp_path / f"t.{kind}", group_pattern=r"(\d)")


def test_groups_come_from_a_column_or_from_a_pattern(tmp_path):
    table = write(tmp_path / "t.csv", "text,who,label\nfine,a,x\ndull,b,y\n")
    with pytest.raises(ConfigError, match=r"from the column 'who' or from the pattern '\(.\)', not from both"):
        load_data(table, group_column="who", group_pattern="(.)")


def test_a_saved_dataset_of_texts_is_read(tmp_path):
    import datasets

    table = datasets.Dataset.from_dict({"text": ["fine", "dull"], "label": ["x", "y"]})
    datasets.DatasetDict(train=table, test=table).save_to_disk(tmp_path / "kept")
    data = load_data(tmp_path / "kept")
    assert (data.modality, data.items.read(3), data.items.name(3)) == ("text", b"dull", "test row 1")
    assert data.part.tolist() == ["train", "train", "test", "test"]


def test_ratings_of_a_saved_dataset_are_labels(tmp_path):
    import datasets

    datasets.Dataset.from_dict({"text": ["fine", "dull"], "rating": [5, 1]}).save_to_disk(tmp_path / "kept")
    assert load_data(tmp_path / "kept").class_names == ("1", "5")


def test_a_test_set_of_another_kind_is_refused(tmp_path, make_photos):
    table = write(tmp_path / "t.csv", "text,label\nfine,class_0\ndull,class_1\n")
    with pytest.raises(DataError, match="test set holds images, the training data texts"):
        load_data(table, test=make_photos(each=2))

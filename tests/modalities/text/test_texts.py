from __future__ import annotations

import hashlib

import numpy as np
import pytest
from tokenizers import Tokenizer
from tokenizers.models import Unigram

from jeoni.backbones.catalog import load_backbone
from jeoni.data.duplicates import near_pairs
from jeoni.data.encodings import decode
from jeoni.data.text_items import TextItems
from jeoni.errors import ConfigError, DataError, WeightsError
from jeoni.modalities.inputs import collate
from jeoni.modalities.inputs.text import TextInput
from jeoni.modalities.text.texts import text_signature
from jeoni.tasks import load_data
from tests.data.made_texts import write


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
    with pytest.raises(WeightsError, match="was changed since it was saved"):
        TextInput.restore(spec.describe(), tmp_path)
    (tmp_path / "tokenizer.json").unlink()
    with pytest.raises(WeightsError, match="was lost since it was saved"):
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
    assert load_data(tmp_path / "kept").task.class_names == ("1", "5")


def test_a_test_set_of_another_kind_is_refused(tmp_path, make_photos):
    table = write(tmp_path / "t.csv", "text,label\nfine,class_0\ndull,class_1\n")
    with pytest.raises(DataError, match="test set holds images, the training data texts"):
        load_data(table, test=make_photos(each=2))

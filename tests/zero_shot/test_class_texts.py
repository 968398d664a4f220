from __future__ import annotations

import json
from pathlib import Path

import pytest

from jeoni.errors import ConfigError, DataError
from jeoni.zero_shot_learning.semantics.class_texts import ClassText, read_classes
from jeoni.zero_shot_learning.semantics.templates import parse_templates, sentences_of, templates_for, words_of

CAT, DOG = ClassText("cat", ("a cat",)), ClassText("dog", ("a dog", "it barks"))


def test_names_are_read_from_words_lists_and_mappings():
    assert read_classes("cat, dog") == read_classes(["cat", "dog"]) == (ClassText("cat"), ClassText("dog"))
    assert read_classes("0=a bad review,1") == (ClassText("0", ("a bad review",)), ClassText("1"))
    assert read_classes({"cat": "a cat", "dog": ["a dog", "it barks"]}) == (CAT, DOG)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", "name,description\ncat,a cat\ndog,a dog\ndog,it barks\n"),
        ("b.csv", "cat,a cat\ndog,a dog,it barks\n"),
        ("c.tsv", "description\tclass\na cat\tcat\na dog\tdog\nit barks\tdog\n"),
        ("d.json", json.dumps({"cat": "a cat", "dog": ["a dog", "it barks"]})),
        ("e.json", json.dumps([{"name": "cat", "description": "a cat"}, {"name": "dog", "descriptions": ["a dog", "it barks"]}])),
    ],
)  # fmt: skip
def test_descriptions_are_read_from_files(tmp_path, name, content):
    (tmp_path / name).write_text(content, encoding="utf-8")
    assert read_classes(tmp_path / name) == read_classes(str(tmp_path / name)) == (CAT, DOG)


def test_a_korean_table_of_names_in_cp949_is_read(tmp_path):
    (tmp_path / "분류.csv").write_bytes("이름,설명\n긍정,재미있다는 감상\n부정,재미없다는 감상\n".encode("cp949"))
    assert read_classes(tmp_path / "분류.csv")[1] == ClassText("부정", ("재미없다는 감상",))


def test_a_text_file_holds_a_name_per_line(tmp_path):
    (tmp_path / "names.txt").write_text("cat\n\ndog\n", encoding="utf-8")
    assert [one.name for one in read_classes(tmp_path / "names.txt")] == ["cat", "dog"]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("", "names no class. Needed: names with commas between"),
        (" , ", "names no class"),
        ([], "names no class"),
        ("cat,dog,cat", "names 'cat' twice; each class is named once"),
        (["a", "a"], "names 'a' twice"),
        (3, "classes is int. Needed: names"),
        ([["cat"]], "holds \\['cat'\\] where a name is needed"),
        ({"cat": 3}, "describes a class by 3; a text is needed, or a list of texts"),
    ],
)
def test_names_that_cannot_be_meant_are_refused(given, said):
    with pytest.raises(ConfigError, match=said):
        read_classes(given)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("missing.csv", None, "The file of classes .*missing.csv does not exist"),
        ("a.json", "{", "is no JSON"),
        ("b.json", "3", "holds int; an object or a list is needed"),
        ("c.csv", "\n\n", "c.csv is empty"),
    ],
)
def test_a_file_of_classes_that_cannot_be_understood_is_refused(tmp_path: Path, name, content, said):
    if content is not None:
        (tmp_path / name).write_text(content, encoding="utf-8")
    with pytest.raises(DataError, match=said):
        read_classes(str(tmp_path / name))


def test_a_bare_name_twice_in_a_table_is_refused_and_several_descriptions_are_not(tmp_path):
    (tmp_path / "a.csv").write_text("name\ncat\ndog\ncat\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="'cat' twice"):
        read_classes(tmp_path / "a.csv")


def test_a_description_is_encoded_as_it_stands_and_a_name_in_sentences():
    assert sentences_of(DOG, ("a {}.",)) == ("a dog", "it barks")
    assert sentences_of(ClassText("golden_retriever"), ("a photo of a {}.",)) == ("a photo of a golden retriever.",)
    assert sentences_of(ClassText("praise"), templates_for(["praise"], "text"))[1] == "This text is about praise."


def test_korean_names_get_korean_sentences():
    assert all("{}" in t for t in templates_for(["긍정", "1"], "text"))
    assert templates_for(["1", "긍정"], "text")[1] == "이 글은 {}에 관한 것이다."
    assert templates_for(["positive"], "text") != templates_for(["긍정"], "text")


def test_a_name_of_nothing_but_joints_stays():
    assert words_of("_") == "_" and words_of(" a__b ") == "a b"


def test_sentences_of_ones_own_need_a_place_for_the_name():
    assert parse_templates("auto") == ()
    assert parse_templates("a {} here.| {}") == ("a {} here.", "{}")
    for wrong in ("no place", "{} and {}", "", "{}|none"):
        with pytest.raises(ConfigError, match=r"sentences with one \{\} for the name are needed, with \| between"):
            parse_templates(wrong)

from __future__ import annotations

import pytest

from jeoni.data.encodings import decode
from jeoni.data.read import load_items
from jeoni.errors import DataError
from jeoni.tasks import load_data
from tests.data.made_texts import write


def test_a_folder_of_texts_per_class_is_read_in_any_encoding(tmp_path):
    for label, words in {"좋음": "좋다", "나쁨": "나쁘다"}.items():
        (tmp_path / "d" / label).mkdir(parents=True)
        write(tmp_path / "d" / label / "1.txt", words, "cp949")
        write(tmp_path / "d" / label / "2.txt", words + " 정말")
    (tmp_path / "d" / "좋음" / "cover.png").write_bytes(b"x")
    data = load_data(tmp_path / "d")
    assert (data.modality, len(data), data.task.class_names) == ("text", 4, ("나쁨", "좋음"))
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

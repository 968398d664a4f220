from __future__ import annotations

import pytest

from jeoni.data import encodings
from jeoni.data.encodings import decode, encoding_of
from jeoni.errors import DataError


@pytest.fixture(params=["decode", "encoding_of"])
def found(request, tmp_path):
    """The encoding of some bytes, as text in memory and as a file."""

    def find(raw: bytes) -> str:
        if request.param == "decode":
            return decode(raw, "a.csv")[1]
        (tmp_path / "a.csv").write_bytes(raw)
        return encoding_of(tmp_path / "a.csv")

    return find


KOREAN = [
    "정말 재미있는 영화",
    "text,label\n좋다,긍정\n나쁘다,부정\n",
    "file,label\n1.png,불량\n2.png,정상\n",
    "이름,부서\n김철수,영업부\n박영희,생산관리\n",
    "ㅋㅋㅋㅋ ㅠㅠ",
    "뷁! 이건 정말 펲시콜라",  # with syllables that only CP949 has, not EUC-KR
    "民法 제1조(法源) 민사에 관하여 법률에 규정이 없으면 관습법에 의한다",
    "It’s a ‘good’ film",  # from a Korean Windows: marks only
]


@pytest.mark.parametrize("text", KOREAN)
def test_korean_of_many_kinds_is_known_as_cp949(found, text):
    assert found(text.encode("cp949")) == "cp949"


@pytest.mark.parametrize("encoding, name", [("utf-8", "utf-8"), ("utf-8-sig", "utf-8"), ("utf-16", "utf-16")])
def test_unicode_is_known_whatever_the_language(found, encoding, name):
    assert found("这部电影非常好看, It’s good, とても".encode(encoding)) == name


SIGNS = [
    "예뻐요 \U0001fa77",  # of Unicode 15, which Python 3.11 does not know
    "It\x92s a great film",  # once Windows-1252, wrongly recoded
    "\ue000 좋은 영화",
    "Apple \uf8ff rules",
    "좋아요\x01",
    "\x1b[1m좋다\x1b[0m",
]


@pytest.mark.parametrize("text", SIGNS)
def test_what_decodes_as_utf8_is_a_text_whatever_signs_are_in_it(found, text):
    assert found(text.encode()) == "utf-8"
    assert decode(text.encode(), "row 5") == (text, "utf-8")


STRANGE = [
    ("It’s a good film\nI don’t like it", "cp1252"),
    ("Das Buch über Größe", "mac_roman"),
    ("für die Tür", "mac_roman"),
    ("Ni\u00f1o peque\u00f1o ma\u00f1ana", "mac_roman"),
    ("浪费时间的电影，剧情太差了，完全看不下去。", "gbk"),
    ("这个产品质量不好，包装破损，客服态度恶劣。", "gbk"),
    ("非常好看", "gbk"),
    ("とても面白い映画でした。俳優の演技も素晴らしい。", "shift_jis"),
    ("時間の無駄だった", "shift_jis"),
    ("とても面白い映画でした。", "euc_jp"),
    ("時間の無駄だった", "euc_jp"),
    ("χάσιμο χρόνου", "cp1253"),
    ("이 영화는 정말 재미있다. 꼭 보세요!", "johab"),
]


@pytest.mark.parametrize("text, encoding", STRANGE)
def test_what_only_decodes_as_cp949_is_refused_and_shown(found, text, encoding):
    raw = text.encode(encoding)
    raw.decode("cp949")
    with pytest.raises(
        DataError, match=r"it is not UTF-8\. As CP949 it would read '.+', which is not Korean\. .*UTF-8"
    ):
        found(raw)


def test_what_does_not_decode_at_all_is_refused(found):
    with pytest.raises(DataError, match=r"not understood: it is not UTF-8\. Needed: UTF-8 .*Save it again as UTF-8"):
        found("Schöne Bücher müssen groß sein".encode("latin-1"))


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("text", ["text,label\ngood,x\n", "리뷰,라벨\n정말 재미있는 영화,긍정\n"])
def test_utf16_without_its_mark_is_recognised_for_what_it_may_be(found, text, encoding):
    with pytest.raises(DataError, match=r"is not a text but binary.*may be UTF-16 without its mark; save it again"):
        found(text.encode(encoding))


def test_binary_content_is_not_taken_for_utf16(found):
    with pytest.raises(DataError, match=r"is not a text but binary. Needed: a text file, in UTF-8 best\.$"):
        found(b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x02\x00\x00\x00\x90wS\xde")


def test_a_letter_that_lies_across_two_blocks_is_read_whole(found, monkeypatch):
    monkeypatch.setattr(encodings, "BLOCK", 3)
    assert found(("a" + "좋다" * 50).encode("cp949")) == "cp949"

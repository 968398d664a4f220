"""In which encoding letters came: UTF-8, UTF-16 with its mark, or CP949 where what comes out reads like Korean.

Bytes say little of their encoding: most of what is written in GBK, Shift-JIS or Johab, and some of Windows-1252,
decodes as CP949 without an error, to syllables that nobody writes. So most letters must be among those that Korean is
made of.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from jeoni.errors import DataError
from jeoni.types import Finding

__all__ = ["BROKEN", "as_utf8", "common_encoding", "decode", "encoding_of"]

# the 512 syllables that are most frequent in 100,000 film reviews (NSMC, CC0): 96 of 100 in 5,000 others
SYLLABLES = frozenset(
    "가각간갈감갑갔강같개객거건걸겁것게겠겨격견결경계고공과관광괜괴교구국군굴굿궁권귀그극근글금급기긴길김깊까"
    "깝깨꺼께껴꼭꾸끌끝끼낌나난날남났낮내냐냥너넘네녀년노놀놈높놓누눈느는늘능니닌님다닥단달담답당대더덕던데도"
    "독돈돋돌동되된될됨두둘뒤드든들듯등디딩따딱딴때떠떨떻또뛰뜻라락란람랑래랜러런럼럽렇레려력련렸로록론룡루류"
    "륭르른를름리릭린릴림립링마막만많말맛망맞매맨머먹먼멋메며면명몇모목몰못무문물뭐뭔뭘미민믿밀밋밌바박밖반받"
    "발방배백버번벌범법베벽변별병보복본볼봄봉봐봣봤부분불브블비빈빙빠빨빼뻔뿐쁘쁜사산살삶삼상새색생서석선설섭"
    "성세션소속손솔송수순술숨쉬쉽스슨슬슴습승시식신실싫심싶싸써쓰씨씬아악안않알암았앞애액야약양어억언얼엄업없"
    "엇었엉에엔여역연열였영예옛오온올와완왔왕왜외요욕용우운울움웃워원월웠위유윤으은을음의이인일임입잇있잊자작"
    "잔잘잠잡장재잼쟁저적전절점접정제져졌조족존졸좀종좋죄죠주죽준줄중줘즈즐즘증지직진질짐집짓짜짝짱찍차찬찮참"
    "창찾채책처천철첨청체쳐초총최추출충치친침카캐커케코쾌큐크큰클큼키킬타탄탈태터테토통투트특틀티팅파판패팬퍼"
    "편평포폭표품프픈플피필하학한할함합해했행향허혀현형호혹혼홍화확환황회효후훈훌휴흐흥희히힘"
)
JAMO = frozenset("ㄱㄴㄷㄹㅁㅂㅅㅇㅈㅊㅋㅌㅍㅎㅏㅓㅗㅜㅠㅡㅣ")  # written alone: laughter, tears, abbreviations
USUAL = SYLLABLES | JAMO
LEAST = 0.5  # of the letters outside ASCII, more than that
FEW = 8  # letters outside ASCII, that tell less than the files beside them do
SEVERAL = 3  # files that tell something of all
BLOCK = 1 << 20
UNWRITTEN = bytes(set(range(32)) - set(b"\t\n\r\f\v"))
BROKEN = "\ufdd0"  # stands for bytes that its encoding does not know: a code that is no character
ESCAPED = re.compile("[\udc80-\udcff]+")  # what Python makes of such bytes
SIGNS_PER_BREAK, LINES_PER_BREAK = 20, 1000  # so many in UTF-8, or lines at all, for each place that is broken


def decode(raw: bytes, name: str, beside: str = "") -> tuple[str, str]:
    """A text and its encoding: UTF-8 (with or without a byte-order mark), UTF-16 with one, or CP949 (EUC-KR).

    What decodes as UTF-8 is it, whatever signs come out: hardly anything else does.

    Args:
        raw: the text.
        name: what to call it.
        beside: the encoding of what lies beside it, see :func:`common_encoding`; it decides where little is written.

    Raises:
        DataError: binary content, or another encoding.

    Example:
        >>> decode("좋다".encode("cp949"), "a.txt")
        ('좋다', 'cp949')
    """
    marked = raw.startswith((b"\xff\xfe", b"\xfe\xff"))
    if b"\0" in raw and not marked:
        raise _binary(raw, name)
    if beside and (korean := _as_well(raw)):
        return korean, "cp949"
    if (text := _decoded(raw, "utf-8-sig")) is not None:
        return text, "utf-8"
    encoding = "utf-16" if marked else "cp949"
    text = _decoded(raw, encoding)
    if text is not None and _readable(text):
        signs = _foreign(text)
        if marked or _korean(signs) or (beside and signs.total() < FEW):
            return text, encoding
    raise _unknown(name, "" if marked or text is None else _odd_part(text))


def common_encoding(files: Iterable[bytes]) -> str:
    """``cp949`` where files are plainly in it, taken together; else nothing, and each is to be judged by itself.

    They are where several are not UTF-8 and read like Korean, all letters counted, and none is plainly UTF-8.

    Example:
        >>> common_encoding(text.encode("cp949") for text in ("정말 좋다", "재미있다", "별로", "헐"))
        'cp949'
    """
    signs, several = Counter[str](), 0
    for raw in files:
        if raw.isascii() or b"\0" in raw:
            continue
        if _decoded(raw, "utf-8") is not None:
            if not _as_well(raw):
                return ""
        elif (text := _decoded(raw, "cp949")) is not None:
            signs.update(_foreign(text))
            several += 1
    return "cp949" if several >= SEVERAL and _korean(signs) else ""


def _decoded(raw: bytes, encoding: str) -> str | None:
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError:
        return None


def _as_well(raw: bytes) -> str:
    """As CP949, what decodes as UTF-8 too but reads like Korean there only; else nothing."""
    korean, other = _decoded(raw, "cp949"), _decoded(raw, "utf-8")
    if korean is None or other is None or not _share(other) < _share(korean) >= LEAST:
        return ""
    return korean


def _share(text: str) -> float:
    """Of all letters in it those that Korean is made of: in UTF-8 some words of others, as Köln, decode as K철ln."""
    letters = [c for c in text if c.isalpha()]
    return sum(c in USUAL for c in letters) / max(1, len(letters))


def encoding_of(path: Path) -> str:
    """Of a file that is read through once, so that a byte that does not fit is met here and not half-way.

    Raises:
        DataError: binary, or in an encoding that is not understood.
    """
    with path.open("rb") as file:
        head = file.read(1 << 16)
    if head.startswith((b"\xff\xfe", b"\xfe\xff")) or (b"\0" in head and not _written(head)):
        return decode(path.read_bytes(), str(path))[1]
    try:
        for _ in _blocks(path, "utf-8"):
            pass
        return "utf-8"
    except UnicodeDecodeError:
        pass
    letters, read = Counter[str](), ""
    try:
        for block in _blocks(path, "cp949"):
            letters.update(_foreign(block))
            read = read or _odd_part(block)
    except UnicodeDecodeError:
        raise _unknown(str(path), "") from None
    if not _korean(letters):
        raise _unknown(str(path), read)
    return "cp949"


def as_utf8(path: Path) -> tuple[Path | bytes, list[Finding]]:
    """A table in UTF-8: the file where it is, else what it holds in UTF-8, and a finding that says so.

    Where all but a few bytes are UTF-8, or CP949, as of texts that were cut at so many bytes, :data:`BROKEN` stands
    for these.

    Raises:
        DataError: binary, or in an encoding that is not understood; the message names the first lines.
    """
    try:
        encoding = encoding_of(path)
    except DataError as error:
        raw = path.read_bytes()
        if b"\0" in raw and not _written(raw):
            raise
        text, encoding = _mended(raw, error)
    else:
        if encoding == "utf-8":
            return path, []
        text = path.read_bytes().decode(encoding)
    told = f"the table is in {encoding.upper()}, not in UTF-8"
    return text.encode(), [] if encoding == "utf-8" else [Finding("encoding", "", told, "converted")]


def _mended(raw: bytes, error: DataError) -> tuple[str, str]:
    """With marks for the places that are broken, and the encoding; raises the error, with lines that are not UTF-8,
    where they are not few.

    In other encodings hardly any sign outside ASCII is one of UTF-8 too, and what decodes as CP949 is not Korean.
    """
    for encoding in ("utf-8", "cp949"):
        text = raw.decode(encoding, "surrogateescape")
        marked, breaks = ESCAPED.subn(BROKEN, text)
        signs = _foreign(marked)
        del signs[BROKEN]
        few = breaks <= max(signs.total() // SIGNS_PER_BREAK, text.count("\n") // LINES_PER_BREAK)
        if few and (encoding == "utf-8" or _korean(signs)):
            return marked, encoding
    text = raw.decode("utf-8", "surrogateescape")
    places = [found.start() for _, found in zip(range(3), ESCAPED.finditer(text), strict=False)]
    lines = sorted({text.count("\n", 0, place) + 1 for place in places})
    raise DataError(f"{error} Not in UTF-8: line {', '.join(map(str, lines))} …", path=error.path) from None


def _written(raw: bytes) -> bool:
    """Whether hardly a byte is one that nobody writes: a stray zero makes no binary file of a table."""
    return len(raw) - len(raw.translate(None, UNWRITTEN)) <= max(1, len(raw) // 50)


def _blocks(path: Path, encoding: str) -> Iterator[str]:
    with path.open(encoding=encoding, newline="") as letters:
        yield from iter(lambda: letters.read(BLOCK), "")


def _foreign(text: str) -> Counter[str]:
    """How often each sign outside ASCII is in it."""
    return Counter(c for c in text if not c.isascii())


def _korean(signs: Counter[str]) -> bool:
    """Whether most letters are such as Korean is made of; marks alone, as around a quotation, say nothing."""
    letters = {c: k for c, k in signs.items() if c.isalpha()}
    usual = sum(k for c, k in letters.items() if c in USUAL)
    return usual > LEAST * sum(letters.values()) or not letters


def _odd_part(text: str) -> str:
    """Where it begins to look odd."""
    first = next((i for i, c in enumerate(text) if c.isalpha() and not c.isascii() and c not in USUAL), None)
    return "" if first is None else " ".join(text[max(first - 4, 0) : first + 12].split())


def _binary(raw: bytes, name: str) -> DataError:
    said = f"{name} is not a text but binary. Needed: a text file, in UTF-8 best."
    for encoding in ("utf-16-le", "utf-16-be"):
        text = raw[:4000].decode(encoding, "replace")
        if _readable(text) and sum(c.isascii() or c in USUAL for c in text) > LEAST * len(text):
            return DataError(f"{said} It may be UTF-16 without its mark; save it again as UTF-8.", path=name)
    return DataError(said, path=name)


def _unknown(name: str, read: str) -> DataError:
    came = f" As CP949 it would read {read!r}, which is not Korean." if read else ""
    return DataError(
        f"{name} is in an encoding that is not understood: it is not UTF-8.{came} Needed: UTF-8 (or UTF-16 with "
        "its mark, CP949, EUC-KR). Save it again as UTF-8.",
        path=name,
    )


def _readable(text: str) -> bool:
    """Whether hardly anything in it is a control character or of no public use, as in decoded noise."""
    odd = sum(1 for c in text[:2000] if unicodedata.category(c) in ("Cc", "Co") and c not in "\t\n\r\f\x0b\x85")
    return odd * 50 <= len(text[:2000])

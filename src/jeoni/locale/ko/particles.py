"""값 뒤에 붙는 조사: 앞말의 받침에 따라 고릅니다."""

from __future__ import annotations

__all__ = ["with_particle"]

# after a final consonant, after a vowel
PARTICLES = {
    "이": "가",
    "을": "를",
    "은": "는",
    "과": "와",
    "과의": "와의",
    "으로": "로",
    "이나": "나",
    "이라": "라",
    "이라고": "라고",
    "이지만": "지만",
    "이어야": "여야",
    "이었고": "였고",
}
HANGUL, LAST_HANGUL, FINALS, FINAL_L = 0xAC00, 0xD7A3, 28, 8
# what a digit ends with when it is read: 영 일 이 삼 사 오 육 칠 팔 구
DIGITS = {"0": "ng", "1": "l", "3": "m", "6": "k", "7": "l", "8": "l"}
AROUND = "'\"`)]}>.,;:!?…%·”’"


def with_particle(text: str, particle: str) -> str:
    """A value with the particle that fits how it is read.

    Args:
        text: the value; signs at its end, such as quotes, are not read.
        particle: as it stands after a final consonant, such as ``을``.

    Example:
        >>> with_particle("레이블", "을"), with_particle("'data'", "을"), with_particle("17", "으로")
        ('레이블을', "'data'를", '17로')
    """
    final = _final(text.rstrip(AROUND))
    other = PARTICLES[particle]
    if final is None:
        return f"{text}{particle}({other})"
    after_consonant = final != "" and not (final == "l" and particle == "으로")
    return text + (particle if after_consonant else other)


def _final(text: str) -> str | None:
    """The final consonant in letters, empty after a vowel; None where nobody knows how it is read."""
    last = text[-1:]
    if HANGUL <= ord(last or " ") <= LAST_HANGUL:
        final = (ord(last) - HANGUL) % FINALS
        return "" if final == 0 else "l" if final == FINAL_L else "n"
    if last.isdigit():
        return DIGITS.get(last, "")
    if last.isascii() and last.isalpha():
        return _english_final(text)
    return None


def _english_final(text: str) -> str:
    """Of a word in Latin letters: those that end in l, m or n, also before a silent e, or in ng."""
    word = text.lower()
    if len(word) > 2 and word.endswith("e") and word[-2] in "lmn":
        word = word[:-1]
    if word.endswith("ng"):
        return "ng"
    return word[-1] if word[-1] in "lmn" else ""

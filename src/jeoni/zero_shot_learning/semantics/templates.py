"""Sentences that a class's name is put into before it is encoded (prompt ensembling, Radford et al. ICML 2021).

Their vectors are averaged (arXiv:2103.00020, section 3.1.4); the hypotheses for texts are those of Yin, Hay & Roth
EMNLP 2019 (arXiv:1909.00161). Ours are few and were fixed before anything was scored with them. Korean names get
Korean sentences, built so that no particle depends on the name's last letter.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from jeoni.errors import ConfigError
from jeoni.zero_shot_learning.semantics.class_texts import ClassText

__all__ = ["TEMPLATES", "is_korean", "parse_templates", "sentences_of", "templates_for", "words_of"]

TEMPLATES = {
    ("text", "en"): ("{}", "This text is about {}.", "This example is {}.", "The topic of this text is {}."),
    ("text", "ko"): ("{}", "이 글은 {}에 관한 것이다.", "이 예문은 {}이다.", "이 글의 주제: {}"),
    ("image", "en"): ("{}", "a photo of a {}.", "a picture of the {}.", "an image of a {}."),
    ("image", "ko"): ("{}", "{} 사진", "{}의 모습", "이 사진에 있는 것: {}"),
    ("audio", "en"): ("{}", "This is a sound of {}.", "a recording of {}.", "the sound of a {}."),
    ("audio", "ko"): ("{}", "{} 소리", "{}의 소리를 녹음한 것", "이 녹음에 들리는 것: {}"),
    ("vector", "en"): ("{}", "This example is {}."),
    ("vector", "ko"): ("{}", "이 예는 {}이다."),
}
HANGUL = re.compile("[\uac00-\ud7a3\u3131-\u318e]")
PLACE = "{}"


def is_korean(text: str) -> bool:
    """Whether there is Hangul in it."""
    return HANGUL.search(text) is not None


def words_of(name: str) -> str:
    """A name as words: what joins them in the names of folders and columns becomes a blank.

    Example:
        >>> words_of("golden_retriever")
        'golden retriever'
    """
    return " ".join(re.split(r"[\s_]+", name.strip("_ "))) or name


def templates_for(names: Sequence[str], modality: str) -> tuple[str, ...]:
    """The usual sentences for names, by what the items are: in Korean for all names if one of them is."""
    return TEMPLATES[modality, "ko" if any(map(is_korean, names)) else "en"]


def parse_templates(given: str) -> tuple[str, ...]:
    """Sentences as a user wrote them, with ``|`` between; none where ``auto`` was said.

    Raises:
        ConfigError: one without a place for the name, or with several.
    """
    if given == "auto":
        return ()
    found = tuple(part.strip() for part in given.split("|") if part.strip())
    wrong = [part for part in found if part.count(PLACE) != 1]
    if wrong or not found:
        raise ConfigError(
            f"templates is {given!r}; sentences with one {{}} for the name are needed, with | between them, such as "
            '"This text is about {}.|A text on {}."'
        )
    return found


def sentences_of(one: ClassText, templates: tuple[str, ...]) -> tuple[str, ...]:
    """What is encoded of a class: its descriptions as they stand, else its name in sentences.

    Args:
        one: the class.
        templates: sentences with a place for the name.

    Example:
        >>> sentences_of(ClassText("cat"), ("a photo of a {}.",))
        ('a photo of a cat.',)
    """
    if one.descriptions:
        return one.descriptions
    words = words_of(one.name)
    return tuple(t.replace(PLACE, words) for t in templates)

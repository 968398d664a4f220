"""Modalities of examples: which files and which columns hold images, texts or audio."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path, PurePath
from stat import S_ISDIR, S_ISREG

from jeoni.files.names import encodable

__all__ = [
    "MODALITIES",
    "SUFFIXES",
    "Columns",
    "composed",
    "found_at",
    "modality_of",
    "option_for",
    "plural",
    "spelled",
    "usual_names",
]

MODALITIES = ("image", "text", "audio")
AS_GIVEN = ("pattern", "classes")  # a regular expression, and a path
RENAMED = {"sound": "audio"}  # as code and files from before may say
_ENDINGS = {  # the most usual first: messages show these
    "image": (
        *("jpg", "jpeg", "png", "webp", "tif", "bmp", "tiff", "gif", "jpe", "jfif"),
        *("ppm", "pgm", "pbm", "pnm", "jp2", "j2k", "avif", "tga"),
        *("dcm", "dicom", "ima"),
    ),
    "text": ("txt", "text"),
    "audio": (
        *("wav", "flac", "mp3", "ogg", "opus", "aiff", "wave", "oga", "mp2", "aif", "aifc"),
        *("au", "snd", "caf", "w64", "rf64", "voc", "sph"),
        *("m4a", "aac", "wma", "amr", "webm"),  # cannot be decoded, but recognised, so that the message can say so
    ),
}
SUFFIXES = {modality: dict.fromkeys(f".{e}" for e in endings).keys() for modality, endings in _ENDINGS.items()}
_FILES = ("file", "path", "filename", "file_name", "filepath", "파일", "파일명", "경로")
_NAMES = {
    "image": ("image", "image_path", "img", "images", "이미지", "사진"),
    "text": (
        *("text", "texts", "sentence", "review", "document", "comment", "content", "body", "message", "utterance"),
        *("텍스트", "문장", "리뷰", "내용", "본문", "댓글", "문서", "후기", "감상평"),
    ),
    "audio": ("audio", "sound", "wav", "recording", "audio_path", "sound_path", "clip", "음성"),
}


@dataclass(frozen=True)
class Columns:
    """The columns that a user named, letters in one piece; empty ones are recognised by their names.

    Attributes:
        image: of images or their paths.
        text: of texts.
        audio: of audio or its paths.
        label: of labels.
        group: of groups that are never split.
        pattern: a regular expression whose first group, in an example's name, is its group.
        modality: of the examples that are looked for; empty where it is not known before, or no column holds such.
        kept: the column that held such examples before: taken where there is one, and the user named none.
        frames: of DICOM files of several frames, those that are examples: ``middle`` or ``all``.
        task: what the labels are read for; empty or ``auto``: what they look like.
        classes: a file with a table of classes, or their names with commas between, where annotations do not say.
        void: names or numbers of classes, with commas between, of which nothing is to be learned.
    """

    image: str = ""
    text: str = ""
    audio: str = ""
    label: str = ""
    group: str = ""
    pattern: str = ""
    modality: str = ""
    kept: str = ""
    frames: str = "middle"
    task: str = ""
    classes: str = ""
    void: str = ""

    def __post_init__(self) -> None:
        for f in fields(self):
            if f.name not in AS_GIVEN:
                object.__setattr__(self, f.name, composed(getattr(self, f.name)))
        modality = RENAMED.get(self.modality, self.modality)
        object.__setattr__(self, "modality", modality if modality in MODALITIES else "")

    def naming(self, column: str) -> Columns:
        """With this column named, which holds examples of :attr:`modality`."""
        return replace(self, **{self.modality: column})

    def among(self, names: Sequence[str]) -> Columns:
        """With the kept column named, if it is one of a table's and the user named none."""
        return self.naming(self.kept) if self.kept in names and self.kept and not self.items[0] else self

    @property
    def items(self) -> tuple[str, str]:
        """The column of the examples, and their modality; both empty where the user named none."""
        named = [(self.image, "image"), (self.text, "text"), (self.audio, "audio")]
        return next(((column, modality) for column, modality in named if column), ("", ""))


def composed(name: str) -> str:
    """A name with each letter in one piece (Unicode's NFC), however it was written: a Mac's folders have them in parts.

    Bytes that are no UTF-8 are escaped, so that the name can be saved and found again.

    >>> composed("e\u0301t\u00e9") == "\u00e9t\u00e9"
    True
    """
    return unicodedata.normalize("NFC", encodable(name))


def usual_names(modality: str = "") -> dict[str, str]:
    """Column names, in lower case, and the modality they speak for; of files it is empty: their endings tell.

    Args:
        modality: leaves out names that speak for another one.
    """
    if modality:
        return dict.fromkeys(_NAMES[modality], modality) | dict.fromkeys(_FILES, "")
    first = {name: modality for modality in ("image", "audio") for name in _NAMES[modality]}
    return first | dict.fromkeys(_FILES, "") | dict.fromkeys(_NAMES["text"], "text")


def option_for(modality: str, labelled: bool) -> str:
    """The option that names the column of examples, for messages: to predict there is one option for all modalities.

    >>> option_for("audio", True), option_for("audio", False)
    ('--audio-column', '--column')
    """
    return f"--{modality}-column" if labelled else "--column"


def plural(modality: str) -> str:
    """Several examples of a modality, for messages.

    >>> plural("image"), plural("audio")
    ('images', 'audio')
    """
    return modality if modality == "audio" else f"{modality}s"


def found_at(path: str | Path) -> str:
    """``file`` or ``folder``; empty where nothing is, or where a text stands in the place of a path, however long."""
    try:
        mode = Path(path).stat().st_mode
    except (OSError, ValueError):  # a name too long, or with a zero byte
        return ""
    return "file" if S_ISREG(mode) else "folder" if S_ISDIR(mode) else ""


def spelled(path: Path) -> str:
    """A path as its folder has it, where the letters of that are put together in another way; else as it is.

    A table and the files that it names may have come over different machines: a Mac's have letters in parts.
    """
    if str(path).isascii() or found_at(path):
        return str(path)
    others = (unicodedata.normalize(form, str(path)) for form in ("NFC", "NFD"))
    return next((other for other in others if found_at(other)), str(path))


def modality_of(paths: Iterable[str]) -> str:
    """The modality of most of some files, by their endings; empty where none is known.

    Where there are as many, audio goes before images and these before texts: what lies beside a recording may be its
    picture or what is said in it.

    >>> modality_of(["1.txt", "1.wav"])
    'audio'
    """
    counts: Counter[str] = Counter()
    for path in paths:
        ending = PurePath(path).suffix.lower()
        counts.update(m for m in MODALITIES if ending in SUFFIXES[m])
    return max(MODALITIES[::-1], key=lambda m: (counts[m], m != "text")) if counts else ""

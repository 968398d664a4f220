"""Names of files and classes as they can be shown: what no encoding holds, and what would steer a terminal, escaped."""

from __future__ import annotations

import re
from typing import Any

__all__ = ["encodable", "encodable_content", "visible"]

SURROGATES = re.compile("[\ud800-\udfff]")
# C0 without tab and line feed, DEL, C1 (0x9b begins an escape sequence, too), and what turns the direction of writing
CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def encodable(text: str) -> str:
    r"""A text that UTF-8 can hold: bytes of a file name that are no UTF-8 are written as ``\xff``.

    >>> encodable("caf\udce9.png")
    'caf\\xe9.png'
    """
    return SURROGATES.sub(_escaped, text)


def visible(text: str) -> str:
    r"""A text that a terminal shows and does not obey; tabs and line ends stay.

    >>> visible("\x1b[2Jred")
    '\\x1b[2Jred'
    """
    return CONTROLS.sub(_escaped, encodable(text))


def encodable_content(content: Any) -> Any:
    """The same for all texts within dictionaries and lists, keys included."""
    if isinstance(content, str):
        return encodable(content)
    if isinstance(content, dict):
        return {encodable(str(key)): encodable_content(value) for key, value in content.items()}
    if isinstance(content, (list, tuple)):
        return [encodable_content(value) for value in content]
    return content


def _escaped(found: re.Match[str]) -> str:
    code = ord(found[0])
    if 0xDC80 <= code <= 0xDCFF:  # how Python carries a byte that it could not decode
        code -= 0xDC00
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"

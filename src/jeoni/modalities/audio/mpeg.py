"""MP3 files that do not say how long they are: libsndfile guesses it from their first frame, and reads no further.

Where bit rates vary, as in a piece cut out of a stream, a guess may leave most of the file unread. Frames are counted
here (ISO/IEC 11172-3 and 13818-3 say how long each is), and the number is put in front, as encoders do (a Xing header).
"""

from __future__ import annotations

import struct

__all__ = ["with_count"]

# kbit/s of layer III by the index in a header; MPEG-1, then MPEG-2 and 2.5
BIT_RATES = (
    (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
)
RATES = {3: (44_100, 48_000, 32_000), 2: (22_050, 24_000, 16_000), 0: (11_025, 12_000, 8_000)}
COUNTED = (b"Xing", b"Info", b"VBRI")
MOSTLY = 0.95
ROOMY = 9  # an index of bit rates whose frames hold the count at any sampling rate


def with_count(raw: bytes) -> bytes:
    """An MP3 that tells how many frames it has; as it is where it does already, or is none.

    Example:
        >>> with_count(b"RIFF") == b"RIFF"
        True
    """
    start = _behind_tag(raw)
    length = _length(raw, start)
    if not length or any(mark in raw[start : start + length] for mark in COUNTED):
        return raw
    frames, at = 0, start
    while length and at + length <= len(raw):
        frames, at = frames + 1, at + length
        length = _length(raw, at)
    if frames < 2 or at < MOSTLY * len(raw):  # by chance what looks like a frame; or something lies between frames
        return raw
    first = bytearray(raw[start : start + 4])
    first[1] |= 1  # no checksum
    first[2] = ROOMY << 4 | first[2] & 0b1100
    later, mono = not first[1] >> 3 & 1, first[3] >> 6 == 3
    side = (9 if mono else 17) if later else (17 if mono else 32)
    content = bytes(first) + bytes(side) + b"Xing" + struct.pack(">II", 1, frames)
    return content.ljust(_length(content, 0), b"\0") + raw[start:]


def _behind_tag(raw: bytes) -> int:
    """Where the first frame is to be looked for: behind an ID3v2 tag."""
    if raw[:3] != b"ID3" or len(raw) < 10:
        return 0
    size = sum(part << shift for part, shift in zip(raw[6:10], (21, 14, 7, 0), strict=True))
    return 10 + size + (10 if raw[5] & 0x10 else 0)


def _length(raw: bytes, at: int) -> int:
    """Bytes of the layer III frame that begins there; 0 where none does, or its length is left open."""
    if at + 4 > len(raw) or raw[at] != 0xFF or raw[at + 1] & 0b11100110 != 0b11100010:
        return 0
    version, rate, bits = raw[at + 1] >> 3 & 3, raw[at + 2] >> 2 & 3, raw[at + 2] >> 4
    if version == 1 or rate == 3 or bits in (0, 15):
        return 0
    later = version != 3
    return (72 if later else 144) * 1000 * BIT_RATES[later][bits] // RATES[version][rate] + (raw[at + 2] >> 1 & 1)

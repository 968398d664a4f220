"""Texts on a disk."""

from __future__ import annotations


def write(path, text, encoding="utf-8"):
    path.write_bytes(text.encode(encoding))
    return path

"""Errors that a user meets first: what came, what is needed, how to mend it."""

__all__ = ["WORDS"]

WORDS: dict[str, str] = {}

"""Heads that find objects: the file's name is the head's id."""

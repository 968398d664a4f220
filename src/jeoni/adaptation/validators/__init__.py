"""Scores of an adapted classifier that need no target labels, one file each."""

"""Heads that find keypoints: the file's name is the head's id."""

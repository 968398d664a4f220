"""Scores that tasks of places compute from small evidence of each picture."""

"""Metrics, intervals and comparisons on plain arrays. No torch here."""

"""Metrics of detection: which detection found which object, and average precision over weighted pictures."""

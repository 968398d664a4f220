"""Adapters on plain arrays, one file each."""

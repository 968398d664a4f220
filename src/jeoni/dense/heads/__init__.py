"""Heads of dense tasks: a folder for each task, a file for each head."""

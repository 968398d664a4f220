"""Adaptation while training, one file each."""

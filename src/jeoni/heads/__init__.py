"""Heads on top of a backbone: one file each; see :mod:`jeoni.heads.fitting.protocol`."""

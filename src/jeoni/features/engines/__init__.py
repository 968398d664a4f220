"""Inference engines for frozen stages: one file each, see ``Engine`` in :mod:`jeoni.features.engine`."""

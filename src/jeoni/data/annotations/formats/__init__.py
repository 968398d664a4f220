"""Formats that annotations are read from and written to, one file each. See :mod:`jeoni.data.annotations.protocol`."""

"""Where backbones come from: one file each, with ``load(name, weights)`` and ``names()``."""

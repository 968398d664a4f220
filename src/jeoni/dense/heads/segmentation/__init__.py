"""Heads of segmentation: from feature maps to the class of every pixel."""

"""Texts: tokenizers, and signatures by which near-identical texts are found."""

"""Modalities of examples: how images, texts, audio and vectors are decoded, varied, compared and shown."""

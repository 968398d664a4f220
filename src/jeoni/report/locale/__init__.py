"""The report's words: one file per language, each with the same keys."""

"""Frozen stages run once by an inference engine; what they gave is kept on disk and never computed twice."""

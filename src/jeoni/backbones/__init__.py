"""Backbones as ordered stages, the cut between two of them, and where backbones come from."""

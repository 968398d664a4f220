"""Held-out pictures with what is there and what was predicted, as a report shows them."""

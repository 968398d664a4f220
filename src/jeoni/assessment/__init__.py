"""How good a strategy is on these data: held-out predictions, repeated draws, and what is compared with what."""

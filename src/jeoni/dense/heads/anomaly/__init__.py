"""Heads that say how unusual a picture is: they remember normal examples, and nothing is trained. One file each."""

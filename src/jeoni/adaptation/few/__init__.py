"""Ways to learn from a labelled source and a few labelled target rows, one file each."""

"""How far two samples are from each other, one file each."""

"""From what was predicted of overlapping parts of a picture to what is predicted of the whole."""

"""Dense tasks, one file each: what is annotated in a picture, and the metrics of what was predicted."""

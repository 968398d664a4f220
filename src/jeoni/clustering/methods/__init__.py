"""Ways of finding clusters in frozen features, a file for each."""

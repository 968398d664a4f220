"""Audio: decoding, spectrograms, random views, and what all inputs of audio share."""

"""Images: decoding, random views and their geometry, values of more than 8 bits."""

"""Reading, decoding, checking and splitting. No torch here."""

"""The only training loop: from rows that are in the store to trained weights."""

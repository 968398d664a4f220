"""What can be said of a transfer before it is made."""

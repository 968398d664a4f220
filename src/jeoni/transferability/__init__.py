"""Transferability: estimates of a transfer before it is made."""

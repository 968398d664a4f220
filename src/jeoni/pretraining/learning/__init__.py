"""Pretraining that methods share: what each is given and returns, the training of stages, two views, collapse."""

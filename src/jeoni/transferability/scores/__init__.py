"""Transferability scores: how well a pretrained network suits a labelled task, before anything is trained.

A file per score; what one needs and what it offers is in :mod:`jeoni.transferability.candidate`. Higher is better.
"""

"""How an example becomes what a backbone takes. An input is one file: decoding, rows, views, and what stands before
the network."""

from jeoni.modalities.loading import INPUTS, input_class, load_input
from jeoni.modalities.protocol import Input
from jeoni.modalities.rows import collate, padding

__all__ = ["INPUTS", "Input", "collate", "input_class", "load_input", "padding"]

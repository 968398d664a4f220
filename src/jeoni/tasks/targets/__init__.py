"""Parts that tasks share: the protocol, and how label cells are read as targets, chosen and saved."""

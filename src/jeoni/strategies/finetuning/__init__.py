"""Fine-tuning that strategies share: the cut and the network, the loop, and the choice of how far to go."""

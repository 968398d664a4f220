"""What the heads share: descriptors of places, scores of normal examples that were held out, and smooth heat maps."""

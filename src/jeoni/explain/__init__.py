"""Pictures and words that show what a network does: stages, filters, heat maps, words that count, and a map."""

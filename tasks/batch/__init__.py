"""Half-price batches: many requests handed over at once, and their answers taken in later."""

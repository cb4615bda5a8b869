"""Half-price batches: many requests handed over at once, and their answers taken in later.

Start reading at `flow`. May import: spending and below, never an engine.
"""

"""What was paid for, and the frames made of it: the store of takes, picks, provenance in PNGs.

Start reading at `store`. May import: pictures and below.
"""

"""Frames in the forms that other programs use.

Start reading at `film`. May import: graph and below.
"""

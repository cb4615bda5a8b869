"""What doit builds, one task creator a file. Light to import: every run loads them all.

Start reading at `endpoints`. May import: every room.
"""

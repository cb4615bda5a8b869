"""The commands that this project adds to doit. Light to import: doit loads them all each time.

Start reading at `command`. May import: running and below.
"""

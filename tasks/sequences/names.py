"""Names of files in the folder of a sequence."""

MANIFEST = "manifest.json"
"""what says, in the folder of a sequence, what a player has to know"""

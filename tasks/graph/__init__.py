"""The build graph: every frame as a node with what it is made from, planned from the config.

Start reading at `node`, then `keyframes`. May import: sequences and below.
"""

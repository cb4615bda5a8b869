"""In-betweens between two keyframes: the tree of halves, names of files, manifests, orphans.

Start reading at `tree`. May import: requests and below.
"""

"""The character: what `expressions.json` says, checked and made frozen data.

A mistake goes one way down: `read` parses, `form` checks keys and types, `rules` what holds between
them, `mistakes` says all at once, each with its place.

Start reading at `character`, then `read`. May import: models and ground.
"""

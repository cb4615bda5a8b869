"""What every room stands on: errors for the person at the terminal, whole files, digests, ids,
JSON with its places, words for numbers and times.

Start reading at `errors`. May import: nothing of this program.
"""

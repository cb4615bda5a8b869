"""Pictures as the program means them: reading, PNG chunks, how far two are apart.

Start reading at `picture`. May import: character and below.
"""

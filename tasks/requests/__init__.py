"""What an engine is asked, and the port through which any engine is reached.

Start reading at `request`, then `engine`. May import: takes and below.
"""

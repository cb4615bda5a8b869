"""What draws a request. An engine is loaded by its name, and imported by nobody.

Start reading at `puppet_engine`, the smaller one. May import: spending and below.
"""

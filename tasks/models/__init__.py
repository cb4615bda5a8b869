"""Facts and prices of image models: tables with the dates when they were true.

Start reading at `facts`. May import: ground.
"""

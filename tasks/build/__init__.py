"""One frame made, or foretold.

`verdict` is the one decision; `builder` carries it out, `forecast` folds it for `doit plan`.

Start reading at `verdict`, then `builder`. May import: batch and below, never an engine.
"""

"""What pictures cost, and how calls are made: prices, estimates, budget, ledger, one policy.

Start reading at `calls`. May import: graph and below.
"""

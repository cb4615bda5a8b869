"""What pictures cost, and how calls are made: prices, estimates, budget, ledger, one policy."""

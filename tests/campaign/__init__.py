"""Kills at any instant: a short part runs with the suite, the long one by command."""

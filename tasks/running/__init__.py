"""doit's run as a paid build needs it: freshness, selection, new takes for `-a`, gentle interrupts,
and what the terminal shows.

Start reading at `run`. May import: build and below.
"""

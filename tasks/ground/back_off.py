"""How long to wait before something is tried again: longer each time."""

from collections.abc import Iterator


def growing_waits(first_s: float, longest_s: float, factor: float = 2.0) -> Iterator[float]:
    """Waits in seconds, each `factor` times the one before, up to the longest; without an end."""
    wait_s = first_s
    while True:
        yield wait_s
        wait_s = min(factor * wait_s, longest_s)

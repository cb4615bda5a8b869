"""Clocks for tests: one that runs faster than the real one, and one that stands still."""

import threading
import time

from tasks.ground.clock import Clock


class ScaledClock(Clock):
    """Lets `factor` seconds pass in each real one."""

    def __init__(self, factor: float) -> None:
        self._factor = factor

    def now(self) -> float:
        """Scaled seconds."""
        return time.monotonic() * self._factor

    def wait(self, changed: threading.Condition, seconds: float | None = None) -> None:
        """Wait for so many scaled seconds at most."""
        super().wait(changed, None if seconds is None else seconds / self._factor)


class ManualClock(Clock):
    """Stands still until it is advanced, which wakes those whose time has come."""

    def __init__(self) -> None:
        self._now_s = 0.0
        self._waiting: list[tuple[float, threading.Condition]] = []

    def now(self) -> float:
        """Seconds so far."""
        return self._now_s

    def wait(self, changed: threading.Condition, seconds: float | None = None) -> None:
        """Wait until notified, or until the clock was advanced far enough."""
        entry = (self._now_s + (float("inf") if seconds is None else seconds), changed)
        self._waiting.append(entry)
        try:
            if not changed.wait(20):
                raise AssertionError("nobody woke this thread in 20 s")
        finally:
            self._waiting.remove(entry)

    def advance(self, seconds: float) -> None:
        """Let time pass in one step."""
        self._now_s += seconds
        for until_s, changed in list(self._waiting):
            if until_s <= self._now_s:
                with changed:
                    changed.notify_all()

    @property
    def soonest_s(self) -> float:
        """The time that somebody waits for first."""
        return min((until_s for until_s, _changed in self._waiting), default=float("inf"))

    @property
    def waiting(self) -> int:
        """How many threads wait, for a time or for being woken."""
        return len(self._waiting)

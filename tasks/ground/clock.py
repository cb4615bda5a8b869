"""The time that a run goes by, so that a test can let it pass more quickly."""

import threading
import time


class Clock:
    """Seconds since some moment, and waiting for them: the one thing that sleeps."""

    def now(self) -> float:
        """Seconds that only ever grow, whatever happens to the time of day."""
        return time.monotonic()

    def wait(self, changed: threading.Condition, seconds: float | None = None) -> None:
        """Wait until `changed`, whose lock is held, is notified, or for so long (None: for ever).

        May return sooner: whoever waits looks again.
        """
        changed.wait(None if seconds is None else min(seconds, threading.TIMEOUT_MAX))

"""How many frames are worked on at once, over all threads of the process.

A worker gives its place back as soon as a picture that was paid for is safe in the take store: the
next call starts while this one's picture is still being checked and made a frame of.
"""

import contextlib
import threading
from collections.abc import Callable, Iterator

from tasks.errors import Mistake


class Stopped(Mistake):
    """The run was asked to stop before this frame's turn came."""


class Gate:
    """Places for as many frames at a time as the run has workers."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._free = 1
        self._closed = False

    def open(self, places: int) -> None:
        """Begin a run with so many places."""
        with self._changed:
            self._free, self._closed = places, False

    def close(self) -> None:
        """Let nobody in any more; who is inside stays until done."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def pause(self, seconds: float) -> bool:
        """Wait so long; False, at once, where the gate is closed: the run is to end."""
        with self._changed:
            return not self._changed.wait_for(lambda: self._closed, timeout=seconds)

    @contextlib.contextmanager
    def place(self) -> Iterator[Callable[[], None]]:
        """Wait for a place and hold it; the value gives it back before the end.

        Raises `Stopped` where the gate is closed first.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._free > 0)
            if self._closed:
                raise Stopped("the run was stopped before its turn came")
            self._free -= 1
        held = [True]

        def leave() -> None:
            with self._changed:
                if held:
                    held.clear()
                    self._free += 1
                    self._changed.notify()

        try:
            yield leave
        finally:
            leave()


GATE = Gate()
"""the one gate of this process"""

"""The calls in flight: what an interrupted run waits for, or loses."""

import contextlib
import threading
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CallInFlight:
    """A call that was sent and not answered yet."""

    frame: str
    began_s: float
    """on the clock of `time.monotonic`"""
    lose: Callable[[], None]
    """to be called where nobody waits for it any more"""


class CallsInFlight:
    """The calls under way. Used from several threads at once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._calls: dict[int, CallInFlight] = {}
        self._number = 0

    @contextlib.contextmanager
    def under_way(self, frame: str, lose: Callable[[], None]) -> Generator[None]:
        """A call for `frame` is made inside."""
        with self._lock:
            self._number += 1
            number = self._number
            self._calls[number] = CallInFlight(frame, time.monotonic(), lose)
        try:
            yield
        except KeyboardInterrupt:
            raise  # it stays in the list: whoever ends the process says that it is lost
        except BaseException:
            self._ended(number)
            raise
        self._ended(number)

    def _ended(self, number: int) -> None:
        with self._lock:
            self._calls.pop(number, None)

    def now(self) -> list[CallInFlight]:
        """The calls under way, the earliest first."""
        with self._lock:
            return list(self._calls.values())

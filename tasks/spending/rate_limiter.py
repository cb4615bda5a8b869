"""What all workers of the process share: how many frames are worked on at once, and when the next
call may start.

A worker gives its slot back as soon as a picture that was paid for is safe in the take store: the
next call starts while this one's picture is still being checked and made a frame of.

Calls start one after the other, each in its turn, at the rate that the endpoint's limit allows
(`tasks.spending.call_rate`). Nobody sleeps on a 429 alone: it holds back everyone's next turn.
"""

import contextlib
import threading
from collections import deque
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from itertools import islice

from tasks.ground.clock import Clock
from tasks.ground.errors import Mistake
from tasks.ground.wording import moment
from tasks.spending.call_rate import CallRate, Start

_SYSTEM_CLOCK = Clock()
_SAID_FROM_S = 15.0
"""how long a wait is that is said at once"""


class Stopped(Mistake):
    """The run was asked to stop before this frame's turn came."""


class Turn:
    """One call that may start now. Whoever holds it tells what became of the call."""

    def __init__(self, limiter: "RateLimiter", rate: CallRate, start: Start) -> None:
        self._limiter = limiter
        self._rate = rate
        self._start = start

    def accepted(self) -> None:
        """An answer came, or any status but 429."""
        self._limiter.accepted(self._rate)

    def limited(self, wait_s: float | None) -> None:
        """The server said 429; `wait_s` is as long as it asked to wait, None if it did not say.

        From now on nobody starts until that has passed.
        """
        self._limiter.limited(self._rate, self._start, wait_s)


@dataclass(frozen=True, slots=True, eq=False)
class _Waiter:
    refusals: int
    woken: threading.Condition = field(repr=False)


class RateLimiter:
    """Slots for as many frames at a time as the run has workers, and turns for their calls.

    `clock` may be replaced before a run is opened.
    """

    def __init__(self, clock: Clock = _SYSTEM_CLOCK) -> None:
        self.clock = clock
        # A lock that its owner may take again: `close` is called by signal handlers.
        self._lock = threading.RLock()
        self._slot_free = threading.Condition(self._lock)
        self._closing = threading.Condition(self._lock)
        self._free = 1
        self._closed = False
        self._why = ""
        self.exit_code = 0
        """with which the run has to end; 0: as it would anyway"""
        self.tell: Callable[[str], None] = lambda _line: None
        """says a line at once; set by whoever reports the run"""
        self._told_until_s = 0.0
        self._rate = CallRate()
        # Each waits on a condition of its own, and only the first by the clock: with 64 workers,
        # one call that starts wakes one thread.
        self._again: deque[_Waiter] = deque()
        self._first_time: deque[_Waiter] = deque()

    @property
    def closed(self) -> bool:
        """Nobody gets in any more."""
        return self._closed

    @property
    def why(self) -> str:
        """The reason that was given first for closing; empty where there was none."""
        return self._why

    def open(self, slots: int, images_per_minute: float | None = None) -> None:
        """Begin a run with so many slots, and at most so many calls a minute (None: any)."""
        with self._lock:
            self._free, self._closed, self._why, self.exit_code = slots, False, "", 0
            self._told_until_s = 0.0
            self._rate = CallRate(images_per_minute)

    def cap(self, images_per_minute: float | None) -> None:
        """Begin at most so many calls a minute; to be said before the first turn."""
        with self._lock:
            self._rate = CallRate(images_per_minute)

    def close(self, why: str = "") -> None:
        """Let nobody in any more, and give nobody a turn; who has one stays until done."""
        with self._lock:
            self._closed = True
            self._why = self._why or why
            self._slot_free.notify_all()
            self._closing.notify_all()
            for waiter in (*self._again, *self._first_time):
                waiter.woken.notify_all()

    def pause(self, seconds: float) -> bool:
        """Wait so long; False, at once, where the limiter is closed: the run is to end."""
        with self._lock:
            until_s = self.clock.now() + seconds
            while not self._closed and (left_s := until_s - self.clock.now()) > 0:
                self.clock.wait(self._closing, left_s)
            return not self._closed

    @contextlib.contextmanager
    def slot(self) -> Generator[Callable[[], None]]:
        """Wait for a slot and hold it; the value gives it back before the end.

        Raises `Stopped` where the limiter is closed first.
        """
        with self._lock:
            self._slot_free.wait_for(lambda: self._closed or self._free > 0)
            if self._closed:
                raise self._stopped()
            self._free -= 1
        held = [True]

        def leave() -> None:
            with self._lock:
                if held:
                    held.clear()
                    self._free += 1
                    self._slot_free.notify()

        try:
            yield leave
        finally:
            leave()

    def turn(self, *, again: int = 0) -> Turn:
        """Wait until one call may start.

        `again`: how often this call was limited before (True: once). Such a call goes before those
        that were never sent, otherwise the one goes first that came first; but while pauses prove
        too short, the one that was limited least. Raises `Stopped` where the limiter is closed,
        before or meanwhile.
        """
        with self._lock:
            waiter = _Waiter(again, threading.Condition(self._lock))
            queue = self._again if again else self._first_time
            queue.append(waiter)
            try:
                waited = self._wait(waiter)
                start = self._rate.start(self.clock.now(), waited=waited, refusals=waiter.refusals)
                return Turn(self, self._rate, start)
            finally:
                queue.remove(waiter)
                if (following := self._head()) is not None:
                    following.woken.notify()

    def accepted(self, rate: CallRate) -> None:
        """As `Turn.accepted`, which is what to call."""
        with self._lock:
            rate.accepted(self.clock.now())
            if (head := self._head()) is not None:
                head.woken.notify()

    def limited(self, rate: CallRate, start: Start, wait_s: float | None) -> None:
        """As `Turn.limited`, which is what to call."""
        with self._lock:
            now_s = self.clock.now()
            rate.limited(start, now_s, wait_s)
            # A short pause ends sooner than the time until which the first may be waiting.
            if (head := self._head()) is not None:
                head.woken.notify()
            news = wait_s is not None and now_s + wait_s > self._told_until_s + _SAID_FROM_S
            if news and wait_s is not None and wait_s >= _SAID_FROM_S:
                self._told_until_s = now_s + wait_s
            else:
                news = False
        if news and wait_s is not None:
            self.tell(f"[i] The endpoint asks to wait: no call before {moment(wait_s)}")

    def _wait(self, waiter: _Waiter) -> bool:
        """Wait for the turn of one; whether that took any time."""
        waited = False
        while not self._closed:
            left_s: float | None = None
            if self._head() is waiter:
                left_s = self._rate.earliest_s(waiter.refusals) - self.clock.now()
                if left_s <= 0:
                    return waited
            self.clock.wait(waiter.woken, left_s)
            waited = True
        raise self._stopped()

    def _head(self) -> _Waiter | None:
        if self._rate.is_sounding:
            waiting = (*self._again, *islice(self._first_time, 1))
            return min(waiting, key=lambda waiter: waiter.refusals, default=None)
        return next(iter(self._again or self._first_time), None)

    def _stopped(self) -> Stopped:
        because = f": {self._why}" if self._why else ""
        return Stopped(f"the run was stopped before its turn came{because}")

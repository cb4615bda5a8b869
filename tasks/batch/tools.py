"""What every step of a batch works with, and how patient it is with the network."""

import datetime
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from tasks.batch.state import BatchState, StateFolder
from tasks.ground.back_off import growing_waits
from tasks.requests.batches import MOST_BYTES, MOST_REQUESTS, BatchService
from tasks.requests.engine import EngineFailure, Fault
from tasks.spending.estimate import Estimator
from tasks.spending.ledger import Ledger
from tasks.takes.store import TakeStore

NOT_DONE = frozenset({Fault.NOT_SENT, Fault.PUT_OFF, Fault.RATE})
"""faults after which the endpoint has done nothing"""
PASSING = NOT_DONE | {Fault.UNCERTAIN}
"""faults that may be gone the next time; what only reads may be repeated after any of them"""

_FIRST_WAIT_S, _LONGEST_WAIT_S = 0.5, 60.0

T = TypeVar("T")
U = TypeVar("U")


@dataclass(frozen=True, slots=True)
class Limits:
    """How much at once, and how long."""

    requests: int = MOST_REQUESTS
    """in one batch"""
    file_bytes: int = MOST_BYTES
    at_once: int = 8
    """how many files are uploaded, or deleted, side by side"""
    retries: int = 3
    settle_s: float = 60.0
    """how long a batch may take to show up after it was created"""


STANDARD = Limits()


@dataclass(frozen=True, slots=True)
class BatchTools:
    """All that the steps of a batch need. Whoever has one holds the lock on all batches."""

    store: TakeStore
    ledger: Ledger
    estimator: Estimator
    folder: StateFolder
    service: BatchService
    say: Callable[[str], None]
    refused: Callable[[str, str], None]
    """remembers a request key that the content rules forbid, and their words"""
    pause: Callable[[float], bool]
    """waits so many seconds; False where the run is to end"""
    now: Callable[[], datetime.datetime]
    limits: Limits

    def patiently(self, call: Callable[[], T], again_after: Collection[Fault] = PASSING) -> T:
        """What `call` returns, called again after these faults."""
        waits = growing_waits(_FIRST_WAIT_S, _LONGEST_WAIT_S)
        for left, wait_s in zip(range(self.limits.retries, -1, -1), waits, strict=False):
            try:
                return call()
            except EngineFailure as failure:
                asked_s = wait_s if failure.wait_s is None else failure.wait_s
                again = left and failure.fault in again_after
                if not again or not self.pause(min(asked_s, _LONGEST_WAIT_S)):
                    raise
        raise AssertionError("the last round returns or raises")

    def side_by_side(self, call: Callable[[T], U], values: Sequence[T]) -> list[U]:
        """What `call` returns for each value; after the first failure no more are begun."""
        with ThreadPoolExecutor(self.limits.at_once) as pool:
            futures = [pool.submit(call, value) for value in values]
            try:
                return [future.result() for future in futures]
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                raise

    def stamp(self) -> str:
        """Now, as the files have it."""
        return self.now().astimezone(datetime.UTC).isoformat(timespec="milliseconds")

    def age_s(self, state: BatchState) -> float:
        """How long ago a batch was submitted."""
        submitted = datetime.datetime.fromisoformat(state.since)
        return abs((self.now() - submitted).total_seconds())  # the clock may have been put back


def title(state: BatchState) -> str:
    """A batch in a message."""
    return f"Batch {state.batch}" if state.batch else "The batch that was being submitted"


_UNITS = ((86400.0, "day"), (3600.0, "h"), (60.0, "min"), (1.0, "s"))


def age_text(age_s: float) -> str:
    """`12 s`, `5 min`, `2 h`, `3 days`."""
    unit_s, unit = next((u for u in _UNITS if age_s >= 2 * u[0]), _UNITS[-1])
    number = max(round(age_s / unit_s), 0)
    return f"{number} {unit}s" if unit == "day" else f"{number} {unit}"

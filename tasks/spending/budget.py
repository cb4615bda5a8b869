"""The budget of a run: no call is begun that could take the run past it.

Calls that are under way count at their estimate until it is known what they cost. A call for which
there is room once others have ended waits for them; it is refused only where there is none.
"""

import contextlib
import threading
from collections.abc import Callable, Generator

from tasks.ground.errors import Mistake
from tasks.spending.estimate import Estimate
from tasks.spending.rate_limiter import Stopped

TOLERANCE_USD = 1e-9
"""sums of prices are not exact: what differs by less is equal"""
_UNMEASURED_FACTOR = 2.0
"""as what part of its estimate a call counts while others run beside it, if none of its kind was
ever measured: the published tables are off by that much"""


class OverBudget(Mistake):
    """The run may not pay for this call. `cost_usd`: what it is held to cost, if that is known."""

    def __init__(self, text: str, cost_usd: float | None, key: str = "") -> None:
        super().__init__(text)
        self.cost_usd = cost_usd
        self.key = key
        """the config's key that forbids it; empty: the budget of the run"""


class Reservation:
    """The part of the budget that one call holds."""

    def __init__(self, estimate_usd: float, held_usd: float) -> None:
        self.estimate_usd = estimate_usd
        self.held_usd = held_usd
        self.cost_usd: float | None = None
        """what it really cost, once that is known; None: its estimate is counted"""


class Budget:
    """What one run may spend. Called from several threads at once."""

    def __init__(self, limit_usd: float | None) -> None:
        self.limit_usd = limit_usd
        """None: no limit"""
        self._changed = threading.Condition()
        self._spent_usd = 0.0
        self._held_usd = 0.0
        self._held = 0
        self._closed = False
        self.refused = 0
        """how many calls were not paid for"""
        self.refused_usd = 0.0
        """what they would have cost, as far as that is known"""

    @property
    def spent_usd(self) -> float:
        """What the calls that ended cost, as far as that is known."""
        return self._spent_usd

    def close(self) -> None:
        """Wake whoever waits for room, and let nobody in any more: the run ends."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def spend(self, estimate_usd: float | None) -> bool:
        """Count what is bought at once, without waiting for room; False where there is none."""
        with self._changed:
            known = estimate_usd is not None or self.limit_usd is None
            if known and self._has_room(estimate_usd or 0.0):
                self._spent_usd += estimate_usd or 0.0
                return True
            self.refused += 1
            self.refused_usd += estimate_usd or 0.0
            return False

    def correct(self, by_usd: float) -> None:
        """Count what came out dearer, or less dear, than it was counted."""
        with self._changed:
            self._spent_usd = max(self._spent_usd + by_usd, 0.0)

    @contextlib.contextmanager
    def reserved(self, estimate: Callable[[], Estimate]) -> Generator[Reservation]:
        """Hold the estimate of one call; what it cost is put into the value before the end.

        `estimate` is asked again after each wait: meanwhile others were measured. Raises
        `OverBudget`, at once for a call of unknown price where there is a limit at all, and
        `Stopped` where the budget is closed first.
        """
        reservation = self._take(estimate)
        try:
            yield reservation
        finally:
            self._give_back(reservation)

    def _take(self, estimate: Callable[[], Estimate]) -> Reservation:
        """Wait for room, and hold it."""
        with self._changed:
            while True:
                if self._closed:
                    raise Stopped("the run was stopped before its turn came")
                now = estimate()
                alone_usd = now.cost_usd or 0.0
                beside_usd = alone_usd * (1.0 if now.measured or now.exact else _UNMEASURED_FACTOR)
                known = now.cost_usd is not None or self.limit_usd is None
                alone = not self._held and self._has_room(alone_usd)
                if known and (alone or self._has_room(beside_usd)):
                    self._held += 1
                    self._held_usd += beside_usd
                    return Reservation(alone_usd, beside_usd)
                if not (known and self._held):
                    self.refused += 1
                    self.refused_usd += alone_usd
                    raise OverBudget(self._refusal(now.cost_usd), now.cost_usd)
                self._changed.wait()

    def _refusal(self, cost_usd: float | None) -> str:
        limit = f"${self.limit_usd or 0:.2f}"
        if cost_usd is None:
            return f"what it costs is not known, and the budget is {limit}"
        spent = f" ${self._spent_usd:.2f} is spent, and" if self._spent_usd else ""
        return f"not paid for: the budget is {limit},{spent} it costs about ${cost_usd:.2f}"

    def _has_room(self, more_usd: float) -> bool:
        total_usd = self._spent_usd + self._held_usd + more_usd
        return self.limit_usd is None or total_usd <= self.limit_usd + TOLERANCE_USD

    def _give_back(self, held: Reservation) -> None:
        with self._changed:
            self._held -= 1
            self._held_usd = self._held_usd - held.held_usd if self._held else 0.0
            self._spent_usd += held.estimate_usd if held.cost_usd is None else held.cost_usd
            self._changed.notify_all()

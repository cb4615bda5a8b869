"""The budgets of a day, a month and the whole project: kept by the ledger, across all processes.

Days and months are those of UTC, as the ledger has them. A call of which nobody knows what it
cost - under way, cut off, lost - counts as its estimate.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from tasks.character.character import Generation
from tasks.ground.files import utc_now
from tasks.ground.wording import dollars
from tasks.spending.budget import TOLERANCE_USD, OverBudget
from tasks.spending.ledger import Entry

_DAY, _MONTH = len("2026-11-22"), len("2026-11")


@dataclass(frozen=True, slots=True)
class Left:
    """What is left of one budget."""

    key: str
    """the config's"""
    what: str
    limit_usd: float
    spent_usd: float

    @property
    def left_usd(self) -> float:
        """Never less than nothing."""
        return max(self.limit_usd - self.spent_usd, 0.0)


@dataclass(frozen=True, slots=True)
class Periods:
    """The budgets beside that of the run; None: no limit."""

    day_usd: float | None = None
    month_usd: float | None = None
    project_usd: float | None = None
    now: Callable[[], str] = utc_now
    pending_usd: Callable[[], float] = lambda: 0.0
    """what batches under way are still to be billed for: it counts for each of the budgets"""

    def left(self, entries: Iterable[Entry]) -> Iterator[Left]:
        """What is left of each that is set."""
        if self.day_usd is self.month_usd is self.project_usd is None:
            return
        now, listed, pending_usd = self.now(), list(entries), self.pending_usd()
        for key, what, limit_usd, digits in (
            ("budget_usd_day", f"for {now[:_DAY]} (UTC)", self.day_usd, _DAY),
            ("budget_usd_month", f"for {now[:_MONTH]}", self.month_usd, _MONTH),
            ("budget_usd_project", "for the project", self.project_usd, 0),
        ):
            if limit_usd is not None:
                same = (e.counted_usd for e in listed if e.at[:digits] == now[:digits])
                yield Left(key, what, limit_usd, sum(same, pending_usd))

    def check(self, entries: Iterable[Entry], more_usd: float) -> None:
        """Raises `OverBudget` where a call of that price has no room any more."""
        check_left(self.left(entries), more_usd)


def check_left(budgets: Iterable[Left], more_usd: float) -> None:
    """Raises `OverBudget` for the first that has no room for so much more."""
    for left in budgets:
        if left.spent_usd + more_usd > left.limit_usd + TOLERANCE_USD:
            text = (
                f"not paid for: the budget {left.what} is {dollars(left.limit_usd)},"
                f" {dollars(left.spent_usd)} of it is spent, and it costs about"
                f" {dollars(more_usd)}"
            )
            raise OverBudget(text, more_usd, left.key)


NO_LIMITS = Periods()


def periods_of(generation: Generation, pending_usd: Callable[[], float]) -> Periods:
    """The budgets that the config sets beside that of the run."""
    return Periods(
        generation.budget_usd_day,
        generation.budget_usd_month,
        generation.budget_usd_project,
        pending_usd=pending_usd,
    )

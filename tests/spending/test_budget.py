"""The budget: never over, also with many calls at once, and no call refused that has room."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.spending.budget import Budget, OverBudget
from tasks.spending.estimate import Estimate
from tasks.spending.rate_limiter import Stopped

CENT = 0.01


def costing(cost_usd: float | None, *, measured: int = 1) -> Callable[[], Estimate]:
    """What asks for an estimate."""
    return lambda: Estimate(cost_usd, 1.0, measured)


def spend(budget: Budget, estimate_usd: float, cost_usd: float | None, **how: int) -> None:
    """One call from beginning to end."""
    with budget.reserved(costing(estimate_usd, **how)) as held:
        held.cost_usd = cost_usd


def wait_for(condition: Callable[[], bool]) -> None:
    """Until something that another thread does has happened."""
    until = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.001)


def test_calls_are_paid_for_as_long_as_there_is_room():
    budget = Budget(0.50)
    spend(budget, 0.20, 0.19)
    spend(budget, 0.20, 0.19)
    with pytest.raises(
        OverBudget,
        match=r"^not paid for: the budget is \$0.50, \$0.38 is spent, and it costs about \$0.20$",
    ) as caught:
        spend(budget, 0.20, 0.19)
    assert caught.value.cost_usd == 0.20
    assert budget.spent_usd == pytest.approx(0.38)
    assert (budget.refused, budget.refused_usd) == (1, 0.20)
    spend(budget, 0.12, 0.10)  # a cheaper one still has room
    assert budget.spent_usd == pytest.approx(0.48)


def test_what_fits_to_the_cent_is_paid_for():
    budget = Budget(0.30)
    for _ in range(3):
        spend(budget, 0.10, 0.10)
    with pytest.raises(OverBudget):
        spend(budget, CENT, CENT)


def test_a_budget_of_nothing_pays_for_nothing_but_what_is_free():
    budget = Budget(0.0)
    with pytest.raises(OverBudget, match=r"the budget is \$0.00, it costs about \$0.05"):
        spend(budget, 0.05, 0.05)
    spend(budget, 0.0, 0.0)
    assert budget.spent_usd == 0


def test_without_a_limit_everything_is_paid_for_and_summed_up():
    budget = Budget(None)
    spend(budget, 1000.0, 999.0)
    with budget.reserved(costing(None)) as held:
        held.cost_usd = None
    assert budget.spent_usd == 999.0
    assert budget.refused == 0


def test_what_costs_nobody_knows_how_much_is_refused_where_there_is_a_limit():
    for limit_usd in (0.0, 100.0):
        budget = Budget(limit_usd)
        with pytest.raises(OverBudget, match="what it costs is not known") as caught:
            spend(budget, None, None)
        assert caught.value.cost_usd is None
        assert budget.refused == 1


def test_what_a_call_cost_counts_at_its_estimate_until_it_is_known():
    budget = Budget(1.0)
    spend(budget, 0.40, None)
    assert budget.spent_usd == pytest.approx(0.40)


def test_a_call_that_raised_counts_as_it_was_settled():
    budget = Budget(1.0)

    def fail(cost_usd: float | None) -> None:
        with budget.reserved(costing(0.40)) as held:
            held.cost_usd = cost_usd
            raise ValueError

    with pytest.raises(ValueError):  # noqa: PT011 - that very one
        fail(0.0)
    assert budget.spent_usd == 0
    with pytest.raises(ValueError):  # noqa: PT011 - that very one
        fail(None)
    assert budget.spent_usd == pytest.approx(0.40)


@pytest.mark.parametrize(("cost_usd", "outcome"), [(0.0, "paid"), (0.30, "refused")])
def test_a_call_for_which_there_is_room_only_later_waits_and_is_refused_only_then(
    cost_usd: float, outcome: str
):
    budget, told = Budget(0.50), []

    def other() -> None:
        try:
            spend(budget, 0.30, 0.30)
            told.append("paid")
        except OverBudget:
            told.append("refused")

    with budget.reserved(costing(0.30)) as held:
        thread = threading.Thread(target=other)
        thread.start()
        wait_for(lambda: bool(budget._changed._waiters))
        assert told == []
        held.cost_usd = cost_usd
    thread.join(10)
    assert told == [outcome]


def test_an_estimate_that_was_never_measured_counts_double_beside_others():
    budget = Budget(0.90)
    with budget.reserved(costing(0.30, measured=0)):
        waiting = threading.Thread(target=lambda: spend(budget, 0.30, 0.10, measured=0))
        waiting.start()
        wait_for(lambda: bool(budget._changed._waiters))
    waiting.join(10)
    assert budget.spent_usd == pytest.approx(0.40)
    with budget.reserved(lambda: Estimate(0.10, 1.0, 0, exact=True)):
        spend(budget, 0.10, 0.10)  # measured: beside it at once


def test_the_end_of_the_run_wakes_who_waits_and_nobody_is_told_of_money():
    budget, told = Budget(0.30), []

    def other() -> None:
        try:
            spend(budget, 0.30, 0.30)
        except Stopped:
            told.append("stopped")

    with budget.reserved(costing(0.30)):
        thread = threading.Thread(target=other)
        thread.start()
        wait_for(lambda: bool(budget._changed._waiters))
        budget.close()
        thread.join(10)
    assert told == ["stopped"]
    assert budget.refused == 0
    with pytest.raises(Stopped):
        spend(budget, 0.0, 0.0)


@dataclass(frozen=True)
class Planned:
    """A call of the property below."""

    cents: int
    part: float
    """of its estimate, that it really costs"""
    measured: bool
    known: bool
    """whether that is known at the end"""


class Crowd:
    """Workers that spend one budget, and what went wrong."""

    def __init__(self, limit: int, calls: list[Planned]) -> None:
        self.limit_usd, self.todo = limit * CENT, list(calls)
        self.budget = Budget(self.limit_usd)
        self.running: dict[int, float] = {}
        self.paid: list[float] = []
        self.wrong: list[str] = []
        self._lock = threading.Lock()

    def run(self, workers: int) -> None:
        threads = [threading.Thread(target=self._work) for _ in range(workers)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
            assert not thread.is_alive()

    def _work(self) -> None:
        while True:
            with self._lock:
                if not self.todo:
                    return
                number, call = len(self.todo), self.todo.pop()
            self._spend(number, call)

    def _spend(self, number: int, call: Planned) -> None:
        seen: list[tuple[float, int]] = []
        estimate_usd = call.cents * CENT

        def estimate() -> Estimate:
            # Asked with the budget's lock held: what is read here belongs together.
            seen.append((self.budget._spent_usd, self.budget._held))
            return Estimate(estimate_usd, 1.0, int(call.measured))

        try:
            with self.budget.reserved(estimate) as held:
                self._note(number, estimate_usd)
                time.sleep(0.0001 * (number % 3))
                self._note(number, None)
                held.cost_usd = estimate_usd * call.part if call.known else None
                self.paid.append(estimate_usd * (call.part if call.known else 1.0))
        except OverBudget:
            spent, others = seen[-1]
            if others or spent + estimate_usd <= self.limit_usd - 1e-6:
                self.wrong.append(f"refused with {spent} spent, {others} running")

    def _note(self, number: int, usd: float | None) -> None:
        """A call begins or ends: what is spent and what is under way never exceeds the limit."""
        with self.budget._changed:
            if usd is None:
                del self.running[number]
            else:
                self.running[number] = usd
            if self.budget._spent_usd + sum(self.running.values()) > self.limit_usd + 1e-6:
                self.wrong.append("over")


CALLS = st.lists(
    st.builds(Planned, st.integers(0, 60), st.floats(0, 1), st.booleans(), st.booleans()),
    max_size=24,
)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 300), CALLS, st.integers(1, 8))
def test_never_over_and_refused_only_without_room(limit: int, calls: list[Planned], workers: int):
    crowd = Crowd(limit, calls)
    crowd.run(workers)
    assert crowd.wrong == []
    budget = crowd.budget
    assert budget.spent_usd == pytest.approx(sum(crowd.paid), abs=1e-6)
    assert budget.spent_usd <= crowd.limit_usd + 1e-6
    assert (budget._held, budget._held_usd) == (0, 0)
    assert len(crowd.paid) + budget.refused == len(calls)

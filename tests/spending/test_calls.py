"""The policy of calls: what is asked again, how often, after how long, and what is written down."""

import threading
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

import pytest

from tasks.ground.errors import Mistake
from tasks.models.prices import Price
from tasks.requests.engine import EngineFailure, Fault, ToFetch
from tasks.requests.request import InputPicture, Request
from tasks.spending.budget import Budget, OverBudget
from tasks.spending.calls import Caller, CallPolicy
from tasks.spending.estimate import Estimator
from tasks.spending.ledger import Entry, Ledger
from tasks.spending.periods import Periods
from tasks.spending.rate_limiter import Stopped
from tasks.spending.run_calls import RunCalls
from tasks.takes.owed import Owed, OwedPictures
from tasks.takes.store import StoreFailure, Take

MODEL = "gpt-image-2.5-sunburst"
USAGE = {
    "input_tokens": 500,
    "input_tokens_details": {"image_tokens": 400, "text_tokens": 100},
    "output_tokens": 6240,
}
COST_USD = (100 * 5 + 400 * 8 + 6240 * 30) / 1e6
REQUEST = Request(
    "openai",
    (1024, 1536),
    (InputPicture("d", lambda: None, lambda: b""),),
    prompt="p",
    model=MODEL,
    parameters={"quality": "high"},
)
Answer = Take | BaseException


class FakeTurn:
    """A turn that remembers what it was told."""

    def __init__(self, limiter: "FakeLimiter") -> None:
        self.limiter = limiter

    def accepted(self) -> None:
        self.limiter.told.append("accepted")

    def limited(self, wait_s: float | None) -> None:
        self.limiter.told.append(f"limited {wait_s}")


class FakeLimiter:
    """A limiter that lets everybody in at once, and pauses for no time at all."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.pauses_s: list[float] = []
        self.turns: list[int] = []
        self.closed: str | None = None
        self.exit_code = 0
        self.open = True

    def turn(self, *, again: int = 0) -> FakeTurn:
        if self.closed is not None:
            raise Stopped("the run was stopped before its turn came")
        self.turns.append(again)
        return FakeTurn(self)

    def pause(self, seconds: float) -> bool:
        self.pauses_s.append(seconds)
        return self.open

    def close(self, why: str = "") -> None:
        self.closed = why


class FakeEngine:
    """Answers what it was told to, one thing after the other; the last for ever."""

    def __init__(self, answers: Iterable[Answer]) -> None:
        self.answers = list(answers)
        self.calls = 0

    def draw(self, request: Request) -> Take:
        self.calls += 1
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, BaseException):
            raise answer
        return answer


PICTURE = Take(b"\x89PNG", latency_s=2.0, usage=USAGE)


class Harness:
    """A caller with all that it needs, in a folder."""

    def __init__(
        self, folder: Path, *answers: Answer, budget_usd: float | None = None, max_retries: int = 4
    ) -> None:
        self.engine, self.limiter = FakeEngine(answers), FakeLimiter()
        self.kept: list[Take] = []
        self.ledger, self.budget = Ledger(folder), Budget(budget_usd)
        self.estimator = Estimator([])
        self.shared = RunCalls(self.limiter)
        self.caller = Caller(
            self.engine,
            CallPolicy(self.shared, self.budget, self.ledger, self.estimator, max_retries),
        )

    def draw(self, keep: Callable[[Take], None] | None = None) -> Take:
        return self.caller.draw(REQUEST, "sad__center", keep or self.kept.append)

    @property
    def outcomes(self) -> list[str]:
        return [entry.outcome for entry in self.ledger.entries()]

    @property
    def only_estimate(self) -> float:
        """What a call is held to cost."""
        return self.estimator.estimate(REQUEST).cost_usd or 0.0

    @property
    def only_entry(self) -> Entry:
        (entry,) = self.ledger.entries()
        return entry


def failure(fault: Fault, **said: object) -> EngineFailure:
    """One of that kind."""
    return EngineFailure(f"it is {fault.value}", fault=fault, **said)


def test_a_picture_is_kept_paid_for_learned_from_and_written_down(tmp_path: Path):
    harness = Harness(tmp_path, PICTURE)
    take = harness.draw()
    assert take.cost_usd == pytest.approx(COST_USD)
    assert [kept.picture for kept in harness.kept] == [PICTURE.picture]
    assert harness.kept[0].cost_usd == pytest.approx(COST_USD)
    assert take.notes == ()
    assert harness.budget.spent_usd == pytest.approx(COST_USD)
    entry = harness.only_entry
    assert (entry.outcome, entry.frame, entry.key) == ("drawn", "sad__center", REQUEST.key)
    assert (entry.model, entry.size, entry.quality) == (MODEL, "1024x1536", "high")
    assert (entry.references, entry.latency_s) == (1, 2.0)
    assert entry.cost_usd == pytest.approx(COST_USD)
    assert entry.estimate_usd > COST_USD
    assert entry.tokens.image_out == 6240
    assert entry.at > "2026"
    assert harness.estimator._measured
    assert harness.limiter.told == ["accepted"]
    assert harness.shared.in_flight.now() == []


def test_the_picture_is_kept_before_anything_is_written(tmp_path: Path):
    harness = Harness(tmp_path, PICTURE)
    harness.draw(
        lambda _take: harness.limiter.told.append(f"kept with {len(harness.outcomes)} lines")
    )
    # The line that the call began, which its end replaces.
    assert harness.limiter.told == ["accepted", "kept with 1 lines"]
    assert harness.outcomes == ["drawn"]


AGAIN = [Fault.NOT_SENT, Fault.PUT_OFF, Fault.RATE]
ONCE = [Fault.UNCERTAIN]
WHOLE_RUN = [Fault.NO_CREDIT, Fault.NO_ACCESS, Fault.SETUP, Fault.SETTING, Fault.TO_FETCH]
NEVER = [Fault.REFUSED, Fault.UNUSABLE, Fault.FINAL, *WHOLE_RUN]


def test_every_fault_has_a_policy():
    assert {*AGAIN, *ONCE, *NEVER} == set(Fault)


@pytest.mark.parametrize("max_retries", [0, 1, 4])
@pytest.mark.parametrize("fault", Fault)
def test_each_fault_is_asked_again_exactly_as_often_as_stated(
    tmp_path: Path, fault: Fault, max_retries: int
):
    harness = Harness(tmp_path, failure(fault), max_retries=max_retries)
    with pytest.raises(EngineFailure) as caught:
        harness.draw()
    # Where no call ever got through, one more shows that none does.
    few = fault in ONCE or fault is Fault.NOT_SENT
    retries = min(max_retries, 1) if few else max_retries if fault in AGAIN else 0
    assert harness.engine.calls == 1 + retries
    assert caught.value.fault is fault
    assert harness.outcomes == [fault.value] * (1 + retries)
    assert harness.kept == []
    assert ("twice" in str(caught.value)) == (fault in ONCE and max_retries > 0)


@pytest.mark.parametrize("fault", [*AGAIN, *ONCE])
def test_what_comes_after_all_is_taken(tmp_path: Path, fault: Fault):
    harness = Harness(tmp_path, failure(fault), PICTURE)
    take = harness.draw()
    assert len(harness.kept) == 1
    assert harness.outcomes == [fault.value, "drawn"]
    said = f"sad__center was asked for twice, since it is {fault.value}"
    assert take.notes == ((said,) if fault in ONCE else ())


def test_what_was_in_doubt_once_is_still_put_off_as_often_as_stated(tmp_path: Path):
    faults = (Fault.UNCERTAIN, Fault.RATE, Fault.PUT_OFF, Fault.RATE)
    harness = Harness(tmp_path, *map(failure, faults), PICTURE)
    assert harness.draw().notes
    assert harness.engine.calls == 5
    harness = Harness(tmp_path, *map(failure, [*faults[1:], *faults]), PICTURE)
    with pytest.raises(EngineFailure):
        harness.draw()
    assert harness.engine.calls == 5


def test_what_was_put_off_is_in_doubt_only_once(tmp_path: Path):
    faults = (Fault.UNCERTAIN, Fault.PUT_OFF, Fault.UNCERTAIN)
    harness = Harness(tmp_path, *map(failure, faults), PICTURE)
    with pytest.raises(EngineFailure, match="twice"):
        harness.draw()
    assert harness.engine.calls == 3


def test_waits_grow_with_some_chance_in_them_and_end_at_a_minute(tmp_path: Path):
    harness = Harness(tmp_path, failure(Fault.PUT_OFF), max_retries=9)
    with pytest.raises(EngineFailure):
        harness.draw()
    full_s = [1, 2, 4, 8, 16, 32, 60, 60, 60]
    assert len(harness.limiter.pauses_s) == 9
    for waited_s, most_s in zip(harness.limiter.pauses_s, full_s, strict=True):
        assert most_s / 2 <= waited_s <= most_s
    assert len({s / f for s, f in zip(harness.limiter.pauses_s, full_s, strict=True)}) > 5


def test_the_server_s_own_wait_goes_before_ours(tmp_path: Path):
    harness = Harness(tmp_path, failure(Fault.PUT_OFF, wait_s=7.5), PICTURE)
    harness.draw()
    assert harness.limiter.pauses_s == [7.5]


def test_a_429_is_the_limiter_s_to_wait_for_and_it_is_told_how_often(tmp_path: Path):
    limited = failure(Fault.RATE, wait_s=12.0)
    harness = Harness(tmp_path, limited, failure(Fault.RATE), failure(Fault.PUT_OFF), PICTURE)
    harness.draw()
    assert harness.limiter.told == ["limited 12.0", "limited None", "accepted", "accepted"]
    assert harness.limiter.turns == [0, 1, 2, 2]
    assert len(harness.limiter.pauses_s) == 1


def test_a_closed_limiter_ends_the_wait_for_another_try(tmp_path: Path):
    harness = Harness(tmp_path, failure(Fault.PUT_OFF))
    harness.limiter.open = False
    with pytest.raises(EngineFailure, match="it is put off"):
        harness.draw()
    assert harness.engine.calls == 1


@pytest.mark.parametrize("fault", WHOLE_RUN)
def test_what_every_call_would_meet_one_call_tells_and_the_others_were_not_attempted(
    tmp_path: Path, fault: Fault
):
    harness = Harness(tmp_path, failure(fault))
    with pytest.raises(EngineFailure):
        harness.draw()
    assert harness.limiter.closed == f"it is {fault.value}"
    for _ in range(3):
        with pytest.raises(Stopped):
            harness.draw()
    assert harness.engine.calls == 1
    assert (harness.budget.spent_usd > 0) == (fault is Fault.TO_FETCH)


def test_an_endpoint_that_cannot_be_reached_is_not_tried_for_each_frame(tmp_path: Path):
    harness = Harness(tmp_path, failure(Fault.NOT_SENT))
    with pytest.raises(EngineFailure):
        harness.draw()
    with pytest.raises(Stopped):
        harness.draw()
    assert harness.engine.calls == 2


def test_a_wait_of_hours_ends_the_run_and_says_until_when(tmp_path: Path):
    harness = Harness(tmp_path, failure(Fault.RATE, wait_s=17280.0))
    with pytest.raises(EngineFailure, match=r"asks to wait until .*4 h 48 min.*run doit again"):
        harness.draw()
    with pytest.raises(Stopped):
        harness.draw()
    assert (harness.engine.calls, harness.budget.spent_usd) == (1, 0.0)


class Unmakeable(FakeEngine):
    """Its client cannot be made."""

    def prepare(self) -> None:
        raise failure(Fault.SETUP)


def test_a_client_that_cannot_be_made_is_no_call_and_no_line(tmp_path: Path):
    harness = Harness(tmp_path)
    harness.caller._engine = Unmakeable([PICTURE])
    with pytest.raises(EngineFailure):
        harness.draw()
    assert (harness.outcomes, harness.budget.spent_usd, harness.limiter.exit_code) == ([], 0.0, 3)
    assert not harness.ledger.path.exists()


def test_a_call_is_on_the_disk_before_it_is_sent_and_counts_as_perhaps(tmp_path: Path):
    harness = Harness(tmp_path, PICTURE)
    seen: list[Entry] = []

    def draw(_request: Request) -> Take:
        seen.extend(Ledger(tmp_path).entries())  # as another process sees it, or the next run
        return PICTURE

    harness.engine.draw = draw
    take = harness.draw()
    assert [(e.outcome, e.cost_usd, e.estimate_usd is not None) for e in seen] == [
        ("open", None, True)
    ]
    assert harness.only_entry.call == seen[0].call == take.call


@pytest.mark.parametrize(
    ("periods", "key"),
    [
        (Periods(day_usd=0.3), "budget_usd_day"),
        (Periods(month_usd=0.3), "budget_usd_month"),
        (Periods(project_usd=0.3), "budget_usd_project"),
    ],
)
def test_the_budget_of_a_period_is_kept_across_processes(tmp_path: Path, periods, key: str):
    first, second = Harness(tmp_path, PICTURE), Harness(tmp_path, PICTURE)
    for harness in (first, second):
        harness.caller.policy = replace(harness.caller.policy, periods=periods)
    first.draw()
    with pytest.raises(OverBudget, match=r"not paid for: the budget .* is \$0\.30") as refused:
        second.draw()
    assert refused.value.key == key
    assert second.engine.calls == 0
    assert [entry.outcome for entry in second.ledger.entries()] == ["drawn"]


def test_a_budget_of_a_day_begins_anew_the_next_day(tmp_path: Path):
    harness = Harness(tmp_path, PICTURE)
    tomorrow = Periods(day_usd=0.3, now=lambda: "2999-01-01T00:00:00")
    harness.draw()
    harness.caller.policy = replace(harness.caller.policy, periods=tomorrow)
    harness.draw()
    assert harness.engine.calls == 2


def test_counts_that_cannot_be_are_said_once_and_not_believed(tmp_path: Path):
    zeros = {"input_tokens": 0, "output_tokens": 0, "total_tokens": 0}
    harness = Harness(tmp_path, Take(b"\x89PNG", usage=zeros), budget_usd=0.5)
    assert "counts tokens as no picture takes them" in harness.draw().notes[0]
    assert harness.draw().notes == ()
    with pytest.raises(OverBudget):
        harness.draw()
    assert harness.budget.spent_usd == pytest.approx(2 * harness.only_estimate)


def test_a_picture_that_is_owed_is_noted_with_its_cost_and_fetched_later(tmp_path: Path):
    harness = Harness(tmp_path, ToFetch("not there", Owed("http://h/x", usage=USAGE)))
    harness.caller.policy = replace(harness.caller.policy, owed=OwedPictures(tmp_path))
    assert harness.caller.fetch_owed(REQUEST, harness.kept.append) is None
    with pytest.raises(ToFetch):
        harness.draw()
    harness.engine.fetch = lambda owed: Take(b"\x89PNG", cost_usd=owed.cost_usd, call=owed.call)
    take = harness.caller.fetch_owed(REQUEST, harness.kept.append)
    assert take is not None
    assert take.cost_usd == pytest.approx(COST_USD)
    assert harness.only_entry.call == take.call
    assert harness.caller.fetch_owed(REQUEST, harness.kept.append) is None
    assert len(harness.kept) == 1


def test_of_calls_that_fail_hopelessly_side_by_side_one_tells(tmp_path: Path):
    both = threading.Barrier(4)
    harness = Harness(tmp_path, PICTURE)

    def draw(_request: Request) -> Take:
        both.wait(10)
        raise failure(Fault.NO_CREDIT)

    harness.engine.draw = draw
    told: list[str] = []

    def one() -> None:
        try:
            harness.draw()
        except Mistake as error:
            told.append(type(error).__name__)

    threads = [threading.Thread(target=one) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert sorted(told) == ["EngineFailure", "Stopped", "Stopped", "Stopped"]
    assert harness.outcomes == ["no credit"] * 4


@pytest.mark.parametrize(
    ("fault", "usage", "spent_usd"),
    [
        (Fault.FINAL, {}, 0.0),
        (Fault.REFUSED, {}, 0.0),
        (Fault.NOT_SENT, {}, 0.0),
        (Fault.UNUSABLE, USAGE, COST_USD),
    ],
)
def test_what_gave_no_picture_costs_what_was_counted(tmp_path: Path, fault, usage, spent_usd):
    harness = Harness(tmp_path, failure(fault, usage=usage), max_retries=0)
    with pytest.raises(EngineFailure):
        harness.draw()
    assert harness.budget.spent_usd == pytest.approx(spent_usd)
    assert harness.only_entry.cost_usd == pytest.approx(spent_usd)
    assert harness.only_entry.note == f"it is {fault.value}"
    assert harness.estimator.estimate(REQUEST).measured == 0


@pytest.mark.parametrize("fault", [Fault.UNCERTAIN, Fault.UNUSABLE])
def test_what_may_have_been_billed_counts_at_its_estimate(tmp_path: Path, fault: Fault):
    harness = Harness(tmp_path, failure(fault), max_retries=0)
    estimate_usd = harness.estimator.estimate(REQUEST).cost_usd
    with pytest.raises(EngineFailure):
        harness.draw()
    assert harness.budget.spent_usd == pytest.approx(estimate_usd)
    assert harness.only_entry.cost_usd is None
    assert harness.only_entry.estimate_usd == pytest.approx(estimate_usd, abs=1e-6)


def test_an_answer_without_tokens_counts_at_its_estimate(tmp_path: Path):
    harness = Harness(tmp_path, Take(b"\x89PNG", usage={}))
    take = harness.draw()
    assert take.cost_usd is None
    assert harness.budget.spent_usd == pytest.approx(harness.estimator.estimate(REQUEST).cost_usd)


def test_a_call_whose_turn_never_came_costs_nothing(tmp_path: Path):
    harness = Harness(tmp_path, PICTURE)
    harness.limiter.close()
    with pytest.raises(Stopped):
        harness.draw()
    assert harness.budget.spent_usd == 0
    assert harness.outcomes == []


def test_what_is_not_paid_for_is_not_called_nor_written_down(tmp_path: Path):
    harness = Harness(tmp_path, PICTURE, budget_usd=0.0)
    with pytest.raises(OverBudget):
        harness.draw()
    assert (harness.engine.calls, harness.outcomes, harness.limiter.turns) == (0, [], [])


def test_another_try_needs_room_in_the_budget_like_the_first(tmp_path: Path):
    harness = Harness(tmp_path, failure(Fault.UNCERTAIN), PICTURE, budget_usd=0.30)
    with pytest.raises(OverBudget):
        harness.draw()
    assert harness.engine.calls == 1
    harness = Harness(tmp_path, failure(Fault.PUT_OFF), PICTURE, budget_usd=0.30)
    assert harness.draw().picture
    assert harness.budget.spent_usd == pytest.approx(COST_USD)


def test_a_picture_that_cannot_be_kept_was_paid_for_all_the_same(tmp_path: Path):
    harness = Harness(tmp_path, PICTURE)

    def keep(_take: Take) -> None:
        raise StoreFailure("no room")

    with pytest.raises(StoreFailure):
        harness.draw(keep)
    assert harness.only_entry.cost_usd == pytest.approx(COST_USD)
    assert harness.budget.spent_usd == pytest.approx(COST_USD)


@pytest.mark.parametrize("error", [Mistake("changed"), OSError("gone")])
def test_a_picture_that_cannot_be_shown_costs_nothing(tmp_path: Path, error: Exception):
    harness = Harness(tmp_path, error)
    with pytest.raises(type(error)):
        harness.draw()
    assert harness.budget.spent_usd == 0
    assert harness.outcomes == []


def test_a_call_that_its_own_thread_leaves_is_written_down_as_lost(tmp_path: Path):
    harness = Harness(tmp_path, KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        harness.draw()
    assert harness.only_entry.outcome == "lost"
    assert harness.only_entry.cost_usd is None
    # It stays in the list, for whoever says what was lost.
    assert [call.frame for call in harness.shared.in_flight.now()] == ["sad__center"]


def test_a_call_under_way_can_be_written_off(tmp_path: Path):
    harness = Harness(tmp_path, PICTURE)
    lost: Entry | None = None

    def draw(_request: Request) -> Take:
        (call,) = harness.shared.in_flight.now()
        assert call.frame == "sad__center"
        call.lose()
        nonlocal lost
        lost = harness.only_entry
        return PICTURE

    harness.engine.draw = draw
    harness.draw()
    assert lost.outcome == "lost"
    assert lost.cost_usd is None
    assert lost.estimate_usd > 0
    assert lost.at > "2026"
    assert harness.outcomes == ["drawn"]  # it came all the same


def test_where_the_ledger_cannot_be_written_nothing_is_bought(tmp_path: Path):
    (tmp_path / "ledger.jsonl").mkdir()
    harness = Harness(tmp_path, PICTURE)
    with pytest.raises(Mistake, match=r"ledger\.jsonl cannot be written .*nothing was bought"):
        harness.draw()
    assert (harness.engine.calls, harness.budget.spent_usd) == (0, 0.0)


def test_a_ledger_that_cannot_be_written_any_more_loses_no_picture_and_is_said(tmp_path: Path):
    harness = Harness(tmp_path, PICTURE)

    def draw(_request: Request) -> Take:
        harness.ledger.path.unlink()
        harness.ledger.path.mkdir()
        return PICTURE

    harness.engine.draw = draw
    take = harness.draw()
    assert len(harness.kept) == 1
    assert take.notes == (f"{tmp_path}/ledger.jsonl cannot be written: Is a directory",)


def test_a_price_of_nothing_needs_no_budget(tmp_path: Path):
    harness = Harness(tmp_path, Take(b"\x89PNG"), budget_usd=0.0)
    harness.estimator._own = {MODEL: Price(usd_per_image=0.0)}
    assert harness.draw().cost_usd == 0.0
    assert harness.only_entry.cost_usd == 0.0


def test_an_endless_count_of_tokens_loses_no_picture(tmp_path: Path):
    harness = Harness(tmp_path, Take(b"\x89PNG", usage={"output_tokens": 10**400}))
    harness.draw()
    assert len(harness.kept) == 1

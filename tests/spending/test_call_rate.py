"""The rate of calls: the cap is kept, a 429 is heeded, and the limit is found and used."""

import heapq
import itertools
import math
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.spending.call_rate import CallRate, Start
from tests.harness.limited_server import LIMITERS, SAYINGS, FixedWindows, Limiter, asked_s

quick = settings(deadline=None, max_examples=40)
_THERE_S, _BACK_S = 0.05, 0.15
_MAX_RETRIES = 4


def spread() -> Callable[[], float]:
    """Numbers of 0..1, the same in every run, evenly spread and in no order."""
    number = itertools.count(1)
    return lambda: next(number) * 0.618034 % 1.0


@dataclass
class Run:
    """Workers that draw frames through a rate, against a limiter, in simulated time."""

    limiter: Limiter
    asked: Callable[[float], float | None]
    workers: int
    latency_s: float
    rate: CallRate = field(default_factory=lambda: CallRate(chance=spread()))
    now_s: float = 0.0
    refusals: Counter[int] = field(default_factory=Counter)
    answered: int = 0

    def draw(self, frames: int) -> "Run":
        """Let it run to the end."""
        self.chance, self.order = spread(), itertools.count()
        self.events: list[tuple[float, int, Callable[[], None]]] = []
        self.fresh = iter(range(frames))
        self.first_time: deque[int] = deque()
        self.again: deque[int] = deque()
        self.since_s: dict[int, float] = {}
        self.alarm_s = 0.0
        for _ in range(self.workers):
            self.next_frame()
        self.go()
        while self.events:
            self.now_s, _, do = heapq.heappop(self.events)
            do()
            self.go()
        return self

    def later(self, seconds: float, do: Callable[[], None]) -> None:
        """Something to be done in so many seconds."""
        heapq.heappush(self.events, (self.now_s + seconds, next(self.order), do))

    def next_frame(self) -> None:
        """A worker takes the next frame, if there is one."""
        for frame in itertools.islice(self.fresh, 1):
            self.first_time.append(frame)
            self.since_s[frame] = self.now_s

    def go(self) -> None:
        """Start what may start now, and see to it that the next is not forgotten."""
        while queue := self.again or self.first_time:
            if self.rate.is_sounding and self.first_time:
                queue = self.first_time
            elif self.rate.is_sounding:
                frame = min(self.again, key=lambda frame: self.refusals[frame])
                self.again.remove(frame)
                self.again.appendleft(frame)
            refusals = self.refusals[queue[0]]
            at_s = self.rate.earliest_s(refusals)
            if at_s > self.now_s + 1e-9:
                if not self.now_s < self.alarm_s <= at_s:
                    self.alarm_s = at_s
                    self.later(at_s - self.now_s, lambda: None)
                return
            frame = queue.popleft()
            waited = self.now_s > self.since_s[frame]
            start = self.rate.start(self.now_s, waited=waited, refusals=refusals)
            self.later(_THERE_S, partial(self.arrive, frame, start))

    def arrive(self, frame: int, start: Start) -> None:
        """A call reaches the server."""
        wait_s = self.limiter.ask(self.now_s)
        if wait_s is None:
            self.later(self.latency_s * (0.7 + 0.6 * self.chance()), self.answer)
        else:
            self.later(_BACK_S, partial(self.refuse, frame, start, self.asked(wait_s)))

    def answer(self) -> None:
        """A picture comes back."""
        self.answered += 1
        self.rate.accepted(self.now_s)
        self.next_frame()

    def refuse(self, frame: int, start: Start, said_s: float | None) -> None:
        """A 429 comes back."""
        self.rate.limited(start, self.now_s, said_s)
        self.refusals[frame] += 1
        self.since_s[frame] = self.now_s
        if self.refusals[frame] > _MAX_RETRIES:
            self.next_frame()
        else:
            self.again.append(frame)


def drawn(limiter: Limiter, saying: str, workers: int, latency_s: float, frames: int) -> Run:
    """A run that is over."""

    def asked(wait_s: float) -> float | None:
        return asked_s(SAYINGS[saying](wait_s))

    return Run(limiter, asked, workers, latency_s).draw(frames)


def reached(run: Run, bound: float, frames: int) -> float:
    """The part of the possible rate, images a minute, that a run came to."""
    return (frames * 60 / bound + run.latency_s) / run.now_s


@pytest.mark.parametrize("saying", ["ms", "rounded down", "rounded up"])
@pytest.mark.parametrize("limit", ["bucket of 5", "bucket of R", "fixed windows", "sliding window"])
def test_a_long_run_reaches_the_limit_and_no_frame_fails(limit, saying):
    for per_minute, workers in ((5, 16), (20, 4), (60, 16), (150, 64), (250, 64)):
        frames = 30 * per_minute
        run = drawn(LIMITERS[limit](per_minute), saying, workers, 10, frames)
        assert run.answered == frames
        assert reached(run, per_minute, frames) >= 0.95, (per_minute, workers)
        assert run.refusals.total() <= 0.02 * frames + 2 * workers


@pytest.mark.parametrize("limit", LIMITERS)
@pytest.mark.parametrize("saying", SAYINGS)
def test_no_frame_is_refused_five_times_whatever_the_server_does_and_says(limit, saying):
    for per_minute, workers in itertools.product((5, 60, 250), (1, 4, 64)):
        bound = min(per_minute, workers * 60 / 2)
        frames = round(max(60, 5 * bound))
        run = drawn(LIMITERS[limit](per_minute), saying, workers, 2, frames)
        assert run.answered == frames
        assert reached(run, bound, frames) > 0.5, (per_minute, workers)


def test_a_limit_that_falls_or_rises_in_the_middle_is_found_again():
    class Changing:
        def __init__(self, *limiters):
            self.limiters = limiters

        def ask(self, now_s):
            return self.limiters[now_s >= 600].ask(now_s)

    bucket = LIMITERS["bucket of 5"]
    for rates in ((120, 30), (30, 120)):
        run = drawn(Changing(*(bucket(rate) for rate in rates)), "ms", 64, 20, 1450)
        assert run.answered == 1450
        assert run.now_s < 1.25 * 1200
        assert run.refusals.total() < 250


@quick
@given(
    per_minute=st.floats(0.5, 300),
    gaps_s=st.lists(st.floats(0, 40) | st.just(0.0), min_size=1, max_size=300),
)
def test_no_minute_holds_more_starts_than_the_cap(per_minute, gaps_s):
    rate = CallRate(per_minute)
    now_s, starts_s = 0.0, []
    for late_s in gaps_s:
        earliest_s = rate.earliest_s()
        waited = earliest_s > now_s
        now_s = max(now_s, earliest_s) + late_s
        rate.start(now_s, waited=waited)
        starts_s.append(now_s)
    allowed = max(1, math.floor(per_minute))
    window_s = allowed * 60 / per_minute
    for first_s, after_s in zip(starts_s, starts_s[allowed:], strict=False):
        assert after_s - first_s >= window_s * (1 - 1e-9)
    for one_s, next_s in itertools.pairwise(starts_s):
        assert next_s - one_s >= 0.9 * 60 / per_minute


def test_the_cap_does_not_drift():
    rate = CallRate(60)
    now_s = 0.0
    for _ in range(601):
        now_s = max(now_s, rate.earliest_s())
        rate.start(now_s + 0.001, waited=True)
    assert now_s == pytest.approx(600, abs=0.1)


EVENTS = st.lists(
    st.tuples(
        st.sampled_from(["start", "start", "start", "limited", "pass"]),
        st.integers(0, 30),
        st.none() | st.floats(0, 100),
    ),
    max_size=120,
)


@quick
@given(EVENTS, st.none() | st.floats(1, 300), st.floats(0, 1))
def test_nobody_starts_before_what_the_server_asked_for_has_passed(events, cap, chance):
    rate = CallRate(cap, lambda: chance)
    now_s, held_s, out = 0.0, 0.0, []
    for what, number, seconds in events:
        if what == "start":
            earliest_s = rate.earliest_s()
            assert earliest_s >= held_s or now_s >= held_s
            assert earliest_s < now_s + 7200  # there is always a next one
            waited, now_s = earliest_s > now_s, max(now_s, earliest_s)
            out.append(rate.start(now_s, waited=waited))
        elif what == "limited" and out:
            rate.limited(out.pop(number % len(out)), now_s, seconds)
            held_s = max(held_s, now_s + (seconds or 0.0))
        else:
            now_s += number / 3


def test_a_429_of_a_call_from_before_the_pause_makes_it_longer_and_begins_no_other():
    rate = CallRate(chance=lambda: 0.0)
    calls = [rate.start(0.0, waited=False) for _ in range(6)]
    rate.limited(calls[1], 0.2, 2.0)
    rate.limited(calls[2], 0.3, 3.0)
    assert rate.earliest_s() == 3.3
    canary = rate.start(3.3, waited=True)
    rate.limited(calls[3], 3.4, 1.0)
    assert rate.earliest_s() == 4.4  # the canary is not taken for refused
    assert rate.start(4.4, waited=True).cycle == canary.cycle


def test_after_a_pause_the_first_call_goes_alone():
    rate = CallRate(chance=lambda: 0.0)
    calls = [rate.start(0.0, waited=False) for _ in range(64)]
    for call in calls[32:]:
        rate.limited(call, 0.5, 1.0)
    resumed_s = rate.earliest_s()
    rate.start(resumed_s, waited=True)
    assert rate.earliest_s() - resumed_s >= 0.49  # as long as a 429 took to come


def test_a_run_begins_with_a_few_calls_and_doubles_them_each_second_without_a_429():
    rate, now_s, starts_s = CallRate(), 0.0, []
    for _ in range(64):
        now_s = max(now_s, rate.earliest_s())
        starts_s.append(now_s)
        rate.start(now_s, waited=True)
    assert Counter(starts_s) == {0.0: 8, 1.0: 8, 2.0: 16, 3.0: 32}


def test_answers_open_the_beginning_at_once_and_a_cap_or_a_429_ends_it():
    rate = CallRate()
    for _ in range(8):
        rate.start(0.0, waited=False)
    assert rate.earliest_s() == 1.0
    rate.accepted(0.1)
    assert rate.earliest_s() == 0.1
    calls = [rate.start(0.1, waited=True) for _ in range(8)]
    assert rate.earliest_s() == 1.1
    rate.limited(calls[0], 0.2, 5.0)
    rate.accepted(0.3)
    assert rate.earliest_s() == 5.2
    capped = CallRate(60_000)
    for number in range(64):
        capped.start(number / 1000, waited=True)
    assert capped.earliest_s() < 0.1


@pytest.mark.parametrize("limit", LIMITERS)
def test_of_a_first_burst_few_calls_are_refused(limit):
    for per_minute in (5, 20, 60):
        run = drawn(LIMITERS[limit](per_minute), "ms", 64, 20, 10 * per_minute)
        assert run.refusals.total() <= 40, per_minute


def test_waits_of_a_server_that_says_nothing_grow_until_a_minute_has_passed():
    rate = CallRate(chance=lambda: 0.0)
    rate.start(0.0, waited=False)
    rate.limited(rate.start(0.1, waited=False), 0.2, None)
    tried_s = []
    for _ in range(8):
        now_s = rate.earliest_s()
        tried_s.append(now_s)
        rate.limited(rate.start(now_s, waited=True), now_s, None)
    assert tried_s == pytest.approx([1.7, 5.7, 13.7, 26.7, 44.7, 60.0, 60.2, 120.2])


@pytest.mark.parametrize("phase_s", range(0, 60, 5))
def test_a_window_that_nobody_tells_of_is_not_missed_for_long(phase_s):
    limiter = FixedWindows(20, phase_s)
    run = drawn(limiter, "nothing", 16, 20, 160)
    assert reached(run, 20, 160) >= 0.95
    assert max(run.refusals.values()) < 4


def test_a_minute_after_the_first_refusal_is_waited_for_and_not_one_after_the_last():
    rate = CallRate(chance=lambda: 0.0)
    rate.start(0.0, waited=False)
    rate.limited(rate.start(40.0, waited=False), 40.1, None)
    while (now_s := rate.earliest_s()) < 100.0:
        rate.limited(rate.start(now_s, waited=True), now_s, None)
    assert now_s == pytest.approx(100.1)


def test_a_rate_that_is_known_goes_on_where_a_short_pause_ends():
    rate, now_s = CallRate(chance=lambda: 0.0), 0.0
    rate.limited(rate.start(0.0, waited=False), 0.0, 12.0)
    for _ in range(10):
        now_s = rate.earliest_s()
        refused = rate.start(now_s, waited=True)
    rate.limited(refused, now_s + 0.2, 0.3)
    rate.start(now_s + 0.5, waited=True)
    assert rate.per_minute is not None
    assert rate.earliest_s() - now_s < 1.1 * 60 / rate.per_minute


def test_while_pauses_prove_too_short_a_call_is_tried_that_was_refused_least():
    rate = CallRate(chance=lambda: 0.0)
    calls = [rate.start(0.0, waited=False) for _ in range(2)]
    rate.limited(calls[0], 0.2, None)
    assert not rate.is_sounding
    canary = rate.start(rate.earliest_s(), waited=True)
    assert not rate.is_sounding
    rate.limited(canary, 2.0, None)
    assert rate.is_sounding
    rate.start(rate.earliest_s(), waited=True)
    assert not rate.is_sounding


def test_a_call_that_was_limited_often_goes_after_a_minute_of_silence():
    rate = CallRate(chance=lambda: 0.0)
    rate.start(5.0, waited=False)
    assert rate.earliest_s(3) <= 5.0
    assert rate.earliest_s(4) == 65.0


def test_the_rate_is_told_in_calls_a_minute_once_there_is_one():
    assert CallRate().per_minute is None
    assert CallRate(7).per_minute == 7
    run = drawn(LIMITERS["sliding window"](60), "ms", 16, 5, 600)
    assert run.rate.per_minute == pytest.approx(60, rel=0.1)


def test_the_page_has_every_constant():
    from tasks.spending import call_rate
    from tests.conftest import ROOT

    page = (ROOT / "docs" / "call_rate.md").read_text(encoding="utf-8")
    names = [name for name in vars(call_rate) if name[0] == "_" and name.isupper()]
    assert len(names) > 10
    assert not [name for name in names if f"`{name}`" not in page]

"""The limiter: slots for workers, turns for their calls, pauses for all, and its closing."""

import threading
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.spending.rate_limiter import RateLimiter, Stopped
from tests.harness.clocks import ManualClock, ScaledClock

quick = settings(deadline=None, max_examples=25)


class Crowd:
    """Threads that want a turn each, in a known order."""

    def __init__(self, limiter, clock):
        self.limiter, self.clock = limiter, clock
        self.went, self.stopped, self.threads = [], [], []

    def come(self, name, again=0):
        """Begin to wait; returns when the thread waits, or has gone."""
        waiting, gone = self.clock.waiting, len(self.went)
        thread = threading.Thread(target=self._turn, args=(name, again), daemon=True)
        self.threads.append(thread)
        thread.start()
        until(lambda: self.clock.waiting > waiting or len(self.went) > gone)

    def _turn(self, name, again):
        try:
            turn = self.limiter.turn(again=again)
        except Stopped:
            self.stopped.append(name)
        else:
            self.went.append((name, self.clock.now(), turn))

    @property
    def names(self):
        """Who went, in order."""
        return [name for name, _, _ in self.went]

    def join(self):
        """Wait for all."""
        for thread in self.threads:
            thread.join(20)
            assert not thread.is_alive()


def until(true):
    """Wait for what other threads are about to do."""
    for _ in range(20_000):
        if true():
            return
        time.sleep(0.0005)
    raise AssertionError("it never came true")


def opened(images_per_minute=None):
    clock = ManualClock()
    limiter = RateLimiter(clock)
    limiter.open(4, images_per_minute)
    return limiter, clock, Crowd(limiter, clock)


def test_without_a_limit_eight_go_at_once_and_twice_as_many_when_an_answer_comes():
    _limiter, clock, crowd = opened()
    for number in range(20):
        crowd.come(number)
    assert crowd.names == list(range(8))
    crowd.went[0][2].accepted()
    until(lambda: len(crowd.went) == 16)
    until(lambda: clock.waiting == 4)
    crowd.went[9][2].accepted()
    crowd.join()
    assert sorted(crowd.names) == list(range(20))


def test_calls_without_a_429_for_a_second_are_let_in():
    _limiter, clock, crowd = opened()
    for number in range(10):
        crowd.come(number)
    clock.advance(0.9)
    assert len(crowd.went) == 8
    clock.advance(0.1)
    crowd.join()
    assert sorted(crowd.names) == list(range(10))


def test_a_cap_spaces_the_calls_from_the_first_on():
    _limiter, clock, crowd = opened(images_per_minute=30)
    for number in range(4):
        crowd.come(number)
    for gone in range(1, 4):
        assert len(crowd.went) == gone
        clock.advance(1.9)
        assert len(crowd.went) == gone
        clock.advance(0.1)
        until(lambda gone=gone: len(crowd.went) == gone + 1 and clock.waiting == 3 - gone)
    crowd.join()
    assert [when for _, when, _ in crowd.went] == pytest.approx([0, 2, 4, 6])


def test_a_429_holds_everyone_back_and_the_limited_call_goes_first():
    limiter, clock, crowd = opened()
    first, second = limiter.turn(), limiter.turn()
    first.accepted()
    second.limited(7.0)
    crowd.come("new")
    crowd.come("newer")
    crowd.come("limited", again=True)
    clock.advance(6.9)
    time.sleep(0.01)
    assert crowd.names == []
    clock.advance(0.1)
    until(lambda: crowd.names == ["limited"] and clock.waiting == 2)
    for _ in range(40):
        clock.advance(1.0)
        time.sleep(0.001)
    crowd.join()
    assert crowd.names == ["limited", "new", "newer"]


def test_who_waits_for_the_next_call_hears_of_a_pause_that_ends_sooner():
    limiter, clock, crowd = opened()
    limiter.turn().accepted()
    limiter.turn().limited(30.0)
    clock.advance(30.0)
    canary = limiter.turn()
    crowd.come("next")
    assert clock.soonest_s > 55  # calls are half a minute apart, as far as is known
    canary.limited(0.5)
    until(lambda: clock.soonest_s <= 31.1)
    clock.advance(1.1)
    crowd.join()
    assert crowd.names == ["next"]


def test_while_pauses_prove_too_short_who_was_limited_least_goes_first():
    limiter, clock, crowd = opened()
    limiter.turn().limited(1.0)
    clock.advance(2.0)
    limiter.turn().limited(1.0)
    for name, again in (("thrice", 3), ("twice", 2), ("never", 0)):
        crowd.come(name, again=again)
    clock.advance(5.0)
    until(lambda: crowd.names == ["never"])
    clock.advance(100.0)
    until(lambda: len(crowd.names) == 2)
    assert crowd.names == ["never", "thrice"]
    limiter.close()
    crowd.join()


@quick
@given(st.lists(st.booleans(), min_size=1, max_size=12))
def test_calls_that_were_limited_go_first_and_otherwise_who_came_first(again):
    limiter, clock, crowd = opened(images_per_minute=60)
    limiter.turn()
    for number, limited in enumerate(again):
        crowd.come(number, again=limited)
    for gone in range(len(again)):
        clock.advance(1.0)
        until(lambda gone=gone: len(crowd.went) == gone + 1)
        until(lambda gone=gone: clock.waiting == len(again) - gone - 1)
    crowd.join()
    numbers = range(len(again))
    expected = [n for n in numbers if again[n]] + [n for n in numbers if not again[n]]
    assert crowd.names == expected


def test_closing_wakes_everyone_at_once_and_keeps_the_first_reason():
    limiter, _clock, crowd = opened(images_per_minute=1)
    limiter.turn()
    for number in range(8):
        crowd.come(number, again=number % 2)
    limiter.close("no credit left")
    limiter.close("another reason")
    crowd.join()
    assert sorted(crowd.stopped) == list(range(8))
    assert crowd.went == []
    assert limiter.closed
    assert limiter.why == "no credit left"
    with pytest.raises(Stopped, match="no credit left"):
        limiter.turn()
    with pytest.raises(Stopped, match="no credit left"), limiter.slot():
        pass
    assert limiter.pause(5.0) is False


def test_a_limiter_that_is_opened_again_knows_nothing_of_the_run_before():
    limiter, _clock, _crowd = opened()
    limiter.turn().limited(100.0)
    limiter.close("enough")
    limiter.open(2)
    assert not limiter.closed
    assert limiter.why == ""
    limiter.turn()


def test_a_turn_of_the_run_before_does_not_hold_back_this_one():
    limiter, _clock, _crowd = opened()
    old = limiter.turn()
    limiter.open(2)
    old.limited(100.0)
    limiter.turn()


def test_someone_who_leaves_the_queue_by_an_error_holds_nobody_up(monkeypatch):
    limiter, clock, crowd = opened(images_per_minute=60)
    limiter.turn()
    waits = clock.wait

    def interrupted(changed, seconds=None):
        monkeypatch.setattr(clock, "wait", waits)
        raise KeyboardInterrupt

    monkeypatch.setattr(clock, "wait", interrupted)
    with pytest.raises(KeyboardInterrupt):
        limiter.turn()
    crowd.come("next")
    clock.advance(1.0)
    crowd.join()
    assert crowd.names == ["next"]


def test_a_pause_ends_by_the_clock_or_at_once_when_the_limiter_closes():
    limiter, clock, _crowd = opened()
    ended = []
    thread = threading.Thread(target=lambda: ended.append(limiter.pause(3.0)))
    thread.start()
    until(lambda: clock.waiting == 1)
    clock.advance(3.0)
    thread.join(20)
    assert ended == [True]
    thread = threading.Thread(target=lambda: ended.append(limiter.pause(3.0)))
    thread.start()
    until(lambda: clock.waiting == 1)
    limiter.close()
    thread.join(20)
    assert ended == [True, False]


def test_a_slot_that_is_given_back_goes_to_a_worker_and_not_to_a_pause():
    limiter = RateLimiter()
    limiter.open(1)
    inside = []

    def work():
        with limiter.slot():
            inside.append(1)

    with limiter.slot() as leave:
        pausing = threading.Thread(target=limiter.pause, args=(30.0,), daemon=True)
        pausing.start()
        until(lambda: len(limiter._closing._waiters) == 1)
        worker = threading.Thread(target=work, daemon=True)
        worker.start()
        until(lambda: len(limiter._slot_free._waiters) == 1)
        leave()
        worker.join(5)
        assert inside == [1]
        leave()  # a second time gives nothing more
    limiter.close()
    pausing.join(5)
    assert not pausing.is_alive()


def test_64_workers_on_a_capped_limiter_all_get_their_turns_evenly():
    clock = ScaledClock(60)
    limiter = RateLimiter(clock)
    limiter.open(64, images_per_minute=6000)
    went = []

    def work():
        for _ in range(3):
            limiter.turn()
            went.append(clock.now())

    threads = [threading.Thread(target=work) for _ in range(64)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len(went) == 192
    took_s = max(went) - min(went)
    assert took_s >= 191 * 0.01 * 0.94
    assert took_s < 30

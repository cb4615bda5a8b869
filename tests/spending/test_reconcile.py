"""Lines of calls that a kill left open or without any: closed by what is in the store."""

import time
from dataclasses import replace
from pathlib import Path

import pytest

from tasks.requests.engine import Fault
from tasks.requests.request import InputPicture, Request
from tasks.spending.ledger import DRAWN, OPEN, Entry, Ledger
from tasks.spending.reconcile import add_missing, close_open
from tasks.takes.owed import Owed, OwedPictures
from tasks.takes.store import Take, TakeStore

SHOWN = InputPicture("p1", lambda: None, lambda: b"")
SAD = Request("openai", (64, 96), (SHOWN,), prompt="sad", model="m", parameters={"quality": "high"})
LINE = Entry("t", "sad__center", SAD.key, "m", "64x96", "high", 1, OPEN, estimate_usd=0.24)
PICTURE = Take(b"\x89PNG one", latency_s=2.0, usage={"output_tokens": 6240}, cost_usd=0.19)


@pytest.fixture
def store(tmp_path: Path) -> TakeStore:
    return TakeStore(tmp_path)


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(tmp_path)


def begun(ledger: Ledger) -> Entry:
    """A call that its process was killed in."""
    return ledger.begin(LINE, lambda _entries: None)


def said(ledger: Ledger) -> list[tuple[str, float]]:
    """What each call came to, as the next process reads it."""
    return [(e.outcome, e.counted_usd) for e in Ledger(ledger.path.parent).entries()]


def test_an_open_call_whose_take_is_stored_was_drawn(store: TakeStore, ledger: Ledger):
    record = store.add(SAD, replace(PICTURE, call=begun(ledger).call), "sad__center")
    close_open(ledger, store)
    (entry,) = Ledger(ledger.path.parent).entries()
    assert (entry.outcome, entry.cost_usd, entry.latency_s) == (DRAWN, 0.19, 2.0)
    assert (entry.at, entry.call, entry.estimate_usd) == (record.drawn_at, record.call, 0.24)
    assert "written from its take" in entry.note


def test_an_open_call_whose_picture_is_owed_was_billed(store: TakeStore, ledger: Ledger):
    owed = Owed("http://h/a.png", cost_usd=0.21, call=begun(ledger).call)
    OwedPictures(store.folder).add(SAD.key, owed)
    close_open(ledger, store)
    assert said(ledger) == [(Fault.TO_FETCH.value, 0.21)]


def test_an_open_call_of_which_nothing_came_stays_perhaps(store: TakeStore, ledger: Ledger):
    begun(ledger)
    store.add(SAD, replace(PICTURE, call="of another call"), "sad__center")
    close_open(ledger, store)
    assert said(ledger) == [(OPEN, 0.24)]


def test_an_open_call_whose_process_ended_before_the_take_was_listed_was_drawn(
    store: TakeStore, ledger: Ledger
):
    earlier = store.add(SAD, Take(b"\x89PNG old"), "sad__center")
    time.sleep(0.002)  # times are told to the millisecond
    call = begun(ledger)
    take = store.folder / SAD.key[:2] / f"{SAD.key}.{'a' * 12}.png"
    take.write_bytes(b"\x89PNG new")
    close_open(ledger, store)
    (entry,) = Ledger(ledger.path.parent).entries()
    assert (entry.outcome, entry.call, entry.counted_usd) == (DRAWN, call.call, 0.24)
    assert entry.at >= call.at > earlier.drawn_at


def test_two_calls_of_one_request_are_told_apart(store: TakeStore, ledger: Ledger):
    begun(ledger)
    second = begun(ledger)
    store.add(SAD, replace(PICTURE, call=second.call), "sad__center")
    close_open(ledger, store)
    assert said(ledger) == [(OPEN, 0.24), (DRAWN, 0.19)]


def test_a_take_without_a_line_gets_one_and_only_one(store: TakeStore, ledger: Ledger):
    store.add(SAD, PICTURE, "sad__center")
    for _ in range(2):
        add_missing(ledger, store)
    (entry,) = Ledger(ledger.path.parent).entries()
    assert (entry.outcome, entry.cost_usd, entry.frame) == (DRAWN, 0.19, "sad__center")
    assert (entry.key, entry.model, entry.size) == (SAD.key, "m", "64x96")
    assert (entry.quality, entry.references) == ("high", 1)


def test_of_several_takes_only_those_without_a_line_get_one(store: TakeStore, ledger: Ledger):
    ledger.add(
        replace(LINE, outcome=DRAWN, cost_usd=0.19)
    )  # as ledgers were before calls had names
    store.add(SAD, PICTURE, "sad__center")
    store.add(SAD, Take(b"\x89PNG two", cost_usd=0.17), "sad__center")
    add_missing(ledger, store)
    assert said(ledger) == [(DRAWN, 0.19), (DRAWN, 0.17)]


def test_a_take_that_was_fetched_later_is_not_counted_twice(store: TakeStore, ledger: Ledger):
    call = begun(ledger)
    ledger.add(replace(call, outcome=Fault.TO_FETCH.value, cost_usd=0.21))
    store.add(SAD, replace(PICTURE, call=call.call), "sad__center")
    add_missing(ledger, store)
    assert said(ledger) == [(Fault.TO_FETCH.value, 0.21)]

"""Lines for what the ledger does not know to have ended: its process was killed in between."""

from collections import Counter
from dataclasses import replace

from tasks.models.prices import tokens_of
from tasks.requests.engine import Fault
from tasks.spending.ledger import DRAWN, OPEN, Entry, Ledger
from tasks.takes.owed import OwedPictures
from tasks.takes.store import Stored, TakeRecord, TakeStore


def close_open(ledger: Ledger, store: TakeStore) -> None:
    """Close the lines of calls whose pictures are in the store, or are owed to it."""
    owed = OwedPictures(store.folder)
    for entry in ledger.entries():
        if entry.outcome != OPEN or not entry.key:
            continue
        if record := _answer_to(entry, store):
            ledger.add(replace(_of_take(entry, record), call=entry.call))
        for _path, picture in owed.of(entry.key):
            if picture.call == entry.call:
                ledger.add(replace(entry, outcome=Fault.TO_FETCH.value, cost_usd=picture.cost_usd))


def _answer_to(entry: Entry, store: TakeStore) -> TakeRecord | None:
    """The take of a call: its record says so, or ended with the call's own process."""
    records = store.records(entry.key)
    named = (record for record in records if record.call == entry.call)
    bare = (record for record in records if record.is_bare and record.drawn_at >= entry.at)
    return next(named, None) or next(bare, None)


def add_missing(ledger: Ledger, store: TakeStore) -> None:
    """Give each take a line that has none. Reads every request of the store."""
    close_open(ledger, store)
    entries = ledger.entries()
    paid = (DRAWN, Fault.TO_FETCH.value)
    lines = Counter(entry.key for entry in entries if entry.outcome in paid)
    calls = {entry.call for entry in entries if entry.call}
    for stored in store.requests():
        missing = len(stored.takes) - lines[stored.key]
        unknown = [record for record in stored.takes if record.call not in calls]
        for record in unknown[-missing:] if missing > 0 else ():
            ledger.add(_of_take(_asked(stored, record), record))


def _of_take(entry: Entry, record: TakeRecord) -> Entry:
    return replace(
        entry,
        at=record.drawn_at,
        outcome=DRAWN,
        cost_usd=record.cost_usd,
        tokens=tokens_of(record.usage),
        latency_s=record.latency_s,
        note="its line was missing: written from its take",
    )


def _asked(stored: Stored, record: TakeRecord) -> Entry:
    content = stored.content
    size_px, parameters = content.get("size_px"), content.get("parameters")
    return Entry(
        at=record.drawn_at,
        frame=record.frame,
        key=stored.key,
        model=str(content.get("model", "")),
        size="x".join(map(str, size_px)) if isinstance(size_px, list) else "",
        quality=str(parameters.get("quality", "")) if isinstance(parameters, dict) else "",
        references=len(content.get("pictures") or ()),
        outcome=DRAWN,
        call=record.call,
    )

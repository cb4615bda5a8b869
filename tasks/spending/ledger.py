"""The ledger: every call that was made, for ever, also those that were refused.

A call has a line before it is sent, and another when it ends, which stands in the place of the
first. Where that never came, since the process was killed, nobody knows what the call cost.

`.takes/ledger.jsonl`, appended to under a lock, so that several processes may write at once. A
line that a power cut left half written is passed over, and the next one begins on a line of its
own.
"""

import contextlib
import json
import math
import os
import secrets
import threading
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import MISSING, asdict, astuple, dataclass, fields, replace
from pathlib import Path
from typing import Any

from tasks.ground.files import utc_now
from tasks.ground.ids import costume_of
from tasks.ground.locks import held
from tasks.models.prices import Tokens

LEDGER_FILE = "ledger.jsonl"
DRAWN = "drawn"
"""the outcome of a call that gave a picture; every other is the name of a fault"""
LOST = "lost"
"""the outcome of a call that nobody waited for"""
OPEN = "open"
"""a call that has not ended, or whose process was killed"""
DROPPED = "dropped"
"""closes a line of which nothing came, not even a call: it is as if it were not there"""


@dataclass(frozen=True, slots=True)
class Entry:
    """One call. A file that a later version wrote may have more keys: they are passed over."""

    at: str
    """when it ended: UTC, ISO 8601"""
    frame: str
    key: str
    """the request key"""
    model: str
    size: str
    quality: str
    references: int
    """how many pictures were sent along"""
    outcome: str
    cost_usd: float | None = None
    """what it cost, from its tokens; 0 for a call that drew nothing; None where nobody knows"""
    estimate_usd: float | None = None
    """what it was held to cost before it was made"""
    tokens: Tokens | None = None
    latency_s: float | None = None
    batch: str = ""
    """the batch that it was part of"""
    note: str = ""
    """the endpoint's words, where it refused"""
    call: str = ""
    """its own name: the line that ends a call has that of the line which began it"""

    @property
    def counted_usd(self) -> float:
        """What it is held to have cost: what it did, else its estimate."""
        return (self.estimate_usd or 0.0) if self.cost_usd is None else self.cost_usd

    @property
    def expression(self) -> str:
        """The frame's expression."""
        return costume_of(self.frame)[1].rsplit("__", 1)[0]

    @property
    def costume(self) -> str:
        """The frame's costume; empty: the outfit of the config's own portrait."""
        return costume_of(self.frame)[0]


class Ledger:
    """The ledger of one store. Safe for several threads and processes at once."""

    def __init__(self, store: Path) -> None:
        self.path = store / LEDGER_FILE
        self._writing = threading.Lock()
        self._read = 0
        self._entries: list[Entry] = []

    def begin(self, entry: Entry, allow: Callable[[list[Entry]], None]) -> Entry:
        """Write that a call begins; the line that stands for it until it ends.

        `allow` is shown all calls, those of other processes too, and raises what forbids this
        one. Raises OSError where the disk does not take the line.
        """
        begun = replace(entry, at=utc_now(), outcome=OPEN, call=secrets.token_hex(8))
        with self._held():
            allow(self._read_on())
            self._append(begun)
        return begun

    def add(self, entry: Entry) -> None:
        """Append a line. Raises OSError where the disk does not take it."""
        with self._held():
            self._append(entry)

    def entries(self) -> list[Entry]:
        """All calls, the earliest first. Read on from where the last reading ended."""
        with self._writing:
            return self._read_on()

    @contextlib.contextmanager
    def _held(self) -> Generator[None]:
        with self._writing, held(self.path.with_suffix(".lock")):
            yield

    def _append(self, entry: Entry) -> None:
        line = json.dumps(_content(entry), ensure_ascii=False, separators=(",", ":"))
        with self.path.open("ab+") as file:
            start = b"" if _ends_a_line(file.fileno()) else b"\n"
            # Half a surrogate pair in a server's words has no place in a file.
            file.write(start + line.encode(errors="replace") + b"\n")
            file.flush()
            os.fsync(file.fileno())

    def _read_on(self) -> list[Entry]:
        with contextlib.suppress(OSError), self.path.open("rb") as file:
            file.seek(self._read)
            data = file.read()
            whole = data.rfind(b"\n") + 1
            fresh = [entry for line in data[:whole].splitlines() for entry in _entries(line)]
            self._read += whole
            if fresh:
                self._entries = _merged(self._entries, fresh)
        return self._entries


def _merged(known: list[Entry], fresh: list[Entry]) -> list[Entry]:
    """The calls with what is new of them."""
    merged = dict(enumerate(known))
    named = {entry.call: number for number, entry in merged.items() if entry.call}
    for entry in fresh:
        number = named.get(entry.call, len(merged)) if entry.call else len(merged)
        merged[number] = entry
        if entry.call:
            named[entry.call] = number
    return [entry for entry in merged.values() if entry.outcome != DROPPED]


def _ends_a_line(handle: int) -> bool:
    size = os.fstat(handle).st_size
    return size == 0 or os.pread(handle, 1, size - 1) == b"\n"


def _content(entry: Entry) -> dict[str, Any]:
    """The line as plain data; what is not known is left out."""
    defaults = {field.name: field.default for field in fields(Entry)}
    return {
        name: value
        for name, value in asdict(entry).items()
        if defaults[name] is MISSING or value != defaults[name]
    }


def _entries(line: bytes) -> Iterator[Entry]:
    """The entry in a line; none where it is damaged."""
    known = {field.name for field in fields(Entry)}
    with contextlib.suppress(ValueError, TypeError, AttributeError, OverflowError, RecursionError):
        content = {name: value for name, value in json.loads(line).items() if name in known}
        tokens = content.get("tokens")
        content["tokens"] = Tokens(**tokens) if isinstance(tokens, Mapping) else None
        entry = Entry(**content)
        _check(entry)
        yield entry


def _check(entry: Entry) -> None:
    """Refuse, with a `TypeError`, what would break whoever adds the entries up."""
    texts = (
        *(entry.at, entry.frame, entry.key, entry.model, entry.size, entry.quality),
        *(entry.outcome, entry.batch, entry.note, entry.call),
    )
    counts = (entry.references, *(astuple(entry.tokens) if entry.tokens else ()))
    numbers = (entry.cost_usd, entry.estimate_usd, entry.latency_s)
    if not all(isinstance(text, str) for text in texts):
        raise TypeError("not an entry")
    if not all(isinstance(count, int) for count in counts):
        raise TypeError("not an entry")
    if not all(number is None or math.isfinite(number) for number in numbers):
        raise TypeError("not an entry")

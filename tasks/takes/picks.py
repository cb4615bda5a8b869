"""Picks: which take of a frame is in use, where that is not simply the newest.

They stand in `takes.json` (`tasks.takes.choices`). A pick stands for one request of its frame: when
the config asks for something else, it lapses, and when the config goes back, it holds again.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tasks.ground.advice import doit
from tasks.ground.errors import Mistake
from tasks.takes.choices import PICKS_FILE, Choices, Entry, change_entries, read_choices

if TYPE_CHECKING:
    from tasks.takes.store import TakeRecord

_DECIDED = {"approved", "rejected"}
"""what an entry says beside the pick (`tasks.takes.decisions`)"""

__all__ = ["PICKS_FILE", "Pick", "Wanted", "change_picks", "read_picks", "wanted_take"]


@dataclass(frozen=True, slots=True)
class Pick:
    """One take, picked for one frame."""

    take: str
    """the take's name: 12 hex digits"""
    request: str
    """key of the request that it answered"""
    stands_for: str
    """key of the request of the frame for which it is in use; most often the same"""

    @property
    def digest(self) -> str:
        """What tells it from every other pick of its frame."""
        return f"{self.take}:{self.stands_for}"


def read_picks(folder: Path) -> Mapping[str, Pick]:
    """The picks of a character, by frame. Raises `Mistake` where the file is damaged."""
    return picks_of(read_choices(folder))


def picks_of(choices: Choices) -> Mapping[str, Pick]:
    """The picks among what was chosen."""
    found = ((frame, pick_of(entry)) for frame, entry in choices.entries.items())
    return {frame: pick for frame, pick in found if pick}


def pick_of(entry: Entry) -> Pick | None:
    """The pick of a frame; None where there is none."""
    if not entry.take:
        return None
    return Pick(entry.take, entry.request, entry.stands_for or entry.request)


def change_picks(folder: Path, changes: Mapping[str, Pick | None]) -> None:
    """Put picks in place; None ends a frame's. Safe for several threads and processes."""

    def putting(pick: Pick | None) -> Callable[[dict[str, Any]], dict[str, Any]]:
        def change(entry: dict[str, Any]) -> dict[str, Any]:
            decided = {name: value for name, value in entry.items() if name in _DECIDED}
            return {**(_entry(pick) if pick else {}), **decided}

        return change

    change_entries(folder, {frame: putting(pick) for frame, pick in changes.items()})


def _entry(pick: Pick) -> dict[str, str]:
    entry = {"take": pick.take, "request": pick.request}
    return entry if pick.stands_for == pick.request else {**entry, "stands_for": pick.stands_for}


@dataclass(frozen=True, slots=True)
class Wanted:
    """The take that a frame is to be made from."""

    key: str
    """key of the request that it answered"""
    record: "TakeRecord | None"
    """None where it is not in the store: there is none yet, or only the frame itself is here"""


def wanted_take(
    pick: Pick | None,
    records: "Mapping[str, tuple[TakeRecord, ...]]",
    key: str,
    on_disk: tuple[str, str],
    store: Path,
) -> Wanted:
    """The take that is picked for a frame, else its own, else the newest of its request, `key`.

    `records`: the store's takes of these requests, the earliest first. `on_disk`: which take the
    frame on disk is made of, by its request's key and its name. A newer one that nobody asked for
    here (a merged store, a batch) does not take its place. Raises `Mistake` where the picked take
    is nowhere.
    """
    if pick is None or pick.stands_for != key:
        own = next((each for each in records[key] if (key, each.id) == on_disk), None)
        return Wanted(key, own or (records[key][-1] if records[key] else None))
    picked = [record for record in records[pick.request] if record.id == pick.take]
    if picked:
        return Wanted(pick.request, picked[0])
    if on_disk[1] == pick.take:
        return Wanted(pick.request, None)
    raise Mistake(
        f"the take {pick.take} that {PICKS_FILE} picks for it is not in {store}: copy that"
        " folder from where it was drawn, or pick another:"
        f" {doit('takes', '-f', 'NAME')}, {doit('pick', '-f', 'NAME', '-t', 'NUMBER')}"
    )

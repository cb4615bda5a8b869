"""Picks: which take of a frame is in use, where that is not simply the newest.

`takes.json` beside the config: small, sorted, one frame an entry, so that a team can commit it and
read its changes. A pick stands for one request of its frame: when the config asks for something
else, it lapses, and when the config goes back, it holds again.
"""

from collections.abc import Callable, Mapping
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tasks.ground import json_file
from tasks.ground.advice import doit
from tasks.ground.errors import Mistake
from tasks.ground.outside import clean

if TYPE_CHECKING:
    from tasks.takes.store import TakeRecord

PICKS_FILE = "takes.json"
_PICKED = {"take", "request", "stands_for"}
_DECIDED = {"approved", "rejected"}
"""what an entry says beside the pick (`tasks.takes.decisions`)"""


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
    path = folder / PICKS_FILE
    entries = read_entries(folder)
    return {
        frame: _pick(path, frame, entry)
        for frame, entry in entries.items()
        if not isinstance(entry, dict) or not (_DECIDED & set(entry)) or _PICKED & set(entry)
    }


def read_entries(folder: Path) -> dict[str, Any]:
    """What `takes.json` has of each frame. Raises `Mistake` where the file is damaged."""
    path = folder / PICKS_FILE
    try:
        document = json_file.read(path)
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, RecursionError) as error:
        raise Mistake(f"{path} cannot be read ({error}); mend it, or delete it") from error
    if not isinstance(document, dict):
        raise Mistake(f"{path} must be an object of frames; mend it, or delete it")
    return document


def change_picks(folder: Path, changes: Mapping[str, Pick | None]) -> None:
    """Put picks in place; None ends a frame's. Safe for several threads and processes."""

    def putting(pick: Pick | None) -> Callable[[dict[str, Any]], dict[str, Any]]:
        def change(entry: dict[str, Any]) -> dict[str, Any]:
            decided = {name: value for name, value in entry.items() if name in _DECIDED}
            return {**(_entry(pick) if pick else {}), **decided}

        return change

    change_entries(folder, {frame: putting(pick) for frame, pick in changes.items()})


def change_entries(
    folder: Path, changes: Mapping[str, Callable[[dict[str, Any]], dict[str, Any]]]
) -> None:
    """Change what the file has of frames; an entry that gets empty goes.

    Safe for several threads and processes.
    """
    from filelock import FileLock

    store = folder / ".takes"
    store.mkdir(parents=True, exist_ok=True)
    path = folder / PICKS_FILE
    with FileLock(store / "picks.lock"):
        read_picks(folder)  # a damaged file is not written over
        before = read_entries(folder)
        changed = {frame: change(before.get(frame, {})) for frame, change in changes.items()}
        after = {frame: entry for frame, entry in sorted({**before, **changed}.items()) if entry}
        if after == before:
            return
        if after:
            json_file.write(path, after, indent=2)
        else:
            path.unlink(missing_ok=True)


def _pick(path: Path, frame: str, entry: Any) -> Pick:
    try:
        request = entry["request"]
        pick = Pick(entry["take"], request, entry.get("stands_for", request))
    except (TypeError, KeyError, AttributeError):
        pick = None
    if pick is None or not all(isinstance(text, str) for text in astuple(pick)):
        raise Mistake(f'{path}: "{clean(frame)}" must have "take" and "request"; mend or delete it')
    return pick


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

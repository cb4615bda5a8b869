"""What people chose, frame by frame: `takes.json` beside the config.

Small, sorted, one frame an entry, so that a team can commit it and read its changes. An entry that
is damaged (two branches merged, a slip of an editor) costs its own frame, which is left as it is
until the entry is mended; of a file that is no JSON at all nobody knows which frames it protects.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tasks.ground import json_file
from tasks.ground.advice import doit
from tasks.ground.errors import Mistake
from tasks.ground.locks import held
from tasks.ground.outside import clean

PICKS_FILE = "takes.json"
_NAME = re.compile(r"[0-9A-Za-z]+")


@dataclass(frozen=True, slots=True)
class Entry:
    """What the file says of one frame. Raises `ValueError` where it cannot be meant so."""

    take: str = ""
    """the take that is picked, 12 hex digits; empty: none is"""
    request: str = ""
    """key of the request that it answered"""
    stands_for: str = ""
    """key of the request of the frame for which it is in use; empty: the same"""
    approved: bool = False
    rejected: Mapping[str, str] = field(default_factory=dict)
    """notes on takes that are not to be chosen again by themselves, by the take's name"""

    def __post_init__(self) -> None:
        if bool(self.take) != bool(self.request) or (self.stands_for and not self.take):
            raise ValueError('must have "take" and "request"')
        names = (self.take, self.request, self.stands_for, *self.rejected)
        if not all(_NAME.fullmatch(name) for name in names if name):
            raise ValueError("has a name that is no take's and no request's")


@dataclass(frozen=True, slots=True)
class Choices:
    """All that the file says, by frame."""

    entries: Mapping[str, Entry]
    damaged: Mapping[str, str]
    """what is wrong with the entries that say nothing, in a line each"""


class ChoicesFile:
    """The file of one character, read again only after it changed. Safe for several threads."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._read: tuple[object, Choices] = (None, Choices({}, {}))

    def read(self) -> Choices:
        """What was chosen now. Raises `Mistake` where the file is no JSON."""
        seen = self._identity()
        before, choices = self._read
        if seen != before:
            choices = read_choices(self._folder) if seen else Choices({}, {})
            self._read = (seen, choices)
        return choices

    def _identity(self) -> tuple[int, int, int] | None:
        """What a change of the file changes: it is always written beside, and renamed over."""
        try:
            status = (self._folder / PICKS_FILE).stat()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise _unreadable(self._folder / PICKS_FILE, error) from error
        return status.st_ino, status.st_mtime_ns, status.st_size


def read_choices(folder: Path) -> Choices:
    """What was chosen of a character's frames. Raises `Mistake` where the file is no JSON."""
    entries, damaged = dict[str, Entry](), dict[str, str]()
    for frame, said in read_entries(folder).items():
        try:
            entries[frame] = json_file.typed(Entry, said)
        except (TypeError, ValueError) as error:
            damaged[frame] = _damaged(folder, frame, error)
    return Choices(entries, damaged)


def _damaged(folder: Path, frame: str, error: Exception) -> str:
    picks = doit("takes", "-f", frame), doit("pick", "-f", frame, "-t", "NUMBER")
    return (
        f'{folder / PICKS_FILE}: the entry "{clean(frame)}" is damaged ({clean(str(error))}), and'
        f" its frame stays as it is: mend it, take it out, or pick anew: {picks[0]}, {picks[1]}"
    )


def change_entries(
    folder: Path, changes: Mapping[str, Callable[[dict[str, Any]], dict[str, Any]]]
) -> None:
    """Change what the file has of frames; an entry that gets empty goes.

    Safe for several threads and processes. A damaged entry of another frame stays as it is.
    """
    path = folder / PICKS_FILE
    with held(folder / ".takes" / "picks.lock"):
        before = read_entries(folder)
        changed = {frame: change(_sound(before.get(frame))) for frame, change in changes.items()}
        after = {frame: entry for frame, entry in sorted({**before, **changed}.items()) if entry}
        if after == before:
            return
        if after:
            json_file.write(path, after, indent=2)
        else:
            path.unlink(missing_ok=True)


def _sound(entry: Any) -> dict[str, Any]:
    """An entry; of a damaged one the parts that can be read."""
    if not isinstance(entry, dict) or _is_sound(entry):
        return entry if isinstance(entry, dict) else {}
    return {name: value for name, value in entry.items() if _is_sound({name: value})}


def _is_sound(entry: dict[str, Any]) -> bool:
    try:
        json_file.typed(Entry, entry)
    except (TypeError, ValueError):
        return False
    return True


def read_entries(folder: Path) -> dict[str, Any]:
    """The file as plain data, as it stands. Raises `Mistake` where it is no JSON."""
    path = folder / PICKS_FILE
    try:
        document = json_file.read(path)
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, RecursionError) as error:
        raise _unreadable(path, error) from error
    if not isinstance(document, dict):
        raise Mistake(f"{path} must be an object of frames; mend it, or delete it")
    return document


def _unreadable(path: Path, error: Exception) -> Mistake:
    return Mistake(f"{path} cannot be read ({error}); mend it, or delete it")

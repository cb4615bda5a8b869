"""The folder of one export: what is written there, and what of it is ours.

All files are made in a hidden folder beside it first and moved to their places at the end, so that
an export that fails leaves the earlier one. `export.json` lists what is ours by its digest; any
other file
that is in the way is set aside.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Sequence
from contextlib import suppress
from copy import copy
from pathlib import Path, PurePosixPath
from typing import Any

from tasks.ground.errors import Mistake
from tasks.ground.files import set_aside, write_whole
from tasks.ground.ids import same_file

LISTING = "export.json"
_COMING = "coming"
"""names, in the listing, what is being put in place"""


class Output:
    """Files of an export, by their paths below its folder. Used with `with`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._stage = folder.with_name(f".{folder.name}.{os.getpid()}.part")
        self._digests: dict[str, str] = {}
        self._folded: dict[str, str] = {}
        self._within = ""

    def __enter__(self) -> "Output":
        return self

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self._stage, ignore_errors=True)

    def add(self, place: str, data: bytes) -> None:
        """A file at `place` (with `/`). Raises `Mistake` for a place that leaves the folder, and
        where two files would be one on some file systems."""
        if not _is_inside(place):
            raise Mistake(f"{self.folder}: {place!r} would lie outside of the export's folder")
        place = f"{self._within}{place}"
        twin = self._folded.setdefault(same_file(place), place)
        if place in self._digests or twin != place:
            raise Mistake(f'{self.folder}: "{place}" and "{twin}" would be one file')
        path = self._stage / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        self._digests[place] = _digest(data)

    def text(self, place: str, text: str) -> None:
        """A text file, UTF-8."""
        self.add(place, text.encode("utf-8"))

    @property
    def places(self) -> tuple[str, ...]:
        """What was added."""
        within = len(self._within)
        return tuple(p[within:] for p in self._digests if p.startswith(self._within))

    def read(self, place: str) -> bytes:
        """A file that was added."""
        return (self._stage / self._within / place).read_bytes()

    def within(self, folder: str) -> "Output":
        """The same output, in a folder of it: for a costume of its own."""
        inner = copy(self)
        inner._within = f"{self._within}{folder}/"  # noqa: SLF001 - of the same class
        return inner

    def commit(self, kind: str, notes: Sequence[str]) -> None:
        """Put all in place, remove what an earlier export left, and write the listing last.

        What is coming is listed before: a process that ends in between leaves files that are ours.
        """
        before, came = listed(self.folder), listed(self.folder, _COMING)
        ours = _ours(before, came)
        self.folder.mkdir(parents=True, exist_ok=True)
        self._list({"export": kind, "files": before, _COMING: {**came, **self._digests}})
        for place in self._digests:
            self._put(place, ours.get(place, set()))
        for place in ours.keys() - self._digests.keys():
            _remove(self.folder / place, ours[place])
        self._list({"export": kind, "files": self._digests, "notes": list(notes)})

    def _list(self, document: dict[str, Any]) -> None:
        text = json.dumps(document, indent=1, ensure_ascii=False) + "\n"
        write_whole(self.folder / LISTING, text.encode())

    def _put(self, place: str, ours: set[str]) -> None:
        path = self.folder / place
        there = _digest_of(path)
        if there == self._digests[place]:
            return
        if there is not None and there not in ours:
            set_aside(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        (self._stage / place).replace(path)


def withdraw(folder: Path) -> None:
    """Remove what an export wrote, the listing last; what was touched since stays."""
    for place, digests in _ours(listed(folder), listed(folder, _COMING)).items():
        _remove(folder / place, digests)
    with suppress(OSError):
        (folder / LISTING).unlink()
        folder.rmdir()


def _ours(before: dict[str, str], came: dict[str, str]) -> dict[str, set[str]]:
    """What earlier exports put in place, or were about to: path below the folder to digests."""
    return {
        place: {part[place] for part in (before, came) if place in part}
        for place in before.keys() | came.keys()
    }


def _remove(path: Path, ours: set[str]) -> None:
    """Remove a file that an earlier export made, unless somebody worked on it."""
    if _digest_of(path) not in ours:
        return
    path.unlink()
    with suppress(OSError):
        path.parent.rmdir()


def listed(folder: Path, part: str = "files") -> dict[str, str]:
    """What an earlier export lists as its own: path below the folder to digest."""
    try:
        document: Any = json.loads((folder / LISTING).read_bytes())
        files = document[part]
        pairs = {str(place): str(digest) for place, digest in files.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}
    return {place: digest for place, digest in pairs.items() if _is_inside(place)}


def _is_inside(place: str) -> bool:
    path = PurePosixPath(place)
    safe = not path.is_absolute() and ".." not in path.parts and not {"\\", "\0"} & set(place)
    return bool(path.parts) and safe


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _digest_of(path: Path) -> str | None:
    """The digest of what lies there; None for nothing, and empty for what is no plain file."""
    if path.is_symlink() or (path.exists() and not path.is_file()):
        return ""
    try:
        return _digest(path.read_bytes())
    except OSError:
        return None

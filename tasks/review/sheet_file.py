"""The contact sheet's file: only what changed since it was written is painted, and packed, anew.

A row of cells is a band of the PNG. A record beside the database says what each cell showed; the
file itself has the pixels. Without either, or with another file than was written, all is painted:
the bytes are the same both ways.
"""

import contextlib
import hashlib
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import PIL

from tasks.graph.cache import program
from tasks.ground import json_file
from tasks.ground.digest import digest_of
from tasks.ground.files import read_plain
from tasks.pictures import bands
from tasks.pictures.bands import Band
from tasks.pictures.own_picture import SIGN
from tasks.review.contact_sheet import Cell, Sheet

RECORD_FILE = ".doit.sheet.json"
_State = list[object] | None
"""what a cell shows: its frame's time and size, and how it is marked; None: look again"""


@dataclass(frozen=True, slots=True)
class _Row:
    """A row as it is in the file."""

    band: Band
    states: list[_State]
    """of its cells, in the order of `Sheet.keys`"""


@dataclass(frozen=True, slots=True)
class SheetFile:
    """A sheet as a file, and what to keep beside it once it is in its place."""

    data: bytes
    record: dict[str, Any]


def paint(sheet: Sheet, path: Path, before: Mapping[str, Any]) -> SheetFile:
    """The sheet's PNG. `path`: the sheet that is there; `before`: its record."""
    layout = sheet.layout
    looks = digest_of([sheet.looks, layout.size, program(), PIL.__version__])
    known = _known(sheet, looks, path, before) or [None] * layout.rows
    with ThreadPoolExecutor(4) as pool:
        rows = list(pool.map(partial(_row, sheet), range(layout.rows), known))
    head, foot = bands.pack(sheet.head()), bands.pack(sheet.foot())
    data = bands.file(layout.size[0], [head, *(row.band for row in rows), foot], SIGN)
    kept = [[row.band.adler, row.states] for row in rows]
    return SheetFile(data, {"sheet": _digest(data), "looks": looks, "rows": kept})


def read_record(record: Path) -> dict[str, Any]:
    """What `keep` wrote; nothing where there is none, or a damaged one."""
    kept = json_file.read_or_none(record)
    return kept if isinstance(kept, dict) else {}


def keep(record: Path, content: Mapping[str, Any]) -> None:
    """Keep what the next sheet is painted by."""
    with contextlib.suppress(OSError):  # the next one is painted whole
        json_file.write(record, content, indent=None)


def _row(sheet: Sheet, number: int, before: _Row | None) -> _Row:
    """A row as it is to be: the one before where that is the same."""
    keys = sheet.keys(number)
    states = [_state(sheet.cells.get(key)) for key in keys]
    if before is None:
        image, shown = sheet.row(number)
    else:
        pairs = zip(keys, states, before.states, strict=True)
        changed = [key for key, now, was in pairs if now != was]
        if not changed:
            return before
        image = bands.unpack(before.band, sheet.layout.size[0])
        shown = sheet.repaint(image, changed) | (set(keys) - set(changed))
    return _Row(
        bands.pack(image),
        # What is there and could not be read is looked at again next time.
        [
            state if key in shown or len(state) == _OF_NONE else None
            for key, state in zip(keys, states, strict=True)
        ],
    )


_OF_NONE = 2
"""the length of a state without any frame"""


def _state(cell: Cell | None) -> list[object]:
    if cell is None:
        return ["", ""]
    return [cell.failed, cell.flags, *cell.seen]


def _known(sheet: Sheet, looks: str, path: Path, before: Mapping[str, Any]) -> list[_Row | None]:
    """The rows that are there; none where they are of another sheet than this will be."""
    try:
        if before["looks"] != looks:
            return []
        data = read_plain(path)
        if before["sheet"] != _digest(data):
            return []
        _head, *packed, _foot = bands.packed_in(data)
        pairs = zip(before["rows"], packed, strict=True)
        return [_Row(Band(sheet.row_px, int(of[0]), band), list(of[1])) for of, band in pairs]
    except json_file.UNREADABLE:
        return []


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()

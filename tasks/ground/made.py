"""What this program put at a path that people use too: known again by a listing, else set aside.

`.made.json` in a folder names the files that were made there, each by its digest. An entry without
one is being made: whatever lies there then came from a run that was ended.
"""

import contextlib
import hashlib
import stat
from collections.abc import Callable
from pathlib import Path

from tasks.ground import json_file
from tasks.ground.files import set_aside
from tasks.ground.locks import held

LISTING = ".made.json"
_LOCK = ".made.lock"
_BEING_MADE = ""
Moved = Callable[[Path, Path], None]
"""told of a file that is not of this program, and where it was set aside"""


def begin(*paths: Path, moved: Moved) -> None:
    """Something is going to be put at `paths`, in one folder: set aside what lies there, unless it
    is ours.

    `moved` is told of each that was set aside, and where. Raises `Mistake` for a folder, and
    OSError.
    """
    if not paths:
        return
    folder = paths[0].parent
    folder.mkdir(parents=True, exist_ok=True)
    with held(folder / _LOCK):
        listed = _listed(folder)
        for path in paths:
            if _is_there(path) and not _is_listed(path, listed):
                moved(path, set_aside(path))
        _write(folder, {**listed, **{path.name: _BEING_MADE for path in paths}})


def end(*paths: Path) -> None:
    """What lies at `paths`, in one folder, was put there. Raises OSError."""
    if not paths:
        return
    folder = paths[0].parent
    with held(folder / _LOCK):
        digests = {path.name: digest for path in paths if (digest := _digest(path))}
        if digests:
            _write(folder, {**_listed(folder), **digests})


def remove(name: str, dryrun: bool) -> None:
    """What `doit clean` does: delete what was made here and nobody touched since."""
    path = Path(name)
    if dryrun or not path.parent.is_dir():
        return
    with held(path.parent / _LOCK):
        listed = _listed(path.parent)
        if _is_listed(path, listed):
            path.unlink(missing_ok=True)
            _write(
                path.parent, {name: digest for name, digest in listed.items() if name != path.name}
            )
    with contextlib.suppress(OSError):
        if not _listed(path.parent):
            for left in (LISTING, _LOCK):
                (path.parent / left).unlink(missing_ok=True)
            path.parent.rmdir()


def _listed(folder: Path) -> dict[str, str]:
    document = json_file.read_or_none(folder / LISTING)
    pairs = document.items() if isinstance(document, dict) else ()
    return {name: digest for name, digest in pairs if isinstance(digest, str)}


def _write(folder: Path, listed: dict[str, str]) -> None:
    json_file.write(folder / LISTING, dict(sorted(listed.items())))


def _is_listed(path: Path, listed: dict[str, str]) -> bool:
    known = listed.get(path.name)
    return known is not None and known in {_BEING_MADE, _digest(path)}


def _is_there(path: Path) -> bool:
    return path.exists() or path.is_symlink()


def _digest(path: Path) -> str | None:
    """Of a plain file; None for nothing, and for what is none."""
    try:
        if not stat.S_ISREG(path.lstat().st_mode):
            return None
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None

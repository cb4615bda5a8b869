"""Takes that were paid for and could not be kept: put where there is room, and taken in later."""

import contextlib
import hashlib
import os
import re
import stat
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tasks.ground import json_file
from tasks.ground.files import write_whole
from tasks.ground.json_file import UNREADABLE
from tasks.pictures.kinds import ending_of
from tasks.takes.rejected import take_id

_KEY = re.compile("[0-9a-f]{64}")


def rescued(
    key: str, content: Mapping[str, Any], picture: bytes, folder: Path, error: OSError
) -> str:
    """Put a paid picture wherever there is room; what to tell the person at the terminal.

    Its request stands beside it, so that the next run takes it in. It is whole, or not there.
    """
    why = f"{folder} cannot be written ({error.strerror})"
    with contextlib.suppress(OSError):
        place = _rescue_folder(folder)
        place.mkdir(mode=0o700, exist_ok=True)
        if _is_mine(place):
            path = place / f"{key[:16]}.{take_id(picture)}{ending_of(picture)}"
            write_whole(path, picture, flush_to_disk=True)
            document = {"key": key, "request": dict(content), "file": path.name}
            with contextlib.suppress(OSError):
                json_file.write(path.with_suffix(".json"), document)
            return f"{why}; the picture that was paid for is in {path}, and no more calls are made"
    return f"{why}, nor the system's folder for temporary files; no more calls are made"


def taken_in(folder: Path, add: Callable[[str, dict[str, Any], bytes], object]) -> int:
    """Hand every rescued take of a store to `add`, and forget it then; how many there were.

    What `add` raises ends it: the rest stays where it is.
    """
    place, count = _rescue_folder(folder), 0
    if not place.is_dir() or not _is_mine(place):
        return 0
    for path in sorted(place.glob("*.json")):
        with contextlib.suppress(*UNREADABLE):
            document = json_file.read(path)
            key, picture = str(document["key"]), path.with_suffix(Path(document["file"]).suffix)
            data = picture.read_bytes()
            if not _KEY.fullmatch(key) or not picture.name.startswith(
                f"{key[:16]}.{take_id(data)}"
            ):
                continue
            add(key, dict(document["request"]), data)
            picture.unlink()
            path.unlink()
            count += 1
    return count


def _rescue_folder(store: Path) -> Path:
    """Where takes of a store go that it cannot keep: one place, that the next run looks at."""
    name = hashlib.sha256(os.fsencode(store.resolve())).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"rescued-takes-{name}"


def _is_mine(folder: Path) -> bool:
    """Whether a folder of the shared place for temporary files is this user's own."""
    status = folder.lstat()
    return stat.S_ISDIR(status.st_mode) and (os.name != "posix" or status.st_uid == os.geteuid())

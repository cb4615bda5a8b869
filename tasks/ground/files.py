"""Writing files whole or not at all, and moving aside what must not be lost."""

import contextlib
import datetime
import itertools
import os
import threading
from pathlib import Path

from tasks.ground.errors import Mistake


def stamp(path: str | Path) -> tuple[int, int] | None:
    """A file's time and size, by which a change is noticed; None where there is no file."""
    try:
        status = os.stat(path)  # noqa: PTH116 - twice as quick, once for every frame
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size


def utc_now() -> str:
    """The time as all files have it: UTC, ISO 8601, to the millisecond."""
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds")


def write_whole(path: Path, data: bytes, *, flush_to_disk: bool = False) -> None:
    """Write `data` at `path`: a reader, or a power cut, meets the old file or the new one.

    `flush_to_disk` also waits until the disk has it: for what cannot be made again for free.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}-{threading.get_ident()}.part")
    try:
        with part.open("wb") as file:
            file.write(data)
            if flush_to_disk:
                file.flush()
                os.fsync(file.fileno())
        part.replace(path)
    finally:
        with contextlib.suppress(FileNotFoundError):
            part.unlink()
    if flush_to_disk:
        _flush_folder(path.parent)


def _flush_folder(folder: Path) -> None:
    """Make the new name itself last; systems that cannot open a folder have no need of it."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def set_aside(path: Path) -> Path:
    """Move a file into `set_aside/` beside it, under a name that nothing there has; that path.

    Raises `Mistake` where a folder is in the way.
    """
    if path.is_dir():
        raise Mistake(f"{path} is a folder; a picture has to go there: move the folder away")
    folder = path.parent / "set_aside"
    folder.mkdir(parents=True, exist_ok=True)
    for number in itertools.count(1):
        target = folder / f"{path.stem}.{number}{path.suffix}"
        # Made before it is moved onto, so that nothing that lies there is ever lost.
        with contextlib.suppress(FileExistsError):
            target.touch(exist_ok=False)
            break
    return path.replace(target)

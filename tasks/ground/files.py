"""Writing files whole or not at all, and moving aside what must not be lost."""

import contextlib
import datetime
import errno
import io
import os
import re
import stat
import threading
from collections.abc import Iterable
from pathlib import Path

from tasks.ground.errors import Mistake

MOST_BYTES = 64 * 2**20
"""of a config or another text that a person writes"""


def stamp(path: str | Path) -> tuple[int, int] | None:
    """A file's time and size, by which a change is noticed; None where there is no file."""
    try:
        status = os.stat(path)  # noqa: PTH116 - twice as quick, once for every frame
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size


def has_stamp(path: str | Path, recorded: object) -> bool:
    """Whether a file is the one whose `stamp` was recorded, which is a list in JSON."""
    now = stamp(path)
    return now is not None and list(now) == recorded


def open_plain(path: str | Path) -> io.BufferedReader:
    """A file, to be read. Raises OSError, also for a pipe, which would be waited for, or a device.

    Used with `with`.
    """
    file = open(path, "rb", opener=_without_waiting)  # noqa: SIM115 - closed by `with`
    if stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        return file
    file.close()
    raise OSError(errno.EINVAL, "it is no file", str(path))


def _without_waiting(path: str, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def read_plain(path: Path) -> bytes:
    """All bytes of a file, as `open_plain` opens it."""
    with open_plain(path) as file:
        return file.read()


def read_file(path: Path, most_bytes: int = MOST_BYTES) -> bytes:
    """A file's bytes. Raises OSError, also for a pipe, a device, and what is far too large."""
    with open_plain(path) as file:
        data = file.read(most_bytes + 1)
    if len(data) > most_bytes:
        raise OSError(errno.EFBIG, f"it is larger than {most_bytes // 2**20} MB", str(path))
    return data


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


def sweep_parts(folders: Iterable[Path]) -> None:
    """Delete half-written files whose process, on this machine, is dead."""
    for folder in folders:
        for part in folder.glob(".*.part"):
            match = re.search(r"\.(\d+)-\d+\.part$", part.name)
            if match and not _lives(int(match[1])):
                with contextlib.suppress(OSError):
                    part.unlink()


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:
        pass  # it is another user's
    return True


def set_aside(path: Path) -> Path:
    """Move a file into `set_aside/` beside it, under a name that nothing there has; that path.

    Raises `Mistake` where a folder is in the way.
    """
    if path.is_dir():
        raise Mistake(f"{path} is a folder; a picture has to go there: move the folder away")
    folder = path.parent / "set_aside"
    folder.mkdir(parents=True, exist_ok=True)
    number = 1
    while not _claimed(target := folder / f"{path.stem}.{number}{path.suffix}"):
        number += 1
    return path.replace(target)


def _claimed(path: Path) -> bool:
    """Made before it is moved onto, so that nothing that lies there is ever lost."""
    try:
        path.touch(exist_ok=False)
    except FileExistsError:
        return False
    return True

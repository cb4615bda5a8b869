"""Locks between processes: whoever waits for one is told whose it is, and a dead owner's is taken.

`filelock` uses the file system's own locks, which end with their process; where there are none
(some network shares), a file that only one process can make, and takes it from a dead one.
"""

import contextlib
import os
import time
import warnings
from collections.abc import Callable, Generator
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from tasks.ground.outside import clean
from tasks.ground.say import say_aside

if TYPE_CHECKING:
    from filelock import BaseFileLock

PATIENCE_S = 3.0
"""after which a wait is said"""


@contextlib.contextmanager
def held(
    path: Path,
    say: Callable[[str], None] = say_aside,
    *,
    patience_s: float = PATIENCE_S,
) -> Generator[None]:
    """Hold the lock at `path`; a wait of more than `patience_s` is said, once.

    Raises OSError where no lock can be had.
    """
    from filelock import Timeout

    path.parent.mkdir(parents=True, exist_ok=True)
    lock = _lock(path)
    try:
        lock.acquire(timeout=patience_s)
    except Timeout:
        say(f"[i] Waiting for {path}: {_owner(path)}")
        lock.acquire()
    try:
        _sign(lock, path)
        yield
    finally:
        lock.release()


def _lock(path: Path) -> "BaseFileLock":
    from filelock import FileLock

    _without_warning()
    return FileLock(path)


@lru_cache(maxsize=1)
def _without_warning() -> None:
    """That a file system has no locks is nothing that the person at the terminal has to mend."""
    warnings.filterwarnings("ignore", message="flock not supported")


def _sign(lock: "BaseFileLock", path: Path) -> None:
    """Write into the file whose lock it is, where the file does not say so by itself."""
    from filelock import SoftFileLock

    if not isinstance(lock, SoftFileLock):
        text = f"{os.getpid()} {_host()} {time.time():.0f}\n"
        # Over what is there, which is as long: to empty the file takes as long as all the rest.
        with contextlib.suppress(OSError), path.open("r+b", buffering=0) as file:
            file.write(text.encode())


@lru_cache(maxsize=1)
def _host() -> str:
    import socket

    return "_".join(clean(socket.gethostname()).split()) or "?"


def _owner(path: Path) -> str:
    """Whose a lock is that another process holds."""
    try:
        with path.open(errors="replace") as file:
            process, host, *_ = file.read(1000).split()
        age_s = max(time.time() - path.stat().st_mtime, 0.0)
    except (OSError, ValueError):
        return "nobody says whose it is; where no other process is at work here, delete that file"
    return (
        f"process {clean(process)} on {clean(host)} has had it for {age_s:.0f} s;"
        " where that is gone, delete that file"
    )

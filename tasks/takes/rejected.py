"""Answers that are no takes: rejected ones, kept for inspection."""

import hashlib
from pathlib import Path

from tasks.ground.files import write_whole
from tasks.pictures.kinds import ending_of

_TAKE_DIGITS = 12


def take_id(picture: bytes) -> str:
    """A take's name: the first 12 hex digits of its bytes' SHA-256."""
    return hashlib.sha256(picture).hexdigest()[:_TAKE_DIGITS]


class Rejected:
    """The rejected answers below the folder of a take store."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "rejected"

    def keep(self, key: str, answer: bytes, why: str) -> Path:
        """Keep an answer that cannot be used, with the reason; the path of it."""
        path = self.path(key, take_id(answer), ending_of(answer))
        write_whole(path, answer, flush_to_disk=True)
        write_whole(path.with_suffix(".txt"), f"{why}\nrequest {key}\n".encode())
        return path

    def path(self, key: str, name: str, ending: str) -> Path:
        """Where an answer of that name to that request is kept."""
        return self._folder / f"{key[:16]}.{name}{ending}"

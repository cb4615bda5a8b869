"""Refusals: which requests the content rules of an endpoint forbid, and in which words."""

import contextlib
from dataclasses import asdict, dataclass
from pathlib import Path

from tasks.ground import json_file
from tasks.ground.files import utc_now
from tasks.ground.json_file import UNREADABLE

REFUSED = ".refused.json"
"""how their files end, beside those of the takes"""


@dataclass(frozen=True, slots=True)
class Refusal:
    """What such a file says."""

    at: str
    """when it was refused: UTC, ISO 8601"""
    said: str
    """the endpoint's words"""


class Refusals:
    """The refusals below the folder of a take store."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def remember(self, key: str, text: str) -> None:
        """Keep the words in which a request was refused."""
        json_file.write(self._path(key), asdict(Refusal(utc_now(), text)), indent=None)

    def any(self) -> bool:
        """Whether anything was refused."""
        return next(self._folder.glob(f"*/*{REFUSED}"), None) is not None

    def said(self, key: str) -> str | None:
        """The words in which a request was refused; None where it was not."""
        try:
            return json_file.typed(Refusal, json_file.read(self._path(key))).said
        except UNREADABLE:  # then it is asked once more
            return None

    def forget(self, key: str) -> None:
        """The request was answered after all."""
        with contextlib.suppress(OSError):
            self._path(key).unlink()

    def _path(self, key: str) -> Path:
        return self._folder / key[:2] / f"{key}{REFUSED}"

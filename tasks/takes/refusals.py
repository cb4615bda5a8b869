"""Refusals: which requests the content rules of an endpoint forbid, and in which words."""

from pathlib import Path

from tasks.ground import json_file
from tasks.ground.files import utc_now

REFUSED = ".refused.json"
"""how their files end, beside those of the takes"""


class Refusals:
    """The refusals below the folder of a take store."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def remember(self, key: str, text: str) -> None:
        """Keep the words in which a request was refused."""
        json_file.write(self._path(key), {"at": utc_now(), "said": text}, indent=None)

    def any(self) -> bool:
        """Whether anything was refused."""
        return next(self._folder.glob(f"*/*{REFUSED}"), None) is not None

    def said(self, key: str) -> str | None:
        """The words in which a request was refused; None where it was not."""
        document = json_file.read_or_none(self._path(key))
        said = document.get("said") if isinstance(document, dict) else None
        return None if said is None else str(said)

    def forget(self, key: str) -> None:
        """The request was answered after all."""
        self._path(key).unlink(missing_ok=True)

    def _path(self, key: str) -> Path:
        return self._folder / key[:2] / f"{key}{REFUSED}"

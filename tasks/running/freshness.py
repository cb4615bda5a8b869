"""What makes a task out of date: kinds of file dependency, and the checker that compares them.

A plain dependency on the config would redraw every frame after any edit. A `ConfigSlice` is that
dependency too, in doit's listings and in its reasons, but what counts is the digest of the part
that one frame reads.
"""

import hashlib
import os
from typing import Any

from doit.dependency import FileChangedChecker
from doit.globals import Globals

from tasks.ground.files import open_plain

_DIGESTS_ROW = "file digests:"


class ConfigSlice(str):
    """The config's path, with the digest of the part of it that one task reads."""

    __slots__ = ("digest",)
    digest: str

    def __new__(cls, path: str, digest: str) -> "ConfigSlice":
        made = super().__new__(cls, path)
        made.digest = digest
        return made


class SliceChecker(FileChangedChecker):
    """Compares files by content, a config by its slice.

    doit's own checker hashes a file once for each task that depends on it, and again in every
    later run once its time changed. This one knows a file's digest by path, time and size, within
    the run and from one run to the next.
    """

    def __init__(self) -> None:
        self._digests: dict[str, list[Any]] | None = None

    def info(self, file_path: str) -> os.stat_result | None:
        """The file's status, where it is needed. Raises OSError for a file that is missing."""
        if isinstance(file_path, ConfigSlice):
            return None
        return os.stat(file_path)  # noqa: PTH116 - twice as quick, once for every frame

    def check_modified(self, file_path: str, file_stat: os.stat_result | None, state: Any) -> bool:
        """Whether the dependency differs from `state`, which a successful run left."""
        return bool(self._state(file_path, file_stat) != state)

    def get_state(self, dep: str, current_state: Any) -> str | None:
        """What to record of a dependency now; None where that is recorded already."""
        state = self._state(dep, self.info(dep))
        return None if state == current_state else state

    def _state(self, path: str, status: os.stat_result | None) -> str:
        if isinstance(path, ConfigSlice):
            return path.digest
        assert status is not None  # noqa: S101 - `info` gives one for every real file
        return self._digest(path, status)

    def _digest(self, path: str, status: os.stat_result) -> str:
        known = self._known()
        entry = known.get(path)
        if not isinstance(entry, list) or entry[:2] != [status.st_mtime_ns, status.st_size]:
            with open_plain(path) as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
            entry = known[path] = [status.st_mtime_ns, status.st_size, digest]
            Globals.dep_manager.backend.set(_DIGESTS_ROW, path, entry)
        return str(entry[2])

    def _known(self) -> dict[str, list[Any]]:
        """Digests by path, as the last run left them in doit's database."""
        if self._digests is None:
            self._digests = dict(Globals.dep_manager.backend.row(_DIGESTS_ROW))
        return self._digests

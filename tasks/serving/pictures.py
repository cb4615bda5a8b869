"""Which pictures are served: those that the page names, and no other file."""

import mimetypes
import threading
from collections.abc import Iterator, Mapping
from os.path import normpath
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from tasks.ground.errors import Mistake
from tasks.serving.site import Answer, Asked, refusal

_NAMED = ("file", "thumb", "face", "neutral")
_KINDS = {".png", ".webp", ".jpg", ".jpeg", ".gif", ".bmp", ".tif", ".tiff"}


class Pictures:
    """The pictures of one page, by their addresses there."""

    def __init__(self, folder: Path) -> None:
        """`folder`: from which addresses count."""
        self._folder = folder
        self._named: frozenset[str] = frozenset()
        self._others: set[Path] = set()
        self._lock = threading.Lock()

    def show(self, document: Mapping[str, Any]) -> None:
        """Serve what the page names now; what it named before is served no more."""
        self._named = frozenset(path for path in map(_bare, _addresses(document)) if path)

    def allow(self, path: Path) -> None:
        """Serve one more."""
        with self._lock:
            self._others.add(path.resolve())

    def answer(self, asked: Asked) -> Answer:
        """The picture at the address `of`."""
        address = asked.query.get("of", "")
        bare = _bare(address)
        path = Path(normpath(self._folder / unquote(bare)))
        known = bare in self._named or path.resolve() in self._others
        if not bare or not known or path.suffix.lower() not in _KINDS:
            return refusal(404, "the page shows no such picture")
        try:
            data = path.read_bytes()
        except OSError as error:
            raise Mistake(f"{path}: {error.strerror}") from error
        kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        return Answer(data, kind, kept="?" in address)


def _addresses(document: Mapping[str, Any]) -> Iterator[str]:
    for frame in document["frames"]:
        yield from (str(frame[name]) for name in _NAMED if name in frame)
        yield from (str(take["file"]) for take in frame.get("takes", ()))


def _bare(address: str) -> str:
    """An address without the time that it ends with."""
    return address.partition("?")[0]

"""What open pages are told as it happens: of each kind the latest, by server-sent events."""

import json
import threading
from collections.abc import Iterator
from typing import Any

_BEAT_S = 15
"""how often a page that is gone is noticed"""


class Board:
    """The latest of each kind. Whoever looks later, or looks away for a while, misses nothing."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._latest: dict[str, tuple[int, Any]] = {}
        self._count = 0
        self._closed = False
        self.readers = 0
        """how many pages are open"""

    def put(self, kind: str, content: Any) -> None:
        """Tell every page that is open, or will be."""
        with self._changed:
            self._count += 1
            self._latest[kind] = self._count, content
            self._changed.notify_all()

    def close(self) -> None:
        """Tell nothing more."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def events(self) -> Iterator[bytes]:
        """The body of an answer that goes on until the page is gone."""
        seen: dict[str, int] = {}
        with self._changed:
            self.readers += 1
        try:
            while not self._closed:
                news = self._news(seen)
                for kind, (number, content) in news.items():
                    seen[kind] = number
                    text = json.dumps(content, ensure_ascii=False)
                    yield f"event: {kind}\ndata: {text}\n\n".encode(errors="replace")
                if not news:
                    yield b": still here\n\n"
        finally:
            with self._changed:
                self.readers -= 1

    def _news(self, seen: dict[str, int]) -> dict[str, tuple[int, Any]]:
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._unseen(seen), _BEAT_S)
            return self._unseen(seen)

    def _unseen(self, seen: dict[str, int]) -> dict[str, tuple[int, Any]]:
        return {
            kind: latest for kind, latest in self._latest.items() if seen.get(kind) != latest[0]
        }

"""Where a run says its lines: a stream, in a terminal with a progress bar below them."""

import contextlib
import sys
import threading
from typing import TYPE_CHECKING, Any

from tasks.ground.say import silence, write_line

if TYPE_CHECKING:
    from tasks.running.bar import Bar


class Terminal:
    """Used from several threads at once."""

    def __init__(self, out: Any) -> None:
        self._out = out
        self._bar: Bar | None = None
        self._lock = threading.Lock()

    def show_bar(self, total: int) -> None:
        """Show how many of `total` frames are done, where this is a terminal."""
        if total and self._out and self._out.isatty():
            from tasks.running.bar import Bar

            self._bar = Bar(self._out, total)

    def advance(self, *, failed: int) -> None:
        """One frame more is done; `failed` of them failed."""
        if self._bar:
            with contextlib.suppress(OSError):
                self._bar.advance(failed=failed)

    def close_bar(self) -> None:
        """Leave the bar as it stands."""
        if self._bar:
            with contextlib.suppress(OSError):
                self._bar.close()
            self._bar = None

    def line(self, text: str) -> None:
        """One line. Nobody left to read it (`| head`, a closed terminal) is no reason to stop."""
        with self._lock:
            try:
                if self._bar:
                    self._bar.print(text)
                elif self._out:
                    write_line(self._out, text)
            except (OSError, ValueError):
                self._mute()

    def _mute(self) -> None:
        """Say nothing more; calls in flight are awaited all the same."""
        self._bar = None
        if self._out is sys.stdout:
            silence()
        self._out = None

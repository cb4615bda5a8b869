"""Where doit begins with this program; light, so that Ctrl-C while the rest is loaded is quiet."""

import contextlib
import signal
from types import FrameType
from typing import Any

INTERRUPTED = 130
"""the exit code after Ctrl-C"""


def session_loader() -> Any:
    """The loader of `dodo.py`: `loader = "session"` in pyproject.toml."""
    _leave_quietly()
    from tasks.running.loader import SessionLoader

    return SessionLoader()


def _leave_quietly() -> None:
    """Have Ctrl-C end what is being loaded without a traceback of its imports."""

    def leave(_number: int, _frame: FrameType | None) -> None:
        raise SystemExit(INTERRUPTED)

    with contextlib.suppress(ValueError):  # not in the main thread
        if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            signal.signal(signal.SIGINT, leave)

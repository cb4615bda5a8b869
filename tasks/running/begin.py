"""Where doit begins with this program; light, so that Ctrl-C while the rest is loaded is quiet."""

import contextlib
import os
import signal
from types import FrameType
from typing import Any

INTERRUPTED = 130
"""the exit code after Ctrl-C"""


def session_loader() -> Any:
    """The loader of `dodo.py`: `loader = "session"` in pyproject.toml."""
    _leave_quietly()
    _keep_to_own_threads()
    from tasks.running.loader import SessionLoader

    return SessionLoader()


def _leave_quietly() -> None:
    """Have Ctrl-C end what is being loaded without a traceback of its imports."""

    def leave(_number: int, _frame: FrameType | None) -> None:
        raise SystemExit(INTERRUPTED)

    with contextlib.suppress(ValueError):  # not in the main thread
        if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            signal.signal(signal.SIGINT, leave)


def _keep_to_own_threads() -> None:
    """Have numpy's OpenBLAS start no threads, before it is loaded.

    As many frames are worked on as there are cores: more threads would only be in each other's way.
    To start them alone takes a tenth of a second of the processor, in every run that draws.
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

"""The one way to write a line to a person."""

import contextlib
import os
import sys
from typing import TextIO

from tasks.ground.wording import printable


def write_line(out: TextIO, text: str) -> None:
    """One line, at once, as that stream can take it. Raises OSError, and ValueError if closed."""
    out.write(printable(text, getattr(out, "encoding", None)) + "\n")
    out.flush()


def say(text: str) -> None:
    """One line on the standard output; nobody left to read it is no reason to stop."""
    with contextlib.suppress(OSError, ValueError):
        write_line(sys.stdout, text)


def silence() -> None:
    """Nobody reads the standard output: Python, which flushes it at the end, is not to complain."""
    sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123


def say_aside(text: str) -> None:
    """On the error stream: what a person should see even where the output is a file."""
    with contextlib.suppress(OSError, ValueError):
        write_line(sys.stderr, text)

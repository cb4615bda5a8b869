"""Runs that a page starts: each a `doit` of its own, one after the other, followed line by line.

A process of its own has its own budget, rate limiter and plan, as if it had been typed; and where
the server is killed, it brings home what is paid for.
"""

import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import threading
import traceback
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tasks.ground.errors import Mistake
from tasks.ground.outside import clean
from tasks.serving.board import Board

_MOST_LINES = 200
_MOST_WAITING = 50


@dataclass
class _Run:
    """A run, as pages show it."""

    number: int
    title: str
    words: tuple[str, ...]
    then: Callable[[], Sequence[str]] = tuple
    state: str = "waits"
    """`waits`, `runs`, `stops`, then `done` or `failed`"""
    done: int = 0
    of: int = 0
    failed: int = 0
    lines: deque[str] = field(default_factory=lambda: deque(maxlen=_MOST_LINES))
    why: dict[str, str] = field(default_factory=dict)
    """why frames did not come, by name"""

    def content(self) -> dict[str, Any]:
        """As pages get it."""
        names = ("number", "title", "state", "done", "of", "failed")
        return {**{name: getattr(self, name) for name in names}, "lines": list(self.lines)}


class Runs:
    """The runs of one server."""

    def __init__(
        self,
        variables: Sequence[str],
        board: Board,
        ended: Callable[[Mapping[str, str]], None],
    ) -> None:
        """`variables`: what was typed, `name=value`; `ended` is told why frames did not come."""
        self._variables = tuple(variables)
        self._board = board
        self._ended = ended
        self._waiting: queue.Queue[_Run] = queue.Queue(_MOST_WAITING)
        self._last: list[_Run] = []
        self._process: subprocess.Popen[str] | None = None
        self._lock = threading.Lock()
        self._count = 0
        self._closed = False

    def start(
        self,
        title: str,
        command: str,
        *words: str,
        then: Callable[[], Sequence[str]] = tuple,
    ) -> None:
        """Run `doit COMMAND ... WORDS` after the runs before it; the same waits only once.

        `then`: more words, which are known only when it begins.
        """
        with self._lock:
            same = (command, *self._variables, "-r", "page", *words)
            if any(each.state == "waits" and each.words == same for each in self._last):
                return
            self._count += 1
            run = _Run(self._count, title, same, then)
        with contextlib.suppress(queue.Full):  # a page that asks so often is told by its rows
            self._waiting.put_nowait(run)
            self._last = [*[each for each in self._last if each.state in {"waits", "runs"}], run]
        self._show()

    def plan(self, *words: str) -> dict[str, Any]:
        """What `doit plan` says of WORDS. Raises `Mistake` where it refuses."""
        started = _doit("plan", *self._variables, "--json", *words, stderr=subprocess.PIPE)
        out, said = started.communicate()
        try:
            found = json.loads(out)
        except ValueError:
            raise Mistake(clean(said or out, most=2_000)) from None
        return dict(found)

    def work(self) -> None:
        """Do what is asked for, until `close`."""
        while True:
            run = self._waiting.get()
            if self._closed:
                return
            if run.state == "waits":
                try:
                    self._do(run)
                except Exception:  # a bug, or no room for a process: the next run is tried
                    traceback.print_exc()
                    run.state = "failed"
                    run.lines.append("[!] It could not be begun; the terminal says why.")
                    self._show()

    def stop(self) -> None:
        """Begin no new picture, and wait for those under way; a second time: leave at once."""
        for run in self._last:
            if run.state == "waits":
                run.state = "failed"
                run.lines.append("[!] Not begun.")
            elif run.state == "runs":
                run.state = "stops"
        process = self._process
        if process and process.poll() is None:
            with contextlib.suppress(OSError):
                process.send_signal(signal.SIGINT if os.name == "posix" else signal.SIGTERM)
        self._show()

    def close(self) -> None:
        """Begin nothing more, and stop."""
        self._closed = True
        self.stop()
        with contextlib.suppress(queue.Full):
            self._waiting.put_nowait(_Run(0, "", ()))

    def wait(self) -> None:
        """Until what runs has ended."""
        process = self._process
        if process:
            process.wait()

    def _do(self, run: _Run) -> None:
        run.state = "runs"
        self._show()
        self._process = _doit(*run.words, *run.then(), stderr=subprocess.STDOUT)
        if self._closed:
            self.stop()
        assert self._process.stdout is not None  # noqa: S101 - it is a pipe
        with self._process.stdout as lines:
            for line in lines:
                self._heard(run, line)
        code = self._process.wait()
        run.state = "failed" if code else "done"
        self._ended(run.why)
        self._show()

    def _heard(self, run: _Run, line: str) -> None:
        try:
            said = json.loads(line)
            assert isinstance(said, dict)  # noqa: S101 - what is no object is a line of words
        except (ValueError, AssertionError, RecursionError):
            said = {"line": line}
        if "line" in said and (text := clean(str(said["line"]), most=2_000)):
            run.lines.append(text)
        if "frame" in said:
            run.why[str(said["frame"])] = clean(str(said.get("why", "")), most=2_000)
        for name in ("done", "of", "failed"):
            if isinstance(said.get(name), int):
                setattr(run, name, said[name])
        self._show()

    def _show(self) -> None:
        self._board.put("runs", [run.content() for run in self._last])


def _doit(*words: str, stderr: int) -> subprocess.Popen[str]:
    """`doit WORDS...`, begun. In a group of its own: Ctrl-C does not reach it by itself."""
    return subprocess.Popen(  # noqa: S603 - our own program, without a shell
        [sys.executable, "-m", "doit", *words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=stderr,
        encoding="utf-8",
        errors="replace",
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
        start_new_session=True,
    )

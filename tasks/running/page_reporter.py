"""What a run tells the page that started it: a JSON line for each thing that happens."""

import json
import threading
from typing import Any

from doit.exceptions import BaseFail
from doit.task import Task
from typing_extensions import override

from tasks.running.reporter import Reporter
from tasks.running.task_facts import facts_of
from tasks.running.terminal import Terminal


class PageReporter(Reporter):
    """For programs that follow a run: `doit run -r page`.

    `{"line": text}`, `{"done": frames, "of": frames, "failed": frames}`, and
    `{"frame": name, "why": text}` for one that failed.
    """

    desc = "JSON lines, for the served page"

    def __init__(self, outstream: Any, options: dict[str, Any]) -> None:
        super().__init__(outstream, options)
        self._page = _Page(outstream)
        self._terminal: Terminal = self._page
        self._line = self._page.line

    @override
    def add_failure(self, task: Task, fail: BaseFail) -> None:
        """A task failed: which frame, and why."""
        super().add_failure(task, fail)
        node, why = facts_of(task).node, self._session.failures.get(task.name)
        if node and why is not None:
            self._page.tell({"frame": node.name, "why": why})


class _Page(Terminal):
    """Where a page listens, in place of a person."""

    def __init__(self, out: Any) -> None:
        super().__init__(out)
        self._counting = threading.Lock()
        self._done = self._total = 0

    @override
    def show_bar(self, total: int) -> None:
        """How much there is to do."""
        self._total = total
        self._tell_progress(0)

    @override
    def advance(self, *, failed: int) -> None:
        """One frame more is done."""
        with self._counting:
            self._done += 1
            self._tell_progress(failed)

    def _tell_progress(self, failed: int) -> None:
        self.tell({"done": self._done, "of": self._total, "failed": failed})

    @override
    def line(self, text: str) -> None:
        """A line of words."""
        self.tell({"line": text})

    def tell(self, content: dict[str, Any]) -> None:
        """A JSON line: one write, as this is called from all workers."""
        super().line(json.dumps(content))

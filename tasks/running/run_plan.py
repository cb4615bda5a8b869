"""What a run is asked for, and what it has to look at: values, made before it begins."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from doit.task import Task

from tasks.graph.node import Node
from tasks.running.record import RunRecord
from tasks.running.task_facts import facts_of

if TYPE_CHECKING:
    from tasks.requests.request import Request


def _as_it_ended(code: int, _record: RunRecord) -> int:
    return code


@dataclass(frozen=True, slots=True)
class RunPlan:
    """How the run of a command differs from that of `doit run`, which has all defaults."""

    words: tuple[str, ...] = ("doit",)
    """the command, as it is typed again to go on"""
    frame_pattern: str = ""
    """frames were named by this pattern after -f, and not as tasks"""
    new_takes: int = 0
    """so many new takes of each selected frame, whose own stays in use; 0: only what -a asks for"""
    postpone: "Callable[[Node, Request, bool], None] | None" = None
    """takes what would have to be drawn, in place of the engine: it goes into a batch"""
    then: Callable[[int, RunRecord], int] = _as_it_ended
    """what follows when all tasks are done: from the exit code until then to that of the command"""


@dataclass(frozen=True, slots=True)
class RunScope:
    """What a run has to look at."""

    workers: int
    pending: tuple[Task, ...]
    """out of date, or waiting for what is"""
    settled: tuple[Task, ...]
    """up to date"""
    forced: frozenset[str]
    """names of the tasks that run whatever their state"""
    recorded: Callable[[str], Mapping[str, Any]]
    """what the last success of a task left in doit's database"""

    def frames(self, *, pending: bool) -> list[tuple[str, Node, Mapping[str, Any]]]:
        """The frames among the pending or the settled tasks: task, frame, and its record."""
        tasks = self.pending if pending else self.settled
        nodes = ((task.name, facts_of(task).node) for task in tasks)
        return [(name, node, self.recorded(name)) for name, node in nodes if node]

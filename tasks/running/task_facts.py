"""What the program knows of its tasks beside what doit does."""

from dataclasses import dataclass
from typing import Any

from doit.task import Task

from tasks.graph.node import Node


@dataclass(frozen=True, slots=True)
class TaskFacts:
    """Of one task. Kept in doit's `meta`, which is free for what is not doit's own."""

    node: Node | None = None
    """the frame that it draws"""
    frames: tuple[str, ...] = ()
    """of a sequence: the tasks of its frames"""
    timeline: str = ""
    """the timeline that it is about"""
    shows: str = ""
    """what its target is called in the last lines of a run; empty: it is not named there"""
    comes_last: bool = False
    """it waits for everything else of its run, and is made whether that failed or not"""

    def meta(self) -> dict[str, Any]:
        """As a task has it: `"meta": TaskFacts(...).meta()`."""
        return {"facts": self}


_NONE = TaskFacts()


def facts_of(task: Task) -> TaskFacts:
    """The facts of a task; those of a group that doit made itself are all empty."""
    facts = (task.meta or {}).get("facts")
    return facts if isinstance(facts, TaskFacts) else _NONE

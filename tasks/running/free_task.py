"""Tasks whose targets are free: made again whenever they are not what was written, never over
somebody else's file."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from doit.exceptions import TaskFailed

from tasks.ground.errors import Mistake, line_of
from tasks.ground.files import set_aside, stamp
from tasks.ground.made import begin, end
from tasks.ground.say import say

Task = dict[str, Any]


def rebuilt(task: Task) -> Task:
    """A task that is out of date also where a target is not as it was written."""
    return {**task, "uptodate": [*task.get("uptodate", ()), (as_written, [task["targets"]])]}


def guarded(task: Task, is_ours: Callable[[Path], bool] | None = None) -> Task:
    """The same, with what lies at its targets and is not ours set aside and named.

    `is_ours` tells it by a mark in the file itself; without one a listing beside the file does.
    """
    [(action, arguments)] = task["actions"]
    return {**rebuilt(task), "actions": [(_put, [task["targets"], is_ours, action, arguments])]}


def as_written(task: Any, values: dict[str, Any], targets: Iterable[str]) -> bool:
    """Whether what a task made is as it left it, by times and sizes."""

    def seen() -> list[list[int] | None]:
        return [list(found) if (found := stamp(target)) else None for target in targets]

    task.value_savers.append(lambda: {"written": seen()})
    return bool(values.get("written") == seen())


def _put(
    targets: list[str],
    is_ours: Callable[[Path], bool] | None,
    action: Callable[..., Any],
    arguments: list[Any],
) -> Any:
    paths = [Path(target) for target in targets]
    try:
        for path in paths:
            if not is_ours:
                begin(path, moved=say_set_aside)
            elif (path.exists() or path.is_symlink()) and not is_ours(path):
                say_set_aside(path, set_aside(path))
        done = action(*arguments)
        if not is_ours and not isinstance(done, TaskFailed):
            for path in paths:
                end(path)
    except (Mistake, OSError) as error:
        return TaskFailed(line_of(error))
    return done


def say_set_aside(path: Path, aside: Path) -> None:
    """Name what was set aside."""
    say(f"[i] Moved what lay at {path}, which is not of this program, to {aside}")

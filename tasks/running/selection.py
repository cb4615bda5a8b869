"""Which tasks a command line means."""

import fnmatch
from collections.abc import Iterable

from doit.cmdparse import CmdParseError
from doit.control import TaskControl
from doit.exceptions import InvalidCommand

from tasks.ground.advice import doit
from tasks.ground.ids import nearest
from tasks.running.task_facts import facts_of


def select(control: TaskControl, wanted: list[str] | None) -> None:
    """Have `control` select the tasks that `wanted` names; None: all.

    Raises `InvalidCommand` for what names nothing, with the nearest task that is there.
    """
    try:
        control.process(wanted)
    except InvalidCommand as error:
        raise InvalidCommand(_not_found(error.not_found, control)) from error
    except CmdParseError as error:
        hint = f"options of doit go before the names of tasks: {doit('-n', '6', 'endpoints')}"
        raise InvalidCommand(f"{error}; {hint}") from error
    for pattern in wanted or ():
        if "*" in pattern and not fnmatch.filter(control.tasks, pattern):
            raise InvalidCommand(_not_found(pattern, control))


def _not_found(wanted: str, control: TaskControl) -> str:
    """That nothing has the name `wanted`, and the nearest that is there."""
    near = nearest(wanted, [*control.tasks, *control.targets])
    meant = f'; did you mean "{near}"?' if near else ""
    return (
        f'there is no task, target or command "{wanted}"{meant} ({doit("list", "--all")} shows all)'
    )


def frames_of(control: TaskControl, names: Iterable[str]) -> list[str]:
    """The tasks of all frames that the named tasks stand for: a sequence is its frames, a path its
    sequences."""
    found: dict[str, None] = {}
    todo = list(reversed(members(control, names)))
    while todo:
        task = control.tasks[todo.pop()]
        inside = list(facts_of(task).frames)
        if not inside and not task.actions and not task.has_subtask:
            inside = [dep for dep in task.task_dep if control.tasks[dep].subtask_of]
        if inside:
            todo.extend(reversed(inside))
        else:
            found[task.name] = None
    return list(found)


def members(control: TaskControl, names: Iterable[str]) -> list[str]:
    """The named tasks, groups replaced by what is in them."""
    found: list[str] = []
    for name in names:
        task = control.tasks[name]
        inside = [dep for dep in task.task_dep if control.tasks[dep].subtask_of == name]
        found.extend(inside if task.has_subtask else [name])
    return found

"""What a run has to look at: the tasks that are out of date, and whatever depends on them.

doit's dispatcher takes longer over a task than the check whether it is up to date. So all checks
are made first, and the dispatcher gets only what they leave.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from doit.dependency import Dependency
from doit.task import Task


class Pending:
    """Tells the tasks of a run that are out of date, or wait for one that is."""

    def __init__(self, tasks: Mapping[str, Task], database: Dependency) -> None:
        self._tasks = tasks
        self._database = database
        self._pending: dict[str, bool] = {}

    def names(self, selected: Iterable[str]) -> list[str]:
        """Those of `selected` that are pending, in their order."""
        return [name for name in selected if self.is_pending(name)]

    def is_pending(self, name: str) -> bool:
        """Whether doit has to look at this task. Dependencies are settled before dependants."""
        if name in self._pending:
            return self._pending[name]
        path = [(name, iter(self._below(name)))]
        on_path = {name}
        while path:
            current, dependencies = path[-1]
            unsettled = next((dep for dep in dependencies if dep not in self._pending), None)
            if unsettled is None:
                self._settle(current)
                on_path.discard(path.pop()[0])
            elif unsettled not in on_path:  # a cycle is left for doit to name
                path.append((unsettled, iter(self._below(unsettled))))
                on_path.add(unsettled)
        return self._pending[name]

    def trim(self, names: Iterable[str]) -> None:
        """Take what is settled out of the dependencies of what is pending."""
        todo = list(names)
        seen = set(todo)
        while todo:
            task = self._tasks[todo.pop()]
            task.task_dep = [dep for dep in task.task_dep if self._pending[dep]]
            below = [dep for dep in self._below(task.name) if dep not in seen]
            seen.update(below)
            todo.extend(below)

    def settled(self) -> list[Task]:
        """The tasks that were looked at and found up to date."""
        return [self._tasks[name] for name, pending in self._pending.items() if not pending]

    def all_pending(self) -> list[Task]:
        """The tasks that were looked at and are out of date, or wait for one that is."""
        return [self._tasks[name] for name, pending in self._pending.items() if pending]

    def _below(self, name: str) -> list[str]:
        task = self._tasks[name]
        return [*task.task_dep, *task.setup_tasks] if task.setup_tasks else task.task_dep

    def _settle(self, name: str) -> None:
        waits = any(self._pending.get(dep, True) for dep in self._below(name))
        self._pending[name] = waits or self._is_out_of_date(self._tasks[name])

    def _is_out_of_date(self, task: Task) -> bool:
        """Whether doit would run it. What can only be known while it runs counts as pending."""
        if task.calc_dep or task.loader or task.setup_tasks or task.teardown:
            return True
        if not (task.file_dep or task.targets or task.actions):
            return False  # a group: it is what its members are
        if self._database.status_is_ignore(task):
            return True
        status: Any = self._database.get_status(task, self._tasks)
        return bool(status.status != "up-to-date")

"""How doit loads `dodo.py` here: each task creator is given the session of the command."""

import inspect
import shlex
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Any

from doit import loader
from doit.cmd_base import DodoTaskLoader
from doit.exceptions import InvalidDodoFile
from doit.loader import TASK_STRING
from doit.task import Task

from tasks.ground.errors import Mistake
from tasks.running.session import Session, database_of, open_session


class SessionLoader(DodoTaskLoader):
    """`loader = "session"` in pyproject.toml. Has the session for commands as well."""

    @cached_property
    def session(self) -> Session:
        """Made when it is first asked for. Raises `InvalidDodoFile`."""
        return open_session()

    def load_doit_config(self) -> dict[str, Any]:
        """`DOIT_CONFIG`, with what depends on the project."""
        config: dict[str, Any] = super().load_doit_config()
        database = database_of(self.session.project)
        return {**config, "default_tasks": default_tasks(self.session), "dep_file": database}

    def load_tasks(self, cmd: Any, pos_args: list[str]) -> list[Task]:
        """The tasks of all creators; what is wrong in the project comes without a traceback."""
        namespace: dict[str, Any] = self.namespace
        self.namespace: dict[str, Any] = {
            name: _given(value, self.session) if _is_creator(name, value) else value
            for name, value in namespace.items()
        }
        try:
            return list(super().load_tasks(cmd, pos_args))
        except Mistake as error:
            raise InvalidDodoFile(str(error)) from error


def _is_creator(name: str, value: object) -> bool:
    return name.startswith(TASK_STRING) and inspect.isfunction(value)


def _given(creator: Callable[[Session], Any], session: Session) -> Callable[[], Any]:
    """The creator as doit calls it: without arguments.

    doit reads the source of each one to its end, to sort them by their lines: here that is two
    lines, and the order is that of `dodo.py`.
    """

    def given() -> Any:
        return creator(session)

    given.__doc__ = creator.__doc__
    return given


def require_own_folder(folder: Path) -> None:
    """Refuse a doit that was started elsewhere, as by `doit -f folder/dodo.py`.

    It reads pyproject.toml only where it is started: there its own `run` would stand in for ours,
    with which `-a` buys everything anew. Raises `InvalidDodoFile`.
    """
    started = loader.initial_workdir  # None: `dodo.py` is imported by something else
    if started is not None and Path(started).resolve() != folder.resolve():
        raise InvalidDodoFile(
            f"doit was started in {started}, where it does not know the commands of this program:"
            f" cd {shlex.quote(str(folder))} and start it there; a character elsewhere is named"
            " with config=PATH"
        )


def default_tasks(session: Session) -> list[str]:
    """What `doit` alone builds: the frames at the poses that are drawn, their sheet and page."""
    graph = session.graph
    if graph.drawn_poses == graph.poses:
        return ["endpoints", "sheet", "review"]
    return [*(f"endpoints:*__{pose}" for pose in graph.drawn_poses), "sheet", "review"]

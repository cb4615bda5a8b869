"""doit's own commands about tasks: with the patterns of `doit run`, and without tracebacks."""

import pprint
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from doit.cmd_base import Command, opt_depfile
from doit.cmd_clean import Clean as DoitClean
from doit.cmd_forget import Forget as DoitForget
from doit.cmd_help import Help as DoitHelp
from doit.cmd_ignore import Ignore as DoitIgnore
from doit.cmd_info import Info as DoitInfo
from doit.cmd_list import List as DoitList
from doit.cmd_resetdep import ResetDep as DoitResetDep
from doit.control import TaskControl
from doit.dependency import JSONCodec
from doit.exceptions import InvalidCommand

from tasks.ground.wording import counted
from tasks.running.database import Database
from tasks.running.options import Heard, OwnDefaults
from tasks.running.selection import select
from tasks.running.session import database_of, this_project


class _ByPattern(OwnDefaults):
    """Tasks are named as for `doit run`: by a name, a pattern or a target."""

    def _named(self, wanted: Iterable[str]) -> list[str]:
        """The names of the tasks that are meant. Raises `InvalidCommand` for what means none."""
        control = TaskControl(self.task_list)
        select(control, list(wanted))
        return list(dict.fromkeys(control.selected_tasks))


class Help(Heard, DoitHelp):
    """`doit help`."""

    name = "help"


class List(_ByPattern, DoitList):
    """`doit list`."""

    name = "list"

    def _list_filtered(
        self, tasks: Any, filter_tasks: list[str], include_subtasks: bool
    ) -> list[Any]:
        named = self._named(filter_tasks)
        return list(super()._list_filtered(tasks, named, include_subtasks))


class Forget(_ByPattern, DoitForget):
    """`doit forget`; alone: of the tasks that `doit` alone builds."""

    name = "forget"

    def _execute(
        self, forget_sub: bool, forget_disable_default: bool, forget_all: bool
    ) -> int | None:
        skipped = forget_all or (self.sel_default_tasks and forget_disable_default)
        if not skipped:
            self.sel_tasks: list[str] = self._named(self.sel_tasks)
        super()._execute(forget_sub, forget_disable_default, forget_all)
        return 0


class Ignore(_ByPattern, DoitIgnore):
    """`doit ignore`."""

    name = "ignore"

    def _execute(self, pos_args: list[str]) -> int | None:
        super()._execute(self._named(pos_args) if pos_args else pos_args)
        return 0


class Info(_ByPattern, DoitInfo):
    """`doit info`, about one task."""

    name = "info"

    def _execute(self, pos_args: list[str], hide_status: bool = False) -> int:
        if len(pos_args) == 1:
            pos_args = self._named(pos_args)
            if len(pos_args) > 1:
                few = ", ".join(pos_args[:3])
                more = ", ..." if len(pos_args) > len(few.split(", ")) else ""
                raise InvalidCommand(
                    f"doit info is about one task, and {counted(len(pos_args), 'task')} are meant:"
                    f" {few}{more}"
                )
        return int(super()._execute(pos_args, hide_status) or 0)


class Clean(OwnDefaults, DoitClean):
    """`doit clean`."""

    name = "clean"


class ResetDep(OwnDefaults, DoitResetDep):
    """`doit reset-dep`."""

    name = "reset-dep"


class DumpDB(Command):
    """`doit dumpdb`, of this project's database."""

    name = "dumpdb"
    doc_purpose = "dump dependency DB"
    doc_usage = ""
    doc_description: str | None = None
    cmd_options = (opt_depfile,)

    def execute(self, params: Any, args: list[str]) -> int:
        """Print what is recorded of each task."""
        del args
        given = params["dep_file"]
        path = Path(given if given != opt_depfile["default"] else database_of(this_project()))
        if not path.is_file():
            raise InvalidCommand(f"there is no database {path} yet: nothing was built here")
        for name, row in Database(str(path), JSONCodec()).rows().items():
            print(f"{name} -> {pprint.pformat(row, indent=4, width=100)}")
        return 0

"""What the commands have in common: selecting frames, printing lines or JSON."""

import fnmatch
import json
from typing import Any

from doit.cmd_base import Command, DoitCmdBase
from doit.cmdparse import CmdOption
from doit.control import TaskControl
from doit.exceptions import InvalidCommand

from tasks.graph.node import Graph, Node
from tasks.ground.errors import Mistake, line_of
from tasks.ground.ids import did_you_mean
from tasks.ground.say import write_line
from tasks.running.begin import INTERRUPTED
from tasks.running.options import OwnDefaults
from tasks.running.selection import frames_of, select
from tasks.running.session import Session
from tasks.running.task_facts import facts_of

JSON_OPTION = {
    "name": "json",
    "long": "json",
    "type": bool,
    "default": False,
    "help": "print JSON, for programs (as does format=json)",
}
FRAME_OPTION = {
    "name": "frame",
    "short": "f",
    "long": "frame",
    "type": str,
    "default": "",
    "help": "name of a frame, <expression>__<pose> or <sequence>:<t>, before it <costume>/ where"
    " it is of one; * and ? stand for any text",
}


class OwnFrameOption(Command):
    """For commands whose -f means a frame; doit's own -f, another dodo.py, is --file there."""

    def get_options(self) -> list[CmdOption]:
        """The options, with -f for one of them alone."""
        options: list[CmdOption] = super().get_options()
        has_own = any(option.name == FRAME_OPTION["name"] for option in options)
        for option in options:
            if has_own and option.short == "f" and option.name != FRAME_OPTION["name"]:
                option.short = ""
        return options


class FrameCommand(OwnFrameOption, OwnDefaults, DoitCmdBase):
    """A command about frames."""

    takes_names = True
    """whether tasks may be named on its command line"""

    @property
    def session(self) -> Session:
        """What this command shares with its tasks."""
        session: Session = self.loader.session
        return session

    def execute(self, params: Any, args: list[str]) -> int:
        """Load and do it. What the person can mend comes without a traceback."""
        if args and not self.takes_names:
            raise InvalidCommand(f'doit {self.name} takes no names, and "{args[0]}" is one')
        try:
            return int(super().execute(params, args) or 0)
        except (Mistake, OSError) as error:
            if isinstance(error, OSError) and error.filename is None:
                raise  # its output: `OwnDefaults` says it
            raise InvalidCommand(line_of(error)) from error
        except KeyboardInterrupt:
            raise SystemExit(INTERRUPTED) from None

    def _say(self, text: str) -> None:
        """One line, as the terminal can take it."""
        write_line(self.outstream, text)

    def _say_json(self, document: Any) -> None:
        self._say(json.dumps(document, indent=1, ensure_ascii=False))

    def _wants_json(self, asked: bool) -> bool:
        return asked or self.session.options.get("format") == "json"

    def _control(self) -> TaskControl:
        """All tasks, with those selected that the command line names."""
        control = TaskControl(self.task_list)
        select(control, self.sel_tasks)
        return control


def selected_frames(control: TaskControl) -> dict[str, Node]:
    """The selected frames by their tasks. Raises `InvalidCommand` where there is none."""
    names = frames_of(control, control.selected_tasks)
    frames = {name: node for name in names if (node := facts_of(control.tasks[name]).node)}
    if not frames:
        raise InvalidCommand("no frame is selected; try: 'endpoints:*__center'")
    return frames


def frames_with_takes(graph: Graph) -> list[Node]:
    """All frames that an engine may be asked for: keyframes, and drawn in-betweens."""
    return [*graph.nodes, *(node for node in graph.tweens if node.role.is_middle)]


def frames_named(graph: Graph, pattern: str) -> list[Node]:
    """The frames that `-f` means. Raises `InvalidCommand` where it means none."""
    if not pattern:
        raise InvalidCommand("which frame? Say it with -f, such as: -f happy_big__center")
    nodes = frames_with_takes(graph)
    wanted = pattern.removeprefix("endpoints:").removeprefix("sequences:")
    by_task = wanted != pattern
    found = [n for n in nodes if fnmatch.fnmatchcase(n.task if by_task else n.name, pattern)]
    if not found:
        near = did_you_mean(wanted, [node.name for node in nodes])
        raise InvalidCommand(f'there is no frame "{wanted}"{near}')
    return found


def every_frame_named(graph: Graph, patterns: list[str]) -> list[Node]:
    """The frames that several `-f` mean, each once. Raises `InvalidCommand`."""
    found = [node for pattern in patterns or [""] for node in frames_named(graph, pattern)]
    return list(dict.fromkeys(found))

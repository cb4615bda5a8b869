"""`doit prompts`: what an image model would be told for each selected frame."""

import sys

from doit.cmd_base import DoitCmdBase
from doit.control import TaskControl
from doit.exceptions import InvalidCommand

from tasks.command_line import current_project
from tasks.graph import Node
from tasks.reporter import printable
from tasks.selection import members, select


class Prompts(DoitCmdBase):  # type: ignore[misc]
    """Prints prompts; draws nothing and needs neither key nor network."""

    name = "prompts"
    doc_purpose = "print the prompt of each selected frame"
    doc_usage = "[TASK/TARGET...]"
    doc_description = "Without a selection: of the frames that `doit` alone would draw."

    def _execute(self) -> int:
        control = TaskControl(self.task_list)
        select(control, self.sel_tasks)
        tasks = [control.tasks[name] for name in members(control, control.selected_tasks)]
        nodes = [task.meta["node"] for task in tasks if "node" in (task.meta or {})]
        if not nodes:
            raise InvalidCommand("no frame is selected; try: doit prompts 'endpoints:*__center'")
        for node in nodes:
            text = printable(f"# {node.name}\n{_prompt(node)}", sys.stdout.encoding)
            self.outstream.write(f"{text}\n\n")
        return 0


def _prompt(node: Node) -> str:
    # The config is read here, and not whenever doit asks which commands there are.
    from tasks.character_project import read_character  # noqa: PLC0415
    from tasks.plan import image_prompt  # noqa: PLC0415

    project = current_project()
    character = read_character(project)
    return image_prompt(project, character, node) or "(the base image itself; nothing is drawn)"

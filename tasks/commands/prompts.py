"""`doit prompts`: what an image model would be told for each selected frame."""

from tasks.command_line import current_project
from tasks.commands.command import FrameCommand, node_of, selected_frames
from tasks.graph import Node


class Prompts(FrameCommand):
    """Prints prompts; draws nothing and needs neither key nor network."""

    name = "prompts"
    doc_purpose = "print the prompt of each selected frame"
    doc_usage = "[TASK/TARGET...]"
    doc_description = "Without a selection: of the frames that `doit` alone would draw."

    def _execute(self) -> int:
        for task in selected_frames(self._control()):
            node = node_of(task)
            if node:
                self._say(f"# {node.name}\n{_prompt(node)}\n")
        return 0


def _prompt(node: Node) -> str:
    # The config is read here, and not whenever doit asks which commands there are.
    from tasks.character_project import read_character  # noqa: PLC0415
    from tasks.plan import image_prompt  # noqa: PLC0415

    project = current_project()
    character = read_character(project)
    return image_prompt(project, character, node) or "(the base image itself; nothing is drawn)"

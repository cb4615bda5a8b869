"""`doit prompts`: what an image model would be told for each selected frame."""

from tasks.commands.command import FrameCommand, node_of, selected_frames
from tasks.graph.node import Node
from tasks.running.session import current_project


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
    from tasks.graph.character import read_character
    from tasks.graph.keyframes import image_prompt

    project = current_project()
    character = read_character(project)
    return image_prompt(project, character, node) or "(the base image itself; nothing is drawn)"

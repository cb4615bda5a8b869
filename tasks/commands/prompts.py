"""`doit prompts`: what an image model would be told for each selected frame."""

from tasks.commands.command import FrameCommand, selected_frames
from tasks.graph.node import Node
from tasks.graph.project import Project


class Prompts(FrameCommand):
    """Prints prompts; draws nothing and needs neither key nor network."""

    name = "prompts"
    doc_purpose = "print the prompt of each selected frame"
    doc_usage = "[TASK/TARGET...]"
    doc_description = "Without a selection: of the frames that `doit` alone would draw."

    def _execute(self) -> int:
        for node in selected_frames(self._control()).values():
            self._say(f"# {node.name}\n{_prompt(self.session.project, node)}\n")
        return 0


def _prompt(project: Project, node: Node) -> str:
    # The config is read here, and not whenever doit asks which commands there are.
    from tasks.graph.keyframes import image_prompt

    character = project.character
    return image_prompt(project, character, node) or "(the base image itself; nothing is drawn)"

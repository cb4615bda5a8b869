"""`doit reject`: takes that are not to be chosen again, each with a note on what to change."""

from pathlib import Path

from tasks.commands.approve import FRAMES_OPTION
from tasks.commands.command import FrameCommand, every_frame_named
from tasks.graph.node import Node
from tasks.graph.project import Project
from tasks.ground.advice import doit
from tasks.ground.errors import Mistake

_NOTE_OPTION = {
    "name": "note",
    "long": "note",
    "type": str,
    "default": "",
    "help": "what should be different; the review page shows it beside the words to change",
}
_UNDO_OPTION = {
    "name": "undo",
    "long": "undo",
    "type": bool,
    "default": False,
    "help": "take the rejection back",
}


class Reject(FrameCommand):
    """Writes takes.json; the frame stays until another take, or other words, replace it."""

    name = "reject"
    doc_purpose = "reject the take that a frame is made of, with a note"
    doc_usage = "-f FRAME [--note TEXT] [--undo]"
    doc_description = "A rejected take is not chosen again by itself."
    cmd_options = (FRAMES_OPTION, _NOTE_OPTION, _UNDO_OPTION)

    def _execute(self, frame: list[str], note: str, undo: bool) -> int:
        from tasks.takes.decisions import accept, reject

        project = self.session.project
        nodes = every_frame_named(project.graph, frame)
        takes = {node.name: _take_of(project, node) for node in nodes}
        if undo:
            accept(project.folder, takes)
        else:
            reject(project.folder, takes, note)
        for node in nodes:
            again = doit("retake", "-f", node.name)
            self._say(f"[i] {node.name}: " + ("accepted" if undo else f"rejected; anew: {again}"))
        return 0


def _take_of(project: Project, node: Node) -> str:
    """What names the take that a frame is made of; its pixels where it has none.

    Raises `Mistake` where there is none.
    """
    from tasks.takes.frame import look_at

    existing = look_at(Path(project.path_of(node)))
    origin = existing.provenance
    named = (origin.take or origin.pixels) if origin else existing.pixels
    if not named:
        raise Mistake(f"{node.name} is not there yet; nothing is to be rejected")
    return named

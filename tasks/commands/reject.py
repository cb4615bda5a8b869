"""`doit reject`: takes that are not to be chosen again, each with a note on what to change."""

from tasks.commands.approve import FRAMES_OPTION
from tasks.commands.command import FrameCommand, every_frame_named

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
        from tasks.build.deciding import accept, reject

        project = self.session.project
        nodes = every_frame_named(project.graph, frame)
        for line in accept(project, nodes) if undo else reject(project, nodes, note):
            self._say(line)
        return 0

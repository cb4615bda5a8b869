"""`doit approve`: frames that stay as they are, whatever changes, until that is taken back."""

from pathlib import Path

from tasks.commands.command import FrameCommand, every_frame_named
from tasks.ground.errors import Mistake
from tasks.ground.wording import counted

FRAMES_OPTION = {
    "name": "frame",
    "short": "f",
    "long": "frame",
    "type": list,
    "default": [],
    "help": "name of a frame, or a pattern (* and ?); may be given several times",
}
_UNDO_OPTION = {
    "name": "undo",
    "long": "undo",
    "type": bool,
    "default": False,
    "help": "take the approval back",
}


class Approve(FrameCommand):
    """Writes takes.json; needs neither key nor network."""

    name = "approve"
    doc_purpose = "approve frames: they are never redrawn, refined or replaced"
    doc_usage = "-f FRAME [-f FRAME...] [--undo]"
    doc_description = "Kept in takes.json beside the config: commit it."
    cmd_options = (FRAMES_OPTION, _UNDO_OPTION)

    def _execute(self, frame: list[str], undo: bool) -> int:
        from tasks.takes.decisions import approve

        project = self.session.project
        nodes = every_frame_named(project.graph, frame)
        absent = [node.name for node in nodes if not Path(project.path_of(node)).is_file()]
        if absent and not undo:
            raise Mistake(f"{', '.join(absent)}: not there yet; only what is there is approved")
        approve(project.folder, [node.name for node in nodes], approved=not undo)
        said = "no longer approved" if undo else "approved"
        self._say(f"[i] {counted(len(nodes), 'frame')} {said}")
        return 0

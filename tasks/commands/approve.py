"""`doit approve`: frames that stay as they are, whatever changes, until that is taken back."""

from tasks.commands.command import FrameCommand, every_frame_named

FRAMES_OPTION = {
    "name": "frame",
    "short": "f",
    "long": "frame",
    "type": list,
    "default": list[str](),
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
        from tasks.build.deciding import approve

        project = self.session.project
        nodes = every_frame_named(project.graph, frame)
        for line in approve(project, nodes, approved=not undo):
            self._say(line)
        return 0

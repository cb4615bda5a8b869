"""`doit pick`: put another take of a frame in use, without any call."""

from doit.exceptions import InvalidCommand

from tasks.commands.command import FRAME_OPTION, FrameCommand, frames_named

TAKE_OPTION = {
    "name": "take",
    "short": "t",
    "long": "take",
    "type": int,
    "default": 0,
    "help": "number of the take, as `doit takes -f FRAME` lists it",
}


class Pick(FrameCommand):
    """Writes takes.json and the frame; needs neither key nor network."""

    name = "pick"
    doc_purpose = "put another take of a frame in use"
    doc_usage = "-f FRAME -t NUMBER"
    doc_description = "The choice is kept in takes.json beside the config: commit it."
    cmd_options = (FRAME_OPTION, TAKE_OPTION)

    def _execute(self, frame: str, take: int) -> int:
        from tasks.build.deciding import pick

        nodes = frames_named(self.session.graph, frame)
        if len(nodes) > 1:
            raise InvalidCommand(f"-f {frame} means {len(nodes)} frames; pick for one at a time")
        for line in pick(self.session.project, nodes[0], take):
            self._say(line)
        return 0

"""`doit serve`: the review page with buttons that do what they say, on this machine alone."""

import sys

from tasks.commands.command import FrameCommand

PORT_OPTION = {
    "name": "port",
    "long": "port",
    "type": int,
    "default": 0,
    "help": "the port; 0: any that is free",
}


class Serve(FrameCommand):
    """Answers on loopback, below a random address, until Ctrl-C."""

    name = "serve"
    doc_purpose = "serve the review page: its buttons decide, draw and take back"
    doc_usage = "[--port NUMBER]"
    doc_description = (
        "The page from disk collects decisions into a command; this one carries them out, follows"
        " runs, and shows frames as they arrive. Its address has a random part: whoever has it, on"
        " this machine, can do what you can do with doit."
    )
    cmd_options = (PORT_OPTION,)
    takes_names = False
    watches = False
    """whether drafts follow every save"""

    def _execute(self, port: int) -> int:
        from tasks.serving.serve import Wish, serve

        serve(self.session.project, Wish(port, self.watches), self._tell)
        return 0

    def _tell(self, text: str) -> None:
        self._say(text)
        sys.stdout.flush()

"""`doit retake`: new takes of frames, while those that are in use stay in use."""

from collections.abc import Iterable, Sequence
from typing import Any

from doit.control import TaskControl
from doit.exceptions import InvalidCommand

from tasks.commands.command import FRAME_OPTION, OwnFrameOption, frames_named
from tasks.ground.advice import doit
from tasks.running.run import NEW_TAKES, Run, force
from tasks.running.session import current_graph, current_project
from tasks.spending.resume_command import GOING_ON

MOST_TAKES = 20
_COUNT_OPTION = {
    "name": "count",
    "short": "n",
    "long": "count",
    "type": int,
    "default": 1,
    "help": "how many new takes of each frame, at once [default: %(default)s]",
}


class Retake(OwnFrameOption, Run):
    """Draws new takes side by side, within the budget, as a run does."""

    name = "retake"
    doc_purpose = "draw new takes of a frame; the one in use stays until another is picked"
    doc_usage = "-f FRAME [-n COUNT]"
    doc_description = "Then: `doit takes -f FRAME` lists them, `doit pick -f FRAME -t NUMBER`."
    cmd_options = (
        FRAME_OPTION,
        _COUNT_OPTION,
        # -n counts takes here; the workers are --process.
        *(
            {**option, "short": ""} if option["name"] == "num_process" else option
            for option in Run.cmd_options
            if option["name"] != "always"
        ),
    )

    def execute(self, params: Any, args: list[str]) -> int:
        """Find the frames, then run as `doit run` does."""
        if args:
            raise InvalidCommand(f"say which frame with -f: {doit('retake', '-f', args[0])}")
        self.new_takes = int(params["count"])
        if not 1 <= self.new_takes <= MOST_TAKES:
            raise InvalidCommand(f"-n {self.new_takes}: from 1 to {MOST_TAKES} takes at once")
        self._pattern = str(params["frame"])
        nodes = frames_named(self._pattern)
        engine = current_graph().engine
        if engine.facts.deterministic:
            raise InvalidCommand(
                f"what {engine.name} draws comes out the same every time; new takes need a key"
                " (engine=openai)"
            )
        params["always"] = False  # a run has that option; here takes are asked for with -n
        drawn = [node.task for node in nodes if not node.role.is_free]
        if not drawn:
            raise InvalidCommand(f"{nodes[0].name} is the base image itself; nothing is drawn")
        return super().execute(params, drawn)

    def _note_command(self, words: Sequence[str], names: Sequence[str]) -> None:
        del words, names  # frames were named by a pattern
        again = ["doit", self.name, "-n", str(self.new_takes)]
        given = current_project().variables.given
        GOING_ON.begin(again, given, [self._pattern], frame_option=True)

    def _forced(
        self, control: TaskControl, selected: Iterable[str], *, always: bool
    ) -> frozenset[str]:
        del always  # there is no -a here: retakes are forced by themselves
        return force(control, selected, NEW_TAKES, self.new_takes)

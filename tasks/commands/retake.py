"""`doit retake`: new takes of frames, while those that are in use stay in use."""

from typing import Any

from doit.exceptions import InvalidCommand

from tasks.build.step import MOST_TAKES
from tasks.commands.command import FRAME_OPTION, OwnFrameOption, frames_named
from tasks.ground.advice import doit
from tasks.running.run import Run
from tasks.running.run_plan import RunPlan

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
        count, pattern = int(params["count"]), str(params["frame"])
        if not 1 <= count <= MOST_TAKES:
            raise InvalidCommand(f"-n {count}: from 1 to {MOST_TAKES} takes at once")
        nodes = frames_named(self.session.graph, pattern)
        engine = self.session.graph.engine
        if engine.facts.deterministic:
            raise InvalidCommand(
                f"what {engine.name} draws comes out the same every time; new takes need a key"
                " (engine=openai)"
            )
        params["always"] = False  # a run has that option; here takes are asked for with -n
        drawn = [node.task for node in nodes if not node.role.is_free]
        if not drawn:
            raise InvalidCommand(f"{nodes[0].name} is the base image itself; nothing is drawn")
        words = ("doit", self.name, "-n", str(count))
        self.plan = RunPlan(words, frame_pattern=pattern, new_takes=count)
        return super().execute(params, drawn)

"""`doit pick`: put another take of a frame in use, without any call."""

from doit.exceptions import InvalidCommand

from tasks.commands.command import FRAME_OPTION, FrameCommand, frames_named
from tasks.graph.node import Node
from tasks.graph.project import Project
from tasks.ground.advice import doit
from tasks.ground.errors import Mistake
from tasks.ground.wording import counted

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
        nodes = frames_named(self.session.graph, frame)
        if len(nodes) > 1:
            raise InvalidCommand(f"-f {frame} means {len(nodes)} frames; pick for one at a time")
        for line in _pick(self.session.project, nodes[0], take):
            self._say(line)
        return 0


def _pick(project: Project, node: Node, number: int) -> list[str]:
    """Do it; what to say. Raises `Mistake`."""
    from tasks.build.builder import paid_builder_of
    from tasks.build.frame_takes import current_key, takes_of
    from tasks.graph.keyframes import paid_node
    from tasks.takes.decisions import Decision, read_decisions
    from tasks.takes.picks import Pick as Picked

    builder = paid_builder_of(project)
    paid = paid_node(project, project.character, node)
    if paid.role.is_free:
        raise Mistake(f"{node.name} is the base image itself; it has no takes")
    if read_decisions(project.folder).get(node.name, Decision()).approved:
        again = doit("approve", "--undo", "-f", node.name)
        raise Mistake(f"{node.name} is approved and stays as it is; to take that back: {again}")
    takes = takes_of(builder, paid, builder.store.requests())
    if not takes:
        raise Mistake(f"{node.name} has no takes; {doit(node.task)} draws one")
    found = next((take for take in takes if take.number == number), None)
    if found is None:
        raise Mistake(
            f"-t {number}: {node.name} has {counted(len(takes), 'take')}, numbered from 1"
            f" ({doit('takes', '-f', node.name)})"
        )
    width, height = found.content.get("size_px", builder.size_px)
    if (width, height) != builder.size_px:
        raise Mistake(f"take {number} is {width}x{height} pixels, and the frames are another size")
    key = current_key(builder, paid)
    if not key:
        raise Mistake(f"{paid.source}, which {node.name} is drawn from, is not there: build it")
    notes = builder.use(paid, Picked(found.record.id, found.key, key))
    target = builder.target(node)
    lines = [f"[i] {note}" for note in notes]
    lines.append(f"[=] {node.name} -> {target} (take {number} of {len(takes)}, from the store)")
    graph = project.graph
    above = [each for each in (*graph.nodes, *graph.tweens) if str(target) in each.sources]
    if above:
        lines.append(
            f"[i] {counted(len(above), 'frame')} drawn from it will be drawn anew: {doit('plan')}"
        )
    return lines

"""What a person decides of frames, done: by the commands, and by the served page."""

from collections.abc import Sequence
from pathlib import Path

from tasks.build.builder import paid_builder_of
from tasks.build.frame_takes import current_key, takes_of
from tasks.graph.keyframes import paid_node
from tasks.graph.node import Node
from tasks.graph.project import Project
from tasks.ground.advice import doit
from tasks.ground.errors import Mistake
from tasks.ground.wording import counted
from tasks.takes import decisions
from tasks.takes.decisions import Decision, read_decisions
from tasks.takes.frame import look_at
from tasks.takes.picks import Pick


def approve(project: Project, nodes: Sequence[Node], *, approved: bool) -> list[str]:
    """Approve frames, or take that back; what to say. Raises `Mistake` where one is not there."""
    absent = [node.name for node in nodes if not Path(project.path_of(node)).is_file()]
    if absent and approved:
        raise Mistake(f"{', '.join(absent)}: not there yet; only what is there is approved")
    decisions.approve(project.folder, [node.name for node in nodes], approved=approved)
    said = "approved" if approved else "no longer approved"
    return [f"[i] {counted(len(nodes), 'frame')} {said}"]


def reject(project: Project, nodes: Sequence[Node], note: str) -> list[str]:
    """Reject the takes that frames are made of; what to say. Raises `Mistake`."""
    decisions.reject(project.folder, _takes(project, nodes), note)
    return [f"[i] {node.name}: rejected; anew: {doit('retake', '-f', node.name)}" for node in nodes]


def accept(project: Project, nodes: Sequence[Node]) -> list[str]:
    """Take rejections back; what to say. Raises `Mistake`."""
    decisions.accept(project.folder, _takes(project, nodes))
    return [f"[i] {node.name}: accepted; anew: {doit('retake', '-f', node.name)}" for node in nodes]


def _takes(project: Project, nodes: Sequence[Node]) -> dict[str, str]:
    return {node.name: _take_of(project, node) for node in nodes}


def _take_of(project: Project, node: Node) -> str:
    """What names the take that a frame is made of; its pixels where it has none."""
    existing = look_at(Path(project.path_of(node)))
    origin = existing.provenance
    named = (origin.take or origin.pixels) if origin else existing.pixels
    if not named:
        raise Mistake(f"{node.name} is not there yet; nothing is to be rejected")
    return named


def pick(project: Project, node: Node, number: int) -> list[str]:
    """Put another take of a frame in use; what to say. Raises `Mistake`."""
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
    notes = builder.use(paid, Pick(found.record.id, found.key, key))
    target = builder.target(node)
    return [
        *(f"[i] {note}" for note in notes),
        f"[=] {node.name} -> {target} (take {number} of {len(takes)}, from the store)",
        *_drawn_anew(project, str(target)),
    ]


def _drawn_anew(project: Project, target: str) -> list[str]:
    """What follows for the frames that are drawn from one."""
    graph = project.graph
    above = [each for each in (*graph.nodes, *graph.tweens) if target in each.sources]
    count = counted(len(above), "frame")
    return [f"[i] {count} drawn from it will be drawn anew: {doit('plan')}"] if above else []

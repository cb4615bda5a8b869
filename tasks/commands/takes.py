"""`doit takes`: which answers there are for a frame, and which of them is in use."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from doit.exceptions import InvalidCommand

from tasks.commands.command import (
    FRAME_OPTION,
    JSON_OPTION,
    FrameCommand,
    frames_named,
    frames_with_takes,
)
from tasks.graph.project import Project
from tasks.ground.advice import doit
from tasks.ground.wording import dollars, duration

if TYPE_CHECKING:
    from tasks.build.frame_takes import FrameTake
    from tasks.spending.estimate import Estimator


class Takes(FrameCommand):
    """Lists takes; needs neither key nor network."""

    name = "takes"
    doc_purpose = "list the takes of a frame, or of all that have more than one"
    doc_usage = "[-f FRAME]"
    doc_description = (
        "Each take with its number, date, engine, model, cost, and which is in use."
        " `doit pick -f FRAME -t NUMBER` puts another in use, without any call."
    )
    cmd_options = (FRAME_OPTION, JSON_OPTION)

    def _execute(self, frame: str, json: bool) -> int:
        if not self.sel_default_tasks:
            raise InvalidCommand(
                f"say which frame with -f: {doit('takes', '-f', self.sel_tasks[0])}"
            )
        listed = _listed(self.session.project, frame)
        if self._wants_json(json):
            store = self.session.project.store
            self._say_json(
                {
                    name: [_plain(store, t, cost) for t, cost in takes]
                    for name, takes in listed.items()
                }
            )
            return 0
        for name, takes in listed.items():
            self._say(name)
            for take, cost in takes:
                self._say(f"  {_line(take, cost)}")
            if not takes:
                self._say("  no takes yet")
        if not listed:
            one = doit("takes", "-f", "NAME")
            self._say(f"[i] No frame has more than one take; {one} lists those of one.")
        return 0


def _listed(project: Project, pattern: str) -> dict[str, "list[tuple[FrameTake, float | None]]"]:
    """The takes of the frames that are named, with costs; else of all that have more than one."""
    from tasks.build.builder import open_estimator, paid_builder_of
    from tasks.build.frame_takes import cost_of, takes_of
    from tasks.graph.keyframes import paid_node

    builder, character = paid_builder_of(project), project.character
    estimator: Estimator = open_estimator(project)
    graph = project.graph
    nodes = frames_named(graph, pattern) if pattern else frames_with_takes(graph)
    stored = list(builder.store.requests())
    found = {
        node.name: takes_of(builder, paid_node(project, character, node), stored) for node in nodes
    }
    return {
        name: [(take, cost_of(take, estimator)) for take in takes]
        for name, takes in found.items()
        if pattern or len(takes) > 1
    }


def _line(take: "FrameTake", cost_usd: float | None) -> str:
    cost = "?" if cost_usd is None else dollars(cost_usd)
    content = take.content
    drawn = take.record.drawn_at[:16].replace("T", " ")
    latency = f", {duration(take.record.latency_s)}" if take.record.latency_s else ""
    marks = [
        "in use" if take.in_use else "",
        "" if take.current else "of an earlier request",
    ]
    marked = ", ".join(filter(None, marks))
    engine, model = content.get("engine", ""), content.get("model", "")
    said = f"{take.number:>3}  {drawn}  {engine}  {model}  {cost}{latency}"
    return f"{said}  <- {marked}" if marked else said


def _plain(store: Path, take: "FrameTake", cost_usd: float | None) -> dict[str, Any]:
    return {
        "number": take.number,
        "take": take.record.id,
        "request": take.key,
        "file": str(store / take.file),
        "drawn_at": take.record.drawn_at,
        "engine": take.content.get("engine", ""),
        "model": take.content.get("model", ""),
        "cost_usd": cost_usd,
        "latency_s": take.record.latency_s,
        "in_use": take.in_use,
        "of_current_request": take.current,
    }

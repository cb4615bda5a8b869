"""`doit check`: which frames a person should look at, and why."""

from collections import Counter
from typing import TYPE_CHECKING

from doit.exceptions import InvalidCommand

from tasks.command_line import current_graph, current_project
from tasks.commands.command import JSON_OPTION, FrameCommand, node_of, selected_frames
from tasks.errors import Mistake
from tasks.graph import Node

if TYPE_CHECKING:
    from tasks.checks import Checked


class Check(FrameCommand):
    """Measures and flags; changes no frame, and needs neither key nor network."""

    name = "check"
    doc_purpose = "flag frames that drift, leak, are too weak, look alike, ..."
    doc_usage = "[TASK/TARGET...] [strict=yes]"
    doc_description = (
        "Each frame is held against the neutral picture that it was drawn from. strict=yes: exit"
        " with 1 where anything is flagged."
    )
    cmd_options = (JSON_OPTION,)

    def _execute(self, json: bool) -> int:
        nodes = [node for task in selected_frames(self._control()) if (node := node_of(task))]
        try:
            looked_at, missing = _looked_at(nodes)
        except Mistake as error:
            raise InvalidCommand(str(error)) from error
        bad = {name: checked for name, checked in looked_at.items() if checked.flags}
        if self._wants_json(json):
            frames = {name: checked.content() for name, checked in looked_at.items()}
            self._say_json({"frames": frames, "flagged": len(bad), "missing": missing})
        else:
            for name, checked in bad.items():
                for flag in checked.flags:
                    self._say(f"{flag.kind:<8} {name}: {flag.line}")
            self._say(_sum(looked_at, bad, missing))
        strict = current_project().variables.of_command.get("strict", False)
        return 1 if strict and bad else 0


def _sum(looked_at: "dict[str, Checked]", bad: "dict[str, Checked]", missing: list[str]) -> str:
    kinds = Counter(flag.kind for checked in bad.values() for flag in checked.flags)
    said = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))
    absent = f"; {len(missing)} not there yet" if missing else ""
    of_these = f" ({said})" if said else ""
    return f"[i] Checks: {len(bad)} of {len(looked_at)} frames flagged{of_these}{absent}"


def _looked_at(nodes: list[Node]) -> "tuple[dict[str, Checked], list[str]]":
    """The selected frames with what is flagged of them; and those that are not there.

    A frame that keeps no figures (a draft, work by hand) is measured now.
    """
    from tasks.build import looking_builder_of, paid_builder_of  # noqa: PLC0415 - Pillow, numpy
    from tasks.character_project import read_character  # noqa: PLC0415
    from tasks.checks import figures_of, flagged  # noqa: PLC0415
    from tasks.frame import State, look_at  # noqa: PLC0415
    from tasks.graph import FIT  # noqa: PLC0415
    from tasks.picture import read  # noqa: PLC0415
    from tasks.plan import paid_node  # noqa: PLC0415

    project = current_project()
    character = read_character(project)
    paid = current_graph().engine.facts.paid
    builder = looking_builder_of(project) if paid else paid_builder_of(project)
    measured, missing = {}, []
    for node in nodes:
        path = builder.target(node)
        as_drawn = paid_node(project, character, node)
        if as_drawn.role == FIT:
            continue
        existing = look_at(path)
        if existing.state in {State.MISSING, State.UNREADABLE}:
            missing.append(node.name)
            continue
        figures = figures_of(existing) if existing.state is State.OURS else None
        figures = figures or builder.finisher.look(as_drawn, read(path))
        if figures:
            measured[node] = figures
    return flagged(measured, character.checks), missing

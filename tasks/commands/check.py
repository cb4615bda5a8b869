"""`doit check`: which frames a person should look at, and why."""

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tasks.commands.command import JSON_OPTION, FrameCommand, selected_frames
from tasks.graph.node import Node
from tasks.graph.project import Project
from tasks.ground.errors import Mistake
from tasks.ground.wording import counted

if TYPE_CHECKING:
    from tasks.finish.features import Features
    from tasks.finish.measure import Figures
    from tasks.review.checks import Checked


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
        project = self.session.project
        nodes = list(selected_frames(self._control()).values())
        found = _looked_at(project, nodes)
        _keep(project, nodes, found)
        if self._wants_json(json):
            self._say_json(_document(found))
        else:
            for name, checked in found.flagged.items():
                for flag in checked.flags:
                    self._say(f"{flag.kind:<8} {name}: {flag.line}")
            for why, names in found.unknown.items():
                self._say(f"[!] Not measured: {', '.join(names)}: {why}")
            self._say(_sum(found))
        strict = self.session.options.get("strict", False)
        return 1 if strict and (found.flagged or found.unknown) else 0


@dataclass(frozen=True, slots=True)
class _Found:
    """What was found of the selected frames, by name."""

    looked_at: "dict[str, Checked]"
    missing: list[str]
    """they are not there yet"""
    unknown: dict[str, list[str]]
    """why some could not be measured, and which"""

    @property
    def flagged(self) -> "dict[str, Checked]":
        """The frames that a person should look at."""
        return {name: checked for name, checked in self.looked_at.items() if checked.flags}


def _document(found: _Found) -> dict[str, Any]:
    """What was found, for programs."""
    return {
        "frames": {name: checked.content() for name, checked in found.looked_at.items()},
        "flagged": len(found.flagged),
        "missing": found.missing,
        "not_measured": {name: why for why, names in found.unknown.items() for name in names},
    }


def _sum(found: _Found) -> str:
    bad, kinds = found.flagged, Counter[str]()
    for checked in bad.values():
        kinds.update(flag.kind for flag in checked.flags)
    said = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))
    absent = f"; {len(found.missing)} not there yet" if found.missing else ""
    of_these = f" ({said})" if said else ""
    frames = counted(len(found.looked_at), "frame")
    return f"[i] Checks: {len(bad)} of {frames} flagged{of_these}{absent}"


def _keep(project: Project, nodes: list[Node], found: _Found) -> None:
    """Keep the flags for page and sheet, and bring `checks.json` up to date, where takes were ever
    finished here."""
    from tasks.review import looks
    from tasks.review.checks import update_file

    try:
        looks.keep(project, found.looked_at)
        if project.store.is_dir():
            update_file(project, project.graph.nodes, nodes, project.character.checks)
    except OSError as error:
        raise Mistake(
            f"{error.filename or project.checks} cannot be written: {error.strerror}"
        ) from error


def _looked_at(project: Project, nodes: list[Node]) -> _Found:
    """The selected frames with what is flagged of them.

    A frame that keeps no figures (a draft, work by hand) is measured now.
    """
    from tasks.build.builder import looking_builder_of, paid_builder_of
    from tasks.graph.keyframes import paid_node
    from tasks.pictures.picture import read
    from tasks.review.checks import figures_of, flagged
    from tasks.takes.frame import State, look_at

    character = project.character
    paid = project.graph.engine.facts.paid
    builder = looking_builder_of(project) if paid else paid_builder_of(project)
    measured: dict[Node, Figures] = {}
    seen: dict[Node, Features] = {}
    missing, unknown = list[str](), dict[str, list[str]]()
    for node in nodes:
        path = builder.target(node)
        as_drawn = paid_node(project, character, node)
        if as_drawn.role.is_free:
            continue
        existing = look_at(path)
        if existing.state in {State.MISSING, State.UNREADABLE}:
            missing.append(node.name)
            continue
        figures = figures_of(existing) if existing.state is State.OURS else None
        draft = bool(existing.provenance and existing.provenance.is_draft)
        try:
            image = read(path)
            features = builder.finisher.features(node, image, draft=draft)
            figures = figures or builder.finisher.look(as_drawn, image)
        except Mistake as error:
            unknown.setdefault(str(error), []).append(node.name)
            continue
        if figures:
            measured[node] = figures
        if features:
            seen[node] = features
    return _Found(flagged(measured, character.checks, seen), missing, unknown)

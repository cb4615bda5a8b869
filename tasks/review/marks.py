"""How frames are marked on the contact sheet: their flags, told anew only where a frame changed.

Reading what ten thousand frames keep of their figures takes longer than painting what changed.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tasks.graph.node import Node
from tasks.graph.project import Project
from tasks.ground.files import stamp
from tasks.takes.frame import glance_at


@dataclass(frozen=True, slots=True)
class Mark:
    """What is known of one frame."""

    seen: tuple[int, ...] = ()
    """its time and size; nothing where it is not there"""
    measured: bool = False
    """it keeps figures"""
    flags: str = ""
    """what a person should look at, a word or two"""


_UNKNOWN = Mark((-1,))


def marks(project: Project, nodes: Collection[Node], before: Mapping[str, Mark]) -> dict[str, Mark]:
    """What is known of each frame, by name. `before`: the same of the last time.

    Expressions that look alike are flagged: where the figures of one changed, all at its pose are
    told anew.
    """
    seen = {node.name: stamp(project.path_of(node)) or () for node in nodes}
    changed = [node for node in nodes if before.get(node.name, _UNKNOWN).seen != seen[node.name]]
    now = {node.name: Mark(seen[node.name], _is_measured(project, node)) for node in changed}
    poses = {
        node.pose
        for node in changed
        if now[node.name].measured or before.get(node.name, _UNKNOWN).measured
    }
    flags = _flags(project, [node for node in nodes if node.pose in poses]) if poses else {}
    found = {node.name: now.get(node.name) or before[node.name] for node in nodes}
    told_anew = {
        node.name: replace(found[node.name], flags=flags.get(node.name, ""))
        for node in nodes
        if node.pose in poses
    }
    return found | told_anew


def _is_measured(project: Project, node: Node) -> bool:
    provenance = glance_at(Path(project.path_of(node))).provenance
    return bool(provenance and provenance.checks)


def _flags(project: Project, nodes: Collection[Node]) -> dict[str, str]:
    """What is flagged of frames that are looked at."""
    from tasks.review.checks import flagged, kept_figures

    looked_at = flagged(kept_figures(project, nodes), project.character.checks)
    return {
        name: ", ".join(flag.kind for flag in checked.flags)
        for name, checked in looked_at.items()
        if checked.flags
    }


def plain(known: Mapping[str, Mark]) -> dict[str, Any]:
    """As a file keeps them."""
    return {name: [mark.measured, mark.flags, *mark.seen] for name, mark in known.items()}


def read(kept: Any) -> dict[str, Mark]:
    """What `plain` made of them; nothing of anything else."""
    try:
        return {
            name: Mark(tuple(map(int, seen)), bool(measured), str(flags))
            for name, (measured, flags, *seen) in kept.items()
        }
    except (TypeError, ValueError, AttributeError):
        return {}

"""What `doit check` flagged, for page and sheet: of each frame until it changes.

Finals keep figures in their metadata, drafts and work by hand keep none; and what shows only in the
features of a face (`eye`, `teeth`, `torn`, `stray`) is looked at by that command alone.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from tasks.graph.node import Node
from tasks.graph.project import Project
from tasks.ground import json_file
from tasks.ground.files import set_aside, stamp

if TYPE_CHECKING:  # loads OpenCV, and most sheets have nothing that was looked at
    from tasks.finish.flags import Flag, Kind
    from tasks.review.checks import Checked


@dataclass(frozen=True, slots=True)
class Look:
    """What was flagged of one frame."""

    seen: tuple[int, ...]
    """its time and size then"""
    flags: dict[str, str]
    """a line for each kind"""


@dataclass(frozen=True, slots=True)
class Looks:
    """The file: what was flagged by which thresholds."""

    thresholds: str
    frames: dict[str, Look]
    """by name"""


def keep(project: Project, found: Mapping[str, "Checked"]) -> None:
    """Keep what was found of some frames, beside what is known of others. Raises OSError."""
    known = _read(project)
    if not found and known is None:
        return
    if known is None and project.looks.exists():
        set_aside(project.looks)
    frames = dict(known.frames) if known and known.thresholds == _thresholds(project) else {}
    for name, checked in found.items():
        flags = {str(flag.kind): flag.line for flag in checked.flags}
        frames[name] = Look(stamp(project.path_of(checked.node)) or (), flags)
    here = {node.name for node in project.graph.nodes}
    rows = {name: [*look.seen, look.flags] for name, look in sorted(frames.items()) if name in here}
    document = {"thresholds": _thresholds(project), "frames": rows}
    json_file.write(project.looks, document, indent=None)


def flags_of(project: Project, nodes: Collection[Node]) -> "dict[str, tuple[Flag, ...]]":
    """The flags of those frames that are as they were looked at.

    Which look alike is said of frames together: it is known while all at a pose stay as they are.
    """
    known = _read(project)
    if known is None or known.thresholds != _thresholds(project):
        return {}
    from tasks.finish.flags import Flag

    looked_at = [node for node in nodes if node.name in known.frames]
    same = {
        node
        for node in looked_at
        if known.frames[node.name].seen == (stamp(project.path_of(node)) or ())
    }
    moved_on = {(node.costume, node.pose) for node in looked_at if node not in same}
    found = {}
    for node in same:
        rows = known.frames[node.name].flags.items()
        together = (node.costume, node.pose) in moved_on
        flags = [
            Flag(cast("Kind", kind), line) for kind, line in rows if kind != "alike" or not together
        ]
        if flags:
            found[node.name] = tuple(flags)
    return found


def also(flags: "tuple[Flag, ...]", more: "tuple[Flag, ...]") -> "tuple[Flag, ...]":
    """Flags with those of other kinds."""
    kinds = {flag.kind for flag in flags}
    return (*flags, *(flag for flag in more if flag.kind not in kinds))


def _thresholds(project: Project) -> str:
    return project.graph.checks_digest


def _read(project: Project) -> Looks | None:
    """The file; None where there is none, or none that this program wrote."""
    document = json_file.read_or_none(project.looks)
    try:
        frames = {
            str(name): Look(tuple(map(int, seen)), {str(k): str(v) for k, v in flags.items()})
            for name, (*seen, flags) in document["frames"].items()
        }
        return Looks(str(document["thresholds"]), frames)
    except json_file.UNREADABLE:
        return None

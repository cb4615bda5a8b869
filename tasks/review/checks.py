"""Checks: what was measured of each frame, what is flagged, and `checks.json` beside the frames.

The figures are kept in each frame's PNG metadata, where they were measured; flags follow from them
and from the thresholds of the config, so that other thresholds need no new measuring.
"""

import json
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from types import MappingProxyType
from typing import Any

from tasks.character.settings import Thresholds
from tasks.finish.features import Features
from tasks.finish.flags import Flag, alike, flags, of_features
from tasks.finish.measure import Figures
from tasks.graph.node import Node
from tasks.graph.project import Project
from tasks.ground import json_file
from tasks.ground.files import set_aside
from tasks.ground.locks import held
from tasks.review.checks_file import read_file, read_rows
from tasks.takes import frame
from tasks.takes.frame import Existing

_SIGNATURE = "signature"


@dataclass(frozen=True, slots=True)
class Checked:
    """One frame's figures, and what a person should look at."""

    node: Node
    figures: Figures | None
    """None where nothing but its features was looked at"""
    flags: tuple[Flag, ...]
    features: Features | None = None

    def content(self) -> dict[str, Any]:
        """As `checks.json` has it: without the signature, which is long and for programs only."""
        return {
            "flags": {flag.kind: flag.line for flag in self.flags},
            "figures": (plain(self.figures) if self.figures else {}) | self._seen(),
        }

    def _seen(self) -> dict[str, Any]:
        """The figures of its features, those that could be told."""
        seen = asdict(self.features) if self.features else {}
        return {name: value for name, value in seen.items() if value is not None}


def plain(figures: Figures) -> dict[str, Any]:
    """Figures that a person may read."""
    return {
        field.name: getattr(figures, field.name)
        for field in fields(Figures)
        if field.name != _SIGNATURE
    }


def figures_of(existing: Existing) -> Figures | None:
    """The figures that a frame keeps; None where it has none, or those of another version."""
    text = existing.provenance.checks if existing.provenance else ""
    try:
        said = json.loads(text)["figures"]
        known = {field.name for field in fields(Figures)}
        if set(said) != known:
            return None
        pairs: dict[str, Any] = {name: tuple(said[name]) for name in ("size_px", "wanted_px")}
        return Figures(**{**said, **pairs})
    except (ValueError, TypeError, KeyError, RecursionError):
        return None


def flagged(
    measured: Mapping[Node, Figures],
    thresholds: Thresholds,
    seen: Mapping[Node, Features] = MappingProxyType({}),
) -> dict[str, Checked]:
    """What is flagged, by frame; expressions that look alike are those of one pose and costume.

    `seen`: what a look at the features of frames shows, of these or others.
    """
    twins: dict[str, Flag] = {}
    for view in dict.fromkeys(map(_view, measured)):
        signatures = {
            node.name: figures.signature
            for node, figures in measured.items()
            if _view(node) == view and figures.signature
        }
        twins.update(alike(signatures, thresholds))
    found = {}
    for node in dict.fromkeys((*measured, *seen)):
        figures, features = measured.get(node), seen.get(node)
        said = flags(figures, thresholds) if figures else ()
        if features and not any(flag.kind == "blank" for flag in said):
            said += of_features(features, thresholds)
        twin = (twins[node.name],) if node.name in twins else ()
        found[node.name] = Checked(node, figures, (*said, *twin), features)
    return found


def _view(node: Node) -> tuple[str, str]:
    """What frames have in common that may look alike."""
    return node.costume, node.pose


def kept_figures(project: Project, nodes: Iterable[Node]) -> dict[Node, Figures]:
    """The figures of the frames that keep some. Reads metadata alone."""
    found = {}
    for node in nodes:
        path = Path(project.path_of(node))
        figures = figures_of(frame.glance_at(path))
        if figures:
            found[node] = figures
    return found


def update_file(
    project: Project,
    nodes: Collection[Node],
    changed: Iterable[Node],
    thresholds: Thresholds,
    moved: Callable[[Path, Path], None] = lambda _path, _to: None,
) -> dict[str, Checked]:
    """Bring `checks.json` up to date after frames were finished; what was looked at for that.

    `nodes`: all frames; `changed`: those that were finished. Only frames at the poses of these are
    read: they alone may look alike now; of a file that is damaged, or not there, all.
    `moved` is told of one that was set aside.
    """
    whole = read_rows(project)
    views = {_view(node) for node in (changed if whole is not None else nodes)}
    beside = [node for node in nodes if _view(node) in views]
    looked_at = flagged(kept_figures(project, beside), thresholds)
    with held(project.store / "checks.lock"):
        aside = whole is None and project.checks.exists() and set_aside(project.checks)
        names = {node.name for node in nodes}
        redone = {node.name for node in beside}
        before = read_file(project)
        kept = {n: c for n, c in before.items() if n in names and n not in redone}
        rows = {**kept, **{name: checked.content() for name, checked in looked_at.items()}}
        json_file.write(project.checks, dict(sorted(rows.items())))
    if aside:
        moved(project.checks, aside)
    return looked_at

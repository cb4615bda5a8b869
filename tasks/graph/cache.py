"""The graph of a project, planned anew only when something changed.

It is kept beside doit's database, under the digest of all that it was made from, so that a run
that has nothing to draw need not even parse the config.
"""

import contextlib
import hashlib
import os
from collections.abc import Iterator
from dataclasses import asdict, fields
from operator import attrgetter
from pathlib import Path
from typing import Any

from tasks.graph.node import Graph, Node, Outfit, Role, Strip
from tasks.graph.project import Project
from tasks.ground import json_file
from tasks.ground.digest import digest_of
from tasks.ground.errors import Mistake
from tasks.ground.files import read_file, stamp
from tasks.ground.ids import nearest
from tasks.models.engines import BUILT_IN, facts_of
from tasks.requests.engine import Choice

CACHE_FILE, CHECKED_FILE = ".doit.graph.json", ".doit.character.json"
"""the graph, and the config as it was checked for it (`tasks.character.known`)"""


def read_graph(project: Project) -> Graph:
    """The project's graph, from the cache where nothing changed. Raises `Mistake`."""
    key = _cache_key(project)
    cache = project.folder / CACHE_FILE
    graph = _cached(cache, key)
    if graph is None:
        from tasks.graph.keyframes import plan

        graph = plan(project)
        _keep(cache, key, graph)
        if project.newly_checked:
            _write(project.folder / CHECKED_FILE, project.newly_checked.plain())
    _check_sources(project, graph)
    return graph


def _check_sources(project: Project, graph: Graph) -> None:
    """Every portrait that the artist has to give is there."""
    built = {project.path_of(node) for node in graph.nodes}
    portraits = {n.source: n.costume for n in reversed(graph.nodes) if n.source not in built}
    masks = {n.second: n.costume for n in reversed(graph.nodes) if n.second}
    lines = [
        _missing(Path(path), what, f"costumes.{named[path]}.{key}" if named[path] else key)
        for named, what, key in (
            (portraits, "the portrait", "base_image"),
            (masks, "the picture", "face.over"),
        )
        for path in sorted(named)
        if not _is_file(path)
    ]
    if lines:
        raise Mistake("\n".join(lines))


def _is_file(path: str) -> bool:
    try:
        return Path(path).is_file()
    except OSError:  # a name that is too long for any file
        return False


def _missing(path: Path, what: str, key: str) -> str:
    """A picture that is not there, and a file beside it that was probably meant."""
    beside = [p.name for p in path.parent.iterdir() if p.is_file()] if path.parent.is_dir() else []
    near = nearest(path.name, beside)
    meant = f'; did you mean "{path.with_name(near)}"?' if near else ""
    return f"{what} {path} is not there ({key}){meant}"


def _cache_key(project: Project) -> str:
    """The digest of all that a plan is made from: config, command line, environment, program."""
    try:
        config = hashlib.sha256(read_file(project.config)).hexdigest()
    except OSError:
        config = ""
    given = list(project.variables.given)
    return digest_of([config, given, project.has_key, project.official_endpoint, program()])


def program() -> list[tuple[str, int]]:
    """What tells one version of the program from another: its files, each with its time."""
    return sorted(_code(os.path.dirname(os.path.dirname(__file__))))  # noqa: PTH120 - quicker, in every run


def _code(folder: str) -> Iterator[tuple[str, int]]:
    """The program's files, each with its time."""
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.endswith(".py"):
                yield entry.path, entry.stat().st_mtime_ns
            elif entry.is_dir() and entry.name != "__pycache__":
                yield from _code(entry.path)


def _cached(cache: Path, key: str) -> Graph | None:
    """The kept graph, if it is that of `key`; None for any other, and for a damaged file."""
    try:
        kept = json_file.read(cache)
        same = kept["key"] == key and kept["graph"]["engine"][2] == _said_by(kept["graph"])
        graph = _decoded(kept["graph"]) if same else None
        return graph if graph and kept["portraits"] == _stamps(graph) else None
    except (*json_file.UNREADABLE, Mistake):
        return None


def _keep(cache: Path, key: str, graph: Graph) -> None:
    document = {"key": key, "portraits": _stamps(graph), "graph": _encoded(graph)}
    _write(cache, document)


def _write(path: Path, document: dict[str, Any]) -> None:
    with contextlib.suppress(OSError):  # a folder that cannot be written can still be listed
        json_file.write(path, document, indent=None)


def _stamps(graph: Graph) -> list[list[int] | None]:
    """The times and sizes of the portraits, whose own size may be that of the frames."""
    seen = (stamp(outfit.base_image) for outfit in graph.outfits)
    return [list(each) if each else None for each in seen]


def _names(of: type[Any]) -> tuple[str, ...]:
    return tuple(field.name for field in fields(of))


_NODE, _STRIP, _OUTFIT = _names(Node), _names(Strip), _names(Outfit)
_node_values, _strip_values = attrgetter(*_NODE), attrgetter(*_STRIP)
_outfit_values = attrgetter(*_OUTFIT)
_PLACE = _NODE.index("place")
"""from here on a keyframe's fields have their defaults, which are left out"""


def _encoded(graph: Graph) -> dict[str, Any]:
    """A graph as plain data: its frames as rows of their fields."""
    return {name: getattr(graph, name) for name in _names(Graph)} | {
        "engine": [graph.engine.name, graph.engine.why, _facts_digest(graph.engine.name)],
        "nodes": [_node_values(node)[:_PLACE] for node in graph.nodes],
        "tweens": [_node_values(node) for node in graph.tweens],
        "sequences": [_strip_values(strip) for strip in graph.sequences],
        "costumes": [_outfit_values(outfit) for outfit in graph.costumes],
    }


def _said_by(kept: dict[str, Any]) -> str:
    return _facts_digest(kept["engine"][0])


def _facts_digest(engine: str) -> str:
    """What an engine of another package says of itself; the program's own change with its code."""
    return "" if engine in BUILT_IN else digest_of(asdict(facts_of(engine)))


def _decoded(kept: dict[str, Any]) -> Graph:
    """The graph that `_encoded` made this of."""
    return Graph(
        **kept
        | {
            "engine": Choice(*kept["engine"][:2]),
            "poses": tuple(kept["poses"]),
            "size_px": tuple(kept["size_px"]),
            "drawn_poses": tuple(kept["drawn_poses"]),
            "timelines": tuple((name, text) for name, text in kept["timelines"]),
            "nodes": tuple(_node(row) for row in kept["nodes"]),
            "tweens": tuple(_node(row) for row in kept["tweens"]),
            "sequences": tuple(_strip(row) for row in kept["sequences"]),
            "exports": tuple((name, digest) for name, digest in kept["exports"]),
            "costumes": tuple(Outfit(*row) for row in kept["costumes"]),
        }
    )


def _node(row: list[Any]) -> Node:
    row[_NODE.index("role")] = Role(row[_NODE.index("role")])
    return Node(**dict(zip(_NODE, row, strict=False)))


def _strip(row: list[Any]) -> Strip:
    row[_STRIP.index("files")] = tuple(row[_STRIP.index("files")])
    return Strip(**dict(zip(_STRIP, row, strict=True)))

"""The graph of a project, planned anew only when something changed.

It is kept beside doit's database, under the digest of all that it was made from, so that a run
that has nothing to draw need not even parse the config.
"""

import contextlib
import hashlib
import json
import os
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from tasks.graph.node import Graph, Node, Strip
from tasks.graph.project import Project
from tasks.ground.digest import digest_of
from tasks.ground.errors import Mistake
from tasks.ground.files import write_whole
from tasks.ground.ids import nearest
from tasks.requests.engine import Choice

CACHE_FILE = ".doit.graph.json"


@lru_cache(maxsize=4)
def read_graph(project: Project) -> Graph:
    """The project's graph, from the cache where nothing changed. Raises `Mistake`."""
    key = _cache_key(project)
    cache = project.folder / CACHE_FILE
    graph = _cached(cache, key)
    if graph is None:
        from tasks.graph.keyframes import plan

        graph = plan(project)
        _keep(cache, key, graph)
    _check_sources(project, graph)
    return graph


def _check_sources(project: Project, graph: Graph) -> None:
    """Every portrait that the artist has to give is there."""
    built = {project.target(node.expression, node.pose) for node in graph.nodes}
    missing = sorted({n.source for n in graph.nodes} - built)
    lines = [_missing(Path(path)) for path in missing if not _is_file(path)]
    if lines:
        raise Mistake("\n".join(lines))


def _is_file(path: str) -> bool:
    try:
        return Path(path).is_file()
    except OSError:  # a name that is too long for any file
        return False


def _missing(path: Path) -> str:
    """A portrait that is not there, and a file beside it that was probably meant."""
    beside = [p.name for p in path.parent.iterdir() if p.is_file()] if path.parent.is_dir() else []
    near = nearest(path.name, beside)
    meant = f'; did you mean "{path.with_name(near)}"?' if near else ""
    return f"the portrait {path} is not there (base_image){meant}"


def _cache_key(project: Project) -> str:
    """The digest of all that a plan is made from: config, command line, environment, program."""
    try:
        config = hashlib.sha256(project.config.read_bytes()).hexdigest()
    except OSError:
        config = ""
    given = list(project.variables.given)
    code = sorted(_code(os.path.dirname(os.path.dirname(__file__))))  # noqa: PTH120 - quicker, in every run
    return digest_of([config, given, project.has_key, project.official_endpoint, code])


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
        kept = json.loads(cache.read_bytes())
        if kept["key"] != key:
            return None
        return Graph(
            Choice(*kept["engine"]),
            tuple(kept["poses"]),
            tuple(kept["drawn_poses"]),
            tuple(Node(*row) for row in kept["nodes"]),
            tuple(Node(*row) for row in kept["tweens"]),
            tuple(Strip(n, p, o, tuple(f), d) for n, p, o, f, d in kept["sequences"]),
            kept["base_image"],
            kept["face_digest"],
            kept["face_mask"],
            kept["checks_digest"],
        )
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return None


def _keep(cache: Path, key: str, graph: Graph) -> None:
    document = {
        "key": key,
        "engine": [graph.engine.name, graph.engine.why],
        "poses": graph.poses,
        "drawn_poses": graph.drawn_poses,
        "nodes": [_row(node) for node in graph.nodes],
        "tweens": [_tween_row(node) for node in graph.tweens],
        "sequences": [[s.name, s.path, s.owner, s.files, s.digest] for s in graph.sequences],
        "base_image": graph.base_image,
        "face_digest": graph.face_digest,
        "face_mask": graph.face_mask,
        "checks_digest": graph.checks_digest,
    }
    with contextlib.suppress(OSError):  # a folder that cannot be written can still be listed
        write_whole(cache, json.dumps(document).encode())


def _row(node: Node) -> list[str]:
    return [node.expression, node.pose, node.role, node.source, node.digest]


def _tween_row(node: Node) -> list[str | float]:
    return [
        *_row(node),
        *(node.second, node.place, node.at, node.closer_than, node.towards, node.towards_pose),
    ]

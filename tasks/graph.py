"""The graph: which frames there are, what each is drawn from, and what of the config it reads.

Planning reads the config and nothing else. Its result is kept beside doit's database under the
digest of all that it was made from, so that a run that has nothing to draw need not parse.
"""

import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import astuple, dataclass, replace
from functools import lru_cache
from pathlib import Path

from tasks.character import NEUTRAL, Character, Expression, Pose
from tasks.engine import ENGINES, Choice
from tasks.errors import Mistake
from tasks.files import write_whole
from tasks.ids import nearest
from tasks.models import facts_of
from tasks.project import Project, engine_choice, read_character
from tasks.prompt import extreme_prompt, tilt_prompt
from tasks.request import InputPicture, Request, Rig, digest_of
from tasks.variables import ALL_POSES

FIT, EXTREME, TILT, RIG = "fit", "extreme", "tilt", "rig"
"""what is done for a frame: take the artist's portrait; draw another expression; draw the neutral
with its head turned; move the base portrait"""

CACHE_FILE = ".doit.graph.json"


@dataclass(frozen=True, slots=True)
class Node:
    """One frame of the graph."""

    expression: str
    pose: str
    role: str
    source: str
    """path of the picture that it is made from"""
    digest: str
    """of the part of the config that it reads, resolved: equal digests, equal requests"""

    @property
    def name(self) -> str:
        """As in its task's and its file's name."""
        return f"{self.expression}__{self.pose}"


@dataclass(frozen=True, slots=True)
class Graph:
    """All frames of a project, and what `doit` alone draws of them."""

    engine: Choice
    poses: tuple[str, ...]
    drawn_poses: tuple[str, ...]
    """the poses that `doit` alone draws"""
    nodes: tuple[Node, ...]


@lru_cache(maxsize=4)
def read_graph(project: Project) -> Graph:
    """The project's graph, from the cache where nothing changed. Raises `Mistake`."""
    key = _cache_key(project)
    cache = project.folder / CACHE_FILE
    graph = _cached(cache, key)
    if graph is None:
        graph = plan(project, read_character(project))
        _keep(cache, key, graph)
    _check_sources(project, graph)
    return graph


def plan(project: Project, character: Character) -> Graph:
    """The graph of a character. Pure: it reads no file but what `project` already holds."""
    choice = engine_choice(project, character)
    nodes = tuple(
        _node(project, character, choice.name, expression, pose)
        for pose in character.poses
        for expression in _expressions_at(character, choice, pose)
    )
    wanted = project.variables.pose or character.default_pose
    poses = tuple(character.poses)
    return Graph(choice, poses, poses if wanted == ALL_POSES else (wanted,), nodes)


def request_for(
    character: Character, engine: str, node: Node, pictures: tuple[InputPicture, ...] = ()
) -> Request:
    """What `engine` is asked for the frame `node`, shown `pictures`."""
    return _request(
        character,
        engine,
        node.role,
        character.expression(node.expression),
        character.poses[node.pose],
        pictures,
    )


def image_prompt(project: Project, character: Character, node: Node) -> str:
    """What an image model would be told for a frame, whichever engine this run uses.

    Empty where nothing is drawn, since the frame is the artist's own portrait.
    """
    role, source = _role(project, character, "openai", node.expression, node.pose)
    if role == FIT:
        return ""
    return request_for(character, "openai", replace(node, role=role, source=source)).prompt


def _expressions_at(character: Character, choice: Choice, pose: str) -> Iterator[str]:
    """The neutral first: at a pose without a picture of its own, all others are drawn from it."""
    needed = not choice.facts.from_base and character.base_image_of(pose) is None
    if NEUTRAL in character.expressions or needed:
        yield NEUTRAL
    yield from (name for name in character.expressions if name != NEUTRAL)


def _node(project: Project, character: Character, engine: str, name: str, pose: str) -> Node:
    role, source = _role(project, character, engine, name, pose)
    expression = character.expression(name)
    asked = (
        {"size_px": list(character.generation.size_px)}
        if role == FIT
        else _request(character, engine, role, expression, character.poses[pose], ()).asked()
    )
    target = str(project.target(name, pose))
    part = {"target": target, "role": role, "source": source, "asked": asked}
    return Node(name, pose, role, source, digest_of(part))


def _role(
    project: Project, character: Character, engine: str, name: str, pose: str
) -> tuple[str, str]:
    """What is done for a frame, and from which picture."""
    own = character.base_image_of(pose)
    base = str(project.input_path(character.base_image))
    include_neutral = character.generation.include_neutral
    if name == NEUTRAL and own and not include_neutral:
        return FIT, str(project.input_path(own))
    if ENGINES[engine].from_base:
        return RIG, base
    if own:
        return EXTREME, str(project.input_path(own))
    if name == NEUTRAL:
        return TILT, base
    return EXTREME, str(project.target(NEUTRAL, pose))


def _request(
    character: Character,
    engine: str,
    role: str,
    expression: Expression,
    pose: Pose,
    pictures: tuple[InputPicture, ...],
) -> Request:
    generation = character.generation
    if role == RIG:
        return Request(
            engine,
            generation.size_px,
            pictures,
            parameters={"version": str(ENGINES[engine].version)},
            rig=Rig(expression.blendshapes, pose.head, character.face),
        )
    compose = tilt_prompt if role == TILT else extreme_prompt
    parameters = {"quality": generation.quality, "background": generation.background}
    facts = facts_of(generation.model)
    if facts and facts.high_fidelity:
        parameters["input_fidelity"] = "high"
    return Request(
        engine,
        generation.size_px,
        pictures,
        prompt=compose(character, pose, expression),
        model=generation.model,
        parameters=parameters,
    )


def _check_sources(project: Project, graph: Graph) -> None:
    """Every portrait that the artist has to give is there."""
    built = {str(project.target(node.expression, node.pose)) for node in graph.nodes}
    missing = sorted({n.source for n in graph.nodes} - built)
    lines = [_missing(Path(path)) for path in missing if not Path(path).is_file()]
    if lines:
        raise Mistake("\n".join(lines))


def _missing(path: Path) -> str:
    """A portrait that is not there, and a file beside it that was probably meant."""
    beside = [p.name for p in path.parent.iterdir()] if path.parent.is_dir() else []
    near = nearest(path.name, beside)
    meant = f'; did you mean "{path.with_name(near)}"?' if near else ""
    return f"the portrait {path} is not there (base_image){meant}"


def _cache_key(project: Project) -> str:
    """The digest of all that a plan is made from: config, command line, environment, program."""
    try:
        config = hashlib.sha256(project.config.read_bytes()).hexdigest()
    except OSError:
        config = ""
    code = [
        (entry.name, entry.stat().st_mtime_ns)
        for entry in os.scandir(Path(__file__).parent)
        if entry.name.endswith(".py")
    ]
    given = list(project.variables.given)
    return digest_of([config, given, project.has_key, project.official_endpoint, sorted(code)])


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
        )
    except (OSError, ValueError, TypeError, KeyError):
        return None


def _keep(cache: Path, key: str, graph: Graph) -> None:
    document = {
        "key": key,
        "engine": astuple(graph.engine),
        "poses": graph.poses,
        "drawn_poses": graph.drawn_poses,
        "nodes": [astuple(node) for node in graph.nodes],
    }
    write_whole(cache, json.dumps(document).encode())

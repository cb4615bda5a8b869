"""The tasks of sequences: one for every frame, one for every manifest, a group for every path."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from doit.exceptions import TaskFailed

from tasks.build.step import Step
from tasks.graph.node import Node, Strip
from tasks.ground.errors import Mistake, line_of
from tasks.ground.ids import costume_of
from tasks.running.free_task import guarded
from tasks.running.freshness import ConfigSlice
from tasks.running.session import Session
from tasks.running.task_facts import TaskFacts
from tasks.sequences.names import MANIFEST
from tasks.targets.endpoints import draw_frame, frame_slice, frame_task

_LEFT = {Step.ADOPT.value, Step.KEEP_BY_HAND.value, Step.KEEP_APPROVED.value, Step.KEEP_FINAL.value}


def task_sequences(session: Session) -> Iterator[dict[str, Any]]:
    """draw the frames between keyframes"""
    project, graph = session.project, session.graph
    config = str(project.config)
    # Sequences that show the pictures of another have to be told when these change.
    showing: dict[str, list[Strip]] = {}
    for strip in graph.sequences:
        showing.setdefault(strip.owner, []).append(strip)
    for node in graph.tweens:
        owner, _, file = node.place.rpartition("/")
        # Only of what they show: the others may come when their manifest is written already.
        shown_in = (strip for strip in showing.get(owner, ()) if file in strip.files)
        folders = [project.sequence_path(strip.name) for strip in shown_in]
        yield {
            "name": node.name,
            "actions": [(draw_tween, [session, node, folders])],
            "file_dep": [ConfigSlice(config, frame_slice(session, node)), *node.sources],
            **frame_task(node, project.path_of(node)),
        }
    yield from _manifests(session, config)
    yield from _paths(graph.sequences)


def _manifests(session: Session, config: str) -> Iterator[dict[str, Any]]:
    project = session.project
    for strip in session.graph.sequences:
        frames = [f"{strip.owner}/{file}" for file in strip.files]
        task = {
            "name": strip.name,
            "actions": [(write_manifest, [session, strip])],
            "file_dep": [
                ConfigSlice(config, strip.digest),
                *(project.sequence_path(place) for place in frames),
            ],
            "targets": [project.sequence_path(f"{strip.name}/{MANIFEST}")],
            "io": {"capture": False},
            "verbosity": 0,
            "meta": TaskFacts(frames=tuple(map(_task_of, frames))).meta(),
        }
        yield guarded(task, _is_manifest)


def _is_manifest(path: Path) -> bool:
    from tasks.sequences.manifest import is_manifest

    return is_manifest(path.parent)


def _task_of(place: str) -> str:
    """The task of a frame of a sequence, by its place."""
    return f"sequences:{':'.join(place.removesuffix('.png').rsplit('/', 1))}"


def _paths(sequences: tuple[Strip, ...]) -> Iterator[dict[str, Any]]:
    """A group for each path: the path at all of its poses."""
    paths: dict[str, list[str]] = {}
    for strip in sequences:
        paths.setdefault(strip.path, []).append(f"sequences:{strip.name}")
    for path, names in paths.items():
        yield {"name": path, "actions": None, "task_dep": names}


def draw_tween(
    session: Session, node: Node, folders: list[str], new_take: bool, new_takes: int
) -> dict[str, Any] | TaskFailed:
    """The action of a frame's task; manifests of what changed are withdrawn, to be written anew."""
    # Loaded by runs that draw, not by those that only look what is out of date.
    from tasks.sequences.manifest import withdraw

    done = draw_frame(session, node, new_take, new_takes)
    if isinstance(done, dict) and done["step"] not in _LEFT:
        for folder in folders:
            withdraw(Path(folder))
    return done


def write_manifest(session: Session, strip: Strip) -> TaskFailed | None:
    """The action of a sequence's own task: say what there is, once all of it is there."""
    from tasks.sequences.manifest import manifest, write

    try:
        size_px = session.character.generation.size_px
        document = manifest(session.sequences[costume_of(strip.name)[1]], size_px)
        folder = Path(session.project.sequence_path(strip.name))
        folder.mkdir(parents=True, exist_ok=True)
        write(folder, document)
    except (Mistake, OSError) as error:
        return TaskFailed(line_of(error))
    return None

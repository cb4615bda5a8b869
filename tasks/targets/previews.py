"""The tasks of previews: each sequence as a film that plays there and back, in real time."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from doit.exceptions import TaskFailed

from tasks.graph.project import Project
from tasks.ground.errors import Mistake, line_of
from tasks.ground.made import remove
from tasks.running.free_task import guarded
from tasks.running.freshness import ConfigSlice
from tasks.running.session import Session
from tasks.running.task_facts import TaskFacts
from tasks.sequences.names import MANIFEST

_HOLD_MS = 400
"""how long an end is held before the film goes back"""


def task_previews(session: Session) -> Iterator[dict[str, Any]]:
    """show every sequence as a film (format=webp, apng, mp4 or webm)"""
    project, graph = session.project, session.graph
    ending = project.variables.of_command.get("format", "webp")
    ending = ending if ending in {"webp", "apng", "mp4", "webm"} else "webp"
    config = str(project.config)
    for strip in graph.sequences:
        target = str(project.previews / f"{strip.name}.{ending}")
        frames = [project.sequence_path(f"{strip.owner}/{file}") for file in strip.files]
        task = {
            "name": strip.name,
            "actions": [(film, [project, strip.name, target])],
            "file_dep": [
                # One task for all formats: what was made of one says nothing of another's film.
                ConfigSlice(config, f"{strip.digest}:{ending}"),
                project.sequence_path(f"{strip.name}/{MANIFEST}"),
                *frames,
            ],
            "targets": [target],
            "clean": [(remove, [target])],
            "io": {"capture": False},
            "verbosity": 0,
            "meta": TaskFacts(shows="Preview").meta(),
        }
        yield guarded(task)


def film(project: Project, sequence: str, target: str) -> TaskFailed | None:
    """The action of a preview's task."""
    from tasks.exports.film import Shot, there_and_back, write
    from tasks.sequences.manifest import read

    try:
        first, *middle, last = read(Path(project.sequence_path(sequence))).frames
        held = [
            Shot(first.path, first.shown_ms + _HOLD_MS),
            # Of many pictures in a short time, some have none of it.
            *(Shot(frame.path, frame.shown_ms) for frame in middle if frame.shown_ms),
            Shot(last.path, last.shown_ms + _HOLD_MS),
        ]
        write(Path(target), there_and_back(held))
    except (Mistake, OSError) as error:
        return TaskFailed(line_of(error))
    return None

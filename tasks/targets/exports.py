"""The tasks of exports: frames in the forms that other programs use, a folder each."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from doit.exceptions import TaskFailed

from tasks.exports.output import LISTING
from tasks.exports.table import EXPORTS, OF_TIMELINES, WITH_TIMELINES
from tasks.graph.named_timelines import timelines_of
from tasks.graph.project import Project
from tasks.ground.digest import digest_of
from tasks.ground.errors import Mistake, line_of
from tasks.ground.files import stamp
from tasks.running.free_task import rebuilt
from tasks.running.freshness import ConfigSlice
from tasks.running.session import Session
from tasks.running.task_facts import TaskFacts
from tasks.sequences.names import MANIFEST


def task_exports(session: Session) -> Iterator[dict[str, Any]]:
    """put the frames into the forms of other programs (docs/exports.md)"""
    project, graph = session.project, session.graph
    said = dict(graph.exports)
    spoken = [named.name for named in timelines_of(project, graph.timelines)]
    for name in {**EXPORTS, **said}:
        if name in OF_TIMELINES and not spoken and name not in said:
            continue
        timelines = spoken if name in WITH_TIMELINES else []
        target = project.exports / name / LISTING
        task = {
            "name": name,
            "actions": [(make, [project, name, timelines])],
            "file_dep": [ConfigSlice(str(project.config), said.get(name, ""))],
            # As of the contact sheet: what is there is exported, and nothing is drawn for its sake
            # beyond what `doit` alone draws.
            "task_dep": [
                *(f"endpoints:*__{pose}" for pose in graph.drawn_poses),
                *(f"timelines:{timeline}:plan" for timeline in timelines),
            ],
            "uptodate": [(same_files, [session, target.parent, timelines])],
            "targets": [str(target)],
            "clean": [(remove, [str(target.parent)])],
            "io": {"capture": False},
            "verbosity": 0,
            "meta": TaskFacts(shows="Export", comes_last=True).meta(),
        }
        yield rebuilt(task)


def same_files(
    task: Any,
    values: dict[str, Any],
    session: Session,
    folder: Path,
    timelines: list[str],
) -> bool:
    """Whether frames and plans are those of the last export, and its files as it wrote them."""

    project, graph = session.project, session.graph

    def seen() -> str:
        from tasks.exports.output import listed

        frames = [project.path_of(node) for node in graph.nodes]
        frames += [project.sequence_path(f"{strip.name}/{MANIFEST}") for strip in graph.sequences]
        frames += [project.sequence_path(node.place) for node in graph.tweens]
        frames += [
            str(project.timelines / name / part)
            for name in timelines
            for part in ("plan.json", "frames/manifest.json")
        ]
        made = [str(folder / place) for place in listed(folder)]
        return digest_of([[path, stamp(path)] for path in [*frames, *made]])

    task.value_savers.append(lambda: {"seen": seen()})
    return values.get("seen") == seen()


def make(project: Project, name: str, timelines: list[str]) -> TaskFailed | dict[str, Any]:
    """The action of an export's task."""
    from tasks.character.export import ExportSettings
    from tasks.exports.cast import read_casts
    from tasks.exports.output import Output
    from tasks.exports.plans import check, some
    from tasks.exports.table import BESIDE, EXPORTS, IN_FOLDERS, check_options, load

    try:
        export = load(name)
        character = project.character
        settings = character.exports.get(name, ExportSettings())
        check_options(name, settings.options)
        cast, *others = read_casts(project, character, settings, timelines)
        costumes = EXPORTS[name].costumes if name in EXPORTS else IN_FOLDERS
        if costumes == BESIDE:
            cast = replace(cast, costumes=tuple(others))
        if name in OF_TIMELINES:
            some(cast)
        with Output(project.exports / name) as out:
            notes = export(cast, out)
            for worn in others if costumes == IN_FOLDERS else ():
                said = export(worn, out.within(worn.costume))
                notes += [f"{worn.costume}: {note}" for note in said]
            out.commit(name, notes)
        check(cast)
    except (Mistake, OSError) as error:
        return TaskFailed(f"exports:{name}: {line_of(error)}")
    return {"notes": [f"{name}: {note}" for note in notes]}


def remove(folder: str, dryrun: bool) -> None:
    """What `doit clean` does: delete what the export wrote and nobody touched since."""
    from tasks.exports.output import withdraw

    if not dryrun:
        withdraw(Path(folder))

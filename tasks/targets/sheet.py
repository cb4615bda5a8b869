"""The contact sheet: every frame in one labelled picture, expressions down and poses across."""

import datetime
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from doit.exceptions import TaskFailed

from tasks.graph.node import Graph, Node, Outfit
from tasks.graph.project import Project
from tasks.ground.digest import digest_of
from tasks.ground.files import stamp
from tasks.ground.ids import with_costume
from tasks.ground.say import say
from tasks.pictures.own_picture import remove_picture, write_own
from tasks.running.free_task import rebuilt
from tasks.running.freshness import ConfigSlice
from tasks.running.session import Session
from tasks.running.task_facts import TaskFacts

if TYPE_CHECKING:
    from tasks.finish.flags import Flag
    from tasks.review.contact_sheet import FaceBox, Faces
    from tasks.review.marks import Mark


def task_sheet(session: Session) -> dict[str, Any]:
    """show all frames in one labelled picture (format=pdf: on pages of A4)"""
    project, graph = session.project, session.graph
    paths = [project.path_of(node) for node in graph.nodes]
    names = [node.name for node in graph.nodes]
    # One task for both forms: what was made of one says nothing of the other.
    layout = digest_of(
        [names, graph.drawn_poses, graph.checks_digest, *graph.faces, project.sheet.suffix]
    )
    task = {
        "actions": [(draw_sheet, [session])],
        "file_dep": [ConfigSlice(str(project.config), layout)],
        # Not file dependencies: frames at poses that `doit` does not draw are shown as they are,
        # and must not be drawn, and paid for, for the sake of a sheet; and a frame that could not
        # be drawn is shown as such.
        "task_dep": [f"endpoints:*__{pose}" for pose in graph.drawn_poses],
        "uptodate": [(same_frames, [session, paths])],
        "targets": [str(project.sheet)],
        "clean": [(remove_picture, [str(project.sheet)])],
        "io": {"capture": False},
        "verbosity": 0,
        "meta": TaskFacts(shows="Contact sheet", comes_last=True).meta(),
    }
    return rebuilt(task)


def same_frames(task: Any, values: dict[str, Any], session: Session, paths: list[str]) -> bool:
    """Whether the frames on disk are those of the last sheet, by time and size.

    A sheet that marks what failed in its run is drawn anew: in the end it depends on the frames
    and the config alone.
    """
    # what `doit check` flagged is shown too
    paths = [*paths, str(session.project.looks)]
    seen = _seen(paths)
    # Asked twice of a task that is out of date, and saved once: of thousands it takes its time.
    if not any(isinstance(saver, _Saved) for saver in task.value_savers):
        task.value_savers.append(_Saved(session, paths))
    return bool(values.get("seen") == seen and not values.get("marks"))


@dataclass(frozen=True, slots=True)
class _Saved:
    """What is kept of a sheet that was drawn."""

    session: Session
    paths: list[str]

    def __call__(self) -> dict[str, Any]:
        return {"seen": _seen(self.paths), "marks": bool(self.session.failures)}


def _seen(paths: list[str]) -> str:
    return digest_of([[path, stamp(path)] for path in paths])


def draw_sheet(session: Session) -> TaskFailed | None:
    """The action of the sheet's task."""
    # Pillow is imported here, and not by a run that has nothing to draw.
    from tasks.review import looks, marks, sheet_file
    from tasks.review.contact_sheet import Cell, Sheet

    project, graph = session.project, session.graph
    record = project.folder / sheet_file.RECORD_FILE
    before = sheet_file.read_record(record)
    failed = {name.partition(":")[2] for name in session.failures}
    shown = _shown(project, graph)
    same_thresholds = before.get("thresholds") == graph.checks_digest
    known = marks.read(before.get("marks")) if same_thresholds else {}
    known = marks.marks(project, shown, known)
    looked_at = looks.flags_of(project, shown)
    cells = {
        (node.subject, node.pose): Cell(
            Path(project.path_of(node)),
            node.name in failed,
            _listed(known[node.name].flags, looked_at.get(node.name, ())),
            known[node.name].seen,
        )
        for node in shown
    }
    title, day = project.folder.resolve().name, _day(known.values())
    in_file, faces = _faces(project, before)
    if project.sheet.suffix == ".pdf":
        from tasks.review.print_sheet import pdf

        return write_own(project.sheet, pdf(title, cells, day, faces), say)
    made = sheet_file.paint(Sheet(title, cells, faces, day.isoformat()), project.sheet, before)
    not_written = write_own(project.sheet, made.data, say)
    if not not_written:
        kept = {"thresholds": graph.checks_digest, "marks": marks.plain(known), "faces": in_file}
        sheet_file.keep(record, made.record | kept)
    return not_written


def _listed(known: str, looked_at: "Iterable[Flag]") -> str:
    """The kinds of flags that a frame's own figures and a look at it give, each once."""
    kinds = [*known.split(", "), *(flag.kind for flag in looked_at)]
    return ", ".join(dict.fromkeys(kind for kind in kinds if kind))


def _day(frames: Iterable["Mark"]) -> datetime.date:
    """That of the newest frame: a sheet depends on its frames and the config alone."""
    newest = max((mark.seen[0] / 1e9 for mark in frames if mark.seen), default=0.0)
    return datetime.datetime.fromtimestamp(newest, datetime.UTC).date()


def _faces(project: Project, before: Mapping[str, Any]) -> tuple[dict[str, Any], "Faces"]:
    """By costume, where the face is in the frames, where it is too small in them to be judged.

    Also as the sheet's record keeps it, by all that decides it: a run that draws one frame need not
    read the portrait for that, nor the config.
    """
    graph, kept = project.graph, before.get("faces")
    in_file: dict[str, Any] = {}
    for outfit in graph.outfits:
        portrait = outfit.base_image
        key = digest_of([outfit.face_digest, graph.size_px, portrait, stamp(portrait)])
        known = kept.get(outfit.name) if isinstance(kept, dict) else None
        match known:
            case [
                str() as of,
                [float() | int(), float() | int(), float() | int(), float() | int()] | None as box,
            ] if of == key:
                in_file[outfit.name] = [key, box]
            case _:
                in_file[outfit.name] = [key, _looked_up(project, outfit)]
    return in_file, {name: tuple(box) for name, (_, box) in in_file.items() if box}


def _looked_up(project: Project, outfit: Outfit) -> "FaceBox | None":
    from tasks.character.face_unit import in_frame
    from tasks.ground.boxes import inner_box
    from tasks.ground.errors import Mistake
    from tasks.pictures.picture import size_of
    from tasks.review.page.thumbnails import face_box

    character = project.character.wearing(outfit.name)
    size_px = character.generation.size_px
    try:
        inner = inner_box(size_of(Path(outfit.base_image)), size_px)
    except Mistake:
        return None
    return face_box(in_frame(character.face, inner, size_px), size_px[0] / size_px[1])


def _shown(project: Project, graph: Graph) -> list[Node]:
    """The frames on the sheet: all at the poses that `doit` draws, else those that are there."""
    there = {
        with_costume(outfit.name, name)
        for outfit in graph.outfits
        if (folder := project.frames_of(outfit.name)).is_dir()
        for name in os.listdir(folder)  # noqa: PTH208
    }
    return [
        node
        for node in graph.nodes
        if node.pose in graph.drawn_poses or f"{node.name}.png" in there
    ]

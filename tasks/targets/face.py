"""`doit face`: the portrait with its landmarks named on it, and the edge of what may move."""

from dataclasses import replace
from typing import Any

from doit.exceptions import TaskFailed

from tasks.graph.project import Project
from tasks.ground.digest import digest_of
from tasks.ground.errors import Mistake
from tasks.ground.files import stamp
from tasks.ground.say import say
from tasks.pictures.own_picture import remove_picture, write_picture
from tasks.running.free_task import rebuilt
from tasks.running.freshness import ConfigSlice
from tasks.running.session import Session
from tasks.running.task_facts import TaskFacts
from tasks.targets.face_finder import propose_landmarks


def task_face(session: Session) -> dict[str, Any]:
    """show the landmarks on the base portrait, given and derived, and the region of the face"""
    project, graph = session.project, session.graph
    finds = bool(session.options.get("find") or session.options.get("serve"))
    outfits = {outfit.name: outfit for outfit in graph.outfits}
    # Of a costume that there is not, the action says so.
    outfit = outfits.get(project.costume)
    known, outfit = bool(outfit), outfit or outfits[""]
    task = {
        "actions": [_action(session)],
        "file_dep": [ConfigSlice(str(project.config), outfit.face_digest), outfit.base_image],
        "uptodate": [(same_region, [project]) if known and not finds else False],
        "targets": [str(project.landmarks)],
        "clean": [(remove_picture, [str(project.landmarks)])],
        "io": {"capture": False},
        "verbosity": 0,
        "meta": TaskFacts(shows="Landmarks").meta(),
    }
    return rebuilt(task)


def _action(session: Session) -> tuple[Any, list[Any]]:
    if session.options.get("serve"):
        return serve_landmarks, [session]
    finds = session.options.get("find", False)
    return propose_landmarks if finds else draw_landmarks, [session.project]


def serve_landmarks(session: Session) -> TaskFailed | None:
    """The action of `doit face serve=yes`: a page to place them on, until Ctrl-C."""
    from tasks.serving.landmarks import PLACE
    from tasks.serving.serve import Wish, serve

    try:
        limiter = session.calls.limiter
        serve(session.project, Wish(at=PLACE), say, until=lambda: limiter.closed)
    except Mistake as error:
        return TaskFailed(str(error))
    return draw_landmarks(replace(session.project))


def same_region(task: Any, values: dict[str, Any], project: Project) -> bool:
    """Whether the region on the picture is found as it was; for what else it shows there are
    file dependencies."""
    seen = _region_digest(project)
    task.value_savers.append(lambda: {"region": seen})
    return values.get("region") == seen


def _region_digest(project: Project) -> str:

    character = project.worn
    mask, margin = character.finish.face_mask, character.finish.region_margin
    painted = stamp(project.input_path(mask)) if mask else None
    return digest_of([mask, painted, margin, character.generation.size])


def draw_landmarks(project: Project) -> TaskFailed | None:
    """The action: the overlay, also where landmarks are missing; then that is said."""
    # Pillow and the config are read here, and not by a run that draws nothing.
    import numpy as np

    from tasks.build.regions import Regions
    from tasks.character.face import complete
    from tasks.pictures.decode import PORTRAITS
    from tasks.pictures.picture import PictureCache, read
    from tasks.puppet.drawn_eye import with_drawn_eyes
    from tasks.review.face_overlay import overlay

    problem = ""
    try:
        character = project.worn
        portrait = read(project.input_path(character.base_image), PORTRAITS)
        try:
            seen = with_drawn_eyes(np.asarray(portrait), character.face)
            whole = complete(seen, portrait.width / portrait.height)
        except Mistake as error:
            whole, problem = character.face, str(error)
        edges = Regions(project, character, PictureCache()).edges()
    except Mistake as error:
        return TaskFailed(str(error))
    picture = overlay(portrait, character.face, whole, edges)
    failed = write_picture(project.landmarks, picture, say)
    return TaskFailed(f"{problem}; what is there: {project.landmarks}") if problem else failed

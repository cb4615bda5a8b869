"""`doit face`: the portrait with its landmarks drawn and named on it."""

from typing import Any

from doit.exceptions import TaskFailed

from tasks.command_line import current_graph, current_project
from tasks.errors import Mistake
from tasks.freshness import ConfigSlice
from tasks.project import Project
from tasks.shown_picture import remove_picture, write_picture


def task_face() -> dict[str, Any]:
    """show the landmarks on the base portrait: those of the config, and those derived from them"""
    project, graph = current_project(), current_graph()
    return {
        "actions": [(draw_landmarks, [project])],
        "file_dep": [ConfigSlice(str(project.config), graph.face_digest), graph.base_image],
        "targets": [str(project.landmarks)],
        "clean": [(remove_picture, [str(project.landmarks)])],
        "io": {"capture": False},
        "verbosity": 0,
        "meta": {"shows": "Landmarks"},
    }


def draw_landmarks(project: Project) -> TaskFailed | None:
    """The action: the overlay, also where landmarks are missing; then that is said."""
    # Pillow and the config are read here, and not by a run that draws nothing.
    from tasks.character_project import read_character  # noqa: PLC0415
    from tasks.face import complete  # noqa: PLC0415
    from tasks.landmark_overlay import overlay  # noqa: PLC0415
    from tasks.picture import read  # noqa: PLC0415

    character = read_character(project)
    problem = ""
    try:
        portrait = read(project.input_path(character.base_image))
        try:
            whole = complete(character.face, portrait.width / portrait.height)
        except Mistake as error:
            whole, problem = character.face, str(error)
    except Mistake as error:
        return TaskFailed(str(error))
    failed = write_picture(project.landmarks, overlay(portrait, character.face, whole))
    return TaskFailed(f"{problem}; what is there: {project.landmarks}") if problem else failed

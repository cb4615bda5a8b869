"""The project that this doit command is about: its variables, and its mistakes in doit's terms."""

import hashlib
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from doit import doit_cmd
from doit.exceptions import InvalidDodoFile

from tasks.graph.cache import read_graph
from tasks.graph.node import Graph
from tasks.graph.project import Project, open_project
from tasks.ground.advice import typed
from tasks.ground.errors import Mistake
from tasks.takes.decisions import Decision, read_decisions
from tasks.takes.picks import Pick, read_picks


@lru_cache(maxsize=1)
def current_project() -> Project:
    """The project of this command. Raises `InvalidDodoFile`, which doit shows without a traceback.

    doit offers variables one by one; all of them are needed, so that a mistyped one is an error.
    """
    try:
        project = open_project(dict(doit_cmd._CMDLINE_VARS or {}))  # noqa: SLF001
    except Mistake as error:
        raise InvalidDodoFile(str(error)) from error
    typed(project.variables.given)
    return project


@lru_cache(maxsize=1)
def current_graph() -> Graph:
    """The frames of this command's project. Raises `InvalidDodoFile`."""
    try:
        return read_graph(current_project())
    except Mistake as error:
        raise InvalidDodoFile(str(error)) from error


@lru_cache(maxsize=1)
def current_picks() -> Mapping[str, Pick]:
    """The picked takes of this command's project. Raises `InvalidDodoFile`."""
    try:
        return read_picks(current_project().folder)
    except Mistake as error:
        raise InvalidDodoFile(str(error)) from error


@lru_cache(maxsize=1)
def current_decisions() -> Mapping[str, Decision]:
    """What was decided about frames of this command's project. Raises `InvalidDodoFile`."""
    try:
        return read_decisions(current_project().folder)
    except Mistake as error:
        raise InvalidDodoFile(str(error)) from error


@lru_cache(maxsize=1)
def current_mask() -> str:
    """What names the content of the picture that says where the face is; empty without one.

    One that is not there names nothing either: the frames' tasks say that.
    """
    path = current_graph().face_mask
    try:
        return hashlib.sha256(Path(path).read_bytes()).hexdigest()[:16] if path else ""
    except OSError:
        return ""


def default_tasks() -> list[str]:
    """What `doit` alone builds: the frames at the poses that are drawn, their sheet and page."""
    graph = current_graph()
    if graph.drawn_poses == graph.poses:
        return ["endpoints", "sheet", "review"]
    return [*(f"endpoints:*__{pose}" for pose in graph.drawn_poses), "sheet", "review"]


def database_path() -> str:
    """doit's database: beside the config, so that no two characters share one."""
    return str(current_project().folder / ".doit.db.json")

"""What one doit command shares: its project, and what is made once for all frames of a run."""

import contextlib
import hashlib
import threading
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from doit import doit_cmd
from doit.exceptions import InvalidDodoFile

from tasks.character.character import Character
from tasks.graph.node import Graph
from tasks.graph.project import Project, open_project
from tasks.ground.advice import typed
from tasks.ground.errors import Mistake
from tasks.ground.files import read_plain
from tasks.running.variables import of_commands
from tasks.spending.run_calls import RunCalls
from tasks.takes.choices import Choices
from tasks.takes.decisions import Decision, decisions_of
from tasks.takes.picks import Pick, picks_of

if TYPE_CHECKING:
    from tasks.build.builder import Builder
    from tasks.sequences.tree import Sequence


class Session:
    """Made once for a command and handed down: by the loader to the task creators, by these to
    their actions, by the command to whatever reports it. Used from several threads at once."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.calls = RunCalls()
        self.failures: dict[str, str] = {}
        """why tasks failed in this run, by their names"""
        self._opening = threading.Lock()
        self._builder: Builder | None = None

    @property
    def graph(self) -> Graph:
        """The frames."""
        return self.project.graph

    @property
    def character(self) -> Character:
        """The config. Raises `Mistake`."""
        return self.project.character

    @property
    def options(self) -> Mapping[str, object]:
        """The variables that one command reads, by name: `wait=yes` is `{"wait": True}`."""
        return self.project.variables.of_command

    @cached_property
    def choices(self) -> Choices:
        """What `takes.json` says; nothing where it is no JSON: a run says that before it begins."""
        with contextlib.suppress(Mistake):
            return self.project.choices
        return Choices({}, {})

    @cached_property
    def picks(self) -> Mapping[str, Pick]:
        """The picked takes."""
        return picks_of(self.choices)

    @cached_property
    def decisions(self) -> Mapping[str, Decision]:
        """What was decided about frames."""
        return decisions_of(self.choices)

    @cached_property
    def face_mask_digests(self) -> Mapping[str, str]:
        """By costume, of the picture that says where the face is; empty without one.

        One that is not there has none either: the frames' tasks say that.
        """
        masks = {outfit.name: outfit.face_mask for outfit in self.graph.outfits}
        found = {path: _picture_digest(path) for path in {*masks.values()}}
        return {name: found[path] for name, path in masks.items()}

    @cached_property
    def sequences(self) -> "Mapping[str, Sequence]":
        """Every sequence by its id, listed once and not for each of its manifests; those of
        costumes are the same."""
        from tasks.sequences.tree import sequences

        return {each.id: each for each in sequences(self.character)}

    @property
    def builder(self) -> "Builder":
        """The one builder of the run; Pillow and the engine are loaded with it.

        Raises `Mistake`.
        """
        with self._opening:  # all workers ask at once when a run begins
            if self._builder is None:
                from tasks.build.builder import open_builder

                self._builder = open_builder(self.project, self.calls)
            return self._builder


def _picture_digest(path: str) -> str:
    try:
        return hashlib.sha256(read_plain(Path(path))).hexdigest()[:16] if path else ""
    except OSError:
        return ""


def open_session() -> Session:
    """The session of this command. Raises `InvalidDodoFile`, which doit shows without a traceback.

    Whatever is wrong in the config is said here, before anything else is looked at.
    """
    session = Session(this_project())
    try:
        _ = session.graph
    except Mistake as error:
        raise InvalidDodoFile(str(error)) from error
    return session


def this_project() -> Project:
    """The project of this command, whatever its config is like. Raises `InvalidDodoFile`.

    doit offers variables one by one; all of them are needed, so that a mistyped one is an error.
    """
    try:
        project = open_project(dict(doit_cmd._CMDLINE_VARS or {}), of_commands())  # noqa: SLF001
    except Mistake as error:
        raise InvalidDodoFile(str(error)) from error
    typed(project.variables.given)
    return project


def database_of(project: Project) -> str:
    """doit's database: beside the config, so that no two characters share one."""
    return str(project.folder / ".doit.db.json")

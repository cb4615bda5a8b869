"""One character's folder as this run sees it: where things are, and what was asked for."""

import os
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from tasks import engine, variables
from tasks.character import Character
from tasks.errors import Mistake
from tasks.ids import did_you_mean
from tasks.store import FOLDER, TakeStore
from tasks.variables import ALL_POSES, Variables


@dataclass(frozen=True)
class Project:
    """Paths are relative to the folder that doit runs in, as in its listings."""

    variables: Variables
    has_key: bool
    official_endpoint: bool

    @property
    def config(self) -> Path:
        """The config's path."""
        return self.variables.config

    @property
    def folder(self) -> Path:
        """The character's folder: the config's own."""
        return self.config.parent

    @property
    def frames(self) -> Path:
        """Where keyframes go."""
        return self.variables.outdir or self.folder / "frames" / "endpoints"

    @property
    def sheet(self) -> Path:
        """The contact sheet: beside the folder of keyframes."""
        return self.frames.parent / "sheet.png"

    @property
    def store(self) -> TakeStore:
        """The character's takes."""
        return TakeStore(self.folder / FOLDER)

    def target(self, expression: str, pose: str) -> Path:
        """The frame of one expression at one pose."""
        return self.frames / f"{expression}__{pose}.png"

    def input_path(self, named: str) -> Path:
        """A path that the config names: it counts from the config's folder."""
        return Path(os.path.normpath(self.folder / named))


def open_project(given: dict[str, str]) -> Project:
    """The project that a command line means. Raises `Mistake` for a variable that is wrong."""
    return Project(
        variables=variables.read(given),
        has_key=bool(os.environ.get(engine.KEY_VARIABLE, "").strip()),
        official_endpoint=not os.environ.get(engine.ENDPOINT_VARIABLE, "").strip(),
    )


@lru_cache(maxsize=4)
def read_character(project: Project) -> Character:
    """The character of a project, read once a run. Raises `Mistake` with all that is wrong.

    pydantic is imported here, when a config is read, and not by a run that has nothing to do.
    """
    from tasks import character_file  # noqa: PLC0415

    text = character_file.read_text(project.config)
    given = project.variables
    character = character_file.parse(
        text, str(project.config), given.overrides, official_endpoint=project.official_endpoint
    )
    pose = given.pose
    if pose and pose != ALL_POSES and pose not in character.poses:
        allowed = [*character.poses, ALL_POSES]
        raise Mistake(
            f'pose={pose}: {project.config} has no pose "{pose}"{did_you_mean(pose, allowed)}'
            f" (allowed: {', '.join(allowed)})"
        )
    return _with_base_image(character, given)


def _with_base_image(character: Character, given: Variables) -> Character:
    """`base_image=` is the portrait of the pose that is drawn, as it was in the old script."""
    if not given.base_image:
        return character
    path = os.path.relpath(given.base_image, given.config.parent)
    if given.pose in {"", ALL_POSES, character.default_pose}:
        return replace(character, base_image=path)
    pose = replace(character.poses[given.pose], base_image=path)
    return replace(character, poses={**character.poses, pose.id: pose})


def engine_choice(project: Project, character: Character) -> engine.Choice:
    """The engine that draws, and why."""
    environment = {engine.KEY_VARIABLE: "set"} if project.has_key else {}
    return engine.choose(character.generation.engine, environment)

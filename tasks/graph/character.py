"""The character of a project: its config with what the command line says instead."""

import contextlib
import json
import os
from dataclasses import replace
from typing import cast

from tasks.character import read as character_file
from tasks.character.character import PORTRAIT, Character, Tween
from tasks.character.face import Face
from tasks.character.face_unit import in_parts
from tasks.character.known import Checked
from tasks.graph.cache import CHECKED_FILE, program
from tasks.graph.project import Project
from tasks.graph.variables import ALL_POSES, Variables
from tasks.ground import json_file
from tasks.ground.digest import digest_of
from tasks.ground.errors import Mistake
from tasks.ground.ids import did_you_mean
from tasks.models.engines import AUTO, BUILT_IN, facts_of
from tasks.models.facts import family_of, nearest_size
from tasks.models.prices import Price
from tasks.requests import engine


def read_character(project: Project) -> tuple[Character, Checked | None]:
    """The character of a project, read anew, and what `Project.newly_checked` says.

    Raises `Mistake` with all that is wrong.
    """
    text = character_file.read_text(project.config)
    given = project.variables
    character, checked = character_file.parse_again(
        (text, str(project.config), given.overrides),
        json_file.read_or_none(project.folder / CHECKED_FILE),
        official_endpoint=_limited(project, text),
        program=digest_of(program()),
    )
    pose = given.pose
    if pose and pose != ALL_POSES and pose not in character.poses:
        allowed = [*character.poses, ALL_POSES]
        raise Mistake(
            f'pose={pose}: {project.config} has no pose "{pose}"{did_you_mean(pose, allowed)}'
            f" (allowed: {', '.join(allowed)})"
        )
    character = _with_paths(_with_base_image(character, given), given)
    character = _with_own_size(_with_parts(character, project), project)
    return _with_engine_price(character), checked


def _with_parts(character: Character, project: Project) -> Character:
    """Landmarks that are given in pixels, as parts of the portrait that they are of."""
    costumes = {
        name: replace(costume, face=_in_parts(costume.face, costume.base_image, project))
        if costume.face
        else costume
        for name, costume in character.costumes.items()
    }
    face = _in_parts(character.face, character.base_image, project)
    return replace(character, face=face, costumes=costumes)


def _in_parts(face: Face, portrait: str, project: Project) -> Face:
    if face.unit == "part":
        return face
    # Pillow is imported only where it is needed for this.
    from tasks.pictures.picture import size_of

    return in_parts(face, size_of(project.input_path(portrait)))


def _with_own_size(character: Character, project: Project) -> Character:
    """`size: "portrait"` as pixels, and what an engine with limits is asked for then."""
    generation = character.generation
    if generation.size != PORTRAIT:
        return character
    # Pillow is imported only where it is needed for this.
    from tasks.pictures.picture import size_of

    size_px = size_of(project.input_path(character.base_image))
    # Wherever it is asked for, a model of that name has its limits.
    limited = engine_choice(project, character).name == "openai"
    asked_px = nearest_size(generation.model, size_px) if limited else size_px
    asked = "" if asked_px == size_px else "{}x{}".format(*asked_px)
    own = replace(generation, size="{}x{}".format(*size_px))
    return replace(character, generation=own, asked_size=asked)


def _limited(project: Project, text: str) -> bool:
    """Whether a model may draw that is known to refuse sizes and qualities: the puppet has no
    limits, and without a key `auto` is the puppet."""
    named = [change.value for change in project.variables.overrides if change.path[-1] == "engine"]
    with contextlib.suppress(ValueError, TypeError, LookupError, RecursionError):
        named.append(json.loads(text)["generation"]["engine"])
    return project.official_endpoint and (project.has_key or named[:1] == ["openai"])


def _with_engine_price(character: Character) -> Character:
    """What an engine of another package says that a picture costs, where the config does not."""
    generation = character.generation
    if generation.engine in {AUTO, *BUILT_IN}:
        return character
    usd = facts_of(generation.engine).usd_per_image
    if usd is None or family_of(generation.model, generation.prices):
        return character
    price = Price(usd_per_image=usd, source=generation.engine)
    prices = {**generation.prices, generation.model: price}
    return replace(character, generation=replace(generation, prices=prices))


def _with_paths(character: Character, given: Variables) -> Character:
    """`max_depth=` and `tween=` are for every path, as in the old script."""
    if given.max_depth is None and not given.tween:
        return character
    paths = [
        replace(
            path,
            max_depth=path.max_depth if given.max_depth is None else given.max_depth,
            tween=cast(Tween, given.tween) if given.tween else path.tween,
        )
        for path in character.base_paths
    ]
    return replace(character, base_paths=tuple(paths))


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

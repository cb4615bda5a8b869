"""What exports are made from: the frames that are there, by expression and pose, as values."""

import fnmatch
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from tasks.character.character import NEUTRAL, Character, Expression
from tasks.character.export import ExportSettings
from tasks.graph.project import Project
from tasks.ground.errors import Mistake
from tasks.ground.ids import did_you_mean
from tasks.sequences.manifest import Manifest, read
from tasks.sequences.names import MANIFEST


@dataclass(frozen=True)
class Cast:
    """The frames of one character that an export may use. Nothing is decoded before it is asked."""

    name: str
    """of the character: its folder's, or what the export's options say"""
    character: Character
    settings: ExportSettings
    frames: Mapping[tuple[str, str], Path]
    """(expression, pose) to its picture, in the config's order; only those that are there"""
    sequences: tuple[Manifest, ...]
    """of these expressions and poses; only those whose pictures are all there"""
    missing: tuple[str, ...]
    """frames that the config asks for and that are not there, by name"""
    timelines: Mapping[str, Path]
    """each timeline's id and the folder of what is made of it; it need not be there"""
    portrait: Path
    """the picture that the landmarks are of; it need not be there"""
    costumes: tuple["Cast", ...] = ()
    """the same character in its costumes, those that have frames, for an export that puts them
    beside each other; for others each is a cast of its own"""
    beside: tuple[Path, ...] = ()
    """the frames of the other outfits: what is cropped to the figure is cropped alike"""

    @property
    def costume(self) -> str:
        """The costume that is worn; empty: the outfit of the config's own portrait."""
        return self.character.costume

    @property
    def default_pose(self) -> str:
        """The pose that needs no name, if it is among these; else the first that is."""
        poses = self.poses
        return self.character.default_pose if self.character.default_pose in poses else poses[0]

    @cached_property
    def poses(self) -> tuple[str, ...]:
        """Those that have frames."""
        return tuple(dict.fromkeys(pose for _, pose in self.frames))

    @cached_property
    def expressions(self) -> tuple[str, ...]:
        """Those that have a frame at any pose."""
        return tuple(dict.fromkeys(expression for expression, _ in self.frames))

    def at_pose(self, pose: str) -> dict[str, Path]:
        """The frames of a pose, by expression."""
        return {name: path for (name, at), path in self.frames.items() if at == pose}

    @cached_property
    def portrait_px(self) -> tuple[int, int] | None:
        """Width and height of the portrait as it is seen; None where it cannot be read."""
        from tasks.pictures.decode import PORTRAITS
        from tasks.pictures.picture import read

        try:
            return read(self.portrait, PORTRAITS).size
        except (Mistake, OSError):
            return None

    def expression(self, expression: str) -> Expression:
        """What the config says of an expression."""
        return self.character.expression(expression)


def read_cast(
    project: Project,
    character: Character,
    settings: ExportSettings,
    timelines: Iterable[str] = (),
) -> Cast:
    """What there is of a character. Raises `Mistake` where that is nothing, or a name is wrong."""
    expressions = _chosen("expressions", settings.expressions, _known(character))
    poses = _chosen("poses", settings.poses, character.poses)
    wanted = [(expression, pose) for pose in poses for expression in expressions]
    paths = {at: Path(project.target(*at, character.costume)) for at in wanted}
    frames = {at: path for at, path in paths.items() if path.is_file()}
    if not frames:
        raise Mistake("there are no frames yet to export: draw them first (doit endpoints)")
    folder = project.sequences_of(character.costume)
    return Cast(
        name=str(settings.options.get("name") or project.folder.resolve().name),
        character=character,
        settings=settings,
        frames=frames,
        sequences=tuple(_sequences(folder, set(expressions), set(poses))),
        missing=tuple("__".join(at) for at in wanted if at not in frames),
        timelines={name: project.timelines / name for name in timelines},
        portrait=project.input_path(character.base_image),
    )


def read_casts(
    project: Project,
    character: Character,
    settings: ExportSettings,
    timelines: Iterable[str] = (),
) -> tuple[Cast, ...]:
    """The character as its own portrait has it, then in its costumes, those that have frames.

    Raises `Mistake` where the first has none, or a name is wrong.
    """
    own = read_cast(project, character, settings, timelines)
    wanted = _chosen("costumes", settings.costumes, character.costumes)
    worn = (character.wearing(costume) for costume in wanted)
    there = (each for each in worn if any(project.frames_of(each.costume).glob("*.png")))
    casts = (own, *(read_cast(project, each, settings, timelines) for each in there))
    return tuple(
        replace(cast, beside=tuple(path for other in casts if other is not cast
                                   for path in other.frames.values()))
        for cast in casts
    )  # fmt: skip


def _known(character: Character) -> list[str]:
    names = list(character.expressions)
    return names if NEUTRAL in names else [NEUTRAL, *names]


def _chosen(key: str, patterns: Iterable[str], names: Iterable[str]) -> list[str]:
    """The names that patterns mean, in their own order; all where there are none."""
    listed, asked = list(names), list(patterns)
    for pattern in asked:
        if not fnmatch.filter(listed, pattern):
            raise Mistake(f'{key}: nothing is named "{pattern}"{did_you_mean(pattern, listed)}')
    if not asked:
        return listed
    return [name for name in listed if any(fnmatch.fnmatchcase(name, one) for one in asked)]


def _sequences(sequences: Path, expressions: set[str], poses: set[str]) -> Iterable[Manifest]:
    if not sequences.is_dir():
        return
    for folder in sorted(sequences.iterdir()):
        if not (folder / MANIFEST).is_file():
            continue
        try:
            found = read(folder)
        except Mistake:
            continue
        ends = {found.expr_start, found.expr_end} <= expressions
        turns = {found.pose_start, found.pose_end} <= poses
        if ends and turns and all(frame.path.is_file() for frame in found.frames):
            yield found

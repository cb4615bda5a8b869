"""Sequences: the frames between keyframes as a tree, their names, and which are shared.

The time of a sequence goes from 0 to 1. Its tree halves it: a frame of level n lies at an odd
multiple of 1/2**n and is made from its two neighbours, which are of the levels above. So a frame
does not depend on how deep the tree goes, and neither does its name.

Sequences between the same two keyframes, in either direction, have the same pictures. They are
made once, in the folder of one of them, its owner; the others refer to it.

Pure, and nothing but the standard library: every run lists all sequences.
"""

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache

from tasks.character.character import MAX_DEPTH, NEUTRAL, BasePath, Character, Tween
from tasks.ground.ids import id_problem
from tasks.sequences.names import MANIFEST

_FRAME_FILE = re.compile(r"([01])([0-9]{2,52})\.png")


@dataclass(frozen=True, slots=True)
class Moment:
    """A time from 0 to 1, exactly: `numerator / 2**level`, in lowest terms.

    The ends have level 0. Raises ValueError for what is not in lowest terms, or outside 0..1.
    """

    numerator: int
    level: int

    def __post_init__(self) -> None:
        lowest = self.numerator % 2 == 1 or self.level == 0
        if self.level < 0 or not 0 <= self.numerator <= 2**self.level or not lowest:
            raise ValueError(f"{self.numerator}/2**{self.level} is no moment in lowest terms")

    @property
    def t(self) -> float:
        """The time, 0..1; exact, and so is its decimal spelling."""
        return self.numerator / (1 << self.level)

    @property
    def file(self) -> str:
        """The name of its picture: the digits of t, two behind the point or as many as it has.

        `000.png 025.png 050.png 075.png 100.png`, and `0125.png` between the first two. In plain
        alphabetical order they are in the order of time, at every depth and across depths.
        """
        whole = self.numerator if self.level == 0 else 0
        digits = str(self.numerator * 5**self.level).zfill(self.level) if self.level else ""
        return f"{whole}{digits.ljust(2, '0')}.png"

    @property
    def neighbours(self) -> tuple["Moment", "Moment"]:
        """The frames before and after it that it is made from. Raises ValueError for an end."""
        if self.level == 0:
            raise ValueError("a keyframe is not made from its neighbours")
        return moment(self.numerator - 1, self.level), moment(self.numerator + 1, self.level)

    @property
    def opposite(self) -> "Moment":
        """The same moment, counted from the other end."""
        return Moment(2**self.level - self.numerator, self.level)


def moment(numerator: int, level: int) -> Moment:
    """The moment `numerator / 2**level`, brought to lowest terms. Raises ValueError beyond 0..1."""
    if numerator == 0:
        return Moment(0, 0)
    while level and numerator % 2 == 0:
        numerator, level = numerator // 2, level - 1
    return Moment(numerator, level)


def moment_of(file: str) -> Moment | None:
    """The moment whose picture is called `file`; None for a name that no moment has."""
    found = _FRAME_FILE.fullmatch(file)
    if not found:
        return None
    t = int(found[1]) + Fraction(int(found[2]), 10 ** len(found[2]))
    level = t.denominator.bit_length() - 1
    if t > 1 or t.denominator != 2**level:
        return None
    named = Moment(t.numerator, level)
    return named if named.file == file else None


@lru_cache(maxsize=MAX_DEPTH + 1)
def moments(depth: int) -> tuple[Moment, ...]:
    """All moments of a tree, `2**depth + 1`, in the order of time. Raises ValueError."""
    if not 0 <= depth <= MAX_DEPTH:
        raise ValueError(f"a depth of {depth}; it goes from 0 to {MAX_DEPTH}")
    return tuple(moment(numerator, depth) for numerator in range(2**depth + 1))


@lru_cache(maxsize=MAX_DEPTH + 1)
def layers(depth: int) -> tuple[tuple[Moment, ...], ...]:
    """The same moments by level, 0 to `depth`, each in the order of time.

    What a layer is made from lies in those before it. Nothing has to wait for a whole layer: that
    is for what is drawn in batches.
    """
    by_level: dict[int, list[Moment]] = defaultdict(list)
    for each in moments(depth):
        by_level[each.level].append(each)
    return tuple(tuple(by_level[level]) for level in range(depth + 1))


@dataclass(frozen=True, slots=True)
class Keyframe:
    """One end of a sequence: the frame of an expression at a pose."""

    expression: str
    pose: str


@dataclass(frozen=True, slots=True)
class Shown:
    """A frame of a sequence: when it is shown, and as what its owner keeps it."""

    moment: Moment
    kept_as: Moment

    @property
    def t(self) -> float:
        """The time in this sequence, 0..1, exact."""
        return self.moment.t

    @property
    def file(self) -> str:
        """The picture's name in the owner's folder."""
        return self.kept_as.file


@lru_cache(maxsize=2 * MAX_DEPTH + 2)
def _shown(depth: int, backwards: bool) -> tuple[Shown, ...]:
    return tuple(Shown(each, each.opposite if backwards else each) for each in moments(depth))


@dataclass(frozen=True, slots=True)
class Sequence:
    """One path at one pose, or one path between two poses: one folder, one manifest."""

    id: str
    """its name and its folder's: the path's id, `__`, and what stays the same on the way (the pose;
    or the expression, for a path between poses)"""
    path: BasePath
    start: Keyframe
    end: Keyframe
    owner: str
    """id of the sequence in whose folder the pictures are; its own where it owns them"""
    reversed: bool
    """its pictures are the owner's in the opposite order"""
    later_first: bool
    """its later end is the first by name: so that a path and its reverse are found to be one"""

    @property
    def owns(self) -> bool:
        """The pictures are in its own folder, and it is the one to make them."""
        return self.owner == self.id

    @property
    def pose(self) -> str | None:
        """The pose that it is at; None for a path between poses."""
        return None if self.turns_head else self.start.pose

    @property
    def turns_head(self) -> bool:
        """It goes from one pose to another, with one expression."""
        return self.start.pose != self.end.pose

    @property
    def depth(self) -> int:
        """How often the time is halved; 0 where nothing is drawn between the ends."""
        return _depth(self.path)

    @property
    def frames(self) -> tuple[Shown, ...]:
        """All frames, both ends among them, in the order in which this sequence shows them."""
        return _shown(self.depth, self.reversed)

    @property
    def tweens(self) -> tuple[Moment, ...]:
        """The in-betweens that it has to make, upper levels first; none where it is no owner."""
        if not self.owns:
            return ()
        return tuple(each for layer in layers(self.depth)[1:] for each in layer)

    @property
    def files(self) -> tuple[str, ...]:
        """All that has to be there for it, below the folder of sequences, with `/`."""
        pictures = (f"{self.owner}/{frame.file}" for frame in self.frames)
        return (*pictures, f"{self.id}/{MANIFEST}")


def sequences(character: Character) -> tuple[Sequence, ...]:
    """Every sequence that the config asks for: paths in its order, then poses.

    Those between the same two keyframes share their pictures where these are made in the same
    way (`tween`, and `distance_threshold` where it is drawn). The deepest of them owns them; of
    equals, the first. `ease` and `duration_ms` may differ.
    """
    alone = [each for path in character.base_paths for each in _alone(character, path)]
    owners: dict[_Pictures, Sequence] = {}
    for each in alone:
        owner = owners.setdefault(_pictures(each), each)
        if each.depth > owner.depth:
            owners[_pictures(each)] = each
    return tuple(_shared(each, owners[_pictures(each)]) for each in alone)


def _alone(character: Character, path: BasePath) -> Iterator[Sequence]:
    """The sequences of a path, each as if there were no others."""
    if path.start_pose is not None and path.end_pose is not None:
        start, end = path.start_pose, path.end_pose
        main = character.default_pose
        yield _own(
            f"{path.id}__{path.start}",
            path,
            (Keyframe(path.start, start), Keyframe(path.end, end)),
            later_first=(end != main, end) < (start != main, start),
        )
        return
    # What is neutral comes first, since most paths begin or end there: renaming the other end
    # then leaves the order, and with it every request, as it was.
    later_first = (path.end != NEUTRAL, path.end) < (path.start != NEUTRAL, path.start)
    for pose in path.poses or ():
        ends = Keyframe(path.start, pose), Keyframe(path.end, pose)
        yield _own(f"{path.id}__{pose}", path, ends, later_first=later_first)


def is_sequence_id(name: str) -> bool:
    """Whether a sequence, and its folder, may be called so."""
    first, _, second = name.partition("__")
    return id_problem(first) is None and id_problem(second) is None


def _own(name: str, path: BasePath, ends: tuple[Keyframe, Keyframe], later_first: bool) -> Sequence:
    return Sequence(name, path, *ends, owner=name, reversed=False, later_first=later_first)


_Pictures = tuple[Keyframe, Keyframe, Tween, float]
"""what the pictures of a sequence depend on, but for the depth"""


def _pictures(sequence: Sequence) -> _Pictures:
    path = sequence.path
    first, second = sequence.start, sequence.end
    if sequence.later_first:
        first, second = second, first
    drawn = sequence.depth > 0 and path.tween == "draw"
    tween = path.tween if sequence.depth > 0 else "hold"
    return first, second, tween, path.distance_threshold if drawn else 0.0


def _shared(sequence: Sequence, owner: Sequence) -> Sequence:
    if owner is sequence:
        return sequence
    return replace(sequence, owner=owner.id, reversed=sequence.start != owner.start)


def _depth(path: BasePath) -> int:
    return 0 if path.tween == "hold" else path.max_depth

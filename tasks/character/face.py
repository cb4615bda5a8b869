"""Where the features of a portrait lie: the landmarks that the puppet needs.

Every point is `(x, y)` in 0..1 of the portrait's width and height, from its top left corner; a
config may give pixels instead, which `tasks.character.face_unit` makes parts of.
Left and right are always the character's own: in a portrait that faces the viewer, the left
eye is on the right-hand side of the picture.

Nothing here imports more than the standard library: the config's frozen data holds a `Face`,
and loading a project must stay cheap.
"""

from dataclasses import dataclass, fields, is_dataclass, replace
from math import cos, dist, pi, sin
from typing import Any, Literal, cast

from tasks.character.bounds import Degrees
from tasks.ground.errors import Mistake

Point = tuple[float, float]
EyeKind = Literal["iris", "pupil", "dot", "shut"]
Unit = Literal["part", "px"]


@dataclass(frozen=True, slots=True)
class Eye:
    """One eye. Points lie on the edge of the lids where the eye opens, not on the lashes."""

    inner: Point
    """the corner beside the nose"""
    outer: Point
    """the corner beside the temple"""
    upper_lid: Point | None = None
    """the middle of the upper lid's edge"""
    lower_lid: Point | None = None
    """the middle of the lower lid's edge"""
    iris: Point | None = None
    """the centre of the iris"""
    iris_radius: float | None = None
    """the radius of the iris, as a part of the portrait's width"""
    kind: EyeKind | None = None
    """`iris`: on a white; `pupil`: on a ground of one colour; `dot`: a mark or a button, which
    closes to a line, widens by growing and looks by moving; `shut`: the portrait shows it shut, and
    it stays so. Found in the picture where it is left out"""


@dataclass(frozen=True, slots=True)
class Brow:
    """One eyebrow, along its middle line."""

    inner: Point
    """the end beside the nose"""
    middle: Point
    """the highest point of the arch"""
    outer: Point
    """the end beside the temple"""


@dataclass(frozen=True, slots=True)
class Mouth:
    """The closed mouth of the neutral portrait."""

    left: Point
    """the character's left corner (in the picture: on the right)"""
    right: Point
    """the character's right corner (in the picture: on the left)"""
    upper_lip: Point | None = None
    """the middle of the upper lip's upper edge"""
    lower_lip: Point | None = None
    """the middle of the lower lip's lower edge"""
    centre: Point | None = None
    """the middle of the line where the lips meet"""


@dataclass(frozen=True, slots=True)
class Face:
    """The landmarks of one portrait; what is left out is derived from the eyes and the mouth."""

    left_eye: Eye | None = None
    right_eye: Eye | None = None
    left_brow: Brow | None = None
    right_brow: Brow | None = None
    nose_base: Point | None = None
    """the middle of the nose's lower edge"""
    mouth: Mouth | None = None
    chin: Point | None = None
    """the lowest point of the chin"""
    outline: tuple[Point, ...] | None = None
    """the edge of the face, from temple to temple by way of the chin (5 points or more)"""
    neck_pivot: Point | None = None
    """where the head turns on the neck; below it nothing moves"""
    over: str | None = None
    """a picture of the portrait's size in which is white what lies over the face and stays there:
    hair, glasses, a hat's rim, a hand. Found in the portrait where it is left out"""
    unit: Unit = "part"
    """what the numbers are: `part`, 0..1 of the portrait's width and height, or `px`, its pixels"""


@dataclass(frozen=True, slots=True)
class Head:
    """How the head is turned, in degrees."""

    # All zero is the portrait as it is.

    pitch_deg: Degrees = 0.0
    """nodding: above 0 the chin goes down"""
    yaw_deg: Degrees = 0.0
    """turning: above 0 towards the character's own left"""
    roll_deg: Degrees = 0.0
    """tilting: above 0 towards the character's own left shoulder"""


class FaceError(Mistake):
    """The landmarks are too few, or cannot be those of a face that looks at the viewer."""


NEEDED = ("left_eye", "right_eye", "mouth")
"""the landmarks that cannot be guessed; all the others are derived from these"""


def complete(face: Face, aspect: float = 2 / 3) -> Face:
    """Fill in every landmark that was left out, from the eyes and the mouth.

    `aspect` is the portrait's width over its height: 0..1 is another length along x than along y,
    and proportions hold in pixels only. What is given is kept as it is. The proportions are those
    of a face that looks at the viewer; a creature's own landmarks are always better.

    Raises FaceError when an eye or the mouth is missing, or when they are in impossible places.
    """
    _check_within(*_needed(face))
    upright = _scaled(face, aspect)
    _check(upright)
    return cast(Face, _scaled(_derived(upright), 1 / aspect))


def _needed(face: Face) -> tuple[Eye, Eye, Mouth]:
    left, right, mouth = face.left_eye, face.right_eye, face.mouth
    if left is None or right is None or mouth is None:
        missing = [name for name in NEEDED if getattr(face, name) is None]
        raise FaceError(
            f"face: {_listed(missing)} missing; the puppet needs {_listed(list(NEEDED))} "
            "(inner and outer corner of each eye, left and right corner of the mouth, in 0..1 of "
            "the portrait) and derives the rest"
        )
    return left, right, mouth


def _listed(names: list[str]) -> str:
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))


def _scaled(value: Any, aspect: float) -> Any:
    """`value` (a face, or a part of one) with every x, and every width, times `aspect`."""
    if isinstance(value, (int, float)):
        return value * aspect
    if isinstance(value, tuple) and value and isinstance(value[0], (int, float)):
        return (value[0] * aspect, value[1])
    if isinstance(value, tuple):
        return tuple(_scaled(part, aspect) for part in value)
    if is_dataclass(value) and not isinstance(value, type):
        parts = {part.name: _scaled(getattr(value, part.name), aspect) for part in fields(value)}
        return replace(value, **parts)
    return value


def _check_within(left: Eye, right: Eye, mouth: Mouth) -> None:
    corners = {
        "left_eye.inner": left.inner,
        "left_eye.outer": left.outer,
        "right_eye.inner": right.inner,
        "right_eye.outer": right.outer,
        "mouth.left": mouth.left,
        "mouth.right": mouth.right,
    }
    for name, (x, y) in corners.items():
        if not (0 <= x <= 1 and 0 <= y <= 1):
            raise FaceError(f"face.{name} is [{x}, {y}], outside the portrait (0..1 on each axis)")


def _check(face: Face) -> None:
    """Refuse what no face can be: it would otherwise fail much later, and in odd ways."""
    left, right, mouth = _needed(face)
    for name, one, other in (
        ("left_eye: inner and outer", left.inner, left.outer),
        ("right_eye: inner and outer", right.inner, right.outer),
        ("mouth: left and right", mouth.left, mouth.right),
    ):
        if dist(one, other) < _SMALLEST:
            raise FaceError(f"face.{name} are the same point; they are two corners")
    if left.inner[0] <= right.inner[0] or mouth.left[0] <= mouth.right[0]:
        raise FaceError(
            "face: left and right are the character's own: left_eye and mouth.left lie on the "
            "right-hand side of the picture; these are the other way round"
        )
    for name, eye, opposite in (("left_eye", left, right), ("right_eye", right, left)):
        nose = _middle(opposite.inner, opposite.outer)
        if dist(eye.inner, nose) > dist(eye.outer, nose):
            raise FaceError(
                f"face.{name}: inner and outer are swapped; inner is the corner beside the nose"
            )
        if eye.upper_lid and eye.lower_lid and eye.upper_lid[1] >= eye.lower_lid[1]:
            raise FaceError(f"face.{name}: upper_lid lies below lower_lid; y counts from the top")
    if face.chin and face.chin[1] <= _middle(mouth.left, mouth.right)[1]:
        raise FaceError("face.chin lies above the mouth; y counts from the portrait's top")
    if _middle(mouth.left, mouth.right)[1] <= _middle(left.inner, right.inner)[1]:
        raise FaceError("face: the mouth lies above the eyes; y counts from the portrait's top")


_SMALLEST = 1e-3
"""the least distance between two corners, in portrait heights"""


def _derived(face: Face) -> Face:
    left, right, mouth = _needed(face)
    eyes = _middle(_middle(left.inner, left.outer), _middle(right.inner, right.outer))
    lips = _middle(mouth.left, mouth.right)
    down = (lips[0] - eyes[0], lips[1] - eyes[1])
    left, right = _derived_eye(left, down), _derived_eye(right, down)
    chin = face.chin or _along(lips, down, 0.62)
    return Face(
        left_eye=left,
        right_eye=right,
        left_brow=face.left_brow or _derived_brow(left, down),
        right_brow=face.right_brow or _derived_brow(right, down),
        nose_base=face.nose_base or _along(eyes, down, 0.62),
        mouth=_derived_mouth(mouth, down),
        chin=chin,
        outline=face.outline or _derived_outline(left, right, chin),
        neck_pivot=face.neck_pivot or _along(chin, down, 0.33),
        over=face.over,
    )


def _derived_eye(eye: Eye, down: Point) -> Eye:
    middle, width = _middle(eye.inner, eye.outer), dist(eye.inner, eye.outer)
    share = width / dist(down, (0.0, 0.0))
    upper = eye.upper_lid or _along(middle, down, -0.27 * share)
    lower = eye.lower_lid or _along(middle, down, 0.21 * share)
    return Eye(
        inner=eye.inner,
        outer=eye.outer,
        upper_lid=upper,
        lower_lid=lower,
        iris=eye.iris or _middle(upper, lower),
        iris_radius=eye.iris_radius or 0.22 * width,
        kind=eye.kind,
    )


def _derived_brow(eye: Eye, down: Point) -> Brow:
    """A brow above its eye: the larger the eye is drawn, the higher."""
    outwards = (eye.outer[0] - eye.inner[0], eye.outer[1] - eye.inner[1])
    middle = _middle(eye.inner, eye.outer)
    lid = eye.upper_lid or middle
    up = (middle[0] - lid[0]) * down[0] + (middle[1] - lid[1]) * down[1]
    rise = max(2.7 * up / (down[0] ** 2 + down[1] ** 2), 0.2)
    arch = _along(_along(middle, outwards, 0.05), down, -rise)
    return Brow(
        inner=_along(_along(arch, outwards, -0.55), down, 0.05),
        middle=arch,
        outer=_along(_along(arch, outwards, 0.6), down, 0.06),
    )


def _derived_mouth(mouth: Mouth, down: Point) -> Mouth:
    middle = mouth.centre or _middle(mouth.left, mouth.right)
    share = dist(mouth.left, mouth.right) / dist(down, (0.0, 0.0))
    return Mouth(
        left=mouth.left,
        right=mouth.right,
        upper_lip=mouth.upper_lip or _along(middle, down, -0.14 * share),
        lower_lip=mouth.lower_lip or _along(middle, down, 0.19 * share),
        centre=middle,
    )


def _derived_outline(left: Eye, right: Eye, chin: Point) -> tuple[Point, ...]:
    """Half an ellipse, from the character's right temple by way of the chin to the left one."""
    eyes = _middle(_middle(left.inner, left.outer), _middle(right.inner, right.outer))
    down = (chin[0] - eyes[0], chin[1] - eyes[1])
    across = (left.outer[0] - right.outer[0], left.outer[1] - right.outer[1])
    turns = [pi * step / 8 for step in range(9)]
    return tuple(_along(_along(eyes, across, -0.68 * cos(t)), down, sin(t)) for t in turns)


def _middle(one: Point, other: Point) -> Point:
    return ((one[0] + other[0]) / 2, (one[1] + other[1]) / 2)


def _along(start: Point, direction: Point, share: float) -> Point:
    """The point that lies `share` of `direction` away from `start`."""
    return (start[0] + direction[0] * share, start[1] + direction[1] * share)

"""A face in pixels: the landmarks as lengths and positions along the face's own axes.

Every length that the weights are tuned in comes from here, so that a face of any size, place
and (moderate) slant in the picture is moved alike.
"""

from dataclasses import dataclass
from math import atan2, cos, dist, sin
from typing import TypeVar

from tasks.character.face import Brow, Eye, Face, Mouth, Point, complete
from tasks.ground.boxes import inner_box
from tasks.puppet.raster import Floats, Pixels

SIDES = {"Left": 1, "Right": -1}
"""the character's sides, as the direction of each along the face's x axis (picture right: +)"""


@dataclass(frozen=True, slots=True)
class Axes:
    """A coordinate frame laid on the picture: an origin, x to the picture's right, y down."""

    x: float
    y: float
    angle: float = 0.0
    """of the x axis, in radians, clockwise as seen"""

    @classmethod
    def through(cls, left: Point, right: Point) -> "Axes":
        """Axes whose x runs from one point to another, with the origin midway."""
        angle = atan2(right[1] - left[1], right[0] - left[0])
        return cls((left[0] + right[0]) / 2, (left[1] + right[1]) / 2, angle)

    def local(self, point: Point) -> Point:
        """A point of the picture in these axes."""
        x, y = point[0] - self.x, point[1] - self.y
        c, s = cos(self.angle), sin(self.angle)
        return x * c + y * s, y * c - x * s

    def picture(self, point: Point) -> Point:
        """A point of these axes in the picture."""
        x, y = self.turned(*point)
        return self.x + x, self.y + y

    def turned(self, x: float, y: float) -> Point:
        """A direction of these axes in the picture."""
        c, s = cos(self.angle), sin(self.angle)
        return x * c - y * s, x * s + y * c

    def locals(self, x: Floats, y: Floats) -> tuple[Floats, Floats]:
        """`local` for whole arrays."""
        c, s = cos(self.angle), sin(self.angle)
        dx, dy = x - self.x, y - self.y
        return dx * c + dy * s, dy * c - dx * s

    def turn(self, x: Floats, y: Floats) -> tuple[Floats, Floats]:
        """`turned` for whole arrays."""
        c, s = cos(self.angle), sin(self.angle)
        return x * c - y * s, x * s + y * c


@dataclass(frozen=True, slots=True)
class EyeShape:
    """An eye along its own axes: x through both corners, the origin between them. Pixels."""

    axes: Axes
    half: float
    """half the distance between the corners"""
    upper: Point
    """the middle of the upper lid's edge; y below 0"""
    lower: Point
    """the middle of the lower lid's edge"""
    iris: Point
    iris_radius: float
    inwards: int
    """the direction of the nose along x: 1 or -1"""

    @property
    def height(self) -> float:
        """Between the lids, at rest."""
        return self.lower[1] - self.upper[1]


@dataclass(frozen=True, slots=True)
class BrowShape:
    """A brow along the face's axes. Pixels."""

    inner: Point
    middle: Point
    outer: Point


@dataclass(frozen=True, slots=True)
class MouthShape:
    """The mouth along the face's axes. Pixels."""

    left: Point
    """the character's left corner: x above that of `right`"""
    right: Point
    centre: Point
    upper: float
    """from the line where the lips meet to the upper lip's upper edge"""
    lower: float
    """from the line where the lips meet to the lower lip's lower edge"""

    @property
    def half(self) -> float:
        """Half the distance between the corners."""
        return dist(self.left, self.right) / 2


@dataclass(frozen=True, slots=True)
class Anatomy:
    """A face along its own axes: x through the eyes, y down, the origin between the eyes."""

    axes: Axes
    eyes: dict[str, EyeShape]
    """by side: "Left", "Right" """
    brows: dict[str, BrowShape]
    mouth: MouthShape
    nose: Point
    chin: Point
    pivot: Point
    half_width: float
    """half the width of the face, at its widest"""
    outline: tuple[Point, ...]
    """the edge of the face, from temple to temple by way of the chin"""

    @property
    def unit(self) -> float:
        """From the line of the eyes to the mouth: the face's measure for lengths."""
        return self.mouth.centre[1]


def anatomy(face: Face, portrait: Pixels, size: tuple[int, int]) -> Anatomy:
    """Measure the face of a portrait that is fitted to `size` (width, height).

    Raises FaceError when the eyes or the mouth are missing.
    """
    spot = Spot(*inner_box((portrait.shape[1], portrait.shape[0]), size))
    whole = complete(face, spot.width / spot.height)
    eyes = {
        "Left": _eye(_given(whole.left_eye), spot, inwards=-1),
        "Right": _eye(_given(whole.right_eye), spot, inwards=1),
    }
    axes = Axes.through(*((eyes[side].axes.x, eyes[side].axes.y) for side in ("Right", "Left")))
    outline = tuple(axes.local(spot.pixel(point)) for point in _given(whole.outline))
    across = [x for x, _ in outline]
    brows = {"Left": _given(whole.left_brow), "Right": _given(whole.right_brow)}
    return Anatomy(
        axes=axes,
        eyes=eyes,
        brows={side: _brow(brow, spot, axes) for side, brow in brows.items()},
        mouth=_mouth(_given(whole.mouth), spot, axes),
        nose=axes.local(spot.pixel(_given(whole.nose_base))),
        chin=axes.local(spot.pixel(_given(whole.chin))),
        pivot=axes.local(spot.pixel(_given(whole.neck_pivot))),
        half_width=(max(across) - min(across)) / 2,
        outline=outline,
    )


@dataclass(frozen=True, slots=True)
class Spot:
    """Where the portrait lies in the picture that it is fitted to, in pixels."""

    left: int
    top: int
    width: int
    height: int

    def pixel(self, point: Point) -> Point:
        """0..1 of the portrait, as a position among the picture's pixel centres."""
        return self.left + point[0] * self.width - 0.5, self.top + point[1] * self.height - 0.5


T = TypeVar("T")


def _given(landmark: T | None) -> T:
    """What `complete` has filled in."""
    if landmark is None:
        raise AssertionError("complete() leaves no landmark out")
    return landmark


def _eye(eye: Eye, spot: Spot, inwards: int) -> EyeShape:
    inner, outer = spot.pixel(eye.inner), spot.pixel(eye.outer)
    axes = Axes.through(outer, inner) if inwards > 0 else Axes.through(inner, outer)
    return EyeShape(
        axes=axes,
        half=dist(inner, outer) / 2,
        upper=axes.local(spot.pixel(_given(eye.upper_lid))),
        lower=axes.local(spot.pixel(_given(eye.lower_lid))),
        iris=axes.local(spot.pixel(_given(eye.iris))),
        iris_radius=_given(eye.iris_radius) * spot.width,
        inwards=inwards,
    )


def _brow(brow: Brow, spot: Spot, axes: Axes) -> BrowShape:
    inner, middle, outer = (
        axes.local(spot.pixel(point)) for point in (brow.inner, brow.middle, brow.outer)
    )
    return BrowShape(inner, middle, outer)


def _mouth(mouth: Mouth, spot: Spot, axes: Axes) -> MouthShape:
    centre = axes.local(spot.pixel(_given(mouth.centre)))
    return MouthShape(
        left=axes.local(spot.pixel(mouth.left)),
        right=axes.local(spot.pixel(mouth.right)),
        centre=centre,
        upper=centre[1] - axes.local(spot.pixel(_given(mouth.upper_lip)))[1],
        lower=axes.local(spot.pixel(_given(mouth.lower_lip)))[1] - centre[1],
    )

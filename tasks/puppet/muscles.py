"""What each weight pulls at: the soft tissue of the face as a few bumps a blend shape.

A bump moves one spot of the face, and what is around it ever less, until at its reach nothing
moves any more. What opens and shuts (lips, lids) is not here: see `lips` and `eyelids`.

The lengths are in the face's own measures: `unit` (eyes to mouth), `half` (half a mouth),
`gap` (brow to lid).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from tasks.face import Point
from tasks.puppet.anatomy import SIDES, Anatomy, MouthShape
from tasks.puppet.raster import Floats, smooth

Reach = tuple[float, float, float, float]
"""how far a bump reaches: to the left, right, up and down"""


@dataclass(frozen=True, slots=True)
class Bump:
    """Moves `at` by `move`; along the face's axes, in pixels.

    `grow` adds a widening about `at` (x, y; 0.2: by a fifth, below 0 a narrowing). The bump
    follows a line that hangs by `bow` pixels in the middle, as lips do (above 0) or brows (below).
    """

    at: Point
    reach: Reach
    move: Point = (0.0, 0.0)
    grow: Point = (0.0, 0.0)
    bow: float = 0.0
    share: tuple[float, float] | None = None
    """x where the bump's strength begins, and x where it is whole; None: whole everywhere"""

    def push(self, x: Floats, y: Floats) -> tuple[Floats, Floats]:
        """Where the tissue that is now at (x, y) was pushed from, as a way (dx, dy) to here."""
        left, right, up, down = self.reach
        dx = x - (self.at[0] + self.move[0])
        dy = y - (self.at[1] + self.move[1])
        across = dx / np.where(dx < 0, np.float32(left), np.float32(right))
        hang = dy - self.bow * np.maximum(1 - across * across, 0) if self.bow else dy
        along = hang / np.where(hang < 0, np.float32(up), np.float32(down))
        near = np.maximum(1 - across * across - along * along, 0) ** 2
        if self.share:
            near = near * smooth((x - self.share[0]) / (self.share[1] - self.share[0]))
        return (
            near * (self.move[0] + self.grow[0] * dx),
            near * (self.move[1] + self.grow[1] * hang),
        )


def muscles(face: Anatomy) -> Mapping[str, tuple[Bump, ...]]:
    """The bumps of each weight that moves soft tissue, at weight 1."""
    table: dict[str, tuple[Bump, ...]] = dict(_middle(face))
    for side in SIDES:
        one = _Side(face, side)
        for name, bumps in (*_brow(one), *_cheek(one), *_mouth_corner(one), *_lip_side(one)):
            table[f"{name}{side}"] = bumps
    table["browInnerUp"] = table.pop("browInnerUpLeft") + table.pop("browInnerUpRight")
    return table


class _Side:
    """One side of the face: turns "inwards, outwards" into left and right."""

    def __init__(self, face: Anatomy, side: str) -> None:
        self.face = face
        self.out = SIDES[side]
        self.brow = face.brows[side]
        self.eye = face.axes.local(face.eyes[side].axes.picture((0.0, 0.0)))
        self.eye_half = face.eyes[side].half
        self.lid = face.axes.local(face.eyes[side].axes.picture(face.eyes[side].upper))
        self.corner = face.mouth.left if self.out > 0 else face.mouth.right

    def bump(self, at: Point, move: Point, reach: Reach, grow: Point = (0, 0)) -> Bump:
        """`move` is (outwards, down); `reach` is inwards, outwards, up, down."""
        inner, outer, up, down = reach
        sides = (inner, outer) if self.out > 0 else (outer, inner)
        return Bump(at, (*sides, up, down), (move[0] * self.out, move[1]), grow)


Named = Iterator[tuple[str, tuple[Bump, ...]]]


def _brow(side: _Side) -> Named:
    unit, brow = side.face.unit, side.brow
    gap = max(side.lid[1] - brow.middle[1], 0.12 * unit)
    length = abs(brow.outer[0] - brow.inner[0])
    up = min(0.17 * unit, 0.7 * gap + 0.04 * unit)
    down = min(0.12 * unit, 0.5 * gap)
    # the lid's crease stays: below the brow the skin gives way at once
    above, below = 1.2 * up + 0.12 * unit, max(0.85 * (gap + up), 1.85 * up)
    inner, outer = 0.5 * length + 0.7 * unit, 0.5 * length + 0.55 * unit
    arch = 0.5 * (brow.inner[1] + brow.outer[1]) - brow.middle[1]
    bow = max(min(arch * (2 * inner / length) ** 2, unit), 0.0)
    whole = side.bump(
        (0.5 * (brow.inner[0] + brow.outer[0]), brow.middle[1] + bow),
        (0, -up),
        (inner, outer, above, below),
    )
    whole = replace(whole, bow=-bow)
    ends = (brow.inner[0], brow.outer[0])
    yield "browInnerUp", (replace(whole, share=ends[::-1]),)
    yield "browOuterUp", (replace(whole, share=ends),)
    inner = (brow.inner[0] * 0.5 + brow.middle[0] * 0.5, brow.inner[1])
    yield (
        "browDown",
        (
            side.bump(inner, (-0.3 * down, down), (0.32 * unit, length, 0.5 * unit, 0.9 * gap)),
            side.bump(
                brow.inner,
                (-0.25 * down, 0.3 * down),
                (0.2 * unit, 0.5 * length, 0.4 * unit, 0.8 * gap),
            ),
        ),
    )


def _cheek(side: _Side) -> Named:
    unit, face = side.face.unit, side.face
    apple = (side.eye[0] + 0.1 * side.eye_half * side.out, 0.55 * unit)
    wide = (0.5 * unit, 0.45 * unit, 0.42 * unit, 0.5 * unit)
    yield "cheekSquint", (side.bump(apple, (0.03 * unit, -0.11 * unit), wide),)
    wing = (face.nose[0] + 0.2 * unit * side.out, face.nose[1] - 0.08 * unit)
    yield (
        "noseSneer",
        (
            side.bump(
                wing,
                (0.01 * unit, -0.09 * unit),
                (0.22 * unit, 0.3 * unit, 0.3 * unit, 0.32 * unit),
            ),
        ),
    )


def _mouth_corner(side: _Side) -> Named:
    half, corner = side.face.mouth.half, side.corner
    wide = (0.95 * half, 1.5 * half, 1.1 * half, 1.0 * half)
    cheek = (corner[0] + 0.9 * half * side.out, corner[1] - 0.9 * half)
    yield (
        "mouthSmile",
        (
            side.bump(corner, (0.24 * half, -0.34 * half), wide),
            side.bump(cheek, (0.06 * half, -0.2 * half), (1.3 * half,) * 4),
        ),
    )
    yield "mouthFrown", (side.bump(corner, (0.04 * half, 0.36 * half), wide),)
    yield (
        "mouthStretch",
        (side.bump(corner, (0.36 * half, 0.06 * half), (1.1 * half, 1.6 * half, half, half)),),
    )
    yield (
        "mouthDimple",
        (side.bump(corner, (0.18 * half, -0.04 * half), (0.7 * half, half, half, half)),),
    )


def _lip_side(side: _Side) -> Named:
    mouth = side.face.mouth
    half = mouth.half
    spread = 1.25 * half
    lips = side.bump(
        mouth.centre,
        (0, 0),
        (spread, spread, mouth.upper + 0.4 * half, mouth.lower + 0.4 * half),
        grow=(0, -1.1),
    )
    ends = (mouth.centre[0] - 0.8 * half * side.out, mouth.centre[0] + 0.8 * half * side.out)
    yield (
        "mouthPress",
        (
            replace(lips, share=ends),
            side.bump(side.corner, (0.14 * half, 0.03 * half), (0.7 * half,) * 4),
        ),
    )
    fold = (side.corner[0] - 0.2 * half * side.out, mouth.centre[1] - mouth.upper - 0.3 * half)
    yield "mouthUpperUp", (side.bump(fold, (0, -0.08 * half), (0.6 * half,) * 4),)
    yield "mouthLowerDown", ()


def _middle(face: Anatomy) -> Named:
    """What belongs to neither side."""
    yield from _lips(face.mouth)
    yield from _sideways(face)
    unit, half = face.unit, face.mouth.half
    cheeks = [(face.mouth.centre[0] + 1.55 * half * out, 0.82 * unit) for out in SIDES.values()]
    puffs = [Bump(at, (0.6 * unit,) * 4, grow=(0.35, 0.22)) for at in cheeks]
    yield "cheekPuff", tuple(puffs)
    yield "jawOpen", ()
    yield "mouthClose", ()


def _lips(mouth: MouthShape) -> Named:
    half, centre = mouth.half, mouth.centre
    bow = centre[1] - (mouth.left[1] + mouth.right[1]) / 2
    above, below = mouth.upper + 0.35 * half, mouth.lower + 0.35 * half
    side = 1.25 * half

    def lips(up: float, down: float, grow: float) -> Bump:
        return Bump((centre[0], centre[1] - bow), (side, side, up, down), grow=(0, grow), bow=bow)

    hair = 1e-3 * half
    yield "mouthRollUpper", (lips(above, hair, -1.6),)
    yield "mouthRollLower", (lips(hair, below, -1.6),)
    inwards = [
        Bump(corner, (half, half, 0.9 * half, 0.9 * half), move=(-way * 0.36 * half, 0))
        for corner, way in ((mouth.left, 1), (mouth.right, -1))
    ]
    yield "mouthPucker", (*inwards, lips(1.4 * above, 1.4 * below, 0.25))
    yield (
        "mouthFunnel",
        (
            *(Bump(bump.at, bump.reach, (0.45 * bump.move[0], 0)) for bump in inwards),
            lips(1.4 * above, 1.4 * below, 0.3),
        ),
    )
    yield (
        "mouthShrugLower",
        (
            Bump(
                (centre[0], centre[1] + mouth.lower),
                (0.9 * half, 0.9 * half, mouth.lower + 0.6 * half, 1.2 * half),
                (0, -0.14 * half),
            ),
        ),
    )
    yield (
        "mouthShrugUpper",
        (
            Bump(
                (centre[0], centre[1] - mouth.upper),
                (0.9 * half, 0.9 * half, 0.8 * half, mouth.upper + 0.4 * half),
                (0, -0.14 * half),
            ),
        ),
    )


def _sideways(face: Anatomy) -> Named:
    unit, half, mouth, chin = face.unit, face.mouth.half, face.mouth.centre, face.chin
    drop = chin[1] - mouth[1]
    for side, way in SIDES.items():
        yield (
            f"mouth{side}",
            (Bump(mouth, (2.1 * half, 2.1 * half, half, half), (way * 0.3 * half, 0)),),
        )
        jaw = Bump(
            (chin[0], chin[1] - 0.3 * drop),
            (1.1 * face.half_width, 1.1 * face.half_width, 1.2 * drop, 1.2 * drop),
            (way * 0.13 * unit, 0),
        )
        yield f"jaw{side}", (jaw,)

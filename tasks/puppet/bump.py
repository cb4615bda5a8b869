"""The unit that soft tissue is moved by: one spot, and what is around it ever less."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from tasks.character.face import Point
from tasks.puppet.anatomy import SIDES, Anatomy
from tasks.puppet.raster import Floats, smooth

Reach = tuple[float, float, float, float]
"""how far a bump reaches: to the left, right, up and down"""

Share = tuple[float, float]
"""x where a bump's strength begins, and x where it is whole"""


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
    share: Share | None = None

    def push(self, x: Floats, y: Floats) -> tuple[Floats, Floats]:
        """Where the tissue that is now at (x, y) was pushed from, as a way (dx, dy) to here."""
        left, right, up, down = self.reach
        dx = x - (self.at[0] + self.move[0])
        dy = y - (self.at[1] + self.move[1])
        across = dx / np.where(dx < 0, np.float32(left), np.float32(right))
        hang = dy - self.bow * np.maximum(1 - across * across, 0) if self.bow else dy
        along = hang / np.where(hang < 0, np.float32(up), np.float32(down))
        near = np.maximum(1 - across * across - along * along, 0) ** 2
        near = near * shared(self.share, x)
        return (
            near * (self.move[0] + self.grow[0] * dx),
            near * (self.move[1] + self.grow[1] * hang),
        )

    def corners(self) -> tuple[Point, Point]:
        """The top left and bottom right of all that it moves."""
        x, y = self.at[0] + self.move[0], self.at[1] + self.move[1]
        left, right, up, down = self.reach
        return (x - left, y - up - abs(self.bow)), (x + right, y + down + abs(self.bow))


class Mover(Protocol):
    """What moves tissue: a bump, or something of its kind."""

    def push(self, x: Floats, y: Floats) -> tuple[Floats, Floats]:
        """See Bump."""

    def corners(self) -> tuple[Point, Point]:
        """See Bump."""


def shared(share: Share | None, x: Floats) -> Floats | float:
    """How much of its strength something has at x, when it shares its work with another."""
    return 1.0 if share is None else smooth((x - share[0]) / (share[1] - share[0]))


class Side:
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


Named = Iterator[tuple[str, tuple[Mover, ...]]]
"""the bumps of some weights, with the weights' names"""

"""The portrait's grain (paper, canvas, film), for what is painted anew beside it."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from tasks.puppet.anatomy import Anatomy
from tasks.puppet.raster import Floats, Pixels, blurred, mirrored

STRONGEST = 0.09
"""how far grain may darken or lighten; what does more is a line of the drawing"""


@dataclass(frozen=True, slots=True, eq=False)
class Grain:
    """A square of plain skin, less its colour."""

    square: Floats
    """(n, n): brightness over that of the surroundings, about 1"""

    def at(self, x: Floats, y: Floats) -> Floats:
        """The grain at any place, in pixels: the square, mirrored without end."""
        return mirrored(self.square, x, y)

    def onto(self, colours: Floats, left: int, top: int) -> None:
        """Lay it over colours (height, width, 4) whose first pixel is that of a picture, in place.

        On whole pixels there is nothing to interpolate.
        """
        (height, width), (high, wide) = colours.shape[:2], self.square.shape
        share = cv2.merge([self.square, self.square, self.square, np.ones_like(self.square)])
        rows, columns = _back_and_forth(top, height, high), _back_and_forth(left, width, wide)
        colours *= share[:, columns][rows]


def _back_and_forth(start: int, count: int, size: int) -> NDArray[np.intp]:
    """The places of a row of so many that is mirrored at its ends, from one of them on."""
    places = np.arange(start, start + count) % (2 * size)
    return np.minimum(places, 2 * size - 1 - places)


def grain(picture: Pixels, face: Anatomy) -> Grain:
    """Take the grain from the plainest of some places where a face is mostly skin."""
    unit, chin = face.unit, (face.mouth.centre[1] + face.chin[1]) / 2
    places = [(0.0, -0.45 * unit), (0.0, 0.15 * unit), (0.0, chin)]
    places += [(side * 1.4 * face.mouth.half, 0.75 * unit) for side in (-1, 1)]
    squares = [_square(picture, face, place) for place in places]
    return Grain(min(squares, key=lambda square: float(np.abs(square - 1).mean())))


def _square(picture: Pixels, face: Anatomy, place: tuple[float, float]) -> Floats:
    x, y = face.axes.picture(place)
    reach = max(round(0.13 * face.unit), 3)
    height, width = picture.shape[:2]
    left = min(max(round(x) - reach, 0), max(width - 2 * reach, 0))
    top = min(max(round(y) - reach, 0), max(height - 2 * reach, 0))
    part = picture[top : top + 2 * reach, left : left + 2 * reach, :3].astype(np.float32)
    light = part.mean(axis=2) + 1
    over = light / blurred(light, max(0.02 * face.unit, 1.0))
    clipped: Floats = np.clip(over, 1 - STRONGEST, 1 + STRONGEST).astype(np.float32)
    return clipped

"""Motions of a whole picture: shift, turn, scale and shear, as one small matrix."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import atan2, degrees, hypot, sqrt
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from tasks.finish.alpha import Floats

Matrix = NDArray[np.float64]
"""(3, 3); where a pixel of the reference lies in the take: coordinates of pixel centres"""


@dataclass(frozen=True, slots=True)
class Motion:
    """How a take lies against its reference: where each of the reference's pixels is in it."""

    rows: tuple[tuple[float, float, float], tuple[float, float, float]] = (
        (1.0, 0.0, 0.0),
        (0.0, 1.0, 0.0),
    )
    """the upper two rows of the matrix, in pixels"""

    @property
    def matrix(self) -> Matrix:
        """As a 3 by 3 matrix."""
        return np.array([*self.rows, (0.0, 0.0, 1.0)])

    def shift_px(self, at: tuple[float, float]) -> tuple[float, float]:
        """How far the pixel at `at` (x, y) of the reference has moved in the take."""
        (a, b, c), (d, e, f) = self.rows
        return (a - 1) * at[0] + b * at[1] + c, d * at[0] + (e - 1) * at[1] + f

    @property
    def turn_deg(self) -> float:
        """The turn, clockwise as seen."""
        (a, b, _), (d, e, _) = self.rows
        return degrees(atan2(d - b, a + e))

    @property
    def scale(self) -> float:
        """How much larger the take is drawn."""
        (a, b, _), (d, e, _) = self.rows
        return sqrt(abs(a * e - b * d))

    def apart_px(self, other: "Motion", points: Sequence[tuple[float, float]]) -> float:
        """The mean distance, over some pixels of the reference, between two motions."""
        apart = [
            hypot(*(one - two for one, two in zip(*pair, strict=True)))
            for pair in ((self.shift_px(at), other.shift_px(at)) for at in points)
        ]
        return sum(apart) / len(apart)


STILL = Motion()


def motion(matrix: Matrix) -> Motion:
    """The motion of a matrix, rounded to what can be seen: the same on every machine."""
    a, b, c, d, e, f = (round(float(value), 7) for value in matrix[:2].ravel())
    return Motion(((a, b, round(c, 4)), (d, e, round(f, 4))))


def scaled(matrix: Matrix, times: float) -> Matrix:
    """The motion for a picture of `times` the size: pixel centres lie half a pixel within."""
    there = np.array([[times, 0, (times - 1) / 2], [0, times, (times - 1) / 2], [0, 0, 1]])
    return there @ matrix @ np.linalg.inv(there)


def warped(
    picture: Floats, matrix: Matrix, size_px: tuple[int, int], at: tuple[int, int] = (0, 0)
) -> Floats:
    """What lies where the matrix says: the part of the aligned picture from `at` on, of a size.

    Sampled once, by Lanczos interpolation: the library's cubic one shifts what it samples by up to
    a twentieth of a pixel. What is not in the picture is 0.
    """
    part = matrix @ np.array([[1, 0, at[0]], [0, 1, at[1]], [0, 0, 1]], dtype=np.float64)
    return cast(
        Floats,
        cv2.warpAffine(picture, part[:2], size_px, flags=cv2.INTER_LANCZOS4 | cv2.WARP_INVERSE_MAP),
    )

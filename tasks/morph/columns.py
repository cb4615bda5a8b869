"""Rows of two pictures matched column by column, where rows may vanish: lids and lips.

Optical flow looks for every pixel in the other picture. An iris behind a lid is not there, and
flow, which has to take it somewhere, tears the eye apart. Here each column is matched from top
to bottom like two texts that are compared: a row is either matched, or is one picture's own.
"""

from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from tasks.morph.fields import Floats

_OWN = 0.05
"""what a row of one picture's own costs, beside a mean difference of colour on a scale of 0..1"""
_ACROSS_PX = 3
"""how many neighbouring columns are looked at together"""


def match(first: Floats, second: Floats, reach_px: int) -> Floats:
    """Half the way that each pixel of the middle goes down, from `first` to `second`, in pixels.

    The pictures are (height, width, 3) on a scale of 0..1. At row y of the middle, row
    `y - answer` of `first` lies over row `y + answer` of `second`. The slope along y is 1 where
    rows are the second picture's own, and -1 where they are the first's. No row moves by more
    than `reach_px`; the top and the bottom stay.
    """
    costs = _costs(first, second, reach_px)
    start, end = _path(costs, reach_px)
    height, width = first.shape[:2]
    rows = np.repeat(np.arange(height), 2)
    middle = np.arange(height)
    out = np.empty((height, width), np.float32)
    for column in range(width):
        half = np.stack([start[:, column], end[:, column]], axis=1).ravel() / 2
        out[:, column] = np.interp(middle, rows + half, half)
    # A column that went astray alone is put right by its neighbours.
    calm = cv2.medianBlur(out, 5)
    return cast(Floats, cv2.GaussianBlur(calm, (0, 0), sigmaX=1.5, sigmaY=0.5))


def _costs(first: Floats, second: Floats, reach: int) -> Floats:
    """(2 reach + 1, height, width): row y of `first` beside row y - reach + index of `second`."""
    height, width = first.shape[:2]
    padded = np.pad(second, ((reach, reach), (0, 0), (0, 0)), mode="edge")
    out = np.empty((2 * reach + 1, height, width), np.float32)
    mean = np.full((1, 3), 1 / 3, np.float32)
    for index, costs in enumerate(out):
        apart = cv2.transform(cv2.absdiff(first, padded[index : index + height]), mean)
        cv2.blur(apart, (_ACROSS_PX, 1), dst=costs)
    return out


def _path(costs: Floats, reach: int) -> tuple[NDArray[np.int16], NDArray[np.int16]]:
    """The cheapest way down each column: where it stands before and after each row of `first`.

    Standing at d means that row y of the first picture lies over row y + d of the second.
    """
    count, height, width = costs.shape
    index = np.arange(count, dtype=np.int16)[:, None]
    toll = (index * _OWN).astype(np.float32)
    margin = (np.abs(index - reach) * _OWN).astype(np.float32)
    came_from = np.empty((height, count, width), np.int16)
    is_own = np.empty((height, count, width), np.bool_)
    best = np.broadcast_to(margin, (count, width)).astype(np.float32)
    own = np.full((count, width), np.inf, np.float32)
    for row in range(height):
        matched = best + 2 * costs[:, row]
        own[:-1] = best[1:] + _OWN
        np.less(own, matched, out=is_own[row])
        # Rows of the second picture's own: any number of them, at a toll each.
        entered = np.minimum(own, matched) - toll
        cheapest = np.minimum.accumulate(entered, axis=0)
        came = np.where(entered <= cheapest, index, np.int16(0))
        np.maximum.accumulate(came, axis=0, out=came_from[row])
        best = cheapest + toll
    return _walked_back(came_from, is_own, reach)


def _walked_back(
    came_from: NDArray[np.int16], is_own: NDArray[np.bool_], reach: int
) -> tuple[NDArray[np.int16], NDArray[np.int16]]:
    height, count, width = came_from.shape
    columns = np.arange(width)
    at = np.full(width, reach, np.int16)
    start, end = np.empty((height, width), np.int16), np.empty((height, width), np.int16)
    for row in reversed(range(height)):
        end[row] = at
        at = came_from[row, at, columns]
        start[row] = at
        at = np.where(is_own[row, at, columns], np.minimum(at + 1, count - 1), at).astype(np.int16)
    return start - np.int16(reach), end - np.int16(reach)

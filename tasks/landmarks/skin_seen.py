"""The skin of a face as the picture shows it: its colour, and whether that is one colour.

A drawing that is filled with one colour shows where every feature lies: what is no skin is one.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from tasks.landmarks.networks import Floats

_FEW = 8.0
"""levels of Lab that skin of one colour is spread over"""
_PLAIN, _FLAT = 0.38, 0.78
"""how much of a face has the usual colour of its skin in a drawing of soft shades, and in one of
areas of one colour: of photographs and paintings a fifth"""
_UNLIKE, _UNLIKE_FLAT = 30.0, 14.0
"""levels of Lab, from which on a pixel is none of the skin"""
_BIN = 4


@dataclass(frozen=True, slots=True)
class Skin:
    """What the skin of a face is like."""

    lab: Floats
    """its usual colour, 8-bit Lab"""
    plain: bool
    """whether it has one colour, but for soft shades"""
    unlike: float
    """levels of Lab, from which on a pixel is something else"""


def skin_seen(
    picture: NDArray[np.uint8], points: Floats, outline: Sequence[int], spots: Sequence[int]
) -> Skin:
    """The skin within the mesh's outline; of a face that is not plain the colour at some spots."""
    where = np.zeros(picture.shape[:2], np.uint8)
    cv2.fillPoly(where, [np.rint(points[list(outline)]).astype(np.int32)], 1)
    found = cv2.cvtColor(np.ascontiguousarray(picture[..., :3]), cv2.COLOR_RGB2LAB)[where > 0]
    at_spots = np.median([lab_at(picture, points[spot]) for spot in spots], axis=0)
    if not len(found):
        return Skin(at_spots, False, _UNLIKE)
    places = found // _BIN
    _, which, count = np.unique(places, axis=0, return_inverse=True, return_counts=True)
    usual = np.median(found[which.ravel() == int(count.argmax())].astype(float), axis=0)
    share = float((np.linalg.norm(found - usual, axis=1) < _FEW).mean())
    if share < _PLAIN:
        return Skin(at_spots, False, _UNLIKE)
    return Skin(usual, True, _UNLIKE_FLAT if share > _FLAT else _UNLIKE)


def lab_at(picture: NDArray[np.uint8], at: Floats) -> Floats:
    """The usual colour about a place, in 8-bit Lab."""
    x, y = (
        int(np.clip(round(v), 0, most - 1))
        for v, most in zip(at, picture.shape[1::-1], strict=True)
    )
    spot = picture[max(0, y - 2) : y + 3, max(0, x - 2) : x + 3, :3].reshape(-1, 3)
    middle = np.median(spot, axis=0).astype(np.uint8)
    return np.asarray(cv2.cvtColor(middle[None, None], cv2.COLOR_RGB2LAB)[0, 0], np.float64)

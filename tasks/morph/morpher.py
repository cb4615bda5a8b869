"""A pair of keyframes, and the pictures between them."""

from functools import reduce
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from tasks.ground.errors import Mistake
from tasks.morph.fields import Floats, grid, origin, resized, sample
from tasks.morph.maps import Box, Maps, areas, find

Pixels = NDArray[np.uint8]

_FINE_PX = 160_000
"""how many pixels the maps are found on, at most; they are smooth, and no finer ones are needed"""
_GAP = 0.016
"""parts that changed and lie no further apart than this part of the height are one"""
_MARGIN = 0.02
"""so far round what changed may something move, as a part of the height: skin beside a lid"""
_STILL_PX = 1 / 32
_SHARP = 2
_OPAQUE = 254.9
_OWN_FROM, _OWN_TO = 0.6, 0.9
"""from which share of the area on something counts as one picture's own"""


def morph(first: Pixels, second: Pixels, t: float) -> Pixels:
    """The picture at time t (0..1) between two keyframes of one pose; for several, a `Morpher`.

    All three are (height, width, 4), RGBA with straight alpha. Raises what `Morpher` raises.
    """
    return Morpher(first, second).at(t)


class Morpher:
    """The pictures between two keyframes; what does not depend on t is found once.

    Where nothing changes nothing moves: further than a fiftieth of the height from all that
    differs (and from what lies between parts of that), pixels are those of both keyframes, to
    the bit; nearer, what is equal may give way to what moves. The same keyframes give the same
    bytes. `at` may be called from several threads.
    """

    def __init__(self, first: Pixels, second: Pixels) -> None:
        """Both are (height, width, 4), RGBA. Raises Mistake when their sizes differ."""
        if first.shape != second.shape:
            sizes = " and ".join(f"{each.shape[1]}x{each.shape[0]}" for each in (first, second))
            raise Mistake(f"no picture lies between pictures of {sizes} pixels: sizes differ")
        self._first, self._second = first, second
        differs = _differs(first, second)
        margin_px = max(2, round(_MARGIN * len(first)))
        self._part: tuple[Box, NDArray[np.bool_], _Between] | None = None
        """what changes: its box, which pixels of that, and how; None where all is equal"""
        box = _bounds(differs, margin_px)
        if box is not None:
            ground = _ground(differs[box], len(first), margin_px)
            between = _Between(first[box], second[box], ground, len(first))
            self._part = box, ground > 0, between

    def at(self, t: float) -> Pixels:
        """The picture at time t: the very first at 0, the very second at 1. ValueError beyond."""
        if not 0 <= t <= 1:
            raise ValueError(f"t is {t}; it goes from 0 to 1")
        out = self._first.copy()
        if t == 1:
            return self._second.copy()
        if t > 0 and self._part is not None:
            box, region, between = self._part
            # As a plain number: one of numpy's would make wide numbers of all the fields.
            out[box][region] = between.at(float(t))[region]
        return out


class _Between:
    """The part of a pair that changes."""

    def __init__(self, first: Pixels, second: Pixels, ground: Floats, high: int) -> None:
        self._straight = first
        self._equal = (first == second).all(axis=2)
        self._first, self._second = _premultiplied(first), _premultiplied(second)
        self._places = grid(first.shape)
        self._size_px = width, height = first.shape[1], first.shape[0]
        times = max(1.0, (width * height / _FINE_PX) ** 0.5)
        small = max(2, round(width / times)), max(2, round(height / times))
        self._scale = np.array([width / small[0], height / small[1]], np.float32)
        free = _shrunk(ground, small)
        whole, self._behind = find(
            _shrunk(self._first, small), _shrunk(self._second, small), free, high / times
        )
        self._whole = whole
        of_first, of_second = (cv2.GaussianBlur(each, (0, 0), 1.5) for each in areas(whole))
        total = of_first + of_second + 1e-6
        own_first, own_second = _own(of_first / total), _own(of_second / total)
        self._own = np.dstack([own_first, own_second])
        # What is wholly one picture's own has no part of the other mixed in.
        self._areas = np.dstack([of_first * (1 - own_second), of_second * (1 - own_first)])
        # The same, seen from each picture: there, too, it has to be the picture's own.
        self._own_first = sample(own_first, origin(whole.at(0)))
        self._own_second = sample(own_second, origin(whole.at(1)))

    def at(self, t: float) -> Pixels:
        moved, still = _Ways(self._whole, t), _Ways(self._behind, t)
        share = sample(self._areas, moved.middle) ** _SHARP * np.array([1 - t, t], np.float32)
        own = sample(self._own, moved.middle)
        own_first = own[..., 0] * sample(self._own_first, still.places + still.first)
        own_second = own[..., 1] * sample(self._own_second, still.places + still.second)
        of_first = self._drawn(self._first, moved.first, still.first, own_first)
        of_second = self._drawn(self._second, moved.second, still.second, own_second)
        whole = np.maximum(share.sum(axis=2), 1e-5)
        weight = resized(cast(Floats, share[..., 0] / whole), self._size_px)[..., None]
        of_first -= of_second
        of_first *= weight
        of_first += of_second
        mixed = _straight(of_first)
        way = reduce(np.maximum, cv2.split(np.abs(np.dstack([moved.first, moved.second]))))
        at_rest = self._equal & (resized(cast(Floats, way), self._size_px) < _STILL_PX)
        mixed[at_rest] = self._straight[at_rest]
        return mixed

    def _drawn(self, picture: Floats, moved: Floats, still: Floats, own: Floats) -> Floats:
        """The picture as it moves; what is its own, and behind something, as that stands still."""
        out = sample(picture, self._places + self._full(moved))
        share = resized(own, self._size_px)
        box = _bounds(share > 0, 0)
        if box:
            behind = sample(picture, self._places[box] + self._full(still)[box])
            out[box] += share[box][..., None] * (behind - out[box])
        return out

    def _full(self, ways: Floats) -> Floats:
        return resized(ways, self._size_px) * self._scale


class _Ways:
    """From each pixel of the picture at time t, the way to its place in either keyframe."""

    def __init__(self, maps: Maps, t: float) -> None:
        self.places = grid(maps.first.shape)
        self.middle = origin(maps.at(t))
        home = self.middle - self.places
        self.first = home + sample(maps.first, self.middle)
        self.second = home + sample(maps.second, self.middle)


def _own(share: Floats) -> Floats:
    """0..1: how surely something that takes this share of the area is one picture's own."""
    rise = np.clip((share - _OWN_FROM) / (_OWN_TO - _OWN_FROM), 0, 1)
    smooth = rise * rise * (3 - 2 * rise)
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (11, 11))
    # Without the specks of it that happened to match something.
    return cast(Floats, cv2.morphologyEx(smooth, cv2.MORPH_CLOSE, disc))


def _differs(first: Pixels, second: Pixels) -> NDArray[np.bool_]:
    """Where two pictures look different: the colour of what is transparent does not count."""
    seen = (first[..., 3] > 0) | (second[..., 3] > 0)
    return cast(NDArray[np.bool_], (first != second).any(axis=2) & seen)


def _bounds(mask: NDArray[np.bool_], margin_px: int) -> Box | None:
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not rows.size:
        return None
    return (
        slice(max(0, int(rows[0]) - margin_px), int(rows[-1]) + 1 + margin_px),
        slice(max(0, int(columns[0]) - margin_px), int(columns[-1]) + 1 + margin_px),
    )


def _ground(differs: NDArray[np.bool_], high: int, margin_px: int) -> Floats:
    """How freely things may move: 1 where something differs, falling to 0 all round it.

    What lies between parts that differ, near together, is one with them.
    """
    gap_px = max(3, round(_GAP * high)) | 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (gap_px, gap_px))
    mask = cv2.morphologyEx(differs.astype(np.uint8), cv2.MORPH_CLOSE, disc)
    outside = np.ones(mask.shape, np.uint8)
    for outline in cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)[0]:
        cv2.fillConvexPoly(outside, cv2.convexHull(outline), 0)
    away = cv2.distanceTransform(outside, cv2.DIST_L2, 3)
    return cast(Floats, np.maximum(0, 1 - away / np.float32(margin_px)))


def _shrunk(picture: Floats, size_px: tuple[int, int]) -> Floats:
    return cast(Floats, cv2.resize(picture, size_px, interpolation=cv2.INTER_AREA))


def _premultiplied(picture: Pixels) -> Floats:
    out = picture.astype(np.float32)
    out[..., :3] *= out[..., 3:] / 255
    return out


def _straight(picture: Floats) -> Pixels:
    alpha = picture[..., 3]
    if alpha.min() < _OPAQUE:
        picture[..., :3] *= np.where(alpha > 0, 255 / np.maximum(alpha, 1e-3), 0)[..., None]
    return cast(Pixels, cv2.convertScaleAbs(picture))

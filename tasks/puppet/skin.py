"""Which of a face's pixels are skin: the colour is found beside the eyes, not assumed."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from tasks.character.face import Point
from tasks.puppet.anatomy import Anatomy
from tasks.puppet.memo import Memo
from tasks.puppet.palette import SOLID
from tasks.puppet.raster import Cut, Floats, Mask, Pixels, Window, extent, places, spread, window

UNLIKE = 13.0
"""how far from the skin around it a pixel is that is none: CIELAB, lightness at seven tenths"""
_WIDE = np.array([0.45, 1.0, 1.0], np.float32)
_FINE = np.array([0.7, 1.0, 1.0], np.float32)
_BINS = np.array([6.0, 5.0, 5.0], np.float32)
_LIGHTING = 24.0
"""how far the skin of one face may be from its most usual colour, by light, shadow and blush"""
_PLAIN, _SHADED = 1.5, 13.0
"""the skin of a drawing that has one colour, for the most part, and how far its shadow and blush
are from that: what is further is pale hair"""


@dataclass(frozen=True, slots=True, eq=False)
class Zone:
    """The part of a picture about both eyes and brows, and what is skin in it."""

    window: Window
    across: Floats
    """each pixel along the face's axes"""
    down: Floats
    lab: Floats
    """CIELAB"""
    skin: Floats
    """the colour of the skin around each pixel, CIELAB"""
    unlike: Floats
    """how far each pixel is from that"""

    @property
    def is_skin(self) -> Mask:
        """Where the picture shows plain skin."""
        return self.unlike < UNLIKE

    @property
    def cut(self) -> tuple[slice, slice]:
        """Its rows and columns."""
        left, top, right, bottom = self.window
        return slice(top, bottom), slice(left, right)

    def about(self, line: Sequence[Point], reach: float) -> Cut | None:
        """Its rows and columns that hold all that is not further than this from points along the
        face's axes, and from what is between them; None where that lies beside it."""
        xs, ys = zip(*line, strict=True)
        left, top, right, bottom = (
            min(xs) - reach,
            min(ys) - reach,
            max(xs) + reach,
            max(ys) + reach,
        )
        near = (self.across > left) & (self.across < right)
        return extent(near & (self.down > top) & (self.down < bottom))


def zone(picture: Pixels, face: Anatomy) -> Zone:
    """Look at the picture about the eyes."""
    left, top, right, bottom = _window(picture, face)
    part = picture[top:bottom, left:right]
    x, y = places((left, top, right, bottom))
    across, down = face.axes.locals(x, y)
    lab = to_lab(part)
    solid = part[..., 3] > SOLID
    beside = solid & _beside(face, across, down)
    usual = _usual(lab, beside)
    away = _far(lab, usual, _WIDE)
    plain = bool(beside.any()) and float(np.median(away[beside])) < _PLAIN
    near = solid & (away < (_SHADED if plain else _LIGHTING))
    local = _local(lab, near, usual, 0.25 * face.unit)
    # once more without what only looks like skin from afar: a pale iris, light hair
    near &= _far(lab, local, _FINE) < UNLIKE
    local = _local(lab, near, usual, 0.25 * face.unit)
    unlike = np.where(solid, _far(lab, local, _FINE), np.float32(200))
    if plain:
        unlike *= np.float32(_finer(lab, usual, _openings(face, x, y)))
    return Zone((left, top, right, bottom), across, down, lab, local, unlike)


def _openings(face: Anatomy, x: Floats, y: Floats) -> Mask:
    """Within both eyes, whatever their lids' shape."""
    inside = np.zeros((y.size, x.size), bool)
    for eye in face.eyes.values():
        along, v = eye.axes.locals(x, y)
        inside |= (along / eye.half) ** 2 + (2 * v / eye.height) ** 2 < 0.9
    return inside


def _finer(lab: Floats, usual: Floats, inside: Mask) -> float:
    """By how much finer colours have to be told apart, where an eye's white is next to skin that
    is almost as pale."""
    far = _far(lab, usual, _FINE)
    pale = inside & (lab[..., 0] > 78) & (np.hypot(lab[..., 1], lab[..., 2]) < 20)
    if pale.sum() < 0.05 * inside.sum():
        return 1.0
    white = float(np.median(far[pale]))
    return UNLIKE / max(0.55 * white, 5.5) if 0.5 * UNLIKE < white < 1.1 * UNLIKE else 1.0


def to_lab(colours: Pixels | Floats) -> Floats:
    """RGB (or RGBA) 0..255 in CIELAB."""
    make_tables()
    rgb = cv2.cvtColor(colours, cv2.COLOR_RGBA2RGB) if colours.shape[-1] == 4 else colours
    return cast(Floats, cv2.cvtColor(rgb / np.float32(255), cv2.COLOR_RGB2LAB))


def make_tables() -> None:
    """Have OpenCV make its tables for CIELAB: an eighth of a second, in which others may go on.

    Whoever asks for such colours waits for them: OpenCV itself would make them twice.
    """
    _TABLES.get((), lambda: cv2.cvtColor(np.zeros((1, 1, 3), np.float32), cv2.COLOR_RGB2LAB))


_TABLES: Memo[object] = Memo(1)


def _far(lab: Floats, other: Floats, weight: Floats) -> Floats:
    # Each channel by itself: several times as quick as numpy is over an axis of three.
    light, red, blue = (((lab[..., c] - other[..., c]) * weight[c]) ** 2 for c in range(3))
    return cast(Floats, np.sqrt(light + red + blue))


def _local(lab: Floats, near: Mask, usual: Floats, sigma: float) -> Floats:
    """The skin's colour around each place."""
    if not near.any():
        return np.broadcast_to(usual, lab.shape).astype(np.float32)
    return spread(lab, near.astype(np.float32), sigma)


def _window(picture: Pixels, face: Anatomy) -> Window:
    unit, wide = face.unit, 1.12 * face.half_width
    brow = min(min(b.middle[1], b.inner[1], b.outer[1]) for b in face.brows.values())
    reach = [(face.chin[0] + s * wide, 0.0) for s in (-1, 1)]
    reach += [
        face.axes.local(eye.axes.picture((part * eye.half, 0.0)))
        for eye in face.eyes.values()
        for part in (-1.5, 1.5)
    ]
    left, right = min(x for x, _ in reach), max(x for x, _ in reach)
    corners = [
        face.axes.picture((x, y)) for x in (left, right) for y in (brow - 0.5 * unit, 0.7 * unit)
    ]
    across, along = zip(*corners, strict=True)
    size = picture.shape[1], picture.shape[0]
    found = window((min(across), min(along), max(across), max(along)), size)
    return found or (0, 0, *size)


def _beside(face: Anatomy, x: Floats, y: Floats) -> Mask:
    """Where a face is mostly skin: below the eyes and between them."""
    unit = face.unit
    lids = [face.axes.local(eye.axes.picture(eye.lower)) for eye in face.eyes.values()]
    outer = max(
        abs(face.axes.local(e.axes.picture((s * e.half, 0)))[0])
        for e in face.eyes.values()
        for s in (-1, 1)
    )
    low = max(lid[1] for lid in lids) + 0.1 * unit
    return (np.abs(x) < outer) & (y > low) & (y < max(0.62 * unit, low + 0.1 * unit))


def bins(lab: Floats, size: Floats | float) -> NDArray[np.int64]:
    """The number of the box of colours, each of that size, that each of these (n, 3) lies in."""
    number = np.zeros(len(lab), np.int64)
    for channel, step in zip(lab.T, np.broadcast_to(np.float32(size), 3), strict=True):
        at = np.floor(channel / step + np.float32(0.5)).astype(np.int64)
        at -= at.min()
        number = number * (at.max() + 1) + at
    return number


def _usual(lab: Floats, where: Mask) -> Floats:
    """The most usual colour there."""
    found = lab[where]
    if not len(found):
        found = lab.reshape(-1, 3)
    which = bins(found, _BINS)
    mode = np.median(found[which == np.bincount(which).argmax()], axis=0)
    close = found[_far(found, mode, _WIDE) < 8]
    return cast(Floats, np.median(close, axis=0).astype(np.float32))

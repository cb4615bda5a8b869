"""Shut eyes for any expression: the lids of one frame in another, whose brows stay its own.

Around each eye a seam is laid, inside the brow, along which both frames differ least, so that it
runs over skin: the minimum error boundary cut of Efros and Freeman (2001), here around a point.
Under raised brows there is more skin than in the frame with shut eyes, whose own is drawn out.
What lies outside of it is the expression's own, to the bit.
"""

from dataclasses import dataclass
from itertools import pairwise
from math import dist

import cv2
import numpy as np
from numpy.typing import NDArray

from tasks.character.face import Brow, Eye, Point
from tasks.exports.face_place import FacePlace
from tasks.exports.pixels import Pixels

_ANGLES, _RADII = 180, 48
"""of the net in which the seam is looked for"""
_INNER_WIDE, _INNER_TALL = 1.15, 1.2
"""the least that goes with the eye, in halves of its width, and in heights of its lids"""
_OUTER_WIDE, _OUTER_LOW = 1.6, 2.4
"""the most, aside and below"""
_BROW_HALF, _BROW_RAISED = 0.16, 0.55
"""half of how thick a brow is taken to be, and how far it is raised at the most, in halves of the
eye's width"""
_NEAR = 12.0
"""how much rather a seam lies where it is expected, in differences of colour"""
_SOFT = 0.06
"""how far both frames fade into each other, in halves of the eye's width"""

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]


@dataclass(frozen=True)
class _Net:
    """Rays from the middle of an eye, and how far along each the seam may lie."""

    middle: Point
    ways: Floats
    """(angles, 2): unit vectors"""
    least: Floats
    """(angles,) in px: what is nearer goes with the eye"""
    lent: Floats
    """... and up to where the frame with shut eyes has skin"""
    most: Floats
    """... and up to where the expression may have"""
    half: float
    """half of the eye's width, in px"""

    def points(self, radii: Floats) -> Floats:
        """(angles, n, 2): the places at these radii, (angles, n)."""
        places: Floats = np.array(self.middle) + radii[..., None] * self.ways[:, None]
        return places


def with_eyes_of(shut: Pixels, frame: Pixels, place: FacePlace, raised: float) -> Pixels:
    """A frame with the eyes of another one of its pose.

    `raised`: how far the frame's brows are raised, 0..1; the lids are drawn out to reach them.
    """
    if shut.shape != frame.shape:
        return frame
    face, made = place.face, frame.copy()
    for eye, brow in ((face.left_eye, face.left_brow), (face.right_eye, face.right_brow)):
        if eye and brow:
            _lay(made, shut, _net(eye, brow, place, raised), raised)
    return made


def _net(eye: Eye, brow: Brow, place: FacePlace, raised: float) -> _Net:
    inner, outer = place.pixel(eye.inner), place.pixel(eye.outer)
    upper, lower = place.pixel(eye.upper_lid), place.pixel(eye.lower_lid)
    half = dist(inner, outer) / 2
    middle = _mean(_mean(inner, outer), _mean(upper, lower))
    along = np.subtract(outer, inner) / (2 * half)
    down = np.array([-along[1], along[0]])
    down *= np.sign(down[1]) or 1
    tall = max(dist(upper, lower) / 2, 0.2 * half)
    turns = np.linspace(0, 2 * np.pi, _ANGLES, endpoint=False)
    least = _ellipse(turns, _INNER_WIDE * half, _INNER_TALL * tall, _INNER_TALL * tall)
    to_brow = _up(middle, [place.pixel(p) for p in (brow.inner, brow.middle, brow.outer)], down)
    room = max(to_brow - _BROW_HALF * half, _INNER_TALL * tall)
    lent, most = (
        np.maximum(least, _ellipse(turns, _OUTER_WIDE * half, up, _OUTER_LOW * tall))
        for up in (room, room + _BROW_RAISED * raised * half)
    )
    ways = np.cos(turns)[:, None] * along + np.sin(turns)[:, None] * down
    return _Net(middle, ways, least, lent, most, half)


def _lay(made: Pixels, shut: Pixels, net: _Net, raised: float) -> None:
    """Lay an eye of one picture into another."""
    steps = np.linspace(0, 1, _RADII)
    radii = net.least[:, None] + (net.most - net.least)[:, None] * steps
    here = _seen(made, net.points(radii))
    there = _seen(shut, net.points(np.minimum(radii, net.lent[:, None])))
    cost = np.abs(here - there).max(axis=2) + _NEAR * np.abs(steps - 0.8 * raised)
    seam = radii[np.arange(_ANGLES), _seam(cost)]
    mask = np.zeros(made.shape[:2], np.uint8)
    line = net.points(seam[:, None])[:, 0]
    cv2.fillPoly(mask, [np.round(line * 16).astype(np.int32)], 255, cv2.LINE_8, 4)
    left, top, width, height = cv2.boundingRect(mask)
    rows, columns = slice(top, top + height), slice(left, left + width)
    depth = cv2.distanceTransform(mask, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)[rows, columns]
    part = np.clip(depth / max(1.0, _SOFT * net.half), 0, 1)[..., None]
    below, above = made[rows, columns], _drawn_out(shut, net, seam, (rows, columns))
    mixed = np.round(below * (1 - part) + above * part).astype(np.uint8)
    made[rows, columns] = np.where(part > 0, mixed, below)


def _drawn_out(shut: Pixels, net: _Net, seam: Floats, where: tuple[slice, slice]) -> Pixels:
    """A box of the picture with shut eyes, whose skin is drawn out to a seam that lies farther."""
    rows, columns = where
    own = shut[rows, columns]
    if (seam <= net.lent).all():
        return own
    y, x = np.mgrid[rows, columns].astype(np.float64)
    x, y = x - net.middle[0], y - net.middle[1]
    along, down = net.ways[0], net.ways[_ANGLES // 4]
    turn = np.arctan2(x * down[0] + y * down[1], x * along[0] + y * along[1]) % (2 * np.pi)
    index = turn / (2 * np.pi) * _ANGLES

    def at(values: Floats) -> Floats:
        found: Floats = np.interp(index, np.arange(_ANGLES + 1), [*values, values[0]])
        return found

    radius, least = np.hypot(x, y), at(net.least)
    seam_at, lent = at(seam), at(np.minimum(net.lent, seam))
    squeezed = least + (radius - least) * (lent - least) / np.maximum(seam_at - least, 1e-6)
    scale = np.where(radius > least, squeezed / np.maximum(radius, 1e-6), 1.0)
    moved = cv2.remap(
        shut,
        (net.middle[0] + x * scale).astype(np.float32),
        (net.middle[1] + y * scale).astype(np.float32),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return np.where((scale == 1)[..., None], own, moved).astype(np.uint8)


def _seen(picture: Pixels, places: Floats) -> Singles:
    """(angles, n, 4): the colours at places of a picture, a little blurred."""
    x, y = places[..., 0].astype(np.float32), places[..., 1].astype(np.float32)
    soft = cv2.blur(picture, (3, 3))
    found = cv2.remap(soft, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(found, np.float32)


def _mean(one: Point, other: Point) -> Point:
    return (one[0] + other[0]) / 2, (one[1] + other[1]) / 2


def _up(middle: Point, points: list[Point], down: NDArray[np.float64]) -> float:
    """How far above an eye's middle the lowest of these points is."""
    return min(float(-np.dot(np.subtract(point, middle), down)) for point in points)


def _ellipse(turns: NDArray[np.float64], wide: float, up: float, low: float) -> NDArray[np.float64]:
    """The radius in each direction of a shape that is as wide, and as tall above and below."""
    tall = np.where(np.sin(turns) < 0, up, low)
    radius: NDArray[np.float64] = 1 / np.hypot(np.cos(turns) / wide, np.sin(turns) / tall)
    return radius


def _seam(cost: NDArray[np.float64]) -> NDArray[np.intp]:
    """For each angle the step of the cheapest closed line whose steps differ by one at most.

    The net is gone around three times, and the second one is taken: there the line closes.
    """
    total = np.pad(np.concatenate([cost, cost, cost]), ((0, 0), (1, 1)), constant_values=np.inf)
    for before, row in pairwise(total):
        row[1:-1] += np.minimum(np.minimum(before[:-2], before[1:-1]), before[2:])
    line = np.empty(len(total), np.intp)
    at = line[-1] = int(total[-1, 1:-1].argmin())
    for number in range(len(total) - 2, -1, -1):
        # of the three that it may have come from, which lie one farther on: there is a margin
        at += int(total[number, at : at + 3].argmin()) - 1
        line[number] = at
    return line[len(cost) : 2 * len(cost)]

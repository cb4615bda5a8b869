"""Where the lids' edges run: from corner to corner through the landmarks, drawn to the picture.

Three landmarks a lid do not tell a round eye from an almond one. Of a family of curves through
them, from pointed to boxy, that one is taken which runs along the strongest line of the picture;
the half towards the nose and the half towards the temple each choose their own.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from tasks.character.face import Point
from tasks.puppet.anatomy import EyeShape
from tasks.puppet.raster import Floats, Mask, Pixels, colours_at, extent, look_up

COLUMNS = 65
BENDS = tuple((p, q) for p in (1.6, 2.0, 2.5, 3.0) for q in (1.0, 0.9, 0.8, 0.7, 0.6, 0.5))
"""the family: height = (1 - t^p)^q of the lid's middle, t from there (0) to a corner (1)"""


@dataclass(frozen=True, slots=True, eq=False)
class LidEdges:
    """The resting edges of both lids, as heights along the eye's axes. Pixels."""

    upper: Floats
    """(COLUMNS,) from s = -1 to s = 1"""
    lower: Floats

    def at(self, s: Floats) -> tuple[Floats, Floats]:
        """The heights of the upper and lower edge at s = x / half; 0 beyond the corners."""
        places = (s + 1) * np.float32((COLUMNS - 1) / 2)
        table = np.stack([self.upper, self.lower], axis=-1)[None].astype(np.float32)
        found = np.zeros((*s.shape, 2), np.float32)
        cut = extent(np.abs(s) < 1 + 2 / (COLUMNS - 1))  # a column beyond the corners
        if cut is not None:
            found[cut] = look_up(table, places[cut], np.zeros_like(places[cut]))
        return found[..., 0], found[..., 1]


def lid_edges(picture: Pixels, eyes: Mapping[str, EyeShape]) -> dict[str, LidEdges]:
    """Find the edges of the lids of both eyes, by side.

    Both eyes have one shape, mirrored: a highlight or a lock of hair misleads but one of them.
    """
    upper = _edges(picture, {side: (eye, eye.upper) for side, eye in eyes.items()})
    lower = _edges(picture, {side: (eye, eye.lower) for side, eye in eyes.items()})
    return {side: LidEdges(upper[side], lower[side]) for side in eyes}


def _edges(picture: Pixels, lids: Mapping[str, tuple[EyeShape, Point]]) -> dict[str, Floats]:
    """The edge of the upper, or of the lower, lid of each eye; each lid with its middle."""
    families = {side: _family(eye, apex) for side, (eye, apex) in lids.items()}
    likeness: dict[bool, Floats] = {}
    for side, (eye, _) in lids.items():
        shapes, turned, inner = families[side]
        contrast = _contrast(picture, eye, shapes)
        told = (turned > NEAR) & (turned < FAR)
        for half in (True, False):
            found = contrast[:, told & (inner == half)].mean(axis=1)
            likeness[half] = likeness.get(half, 0) + found / max(float(found.max()), 1.0)
    best = {half: int(found.argmax()) for half, found in likeness.items()}
    return {
        side: np.where(inner, shapes[best[True]], shapes[best[False]]).astype(np.float32)
        for side, (shapes, _, inner) in families.items()
    }


NEAR, FAR = 0.2, 0.92
"""between these the curves of the family differ enough to be told apart"""


def _family(eye: EyeShape, apex: Point) -> tuple[Floats, Floats, Mask]:
    """The heights of each curve (curves, columns); t of each column; which are by the nose."""
    s = np.linspace(-1, 1, COLUMNS, dtype=np.float32)
    peak = np.float32(np.clip(apex[0] / eye.half, -0.6, 0.6))
    turned = np.where(s < peak, (peak - s) / (1 + peak), (s - peak) / (1 - peak))
    shapes = np.stack([np.maximum(1 - turned**p, 0) ** q for p, q in BENDS])
    return np.float32(apex[1]) * shapes, turned, (s - peak) * eye.inwards > 0


def _contrast(picture: Pixels, eye: EyeShape, heights: Floats) -> Floats:
    """How much each height looks like an edge of the eye; (curves, columns).

    That is how much the colours to either side differ, and more where the inside is brighter:
    a line of lashes has two sides, and the white of the eye is at the inner one.
    """
    near = np.float32(max(0.03 * eye.height, 0.7))
    s = np.linspace(-1, 1, COLUMNS, dtype=np.float32)
    along = np.broadcast_to(s * np.float32(eye.half), heights.shape)

    def colour(across: Floats) -> Floats:
        x, y = eye.axes.turn(along, across)
        x, y = (v.astype(np.float32) for v in (x + eye.axes.x, y + eye.axes.y))
        return colours_at(picture, x, y)

    change = colour(heights + near) - colour(heights - near)
    brighter = change.sum(axis=2) * -np.sign(heights) > 0
    likeness = np.abs(change).sum(axis=2) * np.where(brighter, np.float32(1), np.float32(0.3))
    # the root: many places that look a little like it say more than one that looks much like it
    root: Floats = np.sqrt(likeness)
    return root

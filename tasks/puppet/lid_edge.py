"""Where the lids' edges run: from corner to corner through the landmarks, drawn to the picture.

Three landmarks a lid do not tell a round eye from an almond one. Of a family of curves through
them, from pointed to boxy, that one is taken which runs along the strongest line of the picture;
the half towards the nose and the half towards the temple each choose their own.
"""

from dataclasses import dataclass

import numpy as np

from tasks.face import Point
from tasks.puppet.anatomy import EyeShape
from tasks.puppet.raster import Floats, Pixels, look_up

COLUMNS = 65
BENDS = tuple((p, q) for p in (1.6, 2.0, 2.5, 3.0) for q in (1.0, 0.85, 0.7, 0.55))
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
        found = look_up(table, places, np.zeros_like(places))
        return found[..., 0], found[..., 1]


def lid_edges(picture: Pixels, eye: EyeShape) -> LidEdges:
    """Find the edges of both lids in a portrait."""
    colours = picture[..., :3].astype(np.float32)
    return LidEdges(_edge(colours, eye, eye.upper), _edge(colours, eye, eye.lower))


def _edge(colours: Floats, eye: EyeShape, apex: Point) -> Floats:
    s = np.linspace(-1, 1, COLUMNS, dtype=np.float32)
    peak = np.float32(np.clip(apex[0] / eye.half, -0.6, 0.6))
    turned = np.where(s < peak, (peak - s) / (1 + peak), (s - peak) / (1 - peak))
    shapes = np.stack([np.maximum(1 - turned**p, 0) ** q for p, q in BENDS])
    contrast = _contrast(colours, eye, s, np.float32(apex[1]) * shapes)
    told = (turned > 0.2) & (turned < 0.92)
    left = contrast[:, told & (s < peak)].mean(axis=1).argmax()
    right = contrast[:, told & (s >= peak)].mean(axis=1).argmax()
    return np.float32(apex[1]) * np.where(s < peak, shapes[left], shapes[right])


def _contrast(colours: Floats, eye: EyeShape, s: Floats, heights: Floats) -> Floats:
    """How much each height looks like an edge of the eye; (curves, columns).

    That is how much the colours to either side differ, and more where the inside is brighter:
    a line of lashes has two sides, and the white of the eye is at the inner one.
    """
    near = np.float32(max(0.03 * eye.height, 0.7))
    along = np.broadcast_to(s * np.float32(eye.half), heights.shape)

    def colour(across: Floats) -> Floats:
        x, y = eye.axes.turn(along, across)
        return look_up(colours, *(v.astype(np.float32) for v in (x + eye.axes.x, y + eye.axes.y)))

    change = colour(heights + near) - colour(heights - near)
    brighter = change.sum(axis=2) * -np.sign(heights) > 0
    return np.abs(change).sum(axis=2) * np.where(brighter, np.float32(1), np.float32(0.3))

"""One eye's socket: what every frame of the eye needs and none changes."""

from dataclasses import dataclass

import numpy as np

from tasks.puppet.anatomy import Anatomy, EyeShape
from tasks.puppet.eyeball import Eyeball, eyeball
from tasks.puppet.grain import Grain
from tasks.puppet.layers import Layers
from tasks.puppet.lid_edge import LidEdges
from tasks.puppet.palette import darkest
from tasks.puppet.raster import Floats, Pixels, blurred, colours_at, look_up

DEPTHS = 64
FALLS = 24


@dataclass(frozen=True, slots=True, eq=False)
class Slack:
    """How the skin behind a lid's edge gives way when the edge is pulled.

    Plain skin gives way; what has a line (lashes, a crease, the brow) is carried whole, as in a
    real lid, where the skin that shuts the eye unfolds from under the crease.
    """

    reach: float
    """how far behind the edge anything moves, in pixels"""
    furthest: float
    """the longest way of an edge that `carried` knows, in pixels"""
    table: Floats
    """(FALLS, DEPTHS): what part of the edge's way is gone along, by that way and by the depth"""

    def carried(self, depth: Floats, way: Floats) -> Floats:
        """What part of its edge's `way` the skin has gone that is now at `depth` behind it."""
        least = self.most_raised
        rows = (way + least) * np.float32((FALLS - 1) / (self.furthest + least))
        part = np.clip(depth / np.maximum(self.reach + way, 1e-3), 0, 1)
        return look_up(self.table, part * np.float32(DEPTHS - 1), rows)

    @property
    def most_raised(self) -> float:
        """How far the edge may be pulled back before the skin behind it would fold."""
        return 0.4 * self.reach


@dataclass(frozen=True, slots=True, eq=False)
class Socket:
    """An eye, measured once."""

    shape: EyeShape
    edges: LidEdges
    above: Slack
    """the upper lid's skin"""
    below: Slack
    ball: Eyeball
    lashes: Floats
    """(3,) the colour of the line of the lashes, RGB"""
    lashed: float
    """how much of such a line the portrait's lid has already, 0..1"""


def sockets(
    picture: Pixels, apart: Layers, face: Anatomy, edges: dict[str, LidEdges], grain: Grain
) -> dict[str, Socket]:
    """Measure both eyes of a portrait; by side."""
    balls = {
        side: eyeball(apart.under, eye, edges[side], grain, apart.hidden)
        for side, eye in face.eyes.items()
    }
    return {side: _socket(picture, face, side, edges[side], balls[side]) for side in balls}


def _socket(picture: Pixels, face: Anatomy, side: str, edges: LidEdges, ball: Eyeball) -> Socket:
    shape = face.eyes[side]
    brow = shape.axes.local(face.axes.picture(face.brows[side].middle))
    above = max(0.9 * (shape.upper[1] - brow[1]), 0.4 * shape.height)
    below = max(0.8 * shape.height, 0.5 * shape.half)
    upper = _behind(picture, shape, edges.upper, -above)
    lower = _behind(picture, shape, edges.lower, below)
    lashes, lashed = _lashes(picture, face, shape, upper)
    return Socket(
        shape=shape,
        edges=edges,
        above=_slack(upper, above, shape.height),
        below=_slack(lower, below, 0.5 * shape.height),
        ball=ball,
        lashes=lashes,
        lashed=lashed,
    )


def _behind(picture: Pixels, eye: EyeShape, edge: Floats, reach: float) -> Floats:
    """The colours (depths, columns, 3) from a lid's edge to its skin's end."""
    middle = np.abs(np.linspace(-1, 1, len(edge))) < 0.75
    s = np.linspace(-1, 1, len(edge), dtype=np.float32)[middle]
    depths = np.linspace(0, reach, DEPTHS, dtype=np.float32)[:, None]
    across = edge[middle] + depths
    dx, dy = eye.axes.turn(np.broadcast_to(s * np.float32(eye.half), across.shape), across)
    x, y = (dx + eye.axes.x).astype(np.float32), (dy + eye.axes.y).astype(np.float32)
    return colours_at(picture, x, y)


def _slack(behind: Floats, reach: float, furthest: float) -> Slack:
    skin = np.median(behind[DEPTHS // 8 :], axis=(0, 1))
    change = np.abs(np.diff(behind, axis=0, prepend=behind[:1])).mean(axis=(1, 2))
    unlike = np.abs(behind - skin).mean(axis=(1, 2))
    busy = blurred((change + 0.3 * unlike)[:, None].astype(np.float32), 1.5)[:, 0]
    gives = 1 / (0.1 * float(busy.max()) + 1.0 + busy)
    gives = np.clip(gives / gives.mean(), 0.08, 2.0)
    given = np.concatenate([[0.0], np.cumsum((gives[1:] + gives[:-1]) / 2)])
    given = given / given[-1]
    rest = np.linspace(0, reach, DEPTHS)
    ways = np.linspace(-0.4 * reach, furthest, FALLS)
    table = [
        1 - np.interp(np.linspace(0, reach + way, DEPTHS), rest + way * given, given)
        for way in ways
    ]
    return Slack(reach, furthest, np.array(table, np.float32))


def _lashes(picture: Pixels, face: Anatomy, eye: EyeShape, behind: Floats) -> tuple[Floats, float]:
    """The colour of the lashes, and how far the portrait has a line of them."""
    shade = behind.sum(axis=2)
    near = shade[: DEPTHS // 6]
    skin = float(np.median(shade[DEPTHS // 4 :]))
    line = float(np.median(near.min(axis=0)))
    lashed = float(np.clip((1 - line / max(skin, 1.0)) / 0.5, 0, 1))
    own = behind[near.argmin(axis=0), np.arange(near.shape[1])]
    ink = darkest(picture, face, eye)
    return (lashed * np.median(own, axis=0) + (1 - lashed) * ink).astype(np.float32), lashed

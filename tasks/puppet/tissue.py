"""The soft tissue as one smooth field: all the bumps of all the weights, added and kept calm.

The field is computed on a coarse grid over the face. It says for each place of the *moved* face
how far its tissue has come, so that the picture is sampled at `place - way`.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from math import ceil

import numpy as np

from tasks.pictures.alpha import each_channel
from tasks.puppet.anatomy import SIDES, Anatomy
from tasks.puppet.brows import brows
from tasks.puppet.bump import Mover
from tasks.puppet.muscles import muscles
from tasks.puppet.raster import Box, Floats, enlarged, extent, look_up, smooth

CALM = 0.86
"""the steepest that a field may be: at 1 the tissue would fold over itself"""
CELLS = 40
"""grid cells to the distance from the eyes to the mouth"""


OPEN = 0.4
"""how far an open mouth follows what pulls at the lips"""


BEYOND = frozenset({"cheekPuff", "jawLeft", "jawRight", "jawOpen"})
"""the weights that move the outline of the face; the others leave it as it is drawn"""
EDGE = 0.25
"""from how far within the outline on all moves as it would, in the face's unit"""


@dataclass(frozen=True, slots=True)
class Way:
    """How far the tissue has come, over a part of the picture."""

    left: float
    top: float
    cell: float
    """the distance between the values, in pixels"""
    grid: Floats
    """(rows, columns, 2): dx, dy in pixels"""
    box: Box | None
    """of all that moves, in the picture; None when nothing does"""

    def at(self, x: Floats, y: Floats) -> tuple[Floats, Floats]:
        """The way (dx, dy) at (x, y) of the picture; 0 outside the grid."""
        cell = np.float32(self.cell)
        found = look_up(self.grid, (x - self.left) / cell, (y - self.top) / cell)
        return found[..., 0], found[..., 1]

    def moved(self, points: Floats) -> Floats:
        """Where points (n, 2) of the resting face go: the places whose way began there."""
        there = points.copy()
        for _ in range(_STEPS):
            dx, dy = self.at(there[:, :1].copy(), there[:, 1:].copy())
            there += _STRIDE * (points + np.concatenate([dx, dy], axis=1) - there)
        return there


_STEPS, _STRIDE = 40, 0.4
"""damped fixed-point iteration: a pinch is too steep for the plain one"""


class Tissue:
    """The field of each weight at 1, ready to be added up; the brows' are made as they come."""

    def __init__(
        self, face: Anatomy, brow_sides: Collection[str], *, open_mouth: bool = False
    ) -> None:
        table = muscles(face)
        self._cell = max(1.0, face.unit / CELLS)
        left, top, right, bottom = _extent(face, table)
        self._left, self._top = left, top
        columns = ceil((right - left) / self._cell) + 1
        rows = ceil((bottom - top) / self._cell) + 1
        y, x = np.mgrid[0:rows, 0:columns].astype(np.float32) * np.float32(self._cell)
        spots = face.axes.locals(x + np.float32(left), y + np.float32(top))
        self._face, self._spots = face, spots
        self._brow_sides = sorted(brow_sides)
        inside = each_channel(_inside(face, *spots), 2)
        self._fields = {
            name: _field(face, bumps, *spots) * (1 if name in BEYOND else inside)
            for name, bumps in table.items()
            if bumps
        }
        # lips that are apart already have little way left to go
        self._mouth = OPEN if open_mouth else 1.0
        self._still = np.zeros((rows, columns, 2), np.float32)

    def way(self, weights: Mapping[str, float]) -> Way:
        """The field of all weights together."""
        total = self._still.copy()
        for name, field in self._fields.items():
            if weights.get(name):
                share = self._mouth if name.startswith("mouth") else 1.0
                total += np.float32(share * weights[name]) * field
        pulled = brows(self._face, weights, self._brow_sides)
        if pulled:
            total += _field(self._face, pulled, *self._spots)
        fine = max(round(self._cell), 1)
        shift = self._cell * (0.5 / fine - 0.5)
        grid = enlarged(_calmed(total, self._cell), fine)
        place = (self._left + shift, self._top + shift, self._cell / fine)
        return Way(*place, grid, self._box(total))

    def _box(self, total: Floats) -> Box | None:
        moved = extent((total[..., 0] != 0) | (total[..., 1] != 0))
        if moved is None:
            return None
        rows, columns = moved
        return (
            self._left + self._cell * (columns.start - MARGIN),
            self._top + self._cell * (rows.start - MARGIN),
            self._left + self._cell * (columns.stop + MARGIN),
            self._top + self._cell * (rows.stop + MARGIN),
        )


MARGIN = 3
"""cells: the enlarged field reaches two cells beyond the coarse one"""
BROWS = ({"browInnerUp": 1.0}, *({f"browDown{side}": 1.0} for side in SIDES))
"""between them these reach as far as the brows ever do"""


def _extent(face: Anatomy, table: Mapping[str, tuple[Mover, ...]]) -> tuple[float, ...]:
    """Left, top, right, bottom in the picture of all that any bump reaches."""
    movers = [mover for movers in table.values() for mover in movers]
    movers += [bump for weights in BROWS for bump in brows(face, weights)]
    corners = [mover.corners() for mover in movers]
    spots = [
        (x, y) for one, other in corners for x in (one[0], other[0]) for y in (one[1], other[1])
    ]
    across, along = zip(*(face.axes.picture(spot) for spot in spots), strict=True)
    return min(across) - 2, min(along) - 2, max(across) + 2, max(along) + 2


def _inside(face: Anatomy, x: Floats, y: Floats) -> Floats:
    """How freely each place of the face moves: 0 at its outline and beyond, 1 well within."""
    unit = face.unit
    top = [(point[0], point[1] - 3 * unit) for point in (face.outline[-1], face.outline[0])]
    corners = np.array([*face.outline, *top], np.float32)
    near = np.full(x.shape, 1e6, np.float32)
    within = np.zeros(x.shape, bool)
    for (ax, ay), (bx, by) in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        ex, ey = bx - ax, by - ay
        part = np.clip(((x - ax) * ex + (y - ay) * ey) / max(ex * ex + ey * ey, 1e-6), 0, 1)
        near = np.minimum(near, np.hypot(x - ax - part * ex, y - ay - part * ey))
        if ay != by:
            within ^= ((ay > y) != (by > y)) & (x < ex * (y - ay) / ey + ax)
    # the finer field reaches two cells beyond the coarse one
    free = near - np.float32((MARGIN + 0.5) * unit / CELLS)
    return np.where(within, smooth(free / np.float32(EDGE * unit)), np.float32(0))


def _field(face: Anatomy, movers: tuple[Mover, ...], x: Floats, y: Floats) -> Floats:
    dx, dy = np.zeros_like(x), np.zeros_like(y)
    for mover in movers:
        (left, top), (right, bottom) = mover.corners()
        cut = extent((x > left - 1) & (x < right + 1) & (y > top - 1) & (y < bottom + 1))
        if cut is not None:
            pushed = mover.push(x[cut], y[cut])
            dx[cut] += pushed[0]
            dy[cut] += pushed[1]
    return np.stack(face.axes.turn(dx, dy), axis=-1).astype(np.float32)


def _calmed(way: Floats, cell: float) -> Floats:
    """The field, scaled down as a whole when it is so steep somewhere that it might fold.

    Sampling at `place - way` is one-to-one where the symmetric part of the way's gradient stays
    below 1 (the sampled place then moves on, in every direction, as the place does).
    """
    dx_y, dx_x = np.gradient(way[..., 0], cell)
    dy_y, dy_x = np.gradient(way[..., 1], cell)
    mean, shear = (dx_x + dy_y) / 2, (dx_y + dy_x) / 2
    steepest = float((mean + np.hypot((dx_x - dy_y) / 2, shear)).max())
    return way * np.float32(CALM / steepest) if steepest > CALM else way

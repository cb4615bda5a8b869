"""The turned head: one field for the whole picture, from the neck up.

Roll turns the head about the neck. Yaw and pitch shift it by its depth, as if the face were
painted on a dome: the nose goes furthest, the outline least, so that the face seems to turn
within its hair.
"""

from dataclasses import dataclass
from math import radians, sin, tanh

import numpy as np

from tasks.character.face import Head
from tasks.puppet.anatomy import Anatomy
from tasks.puppet.raster import Box, Floats, Mask, Window, enlarged, extent, settled, smooth, window

LARGEST_DEG = 24.0
"""angles are eased towards this one: a flat picture has no other side to show"""


@dataclass(frozen=True, slots=True)
class Turn:
    """How far each place of the turned picture has come, on a coarse grid over all of it."""

    cell: int
    grid: Floats | None
    """(rows, columns, 2): dx, dy in pixels, for the middles of cells from one cell outside the
    picture's top left corner on; None when the head is straight"""

    def back(self, left: int, top: int, right: int, bottom: int) -> tuple[Floats, Floats]:
        """Where the pixels of a box of the turned picture come from."""
        across = np.arange(left, right, dtype=np.float32)
        down = np.arange(top, bottom, dtype=np.float32)[:, None]
        if self.grid is None:
            shape = (down.size, across.size)
            return np.broadcast_to(across, shape).copy(), np.broadcast_to(down, shape).copy()
        cell = self.cell
        row, column = max(top // cell - 1, 0), max(left // cell - 1, 0)
        part = self.grid[row : bottom // cell + 4, column : right // cell + 4]
        skip_x, skip_y = left - (column - 1) * cell, top - (row - 1) * cell
        way = enlarged(part, cell)
        way = way[skip_y : skip_y + bottom - top, skip_x : skip_x + right - left]
        return across - way[..., 0], down - way[..., 1]

    def covers(self, box: Box, size: tuple[int, int]) -> Window | None:
        """The part of the turned picture (of `size`) that comes from a box of the straight one."""
        if self.grid is None:
            return window(box, size)
        cell = self.cell
        rows, columns = self.grid.shape[:2]
        x = (np.arange(columns, dtype=np.float32) - np.float32(0.5)) * cell - self.grid[..., 0]
        y = (np.arange(rows, dtype=np.float32) - np.float32(0.5))[:, None] * cell - self.grid[
            ..., 1
        ]
        inside = (x > box[0] - 2 * cell) & (x < box[2] + 2 * cell)
        inside &= (y > box[1] - 2 * cell) & (y < box[3] + 2 * cell)
        return self._window(inside, 0, size)

    def moves(self, size: tuple[int, int]) -> Window | None:
        """The part of the turned picture (of `size`) that is not as in the straight one."""
        if self.grid is None:
            return None
        # the enlarged field reaches two cells beyond the coarse one
        return self._window((self.grid != 0).any(axis=2), 2, size)

    def _window(self, cells: Mask, more: int, size: tuple[int, int]) -> Window | None:
        """The pixels of some cells, and of so many more around them."""
        found = extent(cells)
        if found is None:
            return None
        rows, columns = found
        edges = (columns.start - more, rows.start - more, columns.stop + more, rows.stop + more)
        left, top, right, bottom = (float(edge - 1) * self.cell for edge in edges)
        return window((left, top, right, bottom), size)


def turn(face: Anatomy, head: Head, size: tuple[int, int]) -> Turn:
    """The field of a head that is turned so, for a picture of `size` (width, height)."""
    cell = max(1, min(size) // 128)
    if head == Head():
        return Turn(cell, None)
    columns, rows = size[0] // cell + 4, size[1] // cell + 4
    y, x = (np.mgrid[0:rows, 0:columns].astype(np.float32) - np.float32(0.5)) * cell - 0.5
    fx, fy = face.axes.locals(x.astype(np.float32), y.astype(np.float32))
    free = _freedom(face, fx, fy)
    sx, sy = _rolled(face, head, fx, fy, free)
    sx, sy = _shifted(face, head, sx, sy, _freedom(face, sx, sy))
    way = np.stack(face.axes.turn(settled(fx - sx), settled(fy - sy)), axis=-1)
    return Turn(cell, way.astype(np.float32))


def _eased(angle_deg: float) -> float:
    return radians(LARGEST_DEG * tanh(angle_deg / LARGEST_DEG))


def _freedom(face: Anatomy, x: Floats, y: Floats) -> Floats:
    """How far each place goes along with the head: 1 in the face, 0 below the neck's pivot."""
    wide = 1.5 * face.half_width
    aside = np.maximum(np.abs(x - face.chin[0]) - wide, 0)
    neck = face.pivot[1] - face.chin[1]
    top = min(face.chin[1] - 0.5 * neck, face.pivot[1] - 0.3 * face.unit)
    return smooth((face.pivot[1] - y - 0.7 * aside) / (face.pivot[1] - top))


def _rolled(face: Anatomy, head: Head, x: Floats, y: Floats, free: Floats) -> tuple[Floats, Floats]:
    """Turn back about the pivot."""
    angle = -_eased(head.roll_deg) * free
    dx, dy = x - face.pivot[0], y - face.pivot[1]
    c, s = np.cos(angle), np.sin(angle)
    return face.pivot[0] + dx * c - dy * s, face.pivot[1] + dx * s + dy * c


def _shifted(
    face: Anatomy, head: Head, x: Floats, y: Floats, free: Floats
) -> tuple[Floats, Floats]:
    """Shift back by depth."""
    depth = face.half_width * (0.35 * free + 1.0 * _dome(face, x, y))
    return x - sin(_eased(head.yaw_deg)) * depth, y - sin(_eased(head.pitch_deg)) * depth


def _dome(face: Anatomy, x: Floats, y: Floats) -> Floats:
    """The depth of the face: 1 at the nose, 0 well outside the outline."""
    unit = face.unit
    across = (x - face.nose[0]) / (1.45 * face.half_width)
    dy = y - 0.55 * unit
    along = dy / np.where(dy < 0, np.float32(2.3 * unit), np.float32(face.pivot[1] - 0.55 * unit))
    return np.maximum(1 - across * across - along * along, 0) ** 2

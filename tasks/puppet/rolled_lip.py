"""A lip rolled in: it gets thinner, and the skin beyond it follows."""

from dataclasses import dataclass

import numpy as np

from tasks.character.face import Point
from tasks.puppet.anatomy import MouthShape
from tasks.puppet.bump import Share, shared
from tasks.puppet.raster import Floats, smooth


@dataclass(frozen=True, slots=True)
class RolledLip:
    """Draws a lip's outer edge in towards the line where the lips meet.

    No bump does that: a lip's edge and the line are an arch and a chord of it, and neither the
    line nor the corners may move.
    """

    mouth: MouthShape
    room: float
    """from the line to the nose, or to the chin: what is there may not follow"""
    upper: bool
    part: float
    """of the lip's thickness, how much goes"""
    share: Share | None = None

    def push(self, x: Floats, y: Floats) -> tuple[Floats, Floats]:
        """See Bump."""
        mouth, part = self.mouth, np.float32(self.part)
        away = -1 if self.upper else 1
        s = (x - mouth.centre[0]) / np.float32(mouth.half)
        arch = np.maximum(1 - s * s, 0)
        out = np.maximum((y - self._line(x, arch)) * away, 0)
        # lips are fuller at the sides than an arch is
        thick = np.maximum(1 - s**4, 0) * np.float32(self._thickness)
        # the line between the lips keeps its breadth, and where the lip is but a line, all stays
        line = np.float32(0.15 * self._thickness)
        goes = part * np.maximum(thick - 2 * line, 0)
        edge = np.maximum(thick - goes, 2 * line)
        within = np.clip((out - line) / (edge - line), 0, 1)
        beyond = 1 - smooth((out - edge) / np.float32(self._reach))
        drawn = goes * within * beyond * shared(self.share, x)
        return np.zeros_like(drawn), -away * drawn

    def _line(self, x: Floats, arch: Floats) -> Floats:
        """The height of the line where the lips meet."""
        (left, right), centre = (self.mouth.left, self.mouth.right), self.mouth.centre
        slope = (left[1] - right[1]) / (left[0] - right[0])
        chord = right[1] + slope * (x - right[0])
        middle = right[1] + slope * (centre[0] - right[0])
        return chord + np.float32(centre[1] - middle) * arch

    @property
    def _thickness(self) -> float:
        return self.mouth.upper if self.upper else self.mouth.lower

    @property
    def _reach(self) -> float:
        wanted = min(1.1 * self.mouth.half, 0.85 * self.room - self._thickness)
        # in less room the skin would fold
        return max(wanted, 1.9 * self._thickness)

    def corners(self) -> tuple[Point, Point]:
        """See Bump."""
        (x, y), half = self.mouth.centre, self.mouth.half
        far = self._thickness + self._reach + half
        return (x - half, y - far), (x + half, y + far)

"""An eye whose lids are painted: plain skin over the open eye, and its own lines moved as strokes.

Where a fringe, a brow or glasses lie next to an eye there is no skin to pull down over it. So the
eye is taken apart: the face as it would be without it, the stroke of the upper lid, that of the
lower one, and the eyeball between them.
"""

from dataclasses import dataclass
from typing import cast

import numpy as np

from tasks.puppet.eye_layers import EyeLayers, laid, over
from tasks.puppet.eyelids import MEET, Lids
from tasks.puppet.raster import Cut, Floats, Mask, Pixels, settled, smooth, to_bytes


@dataclass(frozen=True, slots=True, eq=False)
class PaintedEye:
    """A painted eye of one frame, ready to be painted."""

    cut: Cut
    lids: Lids
    layers: EyeLayers
    x: Floats
    y: Floats
    """where each pixel of the moved tissue lies in the resting picture"""
    ball: tuple[Floats, Floats]

    def paint(self, colours: Pixels, changed: Mask, _picture: Pixels) -> None:
        """Paint it over (premultiplied) colours; mark what it changes."""
        lids, eye = self.lids, self.lids.socket.shape
        along, v = eye.axes.locals(self.x, self.y)
        s = along / np.float32(eye.half)
        upper, lower = lids.socket.edges.at(s)
        tall = np.maximum(lower - upper, 0)
        fallen = _way(tall, self._upper_share())
        risen = _way(tall, (1 - MEET) * lids.lower)
        at = self.layers.place(self.x, self.y)
        covers = laid(self.layers.covers, *at)
        soft = np.float32(max(1.2, 0.03 * eye.height))
        gap = np.minimum(v - upper - fallen, lower - risen - v)
        seen = smooth(gap / soft) * (np.abs(s) < 1)
        below = colours[self.cut].astype(np.float32)
        # of almost nothing it is the portrait: what is painted comes in with what is asked
        fresh = np.float32(min(6 * max(abs(lids.upper), abs(lids.lower), lids.stirred / 4), 1.0))
        mixed = below + covers[..., None] * (laid(self.layers.bare, *at) - below)
        mixed += seen[..., None] * (lids.socket.ball.at(*self.ball, lids.stirred) - mixed)
        shut = np.float32(1 - min(max(lids.lower, 0.0), 1.0) ** 3)
        mixed = over(mixed, self._stroke(self.layers.lower, s, v, upper=False) * shut)
        # half-way down the drawn line has become one that a pen drew, where it has gone
        drawn = smooth(np.array(lids.upper / 0.2, np.float32))
        wing = smooth((np.abs(s) - 0.97) * 20) * (1 - self._flicked()) * self._attached(s, v)
        stroke = self._stroke(self.layers.upper, s, v, upper=True)
        stroke *= np.maximum(1 - drawn, wing)[..., None]
        mixed = over(mixed, stroke)
        pen = self._pen(s, v) * drawn
        mixed += pen[..., None] * (mixed[..., 3:] / 255) * (self.layers.line.ink - mixed)
        stroke += pen[..., None]
        colours[self.cut] = to_bytes(below + fresh * (mixed - below))
        changed[self.cut] |= (covers > 0) | (seen > 0)
        changed[self.cut] |= stroke[..., 3] > 0

    def _upper_share(self) -> float:
        """How far the upper lid goes, in heights of the eye."""
        eye, asked = self.lids.socket.shape, MEET * self.lids.upper
        # an eye that is drawn as tall as wide can hardly open further
        return asked if asked >= 0 else asked * min(max(1.2 * eye.half / eye.height, 0.4), 1.0)

    def _stroke(self, layer: Pixels, s: Floats, v: Floats, *, upper: bool) -> Floats:
        """A lid's line where it has gone.

        A steep line that comes to lie flat keeps its thickness: across it, not downwards.
        """
        eye, step = self.lids.socket.shape, np.float32(0.05)
        rest, moved = self._line(s, upper=upper)
        (before, after), (was, now) = (
            self._line(s + step, upper=upper),
            self._line(s - step, upper=upper),
        )
        run = np.float32(2 * step * eye.half)
        flatter = np.sqrt((1 + ((before - was) / run) ** 2) / (1 + ((after - now) / run) ** 2))
        back = v - rest - (v - moved) * np.clip(flatter, 0.5, 2.5)
        dx, dy = eye.axes.turn(np.zeros_like(back), settled(back))
        x, y = self.layers.place(self.x - dx, self.y - dy)
        return laid(layer, x.astype(np.float32), y.astype(np.float32))

    def _pen(self, s: Floats, v: Floats) -> Floats:
        """How much of each pixel the pen's line covers."""
        eye, line = self.lids.socket.shape, self.layers.line
        flick = max(line.flick * self._flicked(), 0.02)
        now = self._line(s, upper=True)[1]
        # beyond the outer corner it goes on as far as the lashes do
        shut = np.float32(MEET * eye.height + eye.upper[1])
        beyond = np.abs(s) > 1
        now = np.where(beyond, np.float32(0.5) * shut * (1 - s * s), now)
        slope = -2 * s * shut / np.float32(eye.half)
        across = (v - now) / np.sqrt(1 + slope**2)
        thick = line.at(s, eye)
        inside = np.minimum(across + 0.85 * thick, 0.15 * thick - across)
        outer = -s * eye.inwards
        left = np.where(outer > 0, 1 + flick - outer, 1.02 + outer) * np.float32(eye.half)
        taper = smooth(left / np.float32(max(2.0, 1.2 * flick * eye.half)))
        return cast(Floats, np.clip(inside - thick * (1 - taper) / 2 + 0.5, 0, 1) * (left > 0))

    def _attached(self, s: Floats, v: Floats) -> Floats:
        """What of the lashes beside the corners still hangs on the line, which has come down."""
        thick = 1.2 * self.layers.line.at(np.clip(s, -1, 1), self.lids.socket.shape)
        return smooth((v + thick) / np.float32(max(1.0, 0.1 * self.lids.socket.shape.height)) + 0.5)

    def _flicked(self) -> float:
        """How far the lashes beyond the corner have come down with the line, 0..1."""
        return float(smooth(np.array(2 * self.lids.upper - 0.8, np.float32)))

    def _line(self, s: Floats, *, upper: bool) -> tuple[Floats, Floats]:
        """The height of a lid's line at rest, and where it is now.

        Its ends stay with the corners, as they are drawn: the line bends down to its middle.
        """
        lids, eye = self.lids, self.lids.socket.shape
        above, below = lids.socket.edges.at(s)
        if not upper:
            bent = np.minimum(below - above, eye.height * np.maximum(1 - s * s, 0))
            return below, below - _way(bent, (1 - MEET) * lids.lower)
        if lids.upper < 0:
            return above, above + _way(np.maximum(below - above, 0), self._upper_share())
        shut = (eye.upper[1] + MEET * eye.height) * np.maximum(1 - s * s, 0)
        return above, above + np.float32(lids.upper) * (shut - above)


def _way(tall: Floats, share: float) -> Floats:
    """How far an edge goes at each place; below 0 it opens up, by less: it has lines of its own."""
    return tall * np.float32(share if share >= 0 else 0.8 * share)

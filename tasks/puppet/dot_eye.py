"""An eye without a white, a dot or a button.

It closes to a line, widens by growing, looks by moving.
"""

from dataclasses import dataclass

import numpy as np

from tasks.puppet.eye_layers import EyeLayers, laid, over
from tasks.puppet.eyelids import Lids
from tasks.puppet.raster import Cut, Floats, Mask, Pixels, to_bytes

THINNEST = 0.18
"""of its height, what is left of an eye that is shut"""


@dataclass(frozen=True, slots=True, eq=False)
class DotEye:
    """A dot of one frame, ready to be painted; its stroke is the layer's `upper`."""

    cut: Cut
    lids: Lids
    layers: EyeLayers
    x: Floats
    y: Floats
    """where each pixel of the moved tissue lies in the resting picture"""

    def paint(self, colours: Pixels, changed: Mask, _picture: Pixels) -> None:
        """Paint it over (premultiplied) colours; mark what it changes."""
        at = self.layers.place(self.x, self.y)
        covers = laid(self.layers.covers, *at)[..., None]
        below = colours[self.cut].astype(np.float32)
        mixed = below + covers * (laid(self.layers.bare, *at) - below)
        dot = laid(self.layers.upper, *self._squeezed())
        mixed = over(mixed, dot)
        lids = self.lids
        fresh = np.float32(min(8 * max(abs(lids.upper), abs(lids.lower), lids.stirred / 4), 1.0))
        colours[self.cut] = to_bytes(below + fresh * (mixed - below))
        changed[self.cut] |= (covers[..., 0] > 0) | (dot[..., 3] > 0)

    def _squeezed(self) -> tuple[Floats, Floats]:
        """Where in the resting dot each pixel lies."""
        lids, eye = self.lids, self.lids.socket.shape
        mean = 0.5 * (lids.upper + lids.lower)
        shut, grown = min(max(mean, 0.0), 1.0), 1 + 0.45 * max(-mean, 0.0)
        tall, wide = grown * (1 - (1 - THINNEST) * shut), grown * (1 + 0.3 * shut)
        along, v = eye.axes.locals(self.x, self.y)
        along -= np.float32(eye.iris[0] + lids.look[0])
        v -= np.float32(eye.iris[1] + lids.look[1])
        # a line that hangs a little, as lashes do
        hang = np.float32(0.16 * eye.height * shut) * (1 - (along / np.float32(eye.half)) ** 2)
        rest_x = along / np.float32(wide) + np.float32(eye.iris[0])
        rest_v = (v - hang) / np.float32(tall) + np.float32(eye.iris[1])
        dx, dy = eye.axes.turn(rest_x, rest_v)
        x, y = self.layers.place(dx + np.float32(eye.axes.x), dy + np.float32(eye.axes.y))
        return x.astype(np.float32), y.astype(np.float32)

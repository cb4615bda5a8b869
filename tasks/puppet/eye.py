"""One eye of one frame: the eyeball between the lids, and the line of the lashes."""

from dataclasses import dataclass

import numpy as np

from tasks.puppet.eyelids import Lidded, Lids
from tasks.puppet.raster import Cut, Floats, Mask, Pixels, extent, sample, smooth, to_bytes


@dataclass(frozen=True, slots=True, eq=False)
class Eye:
    """An eye, ready to be painted."""

    cut: Cut
    """where it lies"""
    lids: Lids
    lidded: Lidded
    x: Floats
    y: Floats
    """where each pixel of the moved tissue lies in the resting picture"""

    def paint(self, colours: Pixels, changed: Mask, picture: Pixels) -> None:
        """Paint the eye over (premultiplied) colours of the nearer lids; mark what it changes.

        `picture` is the resting portrait, for where the lids touch and both show.
        """
        shares = self._share(), self._lash(), self._seam()
        touched = np.logical_or.reduce([one > 0 for one in shares])
        # The lids carry much more skin along than there is to paint.
        part = extent(touched)
        if part is None:
            return
        share, lash, seam = (one[part][..., None] for one in shares)
        below = colours[self.cut][part].astype(np.float32)
        if seam.any():
            other = sample(picture, self.lidded.other_x[part], self.lidded.other_y[part])
            below += seam * (other - below)
        mixed = below + share * (self._ball(part) - below)
        ink = np.append(self.lids.socket.lashes, 255).astype(np.float32)
        mixed += lash * (mixed[..., 3:] / 255) * (ink - mixed)
        colours[self.cut][part] = to_bytes(mixed)
        changed[self.cut] |= touched

    def _share(self) -> Floats:
        """How much of each pixel lies between the lids."""
        gap = np.minimum(self.lidded.below_upper, self.lidded.above_lower)
        soft = np.float32(max(1.2, 0.03 * self.lids.socket.shape.height))
        return smooth(gap / soft) * (np.abs(self.lidded.s) < 1)

    def _seam(self) -> Floats:
        """How much of each pixel the further of the two lids covers, where they touch."""
        apart = np.abs(self.lidded.below_upper - self.lidded.above_lower)
        return smooth(np.float32(0.5) - apart / 4) * (np.abs(self.lidded.s) < 1)

    def _ball(self, part: Cut) -> Floats:
        """The eyeball's colours, with the shadow of the upper lid where that is now."""
        stirred, height = self.lids.stirred, self.lids.socket.shape.height
        place = self.lids.eyeball(self.x[part], self.y[part])
        colours = self.lids.socket.ball.at(*place, stirred)
        shadow = smooth(1 - self.lidded.below_upper[part] / np.float32(0.25 * height))
        colours[..., :3] *= (1 - np.float32(0.22 * stirred) * shadow)[..., None]
        return colours

    def _lash(self) -> Floats:
        """The line where the lids meet, as far as they are shut and the portrait has none."""
        lidded, height = self.lidded, self.lids.socket.shape.height
        shut = (1 - self.lids.socket.lashed) * min(max(self.lids.upper, 0.0), 1.0) ** 2
        thick = np.maximum(1.0, np.float32(0.06 * height) * (1 - lidded.s**2))
        line = smooth(1.5 - np.abs(lidded.below_upper) / thick)
        return np.float32(0.9 * shut) * line * smooth((1 - np.abs(lidded.s)) * 4)

"""The eyeball behind the lids: the portrait's eye, continued under the skin that covers it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tasks.pictures.alpha import each_channel
from tasks.puppet.anatomy import EyeShape
from tasks.puppet.grain import Grain
from tasks.puppet.lid_edge import LidEdges
from tasks.puppet.raster import (
    Floats,
    Mask,
    Pixels,
    blurred,
    mixed,
    places,
    sample,
    smooth,
    spread,
    to_bytes,
)


@dataclass(frozen=True, slots=True)
class Eyeball:
    """A patch of the picture about one eye, without lids. Premultiplied."""

    left: int
    top: int
    plain: Pixels
    """the portrait's own pixels between the lids, continued beyond them"""
    clean: Pixels
    """the same, but the lids' shadow and lashes at the edges are painted over as well"""

    def at(self, x: Floats, y: Floats, stirred: float) -> Floats:
        """The colours at (x, y) of the picture, 0..255; `stirred` mixes plain and clean."""
        x, y = x - self.left, y - self.top
        if stirred >= 1:
            return sample(self.clean, x, y).astype(np.float32)
        plain = sample(self.plain, x, y).astype(np.float32)
        if stirred <= 0:
            return plain
        clean = sample(self.clean, x, y).astype(np.float32)
        return plain + np.float32(stirred) * (clean - plain)


def eyeball(
    picture: Pixels, eye: EyeShape, edges: LidEdges, grain: Grain, hidden_by: Mask
) -> Eyeball:
    """Take the eyeball out of a (premultiplied) picture and continue it under the lids.

    `hidden_by` (height, width): where something lies over it.
    """
    left, top, right, bottom = _box(picture, eye)
    patch = picture[top:bottom, left:right].astype(np.float32)
    along, v = eye.axes.locals(*places((left, top, right, bottom)))
    s = along / np.float32(eye.half)
    upper, lower = edges.at(s)
    tall = eye.height
    free = ~hidden_by[top:bottom, left:right]
    seen = (v >= upper) & (v <= lower) & (np.abs(s) < 1) & free
    across, down = along - np.float32(eye.iris[0]), v - np.float32(eye.iris[1])
    taller = _taller(patch, across / np.float32(eye.iris_radius), down, eye, seen)
    far = np.hypot(across, down / np.float32(taller)) / np.float32(eye.iris_radius)
    edge = np.where(far < 1, np.float32(0.15 * EDGE * tall), np.float32(EDGE * tall))
    well = (v > upper + edge) & (v < lower - edge) & (np.abs(s) < CORNER) & free
    well &= ~_shaded(patch, well & (far > WHITE))
    hidden = _continued(patch, well, far, v, eye)
    grain.onto(hidden, left, top)
    clean = mixed(hidden, patch, _faded(well, 0.02 * tall))
    plain = np.where(seen[..., None], patch, hidden)
    return Eyeball(left, top, to_bytes(plain), to_bytes(clean))


def _taller(patch: Floats, across: Floats, down: Floats, eye: EyeShape, seen: Mask) -> float:
    """How much taller than wide the iris is drawn, 1 or more: as far as its colours go on below
    its middle, before the lower lid."""
    white = seen & (np.abs(across) > WHITE) & (np.abs(across) < 1.6)
    if white.sum() < FEWEST:
        return 1.0
    light = np.quantile(patch[white][:, :3], 0.75, axis=0)
    middle = seen & (np.abs(across) < 0.25)
    other = np.abs(patch[middle][:, :3] - light).sum(axis=-1) > FAR_FROM_WHITE
    below = down[middle] / np.float32(eye.iris_radius)
    found = 1.0
    for step in np.arange(1.0, TALLEST, 0.06):
        ring = np.abs(below - step) < 0.05
        if not ring.any():
            # one that the lower lid cuts goes on a little beneath it
            found += UNDER
            break
        if other[ring].mean() < 0.7:
            break
        found = float(step)
    return found if found > 1.1 + UNDER else 1.0


FAR_FROM_WHITE = 90
"""how far from the white an iris's colour is at least; red, green and blue together"""
TALLEST, UNDER = 1.7, 0.15


EDGE, CORNER = 0.12, 0.93
"""how much of the eye at a lid's edge, and up to which part of its width, the lid shades"""


def _shaded(patch: Floats, white: Mask) -> Mask:
    """Where the white is dimmed by a lid's shadow or a pink corner."""
    if white.sum() < FEWEST:
        return np.zeros_like(white)
    light = _light(patch)
    dimmed: Mask = white & (light < DIM * float(np.quantile(light[white], 0.9)))
    return dimmed


def _box(picture: Pixels, eye: EyeShape) -> tuple[int, int, int, int]:
    """Left, top, right, bottom of the patch, in whole pixels within the picture."""
    tall = eye.height
    corners = [
        eye.axes.picture((x, y))
        for x in (-1.3 * eye.half, 1.3 * eye.half)
        for y in (eye.upper[1] - 0.9 * tall, eye.lower[1] + 0.9 * tall)
    ]
    across, along = zip(*corners, strict=True)
    height, width = picture.shape[:2]
    left, top = max(int(min(across)), 0), max(int(min(along)), 0)
    return left, top, min(int(max(across)) + 2, width), min(int(max(along)) + 2, height)


def _faded(mask: Mask, sigma: float) -> Floats:
    """1 well within a mask, 0 outside it, soft within its edge."""
    return smooth(blurred(mask.astype(np.float32), max(sigma, 0.6)) * 2 - 1)


DIM = 0.9
"""of the white's own brightness: what is darker is in shadow"""
IRIS, WHITE = 1.05, 1.12
"""where the iris has surely ended and the white surely begun, in radii of the iris"""
FAINTEST = 0.05
"""the least weight of a ring of the iris that is known"""
FEWEST = 12
"""pixels: with less white than this the eye has none, and its own colour stands in"""


def _continued(patch: Floats, known: Mask, far: Floats, v: Floats, eye: EyeShape) -> Floats:
    """The patch with all that is not known filled in: the white, and the iris's whole disc."""
    white = known & (far > WHITE)
    if white.sum() < FEWEST:
        # an eye of a few pixels, or one that is shut, has nothing that is surely its own
        white = known if known.any() else np.ones_like(known)
    # shadows and pink corners are darker than the white itself: they count for little
    light = _light(patch)
    bright = (light / max(float(light[white].max()), 1.0)) ** 8
    filled = spread(patch, white * bright, 0.6 * eye.height)
    iris = _round(patch, (known & (far < IRIS)) * _high(v, eye), far)
    disc = smooth((1.06 - far) * eye.iris_radius / 2 + 0.5)
    return mixed(filled, iris, disc)


def _light(colours: Floats) -> Floats:
    """Red, green and blue together."""
    light: Floats = colours[..., 0] + (colours[..., 1] + colours[..., 2])
    return light


def _high(v: Floats, eye: EyeShape) -> Floats:
    """What the upper lid hides of an iris is most like the upper half of the rest."""
    return smooth((eye.iris[1] - v) / np.float32(1.6 * eye.iris_radius) + 0.5) ** 2 + 1e-3


def _round(patch: Floats, weight: Floats, far: Floats) -> Floats:
    """The iris's rings, each filled in from those of its pixels that are known."""
    rings = np.minimum((far * RINGS).astype(np.int32), LAST_RING)
    profile = _rings(patch, weight, rings)
    # once more without the highlights, which belong to one place of their ring only
    glare = _light(patch - np.take(profile, rings, axis=0)) > GLARE
    profile = _rings(patch, np.where(glare, np.float32(0), weight), rings)
    at = np.clip(far * RINGS - 0.5, 0, LAST_RING - 1e-3)
    low = at.astype(np.int32)
    part = each_channel(at - low)
    between: Floats = np.take(profile, low, axis=0) * (1 - part)
    between += np.take(profile, low + 1, axis=0) * part
    return between


RINGS = 24
"""to the radius of the iris"""
LAST_RING = 27
GLARE = 60
"""how much brighter than its ring a highlight is; red, green and blue together"""


def _rings(patch: Floats, weight: Floats, rings: NDArray[np.int32]) -> Floats:
    """The mean colour (LAST_RING + 1, 4) of each ring; unknown ones are drawn from the next."""
    size, seen = LAST_RING + 1, weight > 0
    ring, share, colours = rings[seen], weight[seen], patch[seen]
    count = np.bincount(ring, share, size)
    sums = [np.bincount(ring, share * colours[:, c], size) for c in range(4)]
    known = np.flatnonzero(count >= FAINTEST)
    if not known.size:
        return np.full((size, 4), patch.mean(axis=(0, 1)), np.float32)
    means = [np.interp(np.arange(size), known, total[known] / count[known]) for total in sums]
    return np.stack(means, axis=1).astype(np.float32)

"""The eyeball behind the lids: the portrait's eye, continued under the skin that covers it."""

from dataclasses import dataclass

import numpy as np

from tasks.puppet.anatomy import EyeShape
from tasks.puppet.lid_edge import LidEdges
from tasks.puppet.raster import Floats, Mask, Pixels, blurred, sample, smooth


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
        clean = sample(self.clean, x, y).astype(np.float32) if stirred > 0 else None
        plain = sample(self.plain, x, y).astype(np.float32) if stirred < 1 else None
        if plain is None or clean is None:
            return clean if plain is None else plain  # type: ignore[return-value]
        return plain + np.float32(stirred) * (clean - plain)


def eyeball(picture: Pixels, eye: EyeShape, edges: LidEdges) -> Eyeball:
    """Take the eyeball out of a (premultiplied) picture and continue it under the lids."""
    left, top, right, bottom = _box(picture, eye)
    patch = picture[top:bottom, left:right].astype(np.float32)
    y, x = np.mgrid[top:bottom, left:right].astype(np.float32)
    along, v = eye.axes.locals(x, y)
    s = along / np.float32(eye.half)
    upper, lower = edges.at(s)
    tall = eye.height
    seen = (v >= upper) & (v <= lower) & (np.abs(s) < 1)
    well = (v > upper + EDGE * tall) & (v < lower - 0.6 * EDGE * tall) & (np.abs(s) < CORNER)
    far = np.hypot(along - eye.iris[0], v - eye.iris[1]) / np.float32(eye.iris_radius)
    hidden = _continued(patch, well, far, eye)
    weight = _faded(well, 0.04 * tall)[..., None]
    clean = hidden + weight * (patch - hidden)
    plain = np.where(seen[..., None], patch, hidden)
    return Eyeball(left, top, _bytes(plain), _bytes(clean))


EDGE, CORNER = 0.12, 0.93
"""how much of the eye at a lid's edge, and up to which part of its width, the lid shades"""


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


IRIS, WHITE = 1.05, 1.12
"""where the iris has surely ended and the white surely begun, in radii of the iris"""
FEWEST = 12
"""pixels: with less white than this the eye has none, and its own colour stands in"""


def _continued(patch: Floats, known: Mask, far: Floats, eye: EyeShape) -> Floats:
    """The patch with all that is not known filled in: the white, and the iris's whole disc."""
    white = known & (far > WHITE)
    if white.sum() < FEWEST:
        white = known
    filled = _spread(patch, white, 0.2 * eye.height)
    iris = _round(patch, known & (far < IRIS), far)
    disc = smooth((1.06 - far) * eye.iris_radius / 2 + 0.5)[..., None]
    return filled + disc * (iris - filled)


def _spread(patch: Floats, known: Mask, sigma: float) -> Floats:
    """Known colours, blurred out ever further over what is unknown (normalised convolution)."""
    weight = known.astype(np.float32)
    total, amount = np.zeros_like(patch), np.full(weight.shape, 1e-6, np.float32)
    share = np.float32(1)
    for step in range(5):
        wide = max(sigma, 0.8) * 2**step
        total += share * blurred(patch * weight[..., None], wide)
        amount += share * blurred(weight, wide)
        share *= np.float32(0.02)
    return total / amount[..., None]


def _round(patch: Floats, known: Mask, far: Floats) -> Floats:
    """The iris's rings, each filled in from those of its pixels that are known."""
    rings = np.clip((far * 24).astype(np.int32), 0, 27)
    weight = known.astype(np.float32).ravel()
    count = np.bincount(rings.ravel(), weight, 28)
    mean = np.stack(
        [np.bincount(rings.ravel(), weight * patch[..., c].ravel(), 28) for c in range(4)], axis=1
    )
    filled = count >= 1
    if not filled.any():
        return patch
    mean[filled] /= count[filled, None]
    steps = np.arange(28)
    profile = np.stack(
        [np.interp(steps, steps[filled], mean[filled, c]) for c in range(4)], axis=1
    ).astype(np.float32)
    at = np.clip(far * 24 - 0.5, 0, 26.999)
    low = at.astype(np.int32)
    part = (at - low)[..., None]
    return profile[low] * (1 - part) + profile[low + 1] * part


def _bytes(colours: Floats) -> Pixels:
    return np.clip(colours + 0.5, 0, 255).astype(np.uint8)

"""What is behind the lips: a dark mouth, two rows of teeth, a tongue."""

import numpy as np

from tasks.puppet.lips import Lips, Parted
from tasks.puppet.palette import Palette
from tasks.puppet.raster import Floats, smooth


def opening(lips: Lips, parted: Parted) -> Floats:
    """How much of each pixel lies between the lips, 0..1."""
    gap = np.minimum(parted.above_lower, parted.below_upper)
    soft = max(1.2, 0.035 * lips.half)
    return smooth(gap / np.float32(soft)) * (np.abs(parted.s) < 1)


def interior(lips: Lips, parted: Parted, palette: Palette) -> Floats:
    """The colours (rows, columns, 3) behind the lips, 0..255."""
    half, s, v = np.float32(lips.half), parted.s, parted.v
    soft = np.float32(max(1.2, 0.05 * lips.half))
    depth = smooth(parted.below_upper / (0.5 * half))[..., None]
    colour = palette.throat * (0.8 + 0.2 * depth)
    jaw = lips.parting.lip_drop
    tongue = _tongue(lips, parted, soft)[..., None]
    colour = colour + tongue * (palette.tongue - colour)
    side = np.float32(1.0) - np.float32(0.45) * s * s
    upper_edge = half * (0.15 - 0.1 * s * s)
    lower_edge = np.maximum(jaw + 0.02 * half, upper_edge + 0.03 * half) + 0.08 * half * s * s
    upper = smooth((upper_edge - v) / soft + 0.5)
    lower = smooth((v - lower_edge) / soft + 0.5)
    shade = 0.72 + 0.28 * smooth(parted.below_upper / (0.16 * half))
    rows = (
        np.maximum(upper, 0.85 * lower)
        * smooth((1 - np.abs(s)) * 5)
        * np.float32(lips.parting.teeth)
    )
    teeth = palette.teeth * (side * shade)[..., None]
    return colour + rows[..., None] * (teeth - colour)


def _tongue(lips: Lips, parted: Parted, soft: np.float32) -> Floats:
    """How much of each pixel is tongue: a mound on the jaw, seen once that has dropped."""
    half, jaw = np.float32(lips.half), np.float32(lips.parting.lip_drop)
    top = 0.58 * jaw + 0.35 * half * parted.s * parted.s
    seen = smooth(np.float32((jaw / half - 0.25) / 0.4))
    return seen * smooth((parted.v - top) / (3 * soft)) * smooth((0.8 - np.abs(parted.s)) * 3)

"""What is behind the lips: a dark mouth, two rows of teeth, a tongue."""

import numpy as np

from tasks.puppet.grain import Grain
from tasks.puppet.lips import Lips, Parted
from tasks.puppet.palette import Palette
from tasks.puppet.raster import Floats, Mask, Pixels, extent, smooth, to_bytes


def paint(
    colours: Pixels, changed: Mask, lips: Lips, parted: Parted, paints: tuple[Palette, Grain]
) -> None:
    """Paint the inside of the mouth over (premultiplied) colours, and mark what it changes."""
    share = opening(lips, parted)
    cut = extent(share > 0)
    if cut is None:
        return
    share, shown = share[cut][..., None], parted.part(cut)
    below = colours[cut].astype(np.float32)
    inside = interior(lips, shown, *paints) * (below[..., 3:] / 255)
    mixed = below[..., :3] + share * (inside - below[..., :3])
    colours[cut][..., :3] = to_bytes(mixed)
    changed[cut] |= share[..., 0] > 0


def opening(lips: Lips, parted: Parted) -> Floats:
    """How much of each pixel lies between the lips, 0..1."""
    gap = np.minimum(parted.above_lower, parted.below_upper)
    soft = max(1.2, 0.035 * lips.half)
    return smooth(gap / np.float32(soft)) * (np.abs(parted.s) < 1)


def interior(lips: Lips, parted: Parted, palette: Palette, grain: Grain) -> Floats:
    """The colours (rows, columns, 3) behind the lips, 0..255."""
    half = np.float32(lips.half)
    depth = smooth(parted.below_upper / (0.5 * half))[..., None]
    colour = palette.throat * (np.float32(0.8) + np.float32(0.2) * depth)
    tongue = _tongue(lips, parted)[..., None]
    colour = colour + tongue * (palette.tongue - colour)
    # the lip's shadow falls on the teeth, and they are dimmer towards the corners
    lit = 1 - np.float32(0.42) * parted.s * parted.s
    lit *= np.float32(0.75) + np.float32(0.25) * smooth(parted.below_upper / (0.16 * half))
    teeth = palette.teeth * (1 - (1 - lit)[..., None] * _SHADOW)
    colour = colour + _teeth(lips, parted)[..., None] * (teeth - colour)
    painted: Floats = colour * grain.at(parted.s * half, parted.v)[..., None]
    return painted


_SHADOW = np.array([0.85, 1.05, 1.1], np.float32)
"""warm: a shadow in a mouth takes less of the red"""


def _teeth(lips: Lips, parted: Parted) -> Floats:
    """How much of each pixel is tooth: one row on the skull, one on the jaw."""
    half, s, v = np.float32(lips.half), parted.s, parted.v
    soft = np.float32(max(1.2, 0.05 * lips.half))
    above = half * (np.float32(0.15) - np.float32(0.1) * s * s)
    on_jaw = np.float32(lips.parting.lip_drop) + np.float32(0.02) * half
    below = np.maximum(on_jaw, above + np.float32(0.03) * half) + np.float32(0.08) * half * s * s
    upper = smooth((above - v) / soft + np.float32(0.5))
    lower = np.float32(0.85) * smooth((v - below) / soft + np.float32(0.5))
    row: Floats = np.maximum(upper, lower) * smooth((1 - np.abs(s)) * 5)
    return row * np.float32(lips.parting.teeth)


def _tongue(lips: Lips, parted: Parted) -> Floats:
    """How much of each pixel is tongue: a mound on the jaw, seen once that has dropped."""
    half, drop = lips.half, lips.parting.lip_drop
    seen = min(max((drop / half - 0.2) / 0.4, 0.0), 1.0)
    top = np.float32(0.55 * drop) + np.float32(0.3 * half) * parted.s * parted.s
    mound = smooth((parted.v - top) / np.float32(0.12 * half))
    return np.float32(seen) * mound * smooth((0.85 - np.abs(parted.s)) * 3)

"""An eye taken apart: the face without it, and the strokes of its lids or the whole of it."""

from dataclasses import dataclass
from typing import cast

import cv2
import numpy as np

from tasks.puppet.anatomy import EyeShape
from tasks.puppet.grain import Grain
from tasks.puppet.lash_line import LashLine
from tasks.puppet.over import BESIDE, LASHES, EyeParts, reached
from tasks.puppet.raster import (
    Floats,
    Mask,
    Pixels,
    blurred,
    extent,
    mixed,
    smooth,
    spread,
    to_bytes,
)
from tasks.puppet.skin import UNLIKE, Zone

GAP = 0.08
"""how far from the opening a line of the eye may lie, in heights of the eye"""


@dataclass(frozen=True, slots=True, eq=False)
class EyeLayers:
    """One eye taken apart. Patches of one window of the picture, premultiplied."""

    left: int
    top: int
    bare: Pixels
    """the face without the eye"""
    covers: Floats
    """where `bare` takes the eye's place, 0..1"""
    upper: Pixels
    """the stroke of the upper lid, with its lashes"""
    lower: Pixels
    line: LashLine

    def place(self, x: Floats, y: Floats) -> tuple[Floats, Floats]:
        """Pixels of the picture as pixels of the patches."""
        return x - np.float32(self.left), y - np.float32(self.top)


def bare_skin(picture: Pixels, zone: Zone, hidden: Mask, grain: Grain, sigma: float) -> Floats:
    """A zone's picture with plain skin in place of what is hidden; premultiplied, 0..255."""
    part = picture[zone.cut].astype(np.float32)
    grown = cv2.dilate(hidden.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    known = zone.is_skin & ~grown
    if not known.any():
        return part
    skin = spread(part, known.astype(np.float32), sigma)
    grain.onto(skin, *zone.window[:2])
    return mixed(part, skin, smooth(blurred(hidden.astype(np.float32), 1.0) * 2))


@dataclass(frozen=True, slots=True, eq=False)
class Parted:
    """What both eyes of a face are taken out of."""

    under: Floats
    """the zone's picture without what lies over the face; premultiplied, 0..255"""
    bare: Floats
    """the same without the eyes"""
    zone: Zone
    over: Mask
    line: LashLine
    dot: bool
    """whether the eyes are marks without lids"""


def eye_layers(face: Parted, eye: EyeShape, parts: EyeParts) -> EyeLayers:
    """Take an eye out of a face."""
    zone, bare = face.zone, face.bare
    whole = belongs(zone, eye, parts, face.over)
    grown = cv2.dilate(whole.astype(np.uint8), np.ones((3, 3), np.uint8)).astype(np.float32)
    covers = smooth(blurred(grown, 0.7) * 2)
    alpha = np.clip((zone.unlike - 4) / (2.2 * UNLIKE), 0, 1) * whole
    soft = np.float32(max(1.0, 0.03 * eye.height))
    lash = smooth((parts.upper + 0.5 * soft - parts.v) / soft + 0.5)
    lash = np.where(np.abs(parts.s) < 1, lash, (parts.v < 0.25 * eye.height).astype(np.float32))
    below = smooth((parts.v - parts.lower) / soft + 0.5) * (np.abs(parts.s) < 1)
    below *= ~_of_ball(zone, eye, parts)
    if face.dot:
        lash, below = np.ones_like(lash), np.zeros_like(below)
    return EyeLayers(
        *zone.window[:2],
        to_bytes(bare),
        covers.astype(np.float32),
        _stroke(face.under, bare, alpha * lash),
        _stroke(face.under, bare, alpha * below),
        face.line,
    )


def _of_ball(zone: Zone, eye: EyeShape, parts: EyeParts) -> Mask:
    """Iris and white below the lower lid's edge, where that is not quite the picture's."""
    radius = np.float32(eye.iris_radius)
    across = (parts.s * np.float32(eye.half) - np.float32(eye.iris[0])) / radius
    down = (parts.v - np.float32(eye.iris[1])) / radius
    iris = np.hypot(across, down / np.float32(1.33)) < 1.03
    pale = (zone.lab[..., 0] > 78) & (np.hypot(zone.lab[..., 1], zone.lab[..., 2]) < 20)
    found: Mask = (parts.v < parts.lower + 0.2 * eye.height) & (iris | pale)
    return found


def _stroke(patch: Floats, bare: Floats, alpha: Floats) -> Pixels:
    """A line as a layer of its own: its colour without the skin that shows through."""
    made: Pixels = np.zeros((*alpha.shape, 4), np.uint8)
    cut = extent(alpha > 0)
    if cut is not None:
        share, behind = alpha[cut][..., None], bare[cut]
        ink = behind + (patch[cut] - behind) / np.maximum(share, 0.25)
        made[cut] = to_bytes(np.clip(ink, 0, 255) * share)
    return made


def belongs(zone: Zone, eye: EyeShape, parts: EyeParts, over: Mask) -> Mask:
    """All of the eye: its opening, and the lines and lashes that hang on it."""
    tall = eye.height
    near = parts.rim(1.4 * LASHES, 0.3, BESIDE) & ~over
    other = near & (~zone.is_skin | parts.opening)
    # a lash line may leave a gap to what it hangs on
    size = 2 * max(round(GAP * tall), 1) + 1
    about = cv2.dilate(parts.opening.astype(np.uint8), np.ones((size, size), np.uint8)) > 0
    return reached(other, about) | parts.opening


def laid(patch: Pixels | Floats, x: Floats, y: Floats) -> Floats:
    """A layer at (x, y) of its own pixels; clear beyond its edge."""
    found = cv2.remap(patch, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)
    return cast(Floats, found.astype(np.float32))


def over(below: Floats, layer: Floats) -> Floats:
    """A premultiplied layer over premultiplied colours, 0..255."""
    return cast(Floats, layer + below * (1 - layer[..., 3:] / 255))

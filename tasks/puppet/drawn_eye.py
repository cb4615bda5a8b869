"""Eyes that are drawn far taller than real ones: their lids and iris, where only corners are given.

Proportions of real faces would put the lids of such an eye into its iris. So the picture is looked
at, along the middle of the eye: what is no skin there, up and down, is the eye.
"""

from dataclasses import replace
from math import dist

import cv2
import numpy as np

from tasks.character.face import Eye, Face, Point
from tasks.puppet.raster import Floats, Pixels
from tasks.puppet.skin import UNLIKE, to_lab

TALL = 0.8
"""from which height on, in widths, an eye is taken for a drawn one"""
REACH = (0.2, 0.95)
"""how far a lid may lie from the line between the corners, in widths"""
IRIS = (0.15, 0.6)
"""the radius of an iris, in widths"""
ALIKE = 1.3
"""by how many times both eyes may differ in height"""
STEPS = 48
"""samples to a width"""
LASHES = 0.22
"""how thick lashes are drawn at most, in widths"""
DARK = 38.0
"""lightness below which the upper edge is a line of lashes, not the opening"""


def with_drawn_eyes(portrait: Pixels, face: Face) -> Face:
    """The face with the lids and irises of both eyes as the picture shows them, where they are not
    given and the eyes are far taller than real ones; else the same."""
    eyes = (face.left_eye, face.right_eye)
    if any(eye is None or eye.upper_lid or eye.lower_lid for eye in eyes):
        return face
    found = [_seen(portrait, eye) for eye in eyes if eye]
    if len(found) < len(eyes) or None in found:
        return face
    left, right = found
    if left is None or right is None or not 1 / ALIKE < left[1] / right[1] < ALIKE:
        return face
    return replace(face, left_eye=left[0], right_eye=right[0])


def _seen(portrait: Pixels, eye: Eye) -> tuple[Eye, float] | None:
    """The eye with its lids and iris, and its height in widths; None where it is not so tall."""
    high, wide = portrait.shape[:2]
    inner, outer = ((x * wide, y * high) for x, y in (eye.inner, eye.outer))
    width = dist(inner, outer)
    if width < 6:
        return None
    middle = ((inner[0] + outer[0]) / 2, (inner[1] + outer[1]) / 2)
    way = np.array([outer[0] - inner[0], outer[1] - inner[1]]) / width
    along = way if way[0] > 0 else -way
    patch = _patch(portrait, middle, along * width)
    skin = np.median(patch[2 * STEPS :].reshape(-1, 3), axis=0)
    unlike = np.linalg.norm((patch - skin) * (0.7, 1, 1), axis=-1) > UNLIKE
    strip = slice(STEPS - STEPS // 8, STEPS + STEPS // 8 + 1)
    rows = unlike[:, strip].mean(axis=1) > 0.5
    up, down = _run(rows[STEPS::-1]), _run(rows[STEPS:])
    dark = _run(np.median(patch[STEPS - up : STEPS, strip, 0], axis=1) < DARK)
    lash = min(dark, round(LASHES * STEPS))  # a dark iris goes on beneath them
    upper, lower = (up - lash) / STEPS, down / STEPS
    if not all(REACH[0] < part < REACH[1] for part in (upper, lower)) or upper + lower < TALL:
        return None

    def placed(x: float, y: float) -> Point:
        at = np.array(middle) + width * (x * along + y * np.array([-along[1], along[0]]))
        return float(at[0] / wide), float(at[1] / high)

    centre = (lower - upper) / 2
    radius = _radius(patch, unlike, STEPS + round(centre * STEPS))
    lids = replace(eye, upper_lid=placed(0, -upper), lower_lid=placed(0, lower))
    if radius and not eye.iris and not eye.iris_radius:
        radius = radius * width / wide
        lids = replace(lids, iris=placed(0, centre), iris_radius=radius)
    return lids, upper + lower


def _patch(portrait: Pixels, middle: Point, across: Floats) -> Floats:
    """Two widths across and two and a half down, from one above the corners on; CIELAB."""
    step = across / STEPS
    axes = np.array([[step[0], -step[1]], [step[1], step[0]]])
    matrix = np.column_stack([axes, np.array(middle) - 0.5 - axes @ (STEPS, STEPS)])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    colours = np.ascontiguousarray(portrait[..., :3])
    size = (2 * STEPS, 5 * STEPS // 2)
    made = cv2.warpAffine(colours, matrix, size, flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return to_lab(np.asarray(made, np.uint8))


def _run(where: np.ndarray) -> int:
    """How many are true in a row, from the first on; a gap as small as a highlight's is none."""
    gaps = np.flatnonzero(~where)
    for gap in gaps:
        if not where[gap : gap + STEPS // 10].any():
            return int(gap)
    return len(where)


def _radius(patch: Floats, unlike: np.ndarray, row: int) -> float | None:
    """Half the width of what is neither skin nor white, in widths of the eye."""
    near = slice(max(row - 3, 0), row + 4)
    lab = np.median(patch[near], axis=0)
    white = (lab[:, 0] > 78) & (np.hypot(lab[:, 1], lab[:, 2]) < 20)
    own = (unlike[near].mean(axis=0) > 0.5) & ~white
    found = (_run(own[STEPS:]) + _run(own[STEPS::-1])) / 2 / STEPS
    return found if IRIS[0] < found < IRIS[1] else None

"""An eye as it is seen in the picture: where its lids' edges and its iris are."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from tasks.landmarks.networks import Floats
from tasks.landmarks.skin_seen import Skin

_SIDE = 96
"""samples across a patch that is two eyes wide"""
_WIDTHS = 2.0
_MIDDLE = 0.12
"""half the width of the strip in which lids are looked for, in widths of the eye"""
_LID = (0.1, 0.75)
"""how far a lid's edge may lie from the line between the corners, in widths of the eye"""
_TRUSTED = 1.35
"""from how many times the mesh's opening on the eye is taken for a drawn one"""
_TALL = 0.66
"""from which height on, in widths, that is believed where skin has lights and shadows: those about
a real eye look as if it were taller"""
_IRIS, _REAL_IRIS = (0.1, 0.6), (0.14, 0.3)
"""the radius of an iris, in widths of the eye: of a drawn one, and of a real one"""
_BRIGHT = 0.72
"""of the lightness of the white: darker belongs to the iris"""


@dataclass(frozen=True, slots=True)
class EyeSeen:
    """An eye, in pixels of the picture."""

    inner: Floats
    outer: Floats
    upper: Floats
    lower: Floats
    iris: Floats | None = None
    iris_radius_px: float = 0.0


def look(picture: NDArray[np.uint8], meshed: EyeSeen, skin: Skin) -> EyeSeen:
    """The eye with its lids and iris as the picture shows them; the mesh's where it does not."""
    patch, axes, middle = _patch(picture, meshed)
    lab = cv2.cvtColor(patch, cv2.COLOR_RGB2LAB).astype(np.float32)
    unlike = np.sqrt(((lab - skin.lab) ** 2).sum(axis=2)) > skin.unlike
    upper, lower = _lids(unlike)

    def placed(x: float, y: float) -> Floats:
        return np.asarray(middle + axes @ (x, y))

    opening = float(np.hypot(*(meshed.upper - meshed.lower)) / np.hypot(*axes[:, 0]))
    eye = meshed
    least = max(_TRUSTED * opening, 0.0 if skin.plain else _TALL)
    drawn = bool(upper and lower and upper + lower > least)
    if drawn:
        eye = replace(eye, upper=placed(0, -upper), lower=placed(0, lower))
    else:
        upper = lower = opening / 2
    usual = _IRIS if drawn or skin.plain else _REAL_IRIS
    return _with_iris(eye, lab, (upper, lower), placed, usual)


def _patch(picture: NDArray[np.uint8], eye: EyeSeen) -> tuple[NDArray[np.uint8], Floats, Floats]:
    """The eye upright and two widths wide; the axes of a width; the middle of its corners."""
    middle, across = (eye.inner + eye.outer) / 2, eye.outer - eye.inner
    across = across if across[0] > 0 else -across
    axes = np.column_stack([across, (-across[1], across[0])])
    step = axes * (_WIDTHS / _SIDE)
    matrix = np.column_stack([step, middle - step @ (_SIDE / 2, _SIDE / 2)])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    source = np.ascontiguousarray(picture[..., :3])
    made = cv2.warpAffine(
        source, matrix, (_SIDE, _SIDE), flags=flags, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(made, np.uint8), np.asarray(axes), np.asarray(middle)


def _lids(unlike: NDArray[np.bool_]) -> tuple[float, float]:
    """How far what is no skin reaches up and down from the middle, in widths; 0: not known."""
    half = round(_MIDDLE * _SIDE / _WIDTHS)
    strip = unlike[:, _SIDE // 2 - half : _SIDE // 2 + half + 1].mean(axis=1) > 0.5
    centre = _SIDE // 2
    if not strip[centre]:
        return 0.0, 0.0
    up = int(np.argmin(strip[centre::-1])) or _SIDE
    down = int(np.argmin(strip[centre:])) or _SIDE
    reach = [steps * _WIDTHS / _SIDE for steps in (up, down)]
    good = all(_LID[0] <= part <= _LID[1] for part in reach)
    return (reach[0], reach[1]) if good else (0.0, 0.0)


def _with_iris(
    eye: EyeSeen,
    lab: NDArray[np.float32],
    lids: tuple[float, float],
    placed: Callable[[float, float], Floats],
    usual: tuple[float, float],
) -> EyeSeen:
    """The iris: what is darker than the white between the lids, by its width in the middle."""
    unit = _SIDE / _WIDTHS
    top, bottom = (_SIDE // 2 + round(part * unit) for part in (-lids[0], lids[1]))
    left, right = round(_SIDE / 2 - 0.48 * unit), round(_SIDE / 2 + 0.48 * unit)
    light = lab[top + 1 : bottom, left:right, 0]
    if light.shape[0] < 3:
        return eye
    rows = light[light.shape[0] // 4 : max(light.shape[0] * 3 // 4, light.shape[0] // 4 + 1)]
    dark = np.median(rows, axis=0) < _BRIGHT * np.percentile(rows, 95)
    if not dark.any():
        return eye
    columns = np.flatnonzero(dark)
    # The widest run without a gap of more than a highlight's width.
    runs = np.split(columns, np.flatnonzero(np.diff(columns) > 0.12 * unit) + 1)
    run = max(runs, key=len)
    radius = (run[-1] - run[0] + 1) / 2 / unit
    if not usual[0] <= radius <= usual[1]:
        return eye
    x = (left + (run[0] + run[-1]) / 2 - _SIDE / 2) / unit
    width_px = float(np.hypot(*(eye.outer - eye.inner)))
    return replace(eye, iris=placed(x, (lids[1] - lids[0]) / 2), iris_radius_px=radius * width_px)

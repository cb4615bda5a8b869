"""A drawn eye found by its iris, where the mesh, which knows real faces, has put it beside it.

In anime and cartoons an eye is a large, compact patch that is no skin; fringe, brow and glasses
are next to it, but thinner or cut off by the picture of the eye.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from tasks.landmarks.drawn_eye import EyeSeen, lab_at
from tasks.landmarks.networks import Floats

_UNLIKE_SKIN = (30.0, 50.0, 75.0)
"""levels of Lab, from which on a pixel is none of the skin: with shadows about, the stricter"""
_ABOVE, _BELOW, _ASIDE = 0.9, 1.6, 1.45
"""how far from the mesh's eye its patch may reach, in widths of that"""
_CORE = 0.5
"""what is thinner than this, in thicknesses of the iris, is a line"""
_THIN = 0.1
"""half the thickness of the thinnest iris, in widths of the mesh's eye"""
_WIDE, _TALL = (0.3, 1.5), (0.45, 2.0)
"""how wide and how tall a patch may be, in widths of the mesh's eye"""
_LARGER, _OFF, _HUGE = 1.6, 0.22, 3.0
"""from how many times the mesh's opening on, if so far from its middle, it is taken for the eye;
and from how many times on wherever it lies"""
_ALIKE = 2.2
"""by how many times the heights of both eyes may differ: one is further away"""
_SIDE = 64.0
"""pixels that the width of the mesh's eye is enlarged to"""
_LASHES = 0.08
"""how much of an eye's height its lashes take"""


_Box = tuple[float, float, float, float]
"""left, top, right, bottom"""


@dataclass(frozen=True, slots=True)
class _Blob:
    """A patch: the box of its thick part, and that with the lines that hang on it; pixels."""

    core: _Box
    whole: _Box

    @property
    def middle(self) -> tuple[float, float]:
        left, top, right, bottom = self.core
        return (left + right) / 2, (top + bottom) / 2

    @property
    def height(self) -> float:
        return self.core[3] - self.core[1]


def drawn_eyes(
    picture: NDArray[np.uint8], meshed: Mapping[str, EyeSeen], skin: list[Floats]
) -> dict[str, EyeSeen]:
    """Both eyes as they are drawn, by name; empty where the mesh's are as good.

    `skin`: places in the picture where there is skin.
    """
    of_skin = np.median([lab_at(picture, at) for at in skin], axis=0)
    found = {name: _blob(picture, eye, of_skin) for name, eye in meshed.items()}
    blobs = {name: blob for name, blob in found.items() if blob is not None}
    if len(blobs) < len(meshed):
        return {}
    heights = [blob.height for blob in blobs.values()]
    mean = sum(heights) / len(heights)
    tops = [blob.core[1] for blob in blobs.values()]
    if max(heights) > _ALIKE * min(heights) or max(tops) - min(tops) > mean:
        return {}
    if not all(_is_other(meshed[name], blob) for name, blob in blobs.items()):
        return {}
    return {name: _eye(meshed[name], blob) for name, blob in blobs.items()}


def _is_other(eye: EyeSeen, blob: _Blob) -> bool:
    width = float(np.hypot(*(eye.outer - eye.inner)))
    opening = float(np.hypot(*(eye.upper - eye.lower)))
    middle = (eye.inner + eye.outer + eye.upper + eye.lower) / 4
    off = float(np.hypot(*(middle - blob.middle)))
    larger = blob.height / max(opening, 1.0)
    return larger > _HUGE or (larger > _LARGER and off > _OFF * width)


def _blob(picture: NDArray[np.uint8], eye: EyeSeen, of_skin: Floats) -> _Blob | None:
    middle, width = (eye.inner + eye.outer) / 2, float(np.hypot(*(eye.outer - eye.inner)))
    left, right = (int(middle[0] + part * width) for part in (-_ASIDE, _ASIDE))
    top, bottom = int(middle[1] - _ABOVE * width), int(middle[1] + _BELOW * width)
    left, top = max(left, 0), max(top, 0)
    part = np.ascontiguousarray(picture[top:bottom, left:right, :3])
    if min(part.shape[:2]) < 12:
        return None
    larger = _SIDE / width
    large = cv2.resize(part, None, fx=larger, fy=larger, interpolation=cv2.INTER_CUBIC)
    lab = cv2.cvtColor(large, cv2.COLOR_RGB2LAB).astype(np.float32)
    unlike = np.linalg.norm(lab - of_skin, axis=2)
    boxes = next(filter(None, (_boxes(unlike > least) for least in _UNLIKE_SKIN)), None)
    return _Blob(*(_placed(box, larger, (left, top)) for box in boxes)) if boxes else None


def _boxes(unlike: NDArray[np.bool_]) -> tuple[_Box, _Box] | None:
    """The boxes of the eye's patch, without and with what hangs on it; None without one."""
    # highlights lie within: what skin does not reach from outside belongs to the eye
    other = _filled(unlike.astype(np.uint8))
    core = _core(other)
    if core is None:
        return None
    inside, whole = _box(core), _box(_with_lines(core, other))
    wide, tall = (inside[2] - inside[0]) / _SIDE, (inside[3] - inside[1]) / _SIDE
    if not (_WIDE[0] <= wide <= _WIDE[1] and _TALL[0] <= tall <= _TALL[1]):
        return None
    return inside, whole


def _filled(mask: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The mask with its holes."""
    lines, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    found = np.zeros_like(mask)
    cv2.drawContours(found, lines, -1, 1, cv2.FILLED)
    return found


def _core(other: NDArray[np.uint8]) -> NDArray[np.bool_] | None:
    """The thickest patch that hangs on nothing at the edge: hair and background come from there."""
    rim = np.zeros(other.shape, bool)
    rim[:2] = rim[:, :2] = rim[:, -2:] = True
    thick = cv2.distanceTransform(other, cv2.DIST_L2, 5)
    for _ in range(6):
        most = float(thick.max())
        if most < _THIN * _SIDE:
            return None
        size = 2 * max(round(_CORE * most), 1) + 1
        brush = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))
        opened = cv2.morphologyEx(other, cv2.MORPH_OPEN, brush)
        _, names = cv2.connectedComponents(opened)
        chosen: NDArray[np.bool_] = names == names[np.unravel_index(thick.argmax(), thick.shape)]
        if not (chosen & rim).any():
            return chosen
        thick = np.where(chosen, 0, thick)
    return None


def _with_lines(core: NDArray[np.bool_], other: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """The patch with the white and the lashes beside it, as far as they reach."""
    columns = np.flatnonzero(core.any(axis=0))
    reach = 2 * max(round(0.35 * (columns[-1] - columns[0])), 1) + 1
    wide = cv2.dilate(core.astype(np.uint8), np.ones((1, reach), np.uint8))
    rows = np.flatnonzero(core.any(axis=1))
    found = (wide > 0) & (other > 0)
    found[: rows[0]] = False
    return found | core


def _box(mask: NDArray[np.bool_]) -> _Box:
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return float(columns[0]), float(rows[0]), float(columns[-1] + 1), float(rows[-1] + 1)


def _placed(box: _Box, larger: float, at: tuple[int, int]) -> _Box:
    """A box of the enlarged patch in the picture."""
    left, top, right, bottom = (edge / larger for edge in box)
    return left + at[0], top + at[1], right + at[0], bottom + at[1]


def _eye(meshed: EyeSeen, blob: _Blob) -> EyeSeen:
    left, _, right, _ = blob.whole
    core_left, top, core_right, bottom = blob.core
    tall = bottom - top
    corner = top + 0.55 * tall
    x = (core_left + core_right) / 2
    near, far = np.array([left, corner]), np.array([right, corner])
    flipped = meshed.inner[0] > meshed.outer[0]
    upper = top + _LASHES * tall
    return EyeSeen(
        inner=far if flipped else near,
        outer=near if flipped else far,
        upper=np.array([x, upper]),
        lower=np.array([x, bottom]),
        iris=np.array([x, (upper + bottom) / 2]),
        iris_radius_px=(core_right - core_left) / 2,
    )

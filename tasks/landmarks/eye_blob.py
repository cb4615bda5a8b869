"""A drawn eye found by its iris, where the mesh, which knows real faces, has put it beside it.

In anime and cartoons an eye is a large, compact patch that is no skin; fringe, brow and glasses
are next to it, but thinner or cut off by the picture of the eye.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from tasks.landmarks.drawn_eye import EyeSeen
from tasks.landmarks.skin_seen import Skin

_STRICTER = (30.0, 50.0, 75.0)
"""levels of Lab, from which on a pixel is none of the skin where there are shadows about"""
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
_LARGER_PLAIN, _OFF_PLAIN = 0.5, 0.17
"""the same of a drawing in plain colours, which shows where its eyes are"""
_ALIKE = 2.2
"""by how many times the heights of both eyes may differ: one is further away"""
_SIDE = 64.0
"""pixels that the width of the mesh's eye is enlarged to"""
_WHITE, _SOME_WHITE = (190.0, 16.0), 0.12
"""lightness and chroma, 8-bit Lab, of an eye's white; how much of its patch that is at least"""
_IRIS = (0.12, 0.46)
"""the radius of an iris beside a white, in widths of the patch"""
_SURE = 0.5
"""how far two patches are from being both eyes of a face, at most, to be taken for these"""
_TONE, _USUAL = 24.0, 0.02
"""levels of Lab that one colour of hair spans; how much of the edge it takes at least"""
_DARK = 0.55
"""of the skin's lightness: lashes are darker than that"""
_LASHES = 0.08
"""how much of an eye's height its lashes take"""


_Box = tuple[float, float, float, float]
"""left, top, right, bottom"""


@dataclass(frozen=True, slots=True)
class _Blob:
    """A patch: the box of its thick part, and that with the lines that hang on it; pixels."""

    core: _Box
    whole: _Box
    lashed: bool = True
    """whether the lashes are a part of it"""

    @property
    def middle(self) -> tuple[float, float]:
        left, top, right, bottom = self.core
        return (left + right) / 2, (top + bottom) / 2

    @property
    def height(self) -> float:
        return self.core[3] - self.core[1]

    @property
    def width(self) -> float:
        return self.core[2] - self.core[0]


def drawn_eyes(
    picture: NDArray[np.uint8], meshed: Mapping[str, EyeSeen], skin: Skin
) -> dict[str, EyeSeen]:
    """Both eyes as they are drawn, by name; empty where the mesh's are as good."""
    found = [_blobs(picture, eye, skin) for eye in meshed.values()]
    blobs = dict(zip(meshed, _most_alike(*found), strict=False))
    if len(blobs) < len(meshed):
        return {}
    heights = [blob.height for blob in blobs.values()]
    mean = sum(heights) / len(heights)
    tops = [blob.core[1] for blob in blobs.values()]
    if max(heights) > _ALIKE * min(heights) or max(tops) - min(tops) > mean:
        return {}
    other = [_is_other(meshed[name], blob, skin) for name, blob in blobs.items()]
    if not (any(other) if skin.plain else all(other)):
        return {}
    return {
        name: _with_iris(_eye(meshed[name], _bare(picture, blob, skin)), picture, blob, skin)
        for name, blob in blobs.items()
    }


def _bare(picture: NDArray[np.uint8], blob: _Blob, skin: Skin) -> _Blob:
    """The patch, without lashes where its upper edge is no dark line."""
    left, top, right, _ = (round(edge) for edge in blob.core)
    aside = (right - left) // 5
    edge = picture[
        top : top + max(1, round(_LASHES * blob.height)), left + aside : right - aside, :3
    ]
    if not edge.size:
        return blob
    light = cv2.cvtColor(np.ascontiguousarray(edge), cv2.COLOR_RGB2LAB)[..., 0]
    return replace(blob, lashed=blob.lashed and float(np.median(light)) < _DARK * skin.lab[0])


def _with_iris(eye: EyeSeen, picture: NDArray[np.uint8], blob: _Blob, skin: Skin) -> EyeSeen:
    """The eye with its iris: what is not the white, where a white is part of its patch."""
    left, top, right, bottom = (round(edge) for edge in blob.core)
    part = np.ascontiguousarray(picture[top:bottom, left:right, :3])
    if not part.size:
        return eye
    lab = cv2.cvtColor(part, cv2.COLOR_RGB2LAB).astype(np.float32)
    chroma = np.hypot(lab[..., 1] - 128, lab[..., 2] - 128)
    white = (lab[..., 0] > _WHITE[0]) & (chroma < _WHITE[1])
    white &= np.linalg.norm(lab - skin.lab, axis=2) > skin.unlike
    if white.mean() < _SOME_WHITE:
        return eye
    third = (bottom - top) // 3
    own = (~white)[third : bottom - top - third].mean(axis=0) > 0.5
    columns = np.flatnonzero(own)
    runs = np.split(columns, np.flatnonzero(np.diff(columns) > 1) + 1)
    run = max(runs, key=len)
    radius = len(run) / 2
    if not _IRIS[0] * (right - left) < radius < _IRIS[1] * (right - left):
        return eye
    x = left + (run[0] + run[-1] + 1) / 2
    return replace(
        eye, iris=np.array([x, (eye.upper[1] + eye.lower[1]) / 2]), iris_radius_px=radius
    )


def eyes_seen(picture: NDArray[np.uint8], meshed: list[EyeSeen], skin: Skin) -> bool:
    """Whether there are two patches, much like each other, where the mesh has the eyes."""
    pair = _most_alike(*(_blobs(picture, eye, skin) for eye in meshed))
    return bool(pair) and _unlike(*pair) < _SURE


def _most_alike(left: list[_Blob], right: list[_Blob]) -> tuple[_Blob, ...]:
    """Of what either eye may be, the first two that are alike; where none are, the most alike."""
    pairs = [(one, other) for one in left for other in right]
    surest = sorted(pairs, key=lambda pair: left.index(pair[0]) + right.index(pair[1]))
    alike = (pair for pair in surest if _unlike(*pair) < _SURE)
    return next(alike, min(pairs, key=lambda pair: _unlike(*pair), default=()))


def _unlike(one: _Blob, other: _Blob) -> float:
    """How far two are from being both eyes of a face."""
    taller, wider = one.height / other.height, one.width / other.width
    slant = abs(one.core[3] - other.core[3]) / max(one.height, other.height)
    return float(abs(np.log(taller)) + abs(np.log(wider)) + 0.5 * slant)


def _is_other(eye: EyeSeen, blob: _Blob, skin: Skin) -> bool:
    width = float(np.hypot(*(eye.outer - eye.inner)))
    opening = float(np.hypot(*(eye.upper - eye.lower)))
    middle = (eye.inner + eye.outer + eye.upper + eye.lower) / 4
    off = float(np.hypot(*(middle - blob.middle)))
    larger = blob.height / max(opening, 1.0)
    least, away = (_LARGER_PLAIN, _OFF_PLAIN) if skin.plain else (_LARGER, _OFF)
    return larger > _HUGE or (larger > least and off > away * width)


def _blobs(picture: NDArray[np.uint8], eye: EyeSeen, skin: Skin) -> list[_Blob]:
    """What may be the eye, the surest first."""
    middle, width = (eye.inner + eye.outer) / 2, float(np.hypot(*(eye.outer - eye.inner)))
    left, right = (int(middle[0] + part * width) for part in (-_ASIDE, _ASIDE))
    top, bottom = int(middle[1] - _ABOVE * width), int(middle[1] + _BELOW * width)
    left, top = max(left, 0), max(top, 0)
    part = np.ascontiguousarray(picture[top:bottom, left:right, :3])
    if part.ndim < 3 or min(part.shape[:2]) < 12:
        return []
    larger = _SIDE / width
    large = cv2.resize(part, None, fx=larger, fy=larger, interpolation=cv2.INTER_CUBIC)
    lab = cv2.cvtColor(large, cv2.COLOR_RGB2LAB).astype(np.float32)
    unlike = np.linalg.norm(lab - skin.lab, axis=2)
    least = [skin.unlike, *(level for level in _STRICTER if level > skin.unlike)]
    other = [unlike > level for level in least]
    # a fringe that touches the eye hides it: once more without what comes in from outside
    own = [mask & ~_from_outside(lab, mask) for mask in other]
    found = [(_boxes(mask), True) for mask in other] + [(_boxes(mask), False) for mask in own]

    def blob(boxes: tuple[_Box, _Box], lashed: bool) -> _Blob:
        core, whole = (_placed(box, larger, (left, top)) for box in boxes)
        return _Blob(core, whole, lashed)

    return [blob(boxes, lashed) for boxes, lashed in found if boxes]


def _from_outside(lab: NDArray[np.float32], other: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Where the colours are that what is no skin has at the edge: those of hair and background."""
    rim = other & _rim(other.shape)
    if not rim.any():
        return rim
    places = np.floor(lab[rim] / _TONE).astype(np.int32)
    _, which, count = np.unique(places, axis=0, return_inverse=True, return_counts=True)
    usual = np.flatnonzero(count > _USUAL * rim.sum())
    near = np.full(other.shape, np.inf, np.float32)
    for tone in usual:
        mean = lab[rim][which.ravel() == tone].mean(axis=0)
        near = np.minimum(near, np.linalg.norm(lab - mean, axis=2))
    found: NDArray[np.bool_] = near < _TONE
    return found


def _rim(shape: tuple[int, ...]) -> NDArray[np.bool_]:
    rim = np.zeros(shape, bool)
    rim[:2] = rim[:, :2] = rim[:, -2:] = True
    return rim


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
    rim = _rim(other.shape)
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
    upper = top + (_LASHES * tall if blob.lashed else 0)
    return EyeSeen(
        inner=far if flipped else near,
        outer=near if flipped else far,
        upper=np.array([x, upper]),
        lower=np.array([x, bottom]),
        iris=np.array([x, (upper + bottom) / 2]),
        iris_radius_px=(core_right - core_left) / 2,
    )

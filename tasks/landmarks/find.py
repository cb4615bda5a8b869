"""Finding the face: windows of every size for the detector, then the mesh on the best of them."""

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from tasks.landmarks.networks import DETECTOR_PX, MESH_PX, Floats, detect, mesh

SURE = 0.5
"""the least presence of a face that is proposed: below it lie faces that are none"""
AGREED = 1.0
"""the least sum of the detector's scores, each times the presence, in windows that agree: a single
window takes an ear or an eye for a face"""
CERTAIN = 2.0
"""from which on that is so in any picture, and not in drawings alone"""
LIKELY = 0.5
"""the least sum where marks in the picture speak for a face too"""
_GROUND = 200
"""the grey behind what is transparent"""
_WINDOWS = (1.0, 0.7, 0.5, 0.35, 0.25)
"""sides of the windows that the detector looks at, as parts of the picture's shorter side"""
_LEAST_SCORE = 0.45
_MOST_MESHED = 12
_ROOM = 1.5
"""the side of the mesh's picture, in widths of the detector's box"""
_ROOM_ROUND_MESH = 1.5
"""and in the larger side of the points that it found before"""
_ROUNDS = 3


@dataclass(frozen=True, slots=True)
class Found:
    """A face in a picture."""

    points: Floats
    """the 468 points of MediaPipe's mesh, (468, 2), in pixels of the picture"""
    presence: float
    """how sure the mesh is that this is a face, 0..1"""
    agreed: float = 0.0
    """the detector's scores, each times the presence, in all windows that saw this face"""

    @property
    def sure(self) -> bool:
        """Whether it is worth proposing."""
        return self.presence >= SURE and self.agreed >= AGREED

    @property
    def likely(self) -> bool:
        """Whether it is, if the picture shows a drawing with eyes and a mouth there."""
        return self.presence >= SURE and self.agreed >= LIKELY


@dataclass(frozen=True, slots=True)
class _Box:
    """A square, turned, that a face is to fill: centre and side in px, angle in radians."""

    centre: Floats
    side: float
    angle: float


def find(picture: NDArray[np.uint8]) -> Found | None:
    """The face in a picture of (height, width, 4), RGBA; None where the detector sees none.

    The one on which most windows agree, whatever its presence. Raises `Mistake` without the extra
    `landmarks`.
    """
    flat = _Flat(_flat(picture))
    seen = [(score, _meshed(flat, box)) for score, box in _candidates(flat)]
    best: Found | None = None
    for score, face in seen:
        alike = [times * other.presence for times, other in seen if _same(face, other)]
        agreed = replace(face, agreed=sum(alike))
        own = score * face.presence
        if best is None or (agreed.agreed + own) > best.agreed + best.presence:
            best = agreed
    return best


def _same(one: Found, other: Found) -> bool:
    """Whether two lie at one place, at one size."""
    side, other_side = (float(np.ptp(face.points, axis=0).max()) for face in (one, other))
    apart = np.hypot(*(one.points.mean(axis=0) - other.points.mean(axis=0)))
    return bool(apart < 0.25 * side) and 0.6 * side < other_side < side / 0.6


def _flat(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    alpha = picture[..., 3:].astype(np.float32) / 255
    return np.asarray(np.rint(picture[..., :3] * alpha + _GROUND * (1 - alpha)), np.uint8)


class _Flat:
    """A picture without alpha, and what it is at the smaller size that was asked for last."""

    def __init__(self, picture: NDArray[np.uint8]) -> None:
        self.picture = picture
        self._smaller = picture

    @property
    def size_px(self) -> tuple[int, int]:
        """Width and height."""
        height, width = self.picture.shape[:2]
        return width, height

    def smaller(self, size_px: tuple[int, int]) -> NDArray[np.uint8]:
        """The picture at a smaller size: all windows of one side look at the same one."""
        if self._smaller.shape[1::-1] != size_px:
            made = cv2.resize(self.picture, size_px, interpolation=cv2.INTER_AREA)
            self._smaller = np.asarray(made, np.uint8)
        return self._smaller


def _candidates(flat: _Flat) -> list[tuple[float, _Box]]:
    """Where the detector sees faces in windows of every size, the surest first, with its score."""
    width, height = flat.size_px
    seen: list[tuple[float, _Box]] = []
    for side, left, top in _windows(width, height):
        window = _Box(np.array([left + side / 2, top + side / 2]), side, 0.0)
        scores, points = detect(_cut(flat, window, DETECTOR_PX))
        best = int(scores.argmax())
        if scores[best] > _LEAST_SCORE:
            seen.append((float(scores[best]), _box(points[best] * side + (left, top))))
    return sorted(seen, key=lambda one: -one[0])[:_MOST_MESHED]


def _windows(width: int, height: int) -> list[tuple[float, float, float]]:
    """Side, left and top of each window: the whole picture first, then by halves of a side."""
    longer, shorter = max(width, height), min(width, height)
    # A square one is seen whole, with room around it, all the same.
    whole = longer if longer > shorter else 1.3 * longer
    made = [(float(whole), (width - whole) / 2, (height - whole) / 2)]
    for part in _WINDOWS:
        side = part * shorter
        across, down = (max(1, round(2 * (length - side) / side) + 1) for length in (width, height))
        made += [
            (side, float(left), float(top))
            for left in np.linspace(0, width - side, across)
            for top in np.linspace(0, height - side, down)
        ]
    return made


def _box(points: Floats) -> _Box:
    """What the mesh looks at, by the detector's box and eyes."""
    right_eye, left_eye = points[2], points[3]
    angle = float(np.arctan2(left_eye[1] - right_eye[1], left_eye[0] - right_eye[0]))
    # Its box is given with the offset of the window, which a size has none of: eyes are safer.
    middle = (right_eye + left_eye + 2 * points[5]) / 4
    span = max(
        np.hypot(*(left_eye - right_eye)), np.hypot(*(points[5] - (right_eye + left_eye) / 2))
    )
    return _Box(middle, float(span) * 2 * _ROOM, angle)


def _meshed(flat: _Flat, box: _Box) -> Found:
    """The mesh, once more in the square that it found the face in, since that is the better one."""
    best: Found | None = None
    for _ in range(_ROUNDS):
        presence, inside = mesh(_cut(flat, box, MESH_PX))
        found = Found(_placed(inside, box), presence)
        if best is None or found.presence >= best.presence:
            best = found
        box = _around(found.points)
    assert best is not None  # noqa: S101 - there is at least one round
    return best


def _around(points: Floats) -> _Box:
    low, high = points.min(axis=0), points.max(axis=0)
    across = points[263] - points[33]
    angle = float(np.arctan2(across[1], across[0]))
    return _Box((low + high) / 2, float((high - low).max()) * _ROOM_ROUND_MESH, angle)


def _axes(box: _Box) -> Floats:
    """The matrix from offsets in the square, in its sides, to offsets in the picture in px."""
    c, s = np.cos(box.angle) * box.side, np.sin(box.angle) * box.side
    return np.array([[c, -s], [s, c]])


def _placed(inside: Floats, box: _Box) -> Floats:
    return np.asarray((inside / MESH_PX - 0.5) @ _axes(box).T + box.centre)


def _cut(flat: _Flat, box: _Box, side_px: int) -> NDArray[np.uint8]:
    """The square, `side_px` wide; what lies outside the picture is of the ground's grey."""
    matrix = np.column_stack([_axes(box) / side_px, box.centre - _axes(box) @ (0.5, 0.5)])
    shrink = box.side / side_px
    source = flat.picture
    if shrink > 2:
        factor = 1 / shrink
        wide, high = flat.size_px
        size = max(1, round(wide * factor)), max(1, round(high * factor))
        source = flat.smaller(size)
        matrix = np.diag([size[0] / wide, size[1] / high]) @ matrix
    ground = (_GROUND, _GROUND, _GROUND)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    made = cv2.warpAffine(
        source,
        matrix,
        (side_px, side_px),
        flags=flags,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=ground,
    )
    return np.asarray(made, np.uint8)

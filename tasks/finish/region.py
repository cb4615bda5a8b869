"""The region of the face: all that an expression may change, from a mask or from landmarks."""

from math import dist
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from tasks.character.face import Face, FaceError, Point, complete
from tasks.finish.alpha import Floats, Mask, Pixels

Box = tuple[slice, slice]
"""rows and columns"""
_ABOVE, _BELOW, _ASIDE = 0.5, 0.32, 0.25
"""room above the brows, below the chin and beside the cheeks, in lengths from eyes to mouth:
raised brows lift the fringe, a dropped jaw comes down by a fifth, a squint moves the temples"""


def from_picture(mask: Pixels, size_px: tuple[int, int]) -> Mask | None:
    """The region that is white in a mask picture, at a size (width, height).

    Black, and what is transparent, is outside. None where nothing is white.
    """
    grey = cv2.cvtColor(np.ascontiguousarray(mask[..., :3]), cv2.COLOR_RGB2GRAY)
    grey = cv2.multiply(grey, np.ascontiguousarray(mask[..., 3]), scale=1 / 255)
    if grey.shape[::-1] != size_px:
        grey = cv2.resize(grey, size_px, interpolation=cv2.INTER_AREA)
    inside = np.where(grey > 127, np.uint8(255), np.uint8(0))
    return inside if inside.any() else None


def from_landmarks(face: Face, size_px: tuple[int, int], margin: float = 1.0) -> Mask:
    """The region around the landmarks of a portrait of that size (width, height).

    It reaches from above the brows, with the fringe that they lift, to below the chin, and beside
    the cheeks; `margin` scales that room. Raises FaceError where eyes or mouth are missing.
    """
    width, height = size_px
    whole = complete(face, width / height)
    points = np.array(
        [(x * width - 0.5, y * height - 0.5) for x, y in _edge(whole)], dtype=np.float64
    )
    unit, down = _measure(whole, size_px)
    points = _spread(points, unit * margin, np.array(down))
    canvas = np.zeros((height, width), np.uint8)
    hull = cv2.convexHull(np.round(points * 16).astype(np.int32))
    cv2.fillConvexPoly(canvas, hull, 255, cv2.LINE_8, 4)
    # round corners: a fade follows a smooth edge better
    soft = max(3, round(unit * 0.12))
    rows, columns = box(canvas)
    reach = 3 * soft + 2  # beyond that the blur of bytes does not look
    about = (
        slice(max(0, rows.start - reach), rows.stop + reach),
        slice(max(0, columns.start - reach), columns.stop + reach),
    )
    blurred = cv2.GaussianBlur(canvas[about], (0, 0), soft)
    region = np.zeros_like(canvas)
    region[about] = np.where(blurred > 127, np.uint8(255), np.uint8(0))
    return region


def _edge(face: Face) -> list[Point]:
    brows = [brow for brow in (face.left_brow, face.right_brow) if brow]
    points = [point for brow in brows for point in (brow.inner, brow.middle, brow.outer)]
    return [*points, *(face.outline or ()), *([face.chin] if face.chin else [])]


def _measure(face: Face, size_px: tuple[int, int]) -> tuple[float, tuple[float, float]]:
    """The length from eyes to mouth in pixels, and the direction down the face."""
    left, right, mouth = face.left_eye, face.right_eye, face.mouth
    if not (left and right and mouth and mouth.centre):
        raise FaceError("face: eyes and mouth are needed to say where the face is")
    corners = (left.inner, left.outer, right.inner, right.outer)
    eyes = [sum(corner[axis] for corner in corners) / 4 * size_px[axis] for axis in (0, 1)]
    lips = [mouth.centre[axis] * size_px[axis] for axis in (0, 1)]
    unit = dist(eyes, lips)
    return unit, ((lips[0] - eyes[0]) / unit, (lips[1] - eyes[1]) / unit)


def _spread(
    points: NDArray[np.float64], unit: float, down: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Points moved away from the face's middle: up, down and aside by their own lengths."""
    across = np.array([-down[1], down[0]])
    middle = (points.min(axis=0) + points.max(axis=0)) / 2
    along, aside = (points - middle) @ down, (points - middle) @ across
    tall, wide = np.abs(along).max(), np.abs(aside).max()
    room = np.where(along < 0, _ABOVE, _BELOW) * unit
    moved_along = along + np.clip(along / tall * 1.6, -1, 1) * room
    moved_aside = aside + np.clip(aside / wide * 1.2, -1, 1) * _ASIDE * unit
    moved: NDArray[np.float64] = (
        middle + moved_along[:, None] * down + moved_aside[:, None] * across
    )
    return moved


def box(region: Mask) -> Box:
    """The rows and columns that a region covers."""
    left, top, width, height = cv2.boundingRect(region)
    return slice(top, top + height), slice(left, left + width)


def depths(mask: Mask) -> Floats:
    """How far within a mask each pixel lies, in px, from 1 on; its picture's edge is no edge."""
    padded = cv2.copyMakeBorder(mask, 1, 1, 1, 1, cv2.BORDER_REPLICATE)
    found = cv2.distanceTransform(padded, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return cast(Floats, found[1:-1, 1:-1])


def weights(region: Mask, width_px: float, where: Box) -> Floats:
    """How much of the take each pixel of a box shows, float32.

    0 outside and at the edge of the region, 1 from `width_px` within on. A picture's own edge is no
    edge of the region.
    """
    rows, columns = where
    top, left = max(0, rows.start - 1), max(0, columns.start - 1)
    depth = depths(region[top : rows.stop + 1, left : columns.stop + 1])
    depth = depth[rows.start - top :, columns.start - left :]
    depth = depth[: rows.stop - rows.start, : columns.stop - columns.start]
    part = np.clip((depth - 1) / max(width_px, 1.0), 0, 1)
    return cast(Floats, part * part * (3 - 2 * part))

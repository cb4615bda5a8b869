"""Where the face lies in the frames of a pose: the landmarks in pixels, turned with the head."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tasks.character.face import Face, FaceError, Point, complete
from tasks.exports.cast import Cast
from tasks.finish.pose import turning
from tasks.ground.boxes import inner_box


@dataclass(frozen=True)
class FacePlace:
    """The landmarks of a portrait, and where they lie in the frames of one pose."""

    face: Face
    """complete, in parts of the portrait"""
    inner: tuple[int, int, int, int]
    """where the portrait lies in a frame: left, top, width and height in px"""
    matrix: NDArray[np.float64]
    """(2, 3): how the head's turn moves the portrait's pixels"""

    def pixel(self, point: Point | None) -> Point:
        """Where a landmark is in a frame, in px."""
        left, top, width, height = self.inner
        x, y = point or (0.0, 0.0)
        moved = self.matrix @ (x * width - 0.5, y * height - 0.5, 1.0)
        return float(moved[0]) + left, float(moved[1]) + top


def face_place(cast: Cast, pose: str, size_px: tuple[int, int]) -> FacePlace | None:
    """The place of the face in frames of that size at a pose; None without eyes and mouth."""
    inner = inner_box(cast.portrait_px or size_px, size_px)
    face, head = cast.character.face, cast.character.poses[pose].head
    try:
        whole = complete(face, inner[2] / inner[3])
        return FacePlace(whole, inner, turning(face, head, (inner[2], inner[3])))
    except FaceError:
        return None

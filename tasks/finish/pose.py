"""The face's region when the head is turned: estimated from the portrait that looks straight."""

from math import radians, sin

import cv2
import numpy as np
from numpy.typing import NDArray

from tasks.character.face import Face, Head, complete
from tasks.finish.alpha import Mask


def at_pose(region: Mask, face: Face, head: Head) -> Mask:
    """The region of a portrait (255 inside), moved as a head that is turned by `head` moves it.

    Raises FaceError where eyes or mouth are missing.
    """
    height, width = region.shape
    matrix = turning(face, head, (width, height))
    moved = cv2.warpAffine(region, matrix, (width, height), flags=cv2.INTER_LINEAR)
    return np.where(moved > 127, np.uint8(255), np.uint8(0))


def turning(face: Face, head: Head, size_px: tuple[int, int]) -> NDArray[np.float64]:
    """How a turned head moves the pixels of a portrait of that size (width, height): (2, 3).

    Raises FaceError where eyes or mouth are missing.
    """
    width, height = size_px
    whole = complete(face, width / height)
    eyes = [eye for eye in (whole.left_eye, whole.right_eye) if eye]
    assert whole.neck_pivot is not None  # noqa: S101 - `complete` fills it in
    pivot = (whole.neck_pivot[0] * width, whole.neck_pivot[1] * height)
    half = max(abs(eye.outer[0] - 0.5 * (eyes[0].outer[0] + eyes[-1].outer[0])) for eye in eyes)
    depth_px = 1.3 * half * width
    # A turn to the character's own left goes to the right of the picture, and so does a roll.
    matrix = np.array(cv2.getRotationMatrix2D(pivot, -head.roll_deg, 1.0), dtype=np.float64)
    matrix[:, 2] += (
        sin(radians(head.yaw_deg)) * depth_px,
        sin(radians(head.pitch_deg)) * depth_px,
    )
    return matrix

"""The frames of one pose as a body and faces that lie on it: together each frame, to the bit.

The body is what all frames have in common. Where they differ it has a hole, so that a face that is
transparent in part is not laid over another.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from tasks.character.character import NEUTRAL
from tasks.exports.pictures import Pictures
from tasks.exports.pixels import Pixels
from tasks.finish.alpha import same_pixels


@dataclass(frozen=True)
class Layers:
    """A body, and every face by its expression: cut to `size` of the hole's box, at `corner`."""

    body: Pixels
    faces: Mapping[str, Pixels]
    corner: tuple[int, int]
    """left and top of all faces, in px"""

    @property
    def size_px(self) -> tuple[int, int]:
        """Width and height of the whole picture."""
        return self.body.shape[1], self.body.shape[0]

    def full(self, expression: str) -> Pixels:
        """A face on a transparent picture of the whole size."""
        whole = np.zeros_like(self.body)
        face = self.faces[expression]
        left, top = self.corner
        whole[top : top + face.shape[0], left : left + face.shape[1]] = face
        return whole

    def frame(self, expression: str) -> Pixels:
        """Body and face together: what any painting program shows of them."""
        above = self.full(expression)
        return np.where(above[..., 3:] > 0, above, self.body)


def layers_of(pictures: Pictures, pose: str) -> Layers:
    """The layers of a pose's frames. All must be of one size, as frames of one pose are."""
    cast = pictures.cast
    names = [name for name in cast.expressions if (name, pose) in cast.frames]
    first = NEUTRAL if NEUTRAL in names else names[0]
    base = pictures.pixels(cast.frames[first, pose])
    hole = np.zeros(base.shape[:2], np.bool_)
    for name in names:
        hole |= ~same_pixels(pictures.pixels(cast.frames[name, pose]), base)
    left, top, width, height = _bounds(hole)
    body = base.copy()
    body[hole] = 0
    inside = hole[top : top + height, left : left + width]
    faces: dict[str, Pixels] = {}
    for name in names:
        part = pictures.pixels(cast.frames[name, pose])[top : top + height, left : left + width]
        faces[name] = np.where(inside[..., None], part, 0).astype(np.uint8)
    return Layers(body, faces, (left, top))


def _bounds(hole: NDArray[np.bool_]) -> tuple[int, int, int, int]:
    """Left, top, width and height of a mask; one pixel where it is empty."""
    left, top, width, height = cv2.boundingRect(hole.astype(np.uint8))
    return left, top, max(1, width), max(1, height)

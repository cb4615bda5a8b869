"""The frames of one pose as a body and faces that lie on it: together each frame, to the bit.

The body is the first frame. Where faces differ and one of them is not opaque it has a hole, so
that such a face is not laid over another; nowhere else, so that no line shows along faces where a
program scales the layers.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

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


def layers_of(pictures: Pictures, paths: Mapping[str, Path]) -> Layers:
    """The layers of frames of one pose, by their names. All must be of one size, as those are."""
    first = NEUTRAL if NEUTRAL in paths else next(iter(paths))
    base = pictures.pixels(paths[first])
    hole = np.zeros(base.shape[:2], np.bool_)
    for path in paths.values():
        hole |= ~same_pixels(pictures.pixels(path), base)
    left, top, width, height = _bounds(hole)
    rows, columns = slice(top, top + height), slice(left, left + width)
    inside = hole[rows, columns]
    body, seen = base.copy(), np.zeros(inside.shape, np.bool_)
    faces: dict[str, Pixels] = {}
    for name, path in paths.items():
        part = pictures.pixels(path)[rows, columns]
        seen |= inside & (part[..., 3] < 255)
        faces[name] = np.where(inside[..., None], part, 0).astype(np.uint8)
    body[rows, columns][seen] = 0
    return Layers(body, faces, (left, top))


def _bounds(hole: NDArray[np.bool_]) -> tuple[int, int, int, int]:
    """Left, top, width and height of a mask; one pixel where it is empty."""
    left, top, width, height = cv2.boundingRect(hole.astype(np.uint8))
    return left, top, max(1, width), max(1, height)

"""Digests of pixels, where pictures that begin alike share the work.

A character's frames are one picture but for the face, and above that there is hair, or nothing: a
quarter of most frames is the same as of the one before.
"""

import hashlib
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tasks.pictures.alpha import premultiply, whole_pixels

if TYPE_CHECKING:
    from hashlib import _Hash

_KEPT = 4
"""pictures that others may begin like"""
_BANDS, _LEAST = 8, 3
"""of a picture's upper half, and of how many of them on it is taken for alike"""


@dataclass(frozen=True, slots=True)
class _Begun:
    """The upper half of a picture, and its digest after each band of rows."""

    shape: tuple[int, ...]
    """of the whole picture"""
    bands: tuple[NDArray[np.uint32], ...]
    digests: "tuple[_Hash, ...]"

    def shared(self, pixels: NDArray[np.uint8]) -> int:
        """How many of these bands a picture has, too, from the top on."""
        if self.shape != pixels.shape:
            return 0
        top = 0
        for number, band in enumerate(self.bands):
            if not np.array_equal(band, whole_pixels(pixels[top : top + len(band)])):
                return number
            top += len(band)
        return len(self.bands)


class Digests:
    """SHA-256 over a picture's size and its premultiplied pixels. Threads may share it."""

    def __init__(self) -> None:
        self._known: deque[_Begun] = deque(maxlen=_KEPT)

    def of(self, pixels: NDArray[np.uint8]) -> str:
        """The digest of (height, width, 4), contiguous."""
        shared, known = 0, None
        for one in tuple(self._known):
            count = one.shared(pixels)
            if count > shared:
                shared, known = count, one
        if known is None or shared < _LEAST:
            known = _begun(pixels)
            shared = len(known.bands)
            self._known.append(known)
        digest = known.digests[shared - 1].copy()
        digest.update(premultiply(pixels[shared * len(known.bands[0]) :]).data)
        return digest.hexdigest()


def _begun(pixels: NDArray[np.uint8]) -> _Begun:
    height, width = pixels.shape[:2]
    rows = height // (2 * _BANDS)
    digest = hashlib.sha256(f"{width}x{height}:".encode())
    bands, digests = list[NDArray[np.uint32]](), list["_Hash"]()
    for number in range(_BANDS):
        band = pixels[number * rows : (number + 1) * rows]
        digest.update(premultiply(band).data)
        bands.append(whole_pixels(band).copy())
        digests.append(digest.copy())
    return _Begun(pixels.shape, tuple(bands), tuple(digests))

"""A picture at the smaller sizes that finishing and measuring look at, each made once."""

from collections.abc import Iterator
from functools import cached_property
from typing import cast

import cv2
import numpy as np

from tasks.finish.alpha import Bools, Floats, Pixels, bands, shrunk_flat, solid, toned
from tasks.pictures.alpha import opaque, premultiply


class Pyramid:
    """A picture, premultiplied and shrunk when a size is first asked for.

    Threads may share one: at the worst two of them make the same size.
    """

    def __init__(self, picture: Pixels) -> None:
        self.picture = picture
        self._flats: dict[float, Pixels] = {}
        self._tones: dict[float, Floats] = {}

    @cached_property
    def is_opaque(self) -> bool:
        """Whether nothing of it is transparent, not even in part."""
        return opaque(self.picture)

    @cached_property
    def solid(self) -> Bools:
        """(height, width): where it is opaque, by half or more. Not to be written on."""
        return solid(self.picture)

    def flat(self, times: float) -> Pixels:
        """Premultiplied in 8 bits, at `times` its size (at most 1) by averaging."""
        if times not in self._flats and times in _HALVED:
            self._flats.update(_halved(self._whole))
        if times not in self._flats:
            self._flats[times] = shrunk_flat(self._whole, times)
        return self._flats[times]

    def tones(self, times: float) -> Floats:
        """One tone a pixel, float32, 0..255, laid on grey. Not to be written on."""
        if times not in self._tones:
            self._tones[times] = toned(self.flat(times))
        return self._tones[times]

    @cached_property
    def _whole(self) -> Pixels:
        return premultiply(self.picture)


_HALVED = {1 / 2**times for times in range(2, 12)}
"""a quarter, an eighth and so on"""


def _halved(flat: Pixels) -> Iterator[tuple[float, Pixels]]:
    """A picture at a quarter of its size, an eighth and so on, as long as its sides can be halved.

    To the bit what `shrunk_flat` gives, in a quarter of the time: sums of so few bytes are exact in
    floats, so that each size can be made of the one before.
    """
    mean, times = _half(flat), 0.5
    while mean is not None and (mean := _half(mean)) is not None:
        times /= 2
        yield times, cast(Pixels, cv2.convertScaleAbs(mean))


def _half(picture: Pixels | Floats) -> Floats | None:
    """The means of two by two pixels; None where a side is odd, or nothing would be left."""
    height, width = picture.shape[:2]
    if height % 2 or width % 2 or not height or not width:
        return None
    half = np.empty((height // 2, width // 2, 4), np.float32)
    for rows in bands(picture):
        part = picture[rows].astype(np.float32, copy=False)
        below = half[rows.start // 2 : rows.stop // 2]
        cv2.resize(part, below.shape[1::-1], below, interpolation=cv2.INTER_AREA)
    return half

"""Pixels with alpha: straight where they are stored, premultiplied where they are mixed."""

from collections.abc import Iterator
from typing import Any, cast

import cv2
import numpy as np
from numpy.typing import NDArray

from tasks.pictures.alpha import covers, each_channel, opaque, whole_pixels

Pixels = NDArray[np.uint8]
"""(height, width, 4): RGBA with straight alpha"""
Floats = NDArray[np.floating[Any]]
"""float32 as a rule"""
Mask = NDArray[np.uint8]
"""(height, width): 255 inside, 0 outside"""

Bools = NDArray[np.bool_]
"""(height, width) as a rule"""

OPAQUE = 255
GREY = 127.5
"""what a picture is laid on where one tone a pixel is wanted: neither a dark nor a light edge"""
_ROWS = 64
"""so many at a time stay in the processor's cache, in floats"""


def solid(picture: Pixels) -> Bools:
    """(height, width): where a picture is opaque, by half or more."""
    return covers(picture, OPAQUE // 2 + 1)


def premultiplied(picture: Pixels) -> Floats:
    """The colours times alpha, float32, 0..255; alpha as it is."""
    if opaque(picture):
        return picture.astype(np.float32)
    floats = np.empty(picture.shape, np.float32)
    for rows in bands(picture):
        part = floats[rows]
        part[...] = picture[rows]
        share = each_channel(cv2.extractChannel(part, 3) * np.float32(1 / OPAQUE))
        share[..., 3] = 1
        part *= share
    return floats


def within_alpha(floats: Floats) -> Floats:
    """Premultiplied floats cut to what there can be, in place: colours to 0..alpha."""
    for rows in bands(floats):
        part = floats[rows]
        np.clip(part, 0, OPAQUE, out=part)
        np.minimum(part, each_channel(cv2.extractChannel(part, 3)), out=part)
    return floats


def bands(picture: NDArray[Any]) -> Iterator[slice]:
    """A picture's rows, so many at a time as stay in the processor's cache."""
    for row in range(0, len(picture), _ROWS):
        yield slice(row, row + _ROWS)


def overlaid(below: Pixels, above: Pixels, where: Bools) -> None:
    """`above` put over `below`, in place, where the mask says."""
    np.copyto(whole_pixels(below), whole_pixels(above), where=where)


def same_pixels(one: Pixels, other: Pixels) -> Bools:
    """(height, width): where both are the same in every channel."""
    return cast(Bools, whole_pixels(one) == whole_pixels(other))


def straight(floats: Floats) -> Pixels:
    """Premultiplied floats, which are written over, as pixels; what is wholly transparent becomes
    transparent black."""
    alpha = cv2.extractChannel(floats, 3)
    clear = alpha.min() < OPAQUE - 0.5
    pixels = np.empty(floats.shape, np.uint8)
    for rows in bands(floats):
        part, share = floats[rows], alpha[rows]
        if clear:
            scale = np.where(share >= 0.5, OPAQUE / np.maximum(share, 0.5), 0).astype(np.float32)
            scales = each_channel(scale)
            scales[..., 3] = 1
            np.multiply(part, scales, out=part)
        # rounds to the nearest even, and cuts off below 0 and above 255
        pixels[rows] = cv2.convertScaleAbs(np.maximum(part, 0, out=part))
    return pixels


def shrunk_flat(flat: Pixels, times: float) -> Pixels:
    """A premultiplied picture, `times` its size (at most 1) by averaging."""
    if times >= 1:
        return flat
    size = small_size(flat, times)
    return cast(Pixels, cv2.resize(flat, size, None, 0, 0, cv2.INTER_AREA))


def small_size(picture: Pixels, times: float) -> tuple[int, int]:
    """The width and height of a picture shrunk so."""
    height, width = picture.shape[:2]
    return max(1, round(width * times)), max(1, round(height * times))


def toned(flat: Pixels | Floats) -> Floats:
    """The tones of a premultiplied picture, laid on grey."""
    tones = np.empty(flat.shape[:2], np.float32)
    for rows in bands(flat):
        floats = flat[rows].astype(np.float32)
        ground = GREY - cv2.extractChannel(floats, 3) * np.float32(GREY / OPAQUE)
        np.add(cv2.cvtColor(floats, cv2.COLOR_RGBA2GRAY), ground, out=tones[rows])
    return tones

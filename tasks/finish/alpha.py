"""Pixels with alpha: straight where they are stored, premultiplied where they are mixed."""

from typing import Any, cast

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
"""(height, width, 4): RGBA with straight alpha"""
Floats = NDArray[np.floating[Any]]
"""float32 as a rule"""
Mask = NDArray[np.uint8]
"""(height, width): 255 inside, 0 outside"""

OPAQUE = 255
GREY = 127.5
"""what a picture is laid on where one tone a pixel is wanted: neither a dark nor a light edge"""


def opaque(picture: Pixels) -> bool:
    """Whether nothing of a picture is transparent, not even in part."""
    return float(cv2.minMaxLoc(cv2.extractChannel(picture, 3))[0]) == OPAQUE


def premultiplied(picture: Pixels) -> Floats:
    """The colours times alpha, float32, 0..255; alpha as it is."""
    floats = picture.astype(np.float32)
    if not opaque(picture):
        floats[..., :3] *= floats[..., 3:] * np.float32(1 / OPAQUE)
    return floats


def straight(floats: Floats) -> Pixels:
    """Premultiplied floats as pixels; what is wholly transparent becomes transparent black."""
    alpha = floats[..., 3:]
    if alpha.min() < OPAQUE - 0.5:
        scale = np.where(alpha >= 0.5, OPAQUE / np.maximum(alpha, 0.5), 0).astype(np.float32)
        floats = np.concatenate([floats[..., :3] * scale, alpha], axis=2)
    # rounds to the nearest even, and cuts off below 0 and above 255
    return cast(Pixels, cv2.convertScaleAbs(np.maximum(floats, 0)))


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
    weights = np.array([[0.299, 0.587, 0.114, -GREY / OPAQUE]], np.float32)
    return cast(Floats, cv2.transform(flat.astype(np.float32), weights)) + np.float32(GREY)

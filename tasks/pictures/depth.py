"""Channels of any depth as 8 bits: colour apart from what is transparent."""

import struct
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tasks.pictures import png

_GREY, _RGB, _RGBA = 0, 2, 6
_FULL = 255
_RANGES = {"F": (1.0, 255.0, 65535.0), "I": (1.0, 255.0, 65535.0, 2.0**31 - 1, 2.0**32 - 1)}
"""the ranges in which 32-bit pixels are usual"""
_HALF = 0.5


@dataclass(frozen=True, slots=True)
class Channels:
    """A picture's colour, and its alpha where it has one."""

    colour: Image.Image
    """L, RGB, CMYK or LAB"""
    alpha: Image.Image | None
    """L"""


def is_own_depth(data: bytes) -> bool:
    """Whether a PNG has 8 bits a channel, in RGB or RGBA."""
    return data[24] == 8 and data[25] in {_RGB, _RGBA}


def channels_of(image: Image.Image, data: bytes) -> Channels:
    """A decoded picture in 8 bits a channel. `data` is its file. Raises ValueError.

    Whole numbers and floats of 32 bits are scaled by the range that they are in: 0 to 1, 255,
    65535 and so on, or to their own greatest value where they fill none of these by half.
    """
    if image.mode in {"I", "F"} or image.mode.startswith("I;"):
        deep = np.asarray(image)
        return Channels(Image.fromarray(_scaled(deep, image.mode)), _keyed(deep, data))
    if image.mode in {"1", "L"}:
        grey = image.convert("L")
        return Channels(grey, _keyed(np.asarray(grey), data) or _transparent(image))
    if image.mode == "RGB" and data.startswith(png.START) and data[24] == 16:
        return Channels(image, _keyed_in_16_bits(image, data))
    if image.mode in {"CMYK", "LAB"}:
        return Channels(image, None)
    if image.has_transparency_data or image.mode in {"La", "RGBa", "PA"}:
        whole = image.convert("RGBA")
        one = image.mode in {"LA", "La"}
        return Channels(whole.getchannel(0) if one else whole.convert("RGB"), whole.getchannel(3))
    return Channels(image if image.mode == "RGB" else image.convert("RGB"), None)


def _scaled(deep: NDArray[np.generic], mode: str) -> NDArray[np.uint8]:
    if mode.startswith("I;"):
        return np.rint(deep.astype(np.float32) / 257).astype(np.uint8)
    values = deep.astype(np.float64)
    if not np.isfinite(values).all():
        raise ValueError("some of its pixels are no numbers")
    values -= min(0.0, float(values.min()))
    most = float(values.max())
    full = next((top for top in _RANGES[mode] if _HALF * top <= most <= top), most or 1.0)
    return np.rint(values * (_FULL / full)).astype(np.uint8)


def _key(data: bytes) -> bytes:
    """The colour that a PNG calls transparent, as its tRNS has it."""
    if not data.startswith(png.START):
        return b""
    return next((chunk[8:-4] for kind, chunk in png.chunks(data) if kind == b"tRNS"), b"")


def _keyed(grey: NDArray[np.generic], data: bytes) -> Image.Image | None:
    """The alpha of a grey PNG of any depth, of which one grey is transparent."""
    key = _key(data)
    if len(key) < 2:
        return None
    (value,) = struct.unpack(">H", key[:2])
    depth = data[24]
    if depth < 8:
        value = value * _FULL // (2**depth - 1)
    return _opaque_but(grey == value)


def _keyed_in_16_bits(image: Image.Image, data: bytes) -> Image.Image | None:
    """The alpha of 16-bit RGB: Pillow keeps half of each sample, and the key is of the whole."""
    key = _key(data)
    if len(key) < 6:
        return None
    wanted = struct.unpack(">3H", key[:6])
    whole = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if whole is None or whole.dtype != np.uint16 or whole.shape[:2] != image.size[::-1]:
        return _opaque_but((np.asarray(image) == [value >> 8 for value in wanted]).all(axis=2))
    return _opaque_but((whole[..., 2::-1] == wanted).all(axis=2))


def _opaque_but(clear: NDArray[np.bool_]) -> Image.Image:
    return Image.fromarray(np.where(clear, 0, _FULL).astype(np.uint8))


def _transparent(image: Image.Image) -> Image.Image | None:
    """The alpha of grey in other formats than PNG (a GIF's, say)."""
    return image.convert("RGBA").getchannel(3) if "transparency" in image.info else None

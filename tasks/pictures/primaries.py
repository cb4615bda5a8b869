"""Colour spaces that are said by numbers, not by a profile: primaries and a transfer function.

Sources: ITU-T H.273, tables 2 and 3 (cICP); PNG specification, 11.3.2 (gAMA, cHRM); Bradford's
adaptation of the white point, as in ICC.1:2022, annex E.
"""

import struct
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Floats = NDArray[np.floating[Any]]
Chromaticities = tuple[float, float, float, float, float, float, float, float]
"""x and y of white, red, green and blue"""

_D65 = (0.3127, 0.329)
_BT709: Chromaticities = (*_D65, 0.64, 0.33, 0.3, 0.6, 0.15, 0.06)
_BY_CODE: dict[int, Chromaticities] = {
    1: _BT709,
    4: (0.31, 0.316, 0.67, 0.33, 0.21, 0.71, 0.14, 0.08),
    5: (*_D65, 0.64, 0.33, 0.29, 0.6, 0.15, 0.06),
    6: (*_D65, 0.63, 0.34, 0.31, 0.595, 0.155, 0.07),
    7: (*_D65, 0.63, 0.34, 0.31, 0.595, 0.155, 0.07),
    9: (*_D65, 0.708, 0.292, 0.17, 0.797, 0.131, 0.046),
    11: (0.314, 0.351, 0.68, 0.32, 0.265, 0.69, 0.15, 0.06),
    12: (*_D65, 0.68, 0.32, 0.265, 0.69, 0.15, 0.06),
}
_PQ, _HLG = 16, 18
_WHITE_NITS = 203.0
"""how bright white paper is in a picture of high dynamic range (ITU-R BT.2408)"""
_NEAR = 0.05
"""what a gamma may differ by and be one (as libpng has it)"""
_CLOSE = 0.002
"""what chromaticities may differ by and be the same"""
_ROWS = 256


@dataclass(frozen=True, slots=True)
class ColourSpace:
    """What the samples of a picture mean."""

    white_and_primaries: Chromaticities
    linear: Callable[[Floats], Floats]
    """samples, 0..1, as light, 0..1"""
    full_range: bool = True
    """False: 16 is black and 235 is white"""


def from_cicp(said: bytes) -> tuple[ColourSpace | None, str]:
    """What a cICP chunk says, and a note; no space where it says what is not known here."""
    known = len(said) == 4 and said[2] == 0 and said[0] in _BY_CODE and said[1] in _TRANSFERS
    if not known:
        return None, "what its cICP says of the colours is not known here: ignored"
    note = ""
    if said[1] in {_PQ, _HLG}:
        note = "it is of high dynamic range: what is brighter than white is cut off"
    return ColourSpace(_BY_CODE[said[0]], _TRANSFERS[said[1]], bool(said[3])), note


def from_gamma(gamma: bytes, chromaticities: bytes) -> ColourSpace | None:
    """What gAMA and cHRM say; None where that is sRGB as good as it can be said so, or nonsense.

    A gamma of 1/2.2 with the primaries of sRGB, or with none, is what files of sRGB carry beside,
    or in place of, the sRGB chunk.
    """
    space = _BT709
    if len(chromaticities) == 32:
        numbers = tuple(value / 100000 for value in struct.unpack(">8I", chromaticities))
        if _is_possible(numbers):
            space = numbers
    power = struct.unpack(">I", gamma)[0] / 100000 if len(gamma) == 4 else 0.0
    srgb = max(abs(a - b) for a, b in zip(space, _BT709, strict=True)) <= _CLOSE
    if srgb and (not power or abs(power * 2.2 - 1) < _NEAR):
        return None
    return ColourSpace(space, _power(1 / power) if power else _srgb)


def _is_possible(numbers: tuple[float, ...]) -> bool:
    """Whether white and primaries can be those of a picture: a triangle, and white has light."""
    wx, wy, rx, ry, gx, gy, bx, by = numbers
    area = (gx - rx) * (by - ry) - (bx - rx) * (gy - ry)
    return abs(area) > _CLOSE and min(wy, wx) > _CLOSE and max(numbers) <= 1


def to_srgb(rgb: Image.Image, space: ColourSpace) -> Image.Image:
    """A picture of that space in sRGB; what sRGB has no colour for becomes the nearest of each
    channel. The very same where nothing changes."""
    samples = np.arange(256, dtype=np.float64)
    unit = samples / 255 if space.full_range else ((samples - 16) / 219).clip(0, 1)
    light = space.linear(unit).astype(np.float32)
    matrix = _to_bt709(space.white_and_primaries).astype(np.float32)
    pixels = np.asarray(rgb)
    made = np.empty_like(pixels)
    for row in range(0, len(pixels), _ROWS):
        mixed = light[pixels[row : row + _ROWS]] @ matrix.T
        steps = np.rint(mixed.clip(0, 1) * 65535).astype(np.uint16)
        made[row : row + _ROWS] = _encoded()[steps]
    return rgb if np.array_equal(made, pixels) else Image.fromarray(made)


@lru_cache(maxsize=1)
def _encoded() -> NDArray[np.uint8]:
    """The sRGB level of each of 65536 steps of light."""
    light = np.arange(65536) / 65535
    curve = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    return np.asarray(np.rint(curve * 255), np.uint8)


def _to_bt709(chromaticities: Chromaticities) -> Floats:
    """The matrix from light in one space to light in that of sRGB."""
    adapted = _adaptation(chromaticities[:2]) @ _to_xyz(chromaticities)
    return np.asarray(np.linalg.solve(_to_xyz(_BT709), adapted))


def _xyz(x: float, y: float) -> Floats:
    return np.array([x / max(y, 1e-6), 1.0, (1 - x - y) / max(y, 1e-6)])


def _to_xyz(chromaticities: Chromaticities) -> Floats:
    wx, wy, rx, ry, gx, gy, bx, by = chromaticities
    primaries = np.stack([_xyz(rx, ry), _xyz(gx, gy), _xyz(bx, by)], axis=1)
    return np.asarray(primaries * np.linalg.solve(primaries, _xyz(wx, wy)))


_BRADFORD = np.array(
    [[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]]
)


def _adaptation(white: tuple[float, ...]) -> Floats:
    scale = (_BRADFORD @ _xyz(*_D65)) / (_BRADFORD @ _xyz(white[0], white[1]))
    return np.asarray(np.linalg.solve(_BRADFORD, scale[:, None] * _BRADFORD))


def _power(exponent: float) -> Callable[[Floats], Floats]:
    return lambda samples: samples**exponent


def _srgb(samples: Floats) -> Floats:
    low = samples <= 0.04045
    return np.where(low, samples / 12.92, ((samples + 0.055) / 1.055) ** 2.4)


def _bt709(samples: Floats) -> Floats:
    low = samples < 0.081
    return np.where(low, samples / 4.5, ((samples + 0.099) / 1.099) ** (1 / 0.45))


def _pq(samples: Floats) -> Floats:
    """SMPTE ST 2084: light of at most 10,000 candela a square metre, white being 1."""
    root = samples ** (1 / 78.84375)
    light = np.maximum(root - 0.8359375, 0) / (18.8515625 - 18.6875 * root)
    return np.asarray(light ** (1 / 0.1593017578125) * 10000 / _WHITE_NITS)


def _hlg(samples: Floats) -> Floats:
    """ARIB STD-B67, on a screen of 1,000 candela a square metre, white being 1."""
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    scene = np.where(samples <= 0.5, samples**2 / 3, (np.exp((samples - c) / a) + b) / 12)
    return np.asarray(scene**1.2 * 1000 / _WHITE_NITS)


_TRANSFERS: dict[int, Callable[[Floats], Floats]] = {
    **dict.fromkeys((1, 6, 14, 15), _bt709),
    4: _power(2.2),
    5: _power(2.8),
    8: lambda samples: samples,
    13: _srgb,
    _PQ: _pq,
    _HLG: _hlg,
}

"""Pixels: fitting a portrait to a size, and sampling it where a field of coordinates says.

Coordinates are those of pixel centres: (0, 0) is the middle of the top left pixel. Colours are
kept with premultiplied alpha wherever they are mixed, so that no colour hidden under a
transparent pixel shines through at an edge.
"""

from collections.abc import Iterable, Iterator
from math import ceil, floor
from typing import Any, cast

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tasks.ground.boxes import inner_box
from tasks.pictures.alpha import covers, each_channel, opaque, whole_pixels

Pixels = NDArray[np.uint8]
"""(height, width, 4) RGBA"""
Floats = NDArray[np.floating[Any]]
"""float32, as a rule: a checker cannot follow that a Python float leaves it so"""
Mask = NDArray[np.bool_]
Cut = tuple[slice, slice]
"""the rows and columns of a part of a picture"""
Box = tuple[float, float, float, float]
"""left, top, right, bottom"""
Window = tuple[int, int, int, int]
"""a box of whole pixels within a picture; right and bottom are the first beyond it"""

OPAQUE = 255


def fit(portrait: Pixels, size: tuple[int, int]) -> Pixels:
    """The whole portrait, centred in `size` (width, height), the margin transparent.

    A portrait that has the size already is given back as it is.
    """
    width, height = size
    left, top, wide, high = inner_box((portrait.shape[1], portrait.shape[0]), size)
    if (wide, high) == portrait.shape[1::-1]:
        scaled = portrait
    else:
        # "RGBa" is Pillow's premultiplied mode
        image = Image.fromarray(portrait, "RGBA").convert("RGBa")
        scaled = np.asarray(image.resize((wide, high), Image.Resampling.LANCZOS).convert("RGBA"))
    if (wide, high) == size:
        return scaled
    canvas = np.zeros((height, width, 4), np.uint8)
    canvas[top : top + high, left : left + wide] = scaled
    return canvas


def unpremultiply(picture: Pixels) -> Pixels:
    """Colours over alpha; transparent pixels become transparent black."""
    if opaque(picture):
        return picture
    straight, seen = picture.copy(), covers(picture, 1)
    rows, columns = spots(seen & ~covers(picture, OPAQUE))
    edge = picture[rows, columns].astype(np.float32)
    colours = np.minimum(edge[:, :3] * (OPAQUE / edge[:, 3:]) + 0.5, OPAQUE)
    straight[rows, columns, :3] = colours.astype(np.uint8)
    whole_pixels(straight)[~seen] = 0
    return straight


def sample(premultiplied: Pixels, x: Floats, y: Floats) -> Pixels:
    """The picture's colours at (x, y), by bicubic interpolation; beyond an edge, the edge's own."""
    found = cv2.remap(premultiplied, x, y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    found = cast(Pixels, found)
    # bicubic weights overshoot beside a sharp edge: no colour may exceed its alpha
    if opaque(found):
        return found
    return cast(Pixels, cv2.min(found, each_channel(cv2.extractChannel(found, 3))))


def sample_share(share: Pixels, x: Floats, y: Floats) -> Floats:
    """A share of pixels (height, width), 0..255, at (x, y), as 0..1."""
    found = cv2.remap(share, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return found.astype(np.float32) / np.float32(OPAQUE)


def look_up(grid: Floats, x: Floats, y: Floats) -> Floats:
    """The values of a smooth, coarse field at (x, y) in its own cells; 0 beyond its edge."""
    found = cv2.remap(grid, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)
    return cast(Floats, found)


def colours_at(picture: Pixels, x: Floats, y: Floats) -> Floats:
    """The colours, 0..255 without alpha, at some places (x, y), linearly; 0 beyond the edge.

    Only the part about these places is turned into floats.
    """
    height, width = picture.shape[:2]
    left, top = (max(0, min(floor(at.min()), most - 1)) for at, most in ((x, width), (y, height)))
    right, bottom = (ceil(float(at.max())) + 2 for at in (x, y))
    part = picture[top : max(bottom, top + 1), left : max(right, left + 1), :3]
    return look_up(part.astype(np.float32), x - np.float32(left), y - np.float32(top))


def enlarged(grid: Floats, times: int) -> Floats:
    """A smooth field on a grid that is so many times as fine.

    Its value i lies at (i + 0.5) / times - 0.5 of the coarse grid's cells.
    """
    if times == 1:
        return grid
    return cast(Floats, cv2.resize(grid, None, fx=times, fy=times, interpolation=cv2.INTER_CUBIC))


def blurred(values: Floats, sigma: float) -> Floats:
    """A Gaussian blur; `sigma` in pixels."""
    return cast(Floats, cv2.GaussianBlur(values, (0, 0), sigma, borderType=cv2.BORDER_REPLICATE))


def shrunk(values: Floats, times: float) -> Floats:
    """The values averaged over squares of about so many pixels."""
    height, width = values.shape[:2]
    size = (max(1, round(width / times)), max(1, round(height / times)))
    return cast(Floats, cv2.resize(values, size, interpolation=cv2.INTER_AREA))


def stretched(values: Floats, size: tuple[int, int]) -> Floats:
    """The values over `size` (width, height) pixels, linearly between each other."""
    return cast(Floats, cv2.resize(values, size, interpolation=cv2.INTER_LINEAR))


def mirrored(square: Floats, x: Floats, y: Floats) -> Floats:
    """The values of a patch at (x, y), the patch being mirrored at its edges without end."""
    return cast(Floats, cv2.remap(square, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT))


def to_bytes(colours: Floats) -> Pixels:
    """Colours 0..255, rounded; what lies beyond is taken as the nearer end."""
    rounded: Pixels = np.clip(colours + np.float32(0.5), 0, 255).astype(np.uint8)
    return rounded


def places(window: Window) -> tuple[Floats, Floats]:
    """The places x and y of a window's pixels, as a row and a column that numpy multiplies out."""
    left, top, right, bottom = window
    across, down = (
        np.arange(left, right, dtype=np.float32),
        np.arange(top, bottom, dtype=np.float32),
    )
    return across[None], down[:, None]


def mixed(below: Floats, above: Floats, share: Floats) -> Floats:
    """Colours over colours, (height, width, channels); `share`: how much of each is the upper."""
    way = above - below
    way *= each_channel(share, below.shape[2])
    way += below
    return way


def extent(mask: Mask) -> Cut | None:
    """The rows and columns that hold all of a mask; None when it is empty."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not rows.size:
        return None
    return slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)


def spots(mask: Mask) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """The rows and the columns of all that a mask holds; numpy's `nonzero` takes thrice as long."""
    return np.divmod(np.flatnonzero(mask), mask.shape[1])


def shifted(part: slice, by: int) -> slice:
    """Rows or columns of a part of a picture, in the whole of it."""
    return slice(part.start + by, part.stop + by)


def strips(mask: Mask) -> Iterator[Cut]:
    """Parts that hold all of a mask, of few rows each: of most of what lies around it, nothing."""
    for top in range(0, len(mask), _STRIP_ROWS):
        rows = slice(top, min(top + _STRIP_ROWS, len(mask)))
        columns = np.flatnonzero(mask[rows].any(axis=0))
        if columns.size:
            yield rows, slice(int(columns[0]), int(columns[-1]) + 1)


_STRIP_ROWS = 32


def settled(way: Floats) -> Floats:
    """A way in pixels without what is only rounding: what does not move keeps its very bits."""
    return np.where(np.abs(way) < ROUNDING, np.float32(0), way)


ROUNDING = 0.004
"""pixels; `sample` tells places apart by 1/32"""


def smooth(values: Floats) -> Floats:
    """0 below 0, 1 above 1, and between them a curve without a corner (smoothstep)."""
    inside = np.clip(values, 0, 1)
    return inside * inside * (3 - 2 * inside)


def window(box: Box, size: tuple[int, int]) -> Window | None:
    """The pixels of a picture of `size` (width, height) that a box touches; None if none."""
    left, top = max(floor(box[0]), 0), max(floor(box[1]), 0)
    right, bottom = min(ceil(box[2]) + 1, size[0]), min(ceil(box[3]) + 1, size[1])
    return (left, top, right, bottom) if left < right and top < bottom else None


def around(boxes: Iterable[Box]) -> Box:
    """The smallest box that holds all of these."""
    left, top, right, bottom = zip(*boxes, strict=True)
    return min(left), min(top), max(right), max(bottom)


def spread(values: Floats, weight: Floats, sigma: float) -> Floats:
    """Values, by their weight, blurred out ever further (normalised convolution)."""
    # what is blurred so much needs few pixels
    shrink = max(1.0, sigma / COARSE)
    weighted = shrunk(values * each_channel(weight, values.shape[2]), shrink)
    weight = shrunk(weight, shrink)
    both = np.dstack([weighted, weight])
    total = np.zeros_like(both)
    for step, share in enumerate((1.0, 0.02, 4e-4, 8e-6, 2e-7)):
        total += np.float32(share) * blurred(both, max(sigma / shrink, 0.8) * 2**step)
    filled: Floats = total[..., :-1] / np.maximum(total[..., -1:], 1e-9)
    return stretched(filled, values.shape[1::-1])


COARSE = 4.0
"""pixels to a standard deviation: enough for a blur"""

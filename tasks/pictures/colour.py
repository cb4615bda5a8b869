"""Colours as they are meant, in sRGB: ICC profiles, and what a PNG says of its colours.

Rank, as the PNG specification (third edition, 4.3) has it: cICP, iCCP, sRGB, gAMA and cHRM.
A gAMA without cHRM does not count: many programs wrote one that is not true, and people see such
files as sRGB everywhere.
"""

import io
from functools import cache, lru_cache

import numpy as np
from PIL import Image, ImageCms

from tasks.pictures import png
from tasks.pictures.primaries import from_cicp, from_gamma, to_srgb

_MODES = {"RGB": "RGB", "GRAY": "L", "CMYK": "CMYK", "LAB": "LAB"}
"""Pillow's mode for each colour space of a profile"""
_FITTING = {("RGB", "RGB"), ("L", "L"), ("L", "RGB"), ("CMYK", "CMYK"), ("LAB", "LAB")}
"""of which mode a picture may be with a profile of which: grey is a colour too"""
_GRID = 17
_SAME = 1
"""levels within which a profile's colours are those of sRGB: rounding, no other colour"""


def in_srgb(colour: Image.Image, image: Image.Image, data: bytes) -> tuple[Image.Image, str]:
    """A picture's colour as sRGB, and what was ignored; the very same where it is that already.

    `colour`: L, RGB, CMYK or LAB, 8 bits. `image`: the picture as it was opened; `data`: its file.
    """
    said = _said_by_png(data)
    note = ""
    if b"cICP" in said:
        space, note = from_cicp(said[b"cICP"])
        if space:
            return to_srgb(_rgb(colour), space), note
    profile = image.info.get("icc_profile")
    if profile:
        converted = _by_profile(colour, profile)
        if converted is not None:
            return converted, note
    if profile or b"iCCP" in said:
        note = note or "its colour profile is damaged, or not of such a picture: ignored"
    if b"sRGB" not in said and b"cHRM" in said:
        space = from_gamma(said.get(b"gAMA", b""), said[b"cHRM"])
        if space:
            return to_srgb(_rgb(colour), space), note
    return _rgb(colour), note


def is_unmarked(image: Image.Image, data: bytes) -> bool:
    """Whether nothing is said of a picture's colours but that they are sRGB."""
    return not image.info.get("icc_profile") and _said_by_png(data).keys() <= {b"sRGB", b"gAMA"}


def is_srgb(data: bytes) -> bool:
    """Whether the colours of a PNG of RGB or RGBA, by what it says of them, stay as they are."""
    with Image.open(io.BytesIO(data), formats=("PNG",)) as image:
        grid = _grid()
        return in_srgb(grid, image, data)[0] is grid


@cache
def _grid() -> Image.Image:
    """All colours, some of each; not to be written to."""
    steps = np.linspace(0, 255, _GRID).round().astype(np.uint8)
    return Image.fromarray(np.stack(np.meshgrid(steps, steps, steps), -1).reshape(_GRID, -1, 3))


def _rgb(colour: Image.Image) -> Image.Image:
    return colour if colour.mode == "RGB" else colour.convert("RGB")


def _said_by_png(data: bytes) -> dict[bytes, bytes]:
    """The data of the chunks of a PNG that speak of its colours."""
    if not data.startswith(png.START):
        return {}
    said: dict[bytes, bytes] = {}
    for kind, chunk in png.chunks(data):
        if kind == b"IDAT":
            break
        if kind in {b"cICP", b"iCCP", b"sRGB", b"gAMA", b"cHRM"}:
            said.setdefault(kind, chunk[8:-4])
    return said


def _by_profile(colour: Image.Image, profile: bytes) -> Image.Image | None:
    """A picture's colour converted; None where the profile is damaged or of other channels."""
    transform, mode, same = _transform(profile)
    if transform is None or (colour.mode, mode) not in _FITTING:
        return None
    if same:
        return _rgb(colour)
    source = colour if colour.mode == mode else colour.convert(mode)
    try:
        return ImageCms.applyTransform(source, transform)
    except (ImageCms.PyCMSError, OSError, ValueError):
        return None


@lru_cache(maxsize=8)
def _transform(profile: bytes) -> tuple[ImageCms.ImageCmsTransform | None, str, bool]:
    """How a profile's colours become sRGB, in which mode, and whether they are that already."""
    try:
        opened = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        mode = _MODES[opened.profile.xcolor_space.strip().upper()]
        srgb = ImageCms.createProfile("sRGB")
        transform = ImageCms.buildTransform(opened, srgb, mode, "RGB")
        same = mode in {"RGB", "L"} and _changes_nothing(transform, mode)
    except (ImageCms.PyCMSError, OSError, ValueError, KeyError, TypeError):
        return None, "", False
    return transform, mode, same


def _changes_nothing(transform: ImageCms.ImageCmsTransform, mode: str) -> bool:
    grey = Image.fromarray(np.arange(256, dtype=np.uint8)[None])
    grid = grey if mode == "L" else _grid()
    made = np.asarray(ImageCms.applyTransform(grid, transform), np.int16)
    return bool(np.abs(made - np.asarray(grid.convert("RGB"), np.int16)).max() <= _SAME)

"""What was painted in an OpenRaster file that `openraster` exported: frames from its layers.

A layer named as an expression, over the layer `body`, is that expression's frame. Groups are looked
into. A file from outside: sizes are checked before anything is unpacked, and no name is a path.
"""

import io
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
from PIL import Image

from tasks.exports.pixels import Pixels
from tasks.ground.errors import Mistake

BODY = "body"
_MOST_BYTES = 200 * 2**20
"""of one layer's PNG, and of the stack's XML"""


@dataclass(frozen=True)
class _Layer:
    name: str
    source: str
    at: tuple[int, int]
    opacity: float


@dataclass(frozen=True)
class Painted:
    """The frames that a file gives."""

    frames: Mapping[str, Pixels]
    """by expression"""
    others: tuple[str, ...]
    """names of layers that are neither an expression nor the body"""


def read_painted(path: Path, expressions: tuple[str, ...]) -> Painted:
    """The frames of the expressions that the file has layers of.

    Raises `Mistake` where it is no OpenRaster file, is damaged, or has no body.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            size_px, layers = _stack(archive, path)
            body = [_pixels(archive, layer, size_px) for layer in layers if layer.name == BODY]
            if not body:
                raise Mistake(f'{path}: there is no layer "{BODY}"; was it exported from here?')
            faces = [layer for layer in layers if layer.name in expressions]
            frames = {
                layer.name: _over(_pixels(archive, layer, size_px), body[0]) for layer in faces
            }
    except (OSError, KeyError, ValueError, SyntaxError, zipfile.BadZipFile) as error:
        raise Mistake(f"{path} cannot be read as OpenRaster: {error}") from error
    known = {BODY, *expressions}
    return Painted(frames, tuple(layer.name for layer in layers if layer.name not in known))


def _stack(archive: zipfile.ZipFile, path: Path) -> tuple[tuple[int, int], list[_Layer]]:
    text = _bytes(archive, "stack.xml")
    if b"<!DOCTYPE" in text or b"<!ENTITY" in text:
        raise Mistake(f"{path}: stack.xml defines entities; that is no OpenRaster")
    image = ET.fromstring(text)  # noqa: S314 - no entities, as was just looked at
    size_px = (int(image.get("w", "0")), int(image.get("h", "0")))
    most_pixels: Any = Image.MAX_IMAGE_PIXELS
    if not 0 < size_px[0] * size_px[1] <= most_pixels:
        raise Mistake(f"{path}: a picture of {size_px[0]}x{size_px[1]} pixels cannot be read")
    return size_px, list(_layers(image))


def _layers(node: ET.Element, x: int = 0, y: int = 0) -> Iterator[_Layer]:
    """From top to bottom, out of their groups."""
    for child in node:
        at = (x + int(child.get("x", "0")), y + int(child.get("y", "0")))
        if child.tag == "stack":
            yield from _layers(child, *at)
        elif child.tag == "layer":
            opacity = float(child.get("opacity", "1"))
            yield _Layer(child.get("name", ""), child.get("src", ""), at, opacity)


def _bytes(archive: zipfile.ZipFile, name: str) -> bytes:
    if archive.getinfo(name).file_size > _MOST_BYTES:
        raise ValueError(f"{name} is larger than {_MOST_BYTES >> 20} MB")
    return archive.read(name)


def _pixels(archive: zipfile.ZipFile, layer: _Layer, size_px: tuple[int, int]) -> Pixels:
    """A layer on a transparent picture of the whole size."""
    with Image.open(io.BytesIO(_bytes(archive, layer.source)), formats=["PNG"]) as image:
        part = np.array(image.convert("RGBA"))
    if layer.opacity < 1:
        part[..., 3] = np.round(part[..., 3] * max(0.0, layer.opacity))
    whole = np.zeros((size_px[1], size_px[0], 4), np.uint8)
    left, top = (max(0, place) for place in layer.at)
    cut = part[max(0, -layer.at[1]) :, max(0, -layer.at[0]) :]
    room = whole[top : top + cut.shape[0], left : left + cut.shape[1]]
    room[:] = cut[: room.shape[0], : room.shape[1]]
    return whole


def _over(above: Pixels, below: Pixels) -> Pixels:
    """One picture over another (source-over, straight alpha); exact where one of them is clear."""
    front, back = above[..., 3:].astype(np.float32) / 255, below[..., 3:].astype(np.float32) / 255
    alpha = front + back * (1 - front)
    colours = above[..., :3] * front + below[..., :3] * back * (1 - front)
    made = np.zeros_like(below)
    made[..., :3] = np.round(colours / np.maximum(alpha, 1e-6))
    made[..., 3:] = np.round(alpha * 255)
    clear, covered = above[..., 3] == 0, (below[..., 3] == 0) | (above[..., 3] == 255)
    made[covered], made[clear] = above[covered], below[clear]
    return made

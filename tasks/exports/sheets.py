"""Sprites on sheets: trimmed, each distinct picture once, packed by a library, drawn."""

import hashlib
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass
from math import ceil, sqrt
from pathlib import Path

import cv2
import numpy as np
from rectpack import SkylineBl, newPacker

from tasks.exports.cast import Cast
from tasks.exports.pictures import Pictures
from tasks.exports.pixels import Pixels, pose_name
from tasks.ground.errors import Mistake
from tasks.sequences.manifest import Manifest

_ROOM = 1.08
"""how much more than the sprites' area a sheet is tried with"""


@dataclass(frozen=True)
class Sprite:
    """One picture, and where its trimmed part lies."""

    name: str
    sheet: int
    left: int
    top: int
    width: int
    height: int
    """of the trimmed part, on its sheet, in px"""
    trim_left: int
    trim_top: int
    """where that part lay in the whole picture"""


@dataclass(frozen=True)
class Animation:
    """Pictures that follow one another."""

    name: str
    sprites: tuple[str, ...]
    shown_ms: tuple[int, ...]


@dataclass(frozen=True)
class Sheets:
    """All sprites of an export."""

    sprites: tuple[Sprite, ...]
    sizes_px: tuple[tuple[int, int], ...]
    """of the sheets"""
    source_px: tuple[int, int]
    """of every picture before it was trimmed"""
    animations: tuple[Animation, ...]


@dataclass(frozen=True)
class Packing:
    """How sheets are to be."""

    padding: int = 2
    max_size: int = 4096
    power_of_two: bool = False


@dataclass
class _Part:
    """A trimmed picture: its box in the whole one, and every name that it has."""

    path: Path
    box: tuple[int, int, int, int]
    names: list[str]


def packing_of(cast: Cast) -> Packing:
    """What the options say. Raises `Mistake` for a value that cannot be."""
    options = cast.settings.options
    padding, max_size = options.get("padding", 2), options.get("max_size", 4096)
    if not isinstance(padding, int) or not 0 <= padding <= 64:
        raise Mistake(f"padding: {padding!r} is no whole number from 0 to 64")
    if not isinstance(max_size, int) or not 64 <= max_size <= 16384:
        raise Mistake(f"max_size: {max_size!r} is no whole number from 64 to 16384")
    return Packing(padding, max_size, bool(options.get("power_of_two", False)))


def sheets_of(pictures: Pictures, packing: Packing) -> tuple[Sheets, Iterator[Pixels]]:
    """All frames and in-betweens, on as few sheets as the packer finds; and the sheets' pixels.

    The sheets are drawn one by one as they are asked for: all at once might not fit into memory.
    Raises `Mistake` where one picture is larger than a sheet may be.
    """
    cast = pictures.cast
    parts = _parts(pictures)
    places, sizes = _packed([part.box[2:] for part in parts], packing)
    sprites = [
        Sprite(name, sheet, left, top, part.box[2], part.box[3], part.box[0], part.box[1])
        for part, (sheet, left, top) in zip(parts, places, strict=True)
        for name in part.names
    ]
    order = {name: number for number, (name, _) in enumerate(_sources(cast))}
    sprites.sort(key=lambda sprite: order[sprite.name])
    animations = tuple(_animation(sequence, order) for sequence in cast.sequences)
    made = Sheets(tuple(sprites), tuple(sizes), pictures.size_px, animations)
    return made, _drawn(pictures, list(zip(parts, places, strict=True)), sizes)


def _drawn(
    pictures: Pictures,
    placed: Sequence[tuple[_Part, tuple[int, int, int]]],
    sizes: Sequence[tuple[int, int]],
) -> Iterator[Pixels]:
    for number, (width, height) in enumerate(sizes):
        canvas = np.zeros((height, width, 4), np.uint8)
        for part, (sheet, left, top) in placed:
            if sheet == number:
                x, y, w, h = part.box
                canvas[top : top + h, left : left + w] = pictures.pixels(part.path)[
                    y : y + h, x : x + w
                ]
        yield canvas


def _parts(pictures: Pictures) -> list[_Part]:
    """Every picture trimmed, those that look the same once."""
    found: dict[bytes, _Part] = {}
    for name, path in _sources(pictures.cast):
        pixels = pictures.pixels(path)
        left, top, width, height = cv2.boundingRect(pixels[..., 3])
        box = (left, top, max(1, width), max(1, height))
        shown = np.ascontiguousarray(pixels[top : top + box[3], left : left + box[2]])
        key = hashlib.sha256(repr((box, shown.shape)).encode() + shown.tobytes()).digest()
        found.setdefault(key, _Part(path, box, [])).names.append(name)
    return list(found.values())


def _sources(cast: Cast) -> Iterator[tuple[str, Path]]:
    """Every sprite's name and picture, in the config's order: keyframes, then in-betweens."""
    for (expression, pose), path in cast.frames.items():
        yield f"{expression}__{pose_name(cast.settings, pose)}", path
    seen: set[str] = set()
    for sequence in cast.sequences:
        for frame in sequence.frames:
            name = _frame_name(frame.path)
            if name not in seen:
                seen.add(name)
                yield name, frame.path


def sequence_name(sequence: Manifest) -> str:
    """The name of a sequence: that of its folder."""
    stays = sequence.expr_start if sequence.pose is None else sequence.pose
    return f"{sequence.path_id}__{stays}"


def _frame_name(path: Path) -> str:
    """A picture of a sequence, by the folder that it lies in: shared ones keep one name."""
    return f"{path.parent.name}/{path.stem}"


def _animation(sequence: Manifest, sprites: Container[str]) -> Animation:
    """A path may have an expression's name; its sequence is then told from the keyframe."""
    shown = [frame for frame in sequence.frames if frame.shown_ms]
    name = sequence_name(sequence)
    return Animation(
        f"{name}__path" if name in sprites else name,
        tuple(_frame_name(frame.path) for frame in shown),
        tuple(frame.shown_ms for frame in shown),
    )


def _packed(
    sizes: Sequence[tuple[int, int]], packing: Packing
) -> tuple[list[tuple[int, int, int]], list[tuple[int, int]]]:
    """(sheet, left, top) of each, and the sizes of the sheets."""
    room = packing.padding
    padded = [(width + room, height + room) for width, height in sizes]
    widest, tallest = max(w for w, _ in padded), max(h for _, h in padded)
    most = packing.max_size - room
    if max(widest, tallest) > most:
        raise Mistake(
            f"a picture of {widest - room}x{tallest - room} pixels is larger than a sheet of"
            f" {packing.max_size}: make it smaller with scale, or max_size larger"
        )
    area = sum(w * h for w, h in padded)
    # as square as it goes; where one sheet is not enough, sheets are as large as they may be
    width = min(most, max(widest, ceil(sqrt(area * _ROOM))))
    packer = newPacker(rotation=False, pack_algo=SkylineBl)
    for number, (w, h) in enumerate(padded):
        packer.add_rect(w, h, number)
    packer.add_bin(width if area * _ROOM < most * most else most, most, count=float("inf"))
    packer.pack()
    places = [(0, 0, 0)] * len(sizes)
    ends: dict[int, tuple[int, int]] = {}
    for sheet, x, y, w, h, number in packer.rect_list():
        places[number] = (sheet, x + room, y + room)
        right, bottom = ends.get(sheet, (0, 0))
        ends[sheet] = (max(right, x + w), max(bottom, y + h))
    return places, [_size(ends[sheet], packing) for sheet in sorted(ends)]


def _size(end: tuple[int, int], packing: Packing) -> tuple[int, int]:
    sides = (end[0] + packing.padding, end[1] + packing.padding)
    if not packing.power_of_two:
        return sides
    width, height = (1 << (side - 1).bit_length() for side in sides)
    return width, height

"""Stickers within the sizes that messengers take: still ones of expressions, moving ones of paths.

Limits (2026): Telegram one side of exactly 512 px, 512 KB; Discord 320x320, 512 KB; WhatsApp
512x512, 100 KB, moving 500 KB; Telegram moving WebM, 3 s, 256 KB. Quality is searched for
downwards until a sticker fits.
"""

import io
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image

from tasks.exports.cast import Cast
from tasks.exports.film import Shot, write
from tasks.exports.output import Output
from tasks.exports.pictures import Pictures
from tasks.exports.pixels import Pixels, packed, resized
from tasks.exports.sheets import sequence_name
from tasks.ground.boxes import inner_box
from tasks.ground.errors import Mistake
from tasks.sequences.manifest import Manifest

_KB = 1024
_QUALITIES = (95, 90, 85, 80, 70, 60, 50, 40, 30, 20, 10)
_COLOURS = (256, 128, 64, 32, 16)
_LEAST_MS = 20
_HELD_MS = 400


@dataclass(frozen=True)
class Messenger:
    """What one messenger takes."""

    name: str
    side_px: int
    square: bool
    """exactly that on both sides; else on the longer one"""
    still: str
    still_kb: int
    moving: str
    moving_kb: int


MESSENGERS = (
    Messenger("telegram", 512, False, "webp", 512, "webm", 256),
    Messenger("discord", 320, True, "png", 512, "apng", 512),
    Messenger("whatsapp", 512, True, "webp", 100, "webp", 500),
)


@dataclass(frozen=True)
class _Film:
    """Pictures and for how long each is shown; one of them is still."""

    shown: Sequence[Pixels]
    times_ms: Sequence[int]


def export(cast: Cast, out: Output) -> list[str]:
    """A folder for each messenger."""
    crop = "figure" if cast.settings.crop == "none" else cast.settings.crop
    pictures = Pictures(replace(cast, settings=replace(cast.settings, crop=crop)))
    notes: list[str] = []
    for messenger in MESSENGERS:
        for expression in cast.expressions:
            path = cast.frames.get((expression, cast.default_pose))
            if path:
                shown = _fitted(pictures.pixels(path), messenger)
                notes += _put(out, messenger, expression, _Film([shown], [0]))
        for sequence in cast.sequences:
            notes += _moving(out, pictures, messenger, sequence)
    return list(dict.fromkeys(notes))


def _moving(out: Output, pictures: Pictures, messenger: Messenger, sequence: Manifest) -> list[str]:
    """There and back, with the ends held."""
    there = [(frame.path, max(_LEAST_MS, frame.shown_ms)) for frame in sequence.frames]
    ends = {there[0][0]: _HELD_MS, there[-1][0]: _HELD_MS}
    way = [*there, *there[-2:0:-1]]
    cache: dict[Path, Pixels] = {}
    for path, _ in way:
        if path not in cache:
            cache[path] = _fitted(pictures.pixels(path), messenger)
    shown = [cache[path] for path, _ in way]
    times_ms = [ends.get(path, ms) for path, ms in way]
    return _put(out, messenger, sequence_name(sequence), _Film(shown, times_ms))


def _put(out: Output, messenger: Messenger, name: str, film: "_Film") -> list[str]:
    still = len(film.shown) == 1
    form = messenger.still if still else messenger.moving
    most_kb = messenger.still_kb if still else messenger.moving_kb
    try:
        data = _largest(_tries(form, film), most_kb * _KB)
    except Mistake as error:  # an extra that is not installed
        return [f"{messenger.name}: no moving stickers: {error}"]
    if data is None:
        return [f"{messenger.name}: {name} does not fit into {most_kb} KB: left out"]
    out.add(f"{messenger.name}/{name}.{'png' if form == 'apng' else form}", data)
    return []


def _largest(tries: Sequence[Callable[[], bytes]], most_bytes: int) -> bytes | None:
    """The first that fits, of ever smaller ones: mostly the very first, else found by halving:
    each takes a while to make."""
    data = tries[0]()
    if len(data) <= most_bytes:
        return data
    low, high, best = 1, len(tries), None
    while low < high:
        middle = (low + high) // 2
        data = tries[middle]()
        if len(data) <= most_bytes:
            high, best = middle, data
        else:
            low = middle + 1
    return best


def _tries(form: str, film: "_Film") -> list[Callable[[], bytes]]:
    """Better ones first."""
    images, times_ms = [Image.fromarray(pixels) for pixels in film.shown], film.times_ms
    if form == "webp":
        return [
            partial(_saved, images, times_ms, "WEBP", quality=quality, method=4)
            for quality in _QUALITIES
        ]
    if form == "webm":
        return [partial(_webm, film)]
    return [
        partial(_saved, images, times_ms, "PNG"),
        *(partial(_of_fewer_colours, images, times_ms, colours) for colours in _COLOURS),
    ]


def _of_fewer_colours(
    images: Sequence[Image.Image], times_ms: Sequence[int], colours: int
) -> bytes:
    fewer = [image.quantize(colours, method=Image.Quantize.FASTOCTREE) for image in images]
    if len(fewer) == 1:
        return _saved(fewer, times_ms, "PNG", optimize=True)
    # each has a palette of its own, which an APNG has not
    return _saved([image.convert("RGBA") for image in fewer], times_ms, "PNG")


def _webm(film: "_Film") -> bytes:
    """VP9 with alpha, which PyAV packs from files."""
    with tempfile.TemporaryDirectory() as folder:
        shots = []
        for number, pixels in enumerate(film.shown):
            path = Path(folder) / f"{number}.png"
            path.write_bytes(packed(pixels))
            shots.append(Shot(path, film.times_ms[number]))
        made = Path(folder) / "film.webm"
        write(made, shots)
        return made.read_bytes()


def _saved(
    images: Sequence[Image.Image], times_ms: Sequence[int], form: str, **options: int
) -> bytes:
    buffer = io.BytesIO()
    if len(images) > 1:
        images[0].save(
            buffer,
            form,
            save_all=True,
            append_images=list(images[1:]),
            duration=list(times_ms),
            loop=0,
            **options,
        )
    else:
        images[0].save(buffer, form, **options)
    return buffer.getvalue()


def _fitted(pixels: Pixels, messenger: Messenger) -> Pixels:
    """The picture at the messenger's size, whole, in the middle."""
    height, width = pixels.shape[:2]
    square = (messenger.side_px, messenger.side_px)
    left, top, *size = inner_box((width, height), square)
    small = resized(pixels, (size[0], size[1]))
    if not messenger.square:
        return small
    canvas = np.zeros((*square, 4), np.uint8)
    canvas[top : top + size[1], left : left + size[0]] = small
    return canvas

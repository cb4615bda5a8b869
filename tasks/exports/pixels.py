"""A frame's pixels as an export wants them: a part of it, mirrored, smaller.

What is not asked for is not done: without crop, flip and scale the pixels stay as they are, to the
bit. Scaling averages light, not numbers: linear, premultiplied.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tasks.character.export import ExportSettings
from tasks.exports.cast import Cast
from tasks.exports.face_place import face_place
from tasks.ground.errors import Mistake
from tasks.ground.files import stamp
from tasks.pictures.decode import PICTURES
from tasks.pictures.picture import png_bytes, read

Pixels = NDArray[np.uint8]
"""(height, width, 4): RGBA with straight alpha"""
Box = tuple[int, int, int, int]
"""left, top, right, bottom in px; the last two exclusive"""
_KEPT = 6
"""pictures that were decoded last: one frame is looked at several times in a row"""
_BUST, _FACE_ROOM = 1.3, 0.35
"""how far below the chin a bust reaches, in lengths of the face; and the room around a face"""


@dataclass(frozen=True)
class View:
    """Which part of every frame is shown, and how: the same for all, so that they stay aligned."""

    box: Box
    scale: float = 1.0
    flip: bool = False

    @property
    def size_px(self) -> tuple[int, int]:
        """Width and height of what comes out."""
        left, top, right, bottom = self.box
        return max(1, round((right - left) * self.scale)), max(
            1, round((bottom - top) * self.scale)
        )

    def of(self, pixels: Pixels) -> Pixels:
        """The part of a frame that is shown."""
        left, top, right, bottom = self.box
        part = pixels[top:bottom, left:right]
        if self.flip:
            part = part[:, ::-1]
        return resized(np.ascontiguousarray(part), self.size_px)


def view_of(cast: Cast) -> View:
    """What the settings of an export ask for. Raises `Mistake` where that cannot be found."""
    settings = cast.settings
    with Image.open(next(iter(cast.frames.values())), formats=PICTURES) as image:
        width, height = image.size
    return View(_box(cast, (width, height)), settings.scale, settings.flip)


def _box(cast: Cast, size_px: tuple[int, int]) -> Box:
    crop = cast.settings.crop
    width, height = size_px
    if crop == "none":
        return 0, 0, width, height
    if not isinstance(crop, str):
        return _named_box(crop, size_px)
    if crop == "figure":
        return figure_of((*cast.frames.values(), *cast.beside), size_px)
    figure = figure_of(cast.frames.values(), size_px)
    return _around(cast, crop, figure, size_px)


def _named_box(crop: tuple[float, float, float, float], size_px: tuple[int, int]) -> Box:
    left, top, right, bottom = crop
    if not (0 <= left < right <= 1 and 0 <= top < bottom <= 1):
        raise Mistake(f"crop: {list(crop)} is no box: left < right and top < bottom, all in 0..1")
    width, height = size_px
    return round(left * width), round(top * height), round(right * width), round(bottom * height)


def figure_of(paths: Iterable[Path], size_px: tuple[int, int]) -> Box:
    """What is not transparent in any of these pictures; all of it where that is nothing."""
    shown = np.zeros(size_px[::-1], np.uint8)
    for path in paths:
        alpha = pixels_of(path)[..., 3]
        if alpha.shape == shown.shape:
            np.maximum(shown, alpha, out=shown)
    left, top, width, height = cv2.boundingRect(shown)
    return (left, top, left + width, top + height) if width else (0, 0, *size_px)


def _around(cast: Cast, crop: str, figure: Box, size_px: tuple[int, int]) -> Box:
    """The box of a bust or a face, from the landmarks."""
    width, height = size_px
    place = face_place(cast, cast.default_pose, size_px)
    if place is None:
        raise Mistake(f'crop: "{crop}" needs landmarks (face: eyes and mouth), or give a box')
    whole = place.face
    points = [*(whole.outline or ()), *([whole.chin] if whole.chin else [])]
    eyes = [eye for eye in (whole.left_eye, whole.right_eye) if eye]
    points += [point for eye in eyes for point in (eye.inner, eye.outer)]
    xs, ys = zip(*(place.pixel(point) for point in points), strict=True)
    tall = max(ys) - min(ys)
    if crop == "bust":
        bottom = min(figure[3], round(max(ys) + _BUST * tall))
        return figure[0], figure[1], figure[2], max(bottom, figure[1] + 1)
    room = _FACE_ROOM * max(tall, max(xs) - min(xs))
    return (
        max(0, round(min(xs) - room)),
        max(0, round(min(ys) - 2 * room)),
        min(width, round(max(xs) + room)),
        min(height, round(max(ys) + room)),
    )


def pixels_of(path: Path) -> Pixels:
    """A picture's pixels, not to be written to. Raises `Mistake` where it cannot be read."""
    return _decoded(path, stamp(path))


@lru_cache(maxsize=_KEPT)
def _decoded(path: Path, _stamp: object) -> Pixels:
    pixels = np.array(read(path))
    pixels.flags.writeable = False
    return pixels


def packed(pixels: Pixels) -> bytes:
    """Pixels as PNG, without any metadata."""
    return png_bytes(pixels)


def resized(pixels: Pixels, size_px: tuple[int, int]) -> Pixels:
    """At another size (width, height), by averaging light; the very same at its own size."""
    if pixels.shape[1::-1] == size_px:
        return pixels
    alpha = pixels[..., 3:].astype(np.float32) / 255
    light = np.concatenate([_to_linear()[pixels[..., :3]] * alpha, alpha], axis=2)
    smaller = size_px[0] <= pixels.shape[1] and size_px[1] <= pixels.shape[0]
    how = cv2.INTER_AREA if smaller else cv2.INTER_CUBIC
    small = np.clip(cv2.resize(light, size_px, interpolation=how), 0, 1)
    made: Pixels = np.zeros(small.shape, np.uint8)
    seen = small[..., 3] > 0
    part = small[seen]
    colours, covered = part[:, :3], part[:, 3:]
    unmixed = (colours / np.maximum(covered, 1e-6)).astype(np.float32, copy=False)
    levels = _from_linear(np.clip(unmixed, 0, 1))
    made[seen] = np.round(np.concatenate([levels, covered * 255], axis=1))
    made[made[..., 3] == 0] = 0
    return made


@cache
def _to_linear() -> NDArray[np.float32]:
    """The light of each of 256 sRGB levels, 0..1 (IEC 61966-2-1)."""
    level = np.arange(256) / 255
    light = np.where(level <= 0.04045, level / 12.92, ((level + 0.055) / 1.055) ** 2.4)
    return light.astype(np.float32)


def _from_linear(light: NDArray[np.float32]) -> NDArray[np.float32]:
    low = light * 12.92
    high = 1.055 * np.power(light, 1 / 2.4) - 0.055
    levels: NDArray[np.float32] = np.where(light <= 0.0031308, low, high) * 255
    return levels


def mirrored(name: str) -> str:
    """A pose's name as it is after mirroring: left and right change places."""
    swap = {"left": "right", "right": "left", "Left": "Right", "Right": "Left"}
    parts = [swap.get(part, part) for part in name.split("_")]
    return "_".join(parts)


def pose_name(settings: ExportSettings, pose: str) -> str:
    """What a pose is called in an export."""
    return mirrored(pose) if settings.flip else pose

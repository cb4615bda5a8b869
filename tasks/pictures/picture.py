"""Pictures as pixels: reading any that an artist may have, fitting them, checking answers.

All pixels are 8-bit RGBA in sRGB with straight alpha, upright.
"""

import shlex
import threading
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tasks.ground.boxes import inner_box
from tasks.ground.errors import Mistake
from tasks.ground.files import read_plain, stamp
from tasks.pictures.alpha import covers, whole_pixels
from tasks.pictures.decode import PICTURES, PORTRAITS, Decoded, NoPicture, decode
from tasks.pictures.digests import Digests
from tasks.pictures.packing import Packer
from tasks.pictures.refused import rendering

Pixels = NDArray[np.uint8]
"""(height, width, 4): RGBA"""
_WITH_ALPHA = 6
"""the colour type of a PNG of RGBA"""


class BadPicture(Mistake):
    """A file that cannot be read as a picture; the text names it and says what to do."""


class BadAnswer(Mistake):
    """An engine's answer that is no usable picture; the text says in what way."""


def read(path: Path, formats: tuple[str, ...] = PICTURES) -> Image.Image:
    """The picture at `path`, upright, as RGBA in sRGB. Raises `Mistake` where it cannot be read.

    `formats`: what it may be; `PORTRAITS` for what an artist made.
    """
    return _decode(_read_bytes(path), path, formats).image


def _read_bytes(path: Path) -> bytes:
    try:
        return read_plain(path)
    except FileNotFoundError as error:
        raise Mistake(f"{path} is not there") from error
    except OSError as error:
        raise BadPicture(f"{path} cannot be read as a picture ({error.strerror})") from error


def _decode(data: bytes, path: Path, formats: tuple[str, ...]) -> Decoded:
    try:
        return decode(data, formats)
    except NoPicture as error:
        rendered = path.with_suffix(".png")
        if rendered == path:
            rendered = path.with_name(f"{path.stem}_rendered.png")
        command = rendering(data, str(path), str(rendered))
        if command:
            raise BadPicture(
                f"{path} cannot be read as a picture: {error}; render it first"
                f" ({shlex.join(command)}), and name {rendered}"
            ) from error
        raise BadPicture(
            f"{path} cannot be read as a picture ({error}); save it as PNG, JPEG or WebP"
        ) from error


def pixels_digest(picture: Image.Image | Pixels) -> str:
    """SHA-256 over size and pixels: equal for pictures that look the same, however they are stored.

    What is wholly transparent has no colour to compare: editors keep it or drop it as they like.
    """
    return _DIGESTS.of(as_pixels(picture))


_DIGESTS = Digests()


def as_pixels(picture: Image.Image | Pixels) -> Pixels:
    """A picture's RGBA, not to be written on. Of an image it is a copy, which takes its time."""
    if isinstance(picture, np.ndarray):
        return picture
    return np.asarray(picture if picture.mode == "RGBA" else picture.convert("RGBA"))


def fit(image: Image.Image, size_px: tuple[int, int]) -> Image.Image:
    """`image` whole and centred in a picture of `size_px`; the very same where it fits already."""
    if image.size == size_px:
        return image
    left, top, *inner = inner_box(image.size, size_px)
    # Premultiplied, so that the colour of transparent pixels does not bleed into the edge.
    scaled = (
        image.convert("RGBa").resize((inner[0], inner[1]), Image.Resampling.LANCZOS).convert("RGBA")
    )
    canvas = Image.new("RGBA", size_px)
    canvas.paste(scaled, (left, top))
    return canvas


def unpadded(
    image: Image.Image, asked_px: tuple[int, int], size_px: tuple[int, int]
) -> Image.Image:
    """What `fit` did, undone: the part of a picture in which one of `size_px` lay, at that size.

    `asked_px`: the size that it was fitted to; `image` may be larger or smaller than that.
    """
    left, top, width, height = inner_box(size_px, asked_px)
    across, down = image.width / asked_px[0], image.height / asked_px[1]
    box = (left * across, top * down, (left + width) * across, (top + height) * down)
    return image.convert("RGBa").resize(size_px, Image.Resampling.LANCZOS, box=box).convert("RGBA")


def size_of(path: Path) -> tuple[int, int]:
    """Width and height of an artist's picture as it is shown. Raises `Mistake`."""
    return _read_entry_size(path, stamp(path))


@lru_cache(maxsize=16)
def _read_entry_size(path: Path, _seen: tuple[int, int] | None) -> tuple[int, int]:
    return read(path, PORTRAITS).size


def png_bytes(picture: Image.Image | Pixels) -> bytes:
    """The picture as PNG (`tasks.pictures.packing`). 8-bit RGBA."""
    return Packer().pack(as_pixels(picture))


@dataclass(frozen=True, slots=True)
class Answer:
    """An engine's picture, as it came and decoded."""

    data: bytes
    pixels: Pixels
    ignored: tuple[str, ...] = ()
    """what was ignored in its file: notes"""


def read_answer(answer: bytes, size_px: tuple[int, int] | None) -> Answer:
    """An engine's answer, checked: decoded to the last row, of that size, not blank.

    `size_px`: None where any size will do. Raises `BadAnswer` that says which of these it is not.
    """
    try:
        found = decode(answer)
    except NoPicture as error:
        raise BadAnswer(f"the answer is no whole picture ({error})") from error
    size = found.pixels.shape[1], found.pixels.shape[0]
    if size_px and size != size_px:
        got, asked = ("x".join(map(str, each)) for each in (size, size_px))
        raise BadAnswer(f"the answer is {got} pixels, not {asked}")
    if is_blank(found.pixels):
        raise BadAnswer("the answer is blank: every pixel is the same, or transparent")
    return Answer(answer, found.pixels, found.notes)


def is_blank(pixels: Pixels) -> bool:
    """Whether nothing is to be seen: all transparent, or one single colour."""
    return _shows_nothing(pixels[len(pixels) // 2]) and _shows_nothing(pixels)


def _shows_nothing(pixels: Pixels) -> bool:
    whole = whole_pixels(pixels)
    return bool((whole == whole.flat[0]).all()) or not covers(pixels, 1).any()


class PictureCache:
    """Pictures that many frames are made from, each read once while its file does not change."""

    def __init__(self, most: int = 8) -> None:
        self._lock = threading.Lock()
        self._most = most
        self._own_px: dict[_File, tuple[int, int]] = {}
        self._kept: dict[tuple[_File, tuple[int, int]], CachedPicture] = {}
        """by file and size, the latest used last; what has its size already is read only once"""

    def get(self, path: Path, fit_to_px: tuple[int, int] | None) -> "CachedPicture":
        """The picture at `path`, fitted to a size in pixels if one is given."""
        with self._lock:
            # One at a time: sixteen workers that start together would read it sixteen times.
            return self._get(_file(path), fit_to_px)

    def own_size(self, path: Path) -> tuple[int, int]:
        """Width and height of the picture at `path`, as it is shown."""
        with self._lock:
            file = _file(path)
            if file not in self._own_px:
                self._get(file, None)
            return self._own_px[file]

    def _get(self, file: "_File", fit_to_px: tuple[int, int] | None) -> "CachedPicture":
        size_px = fit_to_px or self._own_px.get(file)
        found = self._kept.pop((file, size_px), None) if size_px else None
        if found is None:
            found, self._own_px[file] = _read_entry(file[0], fit_to_px)
        self._kept[file, found.image.size] = found
        if len(self._kept) > self._most:
            del self._kept[next(iter(self._kept))]
        return found


_File = tuple[Path, int, int]
"""a file as it is now: when it was written, and its bytes"""


def _file(path: Path) -> _File:
    try:
        status = path.stat()
    except OSError as error:
        raise Mistake(f"{path} is not there") from error
    return path, status.st_mtime_ns, status.st_size


class CachedPicture:
    """One picture, its digest, and its PNG form made when it is first asked for."""

    def __init__(self, image: Image.Image, png: bytes | None, notes: tuple[str, ...] = ()) -> None:
        self.image = image
        self.notes = notes
        """what was ignored in the file, a line each"""
        self.digest = pixels_digest(image)
        self._png = png
        self._lock = threading.Lock()

    def png(self) -> bytes:
        """The picture as PNG; the file's own bytes where they are that already."""
        with self._lock:
            if self._png is None:
                self._png = png_bytes(self.image)
            return self._png


def _read_entry(
    path: Path, fit_to_px: tuple[int, int] | None
) -> tuple[CachedPicture, tuple[int, int]]:
    """A picture, fitted to a size if one is given, and its own size."""
    # Read once: what is sent is what the digest is of, also when the file changes meanwhile.
    data = _read_bytes(path)
    decoded = _decode(data, path, PORTRAITS)
    original = decoded.image
    image = fit(original, fit_to_px) if fit_to_px else original
    # An engine is sent RGBA: of a PNG without alpha too.
    plain = image is original and decoded.as_stored and data[25] == _WITH_ALPHA
    notes = tuple(f"{path}: {note}" for note in decoded.notes)
    return CachedPicture(image, data if plain else None, notes), original.size

"""Frames as files of an export: the frame's own bytes where nothing is asked of its pixels."""

from collections.abc import Iterator
from pathlib import Path

from tasks.exports.cast import Cast
from tasks.exports.pixels import Pixels, View, packed, pixels_of, view_of
from tasks.pictures import png

_COLOUR_CHUNKS = {b"IHDR", b"PLTE", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"IDAT", b"IEND"}
_SAID = {b"iTXt", b"tEXt", b"zTXt"}


class Pictures:
    """The frames of a cast, as one export shows them."""

    def __init__(self, cast: Cast) -> None:
        self.cast = cast
        self.view: View = view_of(cast)

    @property
    def _untouched(self) -> bool:
        settings = self.cast.settings
        return settings.crop == "none" and settings.scale == 1 and not settings.flip

    @property
    def size_px(self) -> tuple[int, int]:
        """Width and height of every picture."""
        return self.view.size_px

    def pixels(self, path: Path) -> Pixels:
        """A frame's pixels, as they are shown."""
        return self.view.of(pixels_of(path))

    def png(self, path: Path) -> bytes:
        """A frame as PNG: bit for bit where nothing is asked of its pixels."""
        data = path.read_bytes()
        if self._untouched and data.startswith(png.START):
            return data if self.cast.settings.metadata else without_metadata(data)
        made = packed(self.pixels(path))
        return with_metadata(made, data) if self.cast.settings.metadata else made

    def made(self, pixels: Pixels, of: Path) -> bytes:
        """Pixels that were put together from frames, as PNG that says whence the first came."""
        data = packed(self.view.of(pixels))
        return with_metadata(data, of.read_bytes()) if self.cast.settings.metadata else data


def without_metadata(data: bytes) -> bytes:
    """A PNG's pixels and what decides how they look, and nothing else."""
    return b"".join([png.START, *(c for kind, c in png.chunks(data) if kind in _COLOUR_CHUNKS)])


def with_metadata(data: bytes, of: bytes) -> bytes:
    """A PNG with the texts of another, but for the digest of its pixels: these are others."""
    if not of.startswith(png.START):
        return data
    header, *rest = (chunk for _, chunk in png.chunks(data))
    return b"".join([png.START, header, *_texts(of), *rest])


def _texts(data: bytes) -> Iterator[bytes]:
    for kind, chunk in png.chunks(data):
        if kind in _SAID and not chunk[8:].startswith(b"Pixels\0"):
            yield chunk

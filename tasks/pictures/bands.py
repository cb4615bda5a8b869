"""A PNG of bands: each packed by itself, so that some can be made anew and the others taken over.

8-bit RGB. A band is one chunk of the file: rows by the filter "up", the first of them by none, in
deflate blocks that look back at nothing before them.
Sources: PNG specification, third edition, sections 9 and 10; RFC 1950 (zlib), section 8.2.
"""

import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

from tasks.pictures import png

_LEVEL, _FILTER_UP = 2, 2
_ZLIB_BEGIN, _DEFLATE_END = b"\x78\x01", b"\x03\x00"
"""the header for a window of 32 KiB, and an empty last block"""
_ADLER = 65521
_RGB = 2
"""the colour type"""


@dataclass(frozen=True, slots=True)
class Band:
    """Some rows of a picture, packed."""

    rows: int
    adler: int
    """the checksum of its rows as they are packed (Adler-32)"""
    packed: bytes


def pack(image: Image.Image) -> Band:
    """A band from its pixels."""
    from isal import isal_zlib

    rows = np.asarray(image.convert("RGB")).reshape(image.height, 3 * image.width)
    filtered = np.empty((image.height, 1 + rows.shape[1]), np.uint8)
    filtered[:, 0], filtered[0, 0] = _FILTER_UP, 0
    filtered[0, 1:] = rows[0]
    np.subtract(rows[1:], rows[:-1], out=filtered[1:, 1:])
    packer = isal_zlib.compressobj(_LEVEL, wbits=-15)
    packed = packer.compress(filtered) + packer.flush(isal_zlib.Z_SYNC_FLUSH)
    return Band(image.height, isal_zlib.adler32(filtered), packed)


def unpack(band: Band, width: int) -> Image.Image:
    """Its pixels, when the picture is so wide. Raises ValueError for what `pack` did not make."""
    try:
        filtered = zlib.decompressobj(wbits=-15).decompress(band.packed)
    except zlib.error as error:
        raise ValueError(str(error)) from error
    rows = np.frombuffer(filtered, np.uint8).reshape(band.rows, 1 + 3 * width)[:, 1:]
    pixels = np.add.accumulate(rows, axis=0, dtype=np.uint8)
    return Image.fromarray(pixels.reshape(band.rows, width, 3))


def file(width: int, bands: Sequence[Band], texts: dict[str, str]) -> bytes:
    """The PNG of these bands, from top to bottom, with texts in Latin-1 by their keywords."""
    height = sum(band.rows for band in bands)
    header = struct.pack(">IIBBBBB", width, height, 8, _RGB, 0, 0, 0)
    said = [
        png.chunk(b"tEXt", f"{keyword}\0{text}".encode("latin-1"))
        for keyword, text in texts.items()
    ]
    data = [band.packed for band in bands]
    data[0] = _ZLIB_BEGIN + data[0]
    adler = 1
    for band in bands:
        adler = _joined(adler, band.adler, band.rows * (1 + 3 * width))
    data.append(_DEFLATE_END + struct.pack(">I", adler))
    packed = [png.chunk(b"IDAT", part) for part in data]
    return b"".join(
        (png.START, png.chunk(b"IHDR", header), *said, *packed, png.chunk(b"IEND", b""))
    )


def packed_in(data: bytes) -> list[bytes]:
    """What the bands of a file hold, in their order."""
    found = [chunk[8:-4] for kind, chunk in png.chunks(data) if kind == b"IDAT"]
    return [found[0].removeprefix(_ZLIB_BEGIN), *found[1:-1]] if found else []


def _joined(first: int, second: int, length: int) -> int:
    """The checksum of two texts in a row from those of each; `length`: of the second, in bytes."""
    low, high = first & 0xFFFF, first >> 16
    added_low, added_high = second & 0xFFFF, second >> 16
    joined_low = (low + added_low - 1) % _ADLER
    joined_high = (high + added_high + length * (low - 1)) % _ADLER
    return joined_high << 16 | joined_low

"""The quick way to a PNG's pixels: the same ones, or none."""

import io
import struct
import sys
import zlib

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from tasks.pictures import png, unpacking
from tasks.pictures.decode import NoPicture, decode

SIZE = 23, 11


def pixels(channels: int) -> np.ndarray:
    return np.random.default_rng(channels).integers(0, 256, (SIZE[1], SIZE[0], channels), np.uint8)


def file(
    rows: bytes, colour: int, *more: bytes, interlaced: int = 0, depth: int = 8, behind: bytes = b""
) -> bytes:
    """A PNG of filtered rows."""
    header = struct.pack(">IIBBBBB", *SIZE, depth, colour, 0, 0, interlaced)
    packed = png.chunk(b"IDAT", zlib.compress(rows))
    ends = (packed, behind, png.chunk(b"IEND", b""))
    return b"".join((png.START, png.chunk(b"IHDR", header), *more, *ends))


def filtered(channels: int) -> bytes:
    """Rows by every filter in turn, of whatever pixels that makes."""
    row_bytes = SIZE[0] * channels
    noise = np.random.default_rng(channels).integers(0, 256, (SIZE[1], row_bytes), np.uint8)
    return b"".join(bytes([number % 5]) + row.tobytes() for number, row in enumerate(noise))


def by_pillow(data: bytes) -> np.ndarray:
    with Image.open(io.BytesIO(data)) as image:
        return np.asarray(image.convert("RGBA"))


@pytest.mark.parametrize(("colour", "channels"), [(2, 3), (6, 4)])
def test_the_pixels_are_those_that_pillow_reads(colour: int, channels: int):
    data = file(filtered(channels), colour, png.chunk(b"tEXt", b"Title\0a name"))
    found = unpacking.pixels(data)
    assert found is not None
    assert np.array_equal(found, by_pillow(data))


def test_a_picture_whose_rows_fill_many_blocks():
    image = Image.fromarray(np.random.default_rng(1).integers(0, 256, (300, 200, 4), np.uint8))
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    assert np.array_equal(unpacking.pixels(buffer.getvalue()), image)


ROWS = filtered(4)
OTHERS = {
    "grey": file(filtered(1), 0),
    "16 bits": file(filtered(8), 6, depth=16),
    "interlaced": file(ROWS, 6, interlaced=1),
    "a colour that is transparent": file(filtered(3), 2, png.chunk(b"tRNS", bytes(6))),
    "another gamut": file(ROWS, 6, png.chunk(b"cHRM", bytes(32))),
    "turned": file(ROWS, 6, png.chunk(b"eXIf", b"MM\0*\0\0\0\x08")),
    "animated": file(ROWS, 6, png.chunk(b"acTL", bytes(8))),
    "words behind the pixels": file(ROWS, 6, behind=png.chunk(b"tEXt", b"Title\0a name")),
    "a row too few": file(ROWS[: -4 * SIZE[0] - 1], 6),
    "a byte too many": file(ROWS + b"\0", 6),
    "a filter that is none": file(b"\x05" + ROWS[1:], 6),
    "no zlib": file(ROWS, 6).replace(zlib.compress(ROWS)[:2], b"\xff\xff"),
    "no PNG": b"\xff\xd8\xff" + bytes(64),
}


@pytest.mark.parametrize("kind", OTHERS)
def test_of_all_else_there_are_none(kind: str):
    assert unpacking.pixels(OTHERS[kind]) is None


def test_what_unpacks_to_more_than_a_picture_is_not_unpacked_whole(monkeypatch: pytest.MonkeyPatch):
    stored = []
    monkeypatch.setattr(unpacking, "_stored", lambda *given: stored.append(given))
    assert unpacking.pixels(file(bytes(2**26), 6)) is None
    assert not stored


def test_decoding_takes_this_way_and_does_without(monkeypatch: pytest.MonkeyPatch):
    data = file(ROWS, 6, png.chunk(b"tEXt", b"Title\0a name"))
    without = monkeypatch.context

    def load(*_arguments: object) -> None:
        raise AssertionError("Pillow decoded it")

    with without() as patch:
        patch.setattr(PngImagePlugin.PngImageFile, "load", load)
        quick = decode(data)
    with without() as patch:
        patch.setitem(sys.modules, "pyspng", None)
        slow = decode(data)
    assert np.array_equal(quick.pixels, slow.pixels)
    assert quick.as_stored
    assert quick.texts == slow.texts == {"Title": "a name"}


def test_what_is_wrong_is_said_as_before():
    with pytest.raises(NoPicture):
        decode(OTHERS["a filter that is none"])

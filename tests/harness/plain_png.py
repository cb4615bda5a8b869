"""A second PNG decoder, from the specification alone, that the program's is held against.

Source: PNG specification, third edition: sections 7 to 10 and 13. Slow, and asks for sound files.
"""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

GREY, RGB, PALETTE, GREY_ALPHA, RGBA = 0, 2, 3, 4, 6
CHANNELS = {GREY: 1, RGB: 3, PALETTE: 1, GREY_ALPHA: 2, RGBA: 4}
PASSES = (
    *((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4)),
    *((0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)),
)
"""Adam7: the first column and row of each pass, and the steps to the next"""


@dataclass(frozen=True)
class Header:
    """What IHDR says."""

    width: int
    height: int
    depth: int
    colour: int
    interlaced: int

    @property
    def bits(self) -> int:
        """Of a pixel."""
        return self.depth * CHANNELS[self.colour]


def chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The kind and data of each chunk."""
    at = 8
    while at < len(data):
        (length,) = struct.unpack_from(">I", data, at)
        yield data[at + 4 : at + 8], data[at + 8 : at + 8 + length]
        at += length + 12


def rgba(data: bytes) -> np.ndarray:
    """The pixels (height, width, 4), each channel 0 to 1; colours as they are written."""
    said = dict(chunks(data))
    width, height, depth, colour, _, _, interlaced = struct.unpack(">IIBBBBB", said[b"IHDR"])
    header = Header(width, height, depth, colour, interlaced)
    packed = b"".join(part for kind, part in chunks(data) if kind == b"IDAT")
    samples = _samples(zlib.decompress(packed), header)
    return _coloured(samples, header, said.get(b"PLTE", b""), said.get(b"tRNS", b""))


def _samples(rows: bytes, header: Header) -> np.ndarray:
    whole = np.zeros((header.height, header.width, CHANNELS[header.colour]), int)
    for x, y, right, down in PASSES if header.interlaced else ((0, 0, 1, 1),):
        part = whole[y::down, x::right]
        if not part.size:
            continue
        row_bytes = (part.shape[1] * header.bits + 7) // 8
        above = bytes(row_bytes)
        for row in part:
            above = _unfiltered(rows[: row_bytes + 1], above, max(header.bits // 8, 1))
            row[:] = _unpacked(above, header.depth)[: row.size].reshape(row.shape)
            rows = rows[row_bytes + 1 :]
    return whole


def _unfiltered(row: bytes, above: bytes, step: int) -> bytes:
    made = bytearray(row[1:])
    for at, up in enumerate(above):
        left, corner = (made[at - step], above[at - step]) if at >= step else (0, 0)
        near = min((left, up, corner), key=lambda value: abs(left + up - corner - value))
        made[at] = (made[at] + (0, left, up, (left + up) // 2, near)[row[0]]) % 256
    return bytes(made)


def _unpacked(row: bytes, depth: int) -> np.ndarray:
    if depth == 16:
        return np.frombuffer(row, ">u2").astype(int)
    bits = np.unpackbits(np.frombuffer(row, np.uint8)).reshape(-1, depth)
    return bits @ (1 << np.arange(depth - 1, -1, -1))


def _coloured(samples: np.ndarray, header: Header, palette: bytes, clear: bytes) -> np.ndarray:
    made = np.ones((header.height, header.width, 4))
    if header.colour == PALETTE:
        colours = np.ones((256, 4))
        colours[: len(palette) // 3, :3] = np.frombuffer(palette, np.uint8).reshape(-1, 3) / 255
        colours[: len(clear), 3] = np.frombuffer(clear, np.uint8) / 255
        return colours[samples[..., 0]]
    most = 2**header.depth - 1
    own = samples / most
    made[..., :3] = own[..., :3] if header.colour in {RGB, RGBA} else own[..., :1]
    if header.colour in {GREY_ALPHA, RGBA}:
        made[..., 3] = own[..., -1]
    elif clear:
        key = np.frombuffer(clear, ">u2") & most
        made[..., 3] = (samples != key).any(axis=2)
    return made

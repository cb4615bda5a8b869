"""The outside of PNG files: their chunks, without unpacking what is in them.

Source: PNG specification, third edition, section 5.
"""

import struct
from collections.abc import Iterator, Sequence
from typing import TypeVar

Data = bytes | memoryview
AnyData = TypeVar("AnyData", bytes, memoryview)
START = b"\x89PNG\r\n\x1a\n"
_FRAME_BYTES = 12
"""what a chunk has around its data: length, kind, checksum"""


def chunks(png: AnyData) -> Iterator[tuple[bytes, AnyData]]:
    """Each chunk's kind, and the whole of it with length and checksum, as far as the file goes.

    Ends with IEND: Pillow reads a PNG with something behind its end, and so does this. Of a
    memoryview, nothing is copied.
    """
    at = len(START)
    kind = b""
    while kind != b"IEND" and at + _FRAME_BYTES <= len(png):
        (length,) = struct.unpack(">I", png[at : at + 4])
        kind, end = bytes(png[at + 4 : at + 8]), at + length + _FRAME_BYTES
        yield kind, png[at:end]
        at = end


def chunk(kind: bytes, data: bytes) -> bytes:
    """One chunk, ready to be written."""
    return b"".join(pieces(kind, [data]))


def pieces(kind: bytes, data: Sequence[Data]) -> Iterator[Data]:
    """One chunk, to be joined with what is around it: some megabytes are copied once, not twice."""
    yield struct.pack(">I", sum(map(len, data)))
    yield kind
    total = checksum(kind)
    for part in data:
        total = checksum(part, total)
        yield part
    yield struct.pack(">I", total)


def checksum(data: Data, before: int = 0) -> int:
    """The CRC of a chunk's kind and data; in a quarter of the time that zlib takes for it.

    `before`: that of what stands before the data.
    """
    from isal import isal_zlib

    return isal_zlib.crc32(data, before)


def file(size_px: tuple[int, int], packed: bytes) -> bytes:
    """A PNG of 8-bit RGBA, from its filtered and packed rows."""
    header = struct.pack(">IIBBBBB", *size_px, 8, 6, 0, 0, 0)
    parts = (chunk(b"IHDR", header), chunk(b"IDAT", packed), chunk(b"IEND", b""))
    return b"".join((START, *parts))

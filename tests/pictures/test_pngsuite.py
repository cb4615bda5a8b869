"""All of PngSuite is read as a second decoder reads it, or refused."""

import struct
import tarfile
import zlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from tasks.pictures import png
from tasks.pictures.decode import PORTRAITS, NoPicture, decode
from tests.harness import plain_png

ARCHIVE = Path(__file__).parent / "pngsuite" / "pngsuite.tar.xz"
COLOUR_MANAGED = {"ccwn2c08", "ccwn3p08"}
"""those that say both their gamma and their primaries, and so are no sRGB"""


@cache
def suite() -> dict[str, bytes]:
    with tarfile.open(ARCHIVE) as archive:
        files = {member.name: archive.extractfile(member) for member in archive.getmembers()}
        found = {name.removesuffix(".png"): file.read() for name, file in files.items() if file}
    return found | dict(newer(found))


def newer(first: dict[str, bytes]) -> Iterator[tuple[str, bytes]]:
    """What PngSuite has had since 2011: texts of all languages, Exif, filters, many alphas."""
    for name, said in TEXTS.items():
        text = b"Title\0\0\0" + said[0] + b"\0" + said[1].encode() + b"\0" + said[2].encode()
        yield name, with_chunk(first["ct0n0g04"], b"iTXt", text)
    exif = b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x01\0\0" + bytes(4)
    yield "exif2c08", with_chunk(first["basn2c08"], b"eXIf", exif)
    yield "tm3n3p02", with_chunk(first["basn3p02"], b"tRNS", bytes([0, 85, 170, 255]))
    yield "f99n0g04", refiltered(first["basn0g04"])


TEXTS = {
    "cten0g04": (b"en", "Title", "PngSuite"),
    "ctfn0g04": (b"fi", "Otsikko", "PngSuite"),
    "ctgn0g04": (b"el", "Τίτλος", "PngSuite"),
    "cthn0g04": (b"hi", "शीर्षक", "PngSuite"),
    "ctjn0g04": (b"ja", "タイトル", "PngSuite"),
}


def with_chunk(data: bytes, kind: bytes, content: bytes) -> bytes:
    """A file with one more chunk before its pixels."""
    at = data.index(b"IDAT") - 4
    return data[:at] + png.chunk(kind, content) + data[at:]


def refiltered(data: bytes) -> bytes:
    """A grey file of 4 bits with another filter in each row."""
    samples = np.rint(plain_png.rgba(data)[..., 0] * 15).astype(np.uint8)
    rows = samples[:, ::2] << 4 | samples[:, 1::2]
    left = np.pad(rows, ((0, 0), (1, 0)))[:, :-1].astype(int)
    up = np.pad(rows, ((1, 0), (0, 0)))[:-1].astype(int)
    corner = np.pad(rows, ((1, 0), (1, 0)))[:-1, :-1].astype(int)
    options = np.stack([left, up, corner])
    nearest = np.abs(left + up - corner - options).argmin(axis=0)
    paeth = np.take_along_axis(options, nearest[None], axis=0)[0]
    foretold = np.stack([np.zeros_like(left), left, up, (left + up) // 2, paeth])
    lines = b"".join(
        bytes([number % 5]) + (row - foretold[number % 5, number]).astype(np.uint8).tobytes()
        for number, row in enumerate(rows)
    )
    return rebuilt(data, IDAT=zlib.compress(lines))


def rebuilt(data: bytes, **other: bytes | None) -> bytes:
    """A file with other data in some chunks, or without them; its checksums are right."""
    parts = [data[:8]]
    for kind, content in plain_png.chunks(data):
        wanted = other.get(kind.decode(), content)
        if wanted is not None:
            parts.append(png.chunk(kind, wanted))
    return b"".join(parts)


def test_it_is_whole():
    assert len(suite()) == 161


@pytest.mark.parametrize("name", sorted(suite()))
def test_each_is_read_as_a_second_decoder_reads_it(name: str):
    wanted = plain_png.rgba(suite()[name])
    found = decode(suite()[name], PORTRAITS)
    away = 1 if name.endswith("16") or name in COLOUR_MANAGED else 0
    if name in COLOUR_MANAGED:
        wanted[..., :3] = in_srgb(wanted[..., :3], suite()[name])
    assert np.abs(np.asarray(found.image, float) - np.rint(wanted * 255)).max() <= away
    assert not found.notes


def in_srgb(colours: np.ndarray, data: bytes) -> np.ndarray:
    """Colours of a file that says its gamma and primaries; its white is that of sRGB."""
    said = dict(plain_png.chunks(data))
    (gamma,) = struct.unpack(">I", said[b"gAMA"])
    numbers = np.array(struct.unpack(">8I", said[b"cHRM"])) / 100000
    srgb = np.array([0.3127, 0.329, 0.64, 0.33, 0.3, 0.6, 0.15, 0.06])
    assert np.abs(numbers[:2] - srgb[:2]).max() < 0.001
    light = colours ** (100000 / gamma) @ to_xyz(numbers).T @ np.linalg.inv(to_xyz(srgb)).T
    light = light.clip(0, 1)
    return np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)


def to_xyz(numbers: np.ndarray) -> np.ndarray:
    """The matrix of light from white and primaries, each an x and a y."""
    points = np.array([[x / y, 1, (1 - x - y) / y] for x, y in numbers.reshape(4, 2)])
    return points[1:].T * np.linalg.solve(points[1:].T, points[0])


def with_header(data: bytes, at: int, value: int) -> bytes:
    header = bytearray(data[16:29])
    header[at] = value
    return rebuilt(data, IHDR=bytes(header))


def with_checksum(data: bytes, kind: bytes) -> bytes:
    """A file of which the checksum of one chunk is wrong."""
    at = data.index(kind)
    (length,) = struct.unpack_from(">I", data, at - 4)
    end = at + 4 + length
    return data[:end] + bytes(byte ^ 1 for byte in data[end : end + 4]) + data[end + 4 :]


def damaged() -> dict[str, bytes]:
    """The damaged files, as PngSuite's page says what each is."""
    depth, colour = 8, 9
    grey, deep, bit, four = (
        suite()[name] for name in ("basn0g08", "basn2c08", "basn0g01", "basn0g04")
    )
    return {
        "xs1n0g01": b"\x09" + bit[1:],
        "xs2n0g01": bit[:1] + b"Q" + bit[2:],
        "xs4n0g01": bit[:3] + b"g" + bit[4:],
        "xs7n0g01": bit[:6] + b" " + bit[7:],
        "xcrn0g04": four.replace(b"\n", b"\r\n"),
        "xlfn0g04": four.replace(b"\r", b"\r\n"),
        "xhdn0g08": with_checksum(grey, b"IHDR"),
        "xc1n0g08": with_header(grey, colour, 1),
        "xc9n2c08": with_header(deep, colour, 9),
        "xd0n2c08": with_header(deep, depth, 0),
        "xd3n2c08": with_header(deep, depth, 3),
        "xd9n2c08": with_header(deep, depth, 99),
        "xdtn0g01": rebuilt(bit, IDAT=None),
        "xcsn0g01": with_checksum(bit, b"IDAT"),
    }


@pytest.mark.parametrize("name", sorted(damaged()))
def test_each_damaged_one_is_refused_in_a_line(name: str):
    with pytest.raises(NoPicture) as refused:
        decode(damaged()[name], PORTRAITS)
    said = str(refused.value)
    assert said
    assert not set(said) & set("\n<")


@pytest.mark.parametrize("part", [0.15, 0.5, 0.9])
def test_none_is_read_of_which_the_end_is_missing(part: float):
    for data in suite().values():
        with pytest.raises(NoPicture):
            decode(data[: int(part * len(data))], PORTRAITS)

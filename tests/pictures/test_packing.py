"""Packing pictures as PNG: the same bytes whatever they are packed beside."""

import io
import zlib

import numpy as np
import pytest
from PIL import Image

from tasks.pictures import packing, png
from tasks.pictures.packing import Packer

SIZE_PX = (40, 300)


def noise(seed: int, size_px: tuple[int, int] = SIZE_PX) -> np.ndarray:
    width, height = size_px
    return np.random.default_rng(seed).integers(0, 256, (height, width, 4), np.uint8)


def unpacked(data: bytes) -> np.ndarray:
    """The pixels as a reader of the full standard finds them, checksums included."""
    packed = b"".join(whole[8:-4] for kind, whole in png.chunks(data) if kind == b"IDAT")
    assert zlib.decompress(packed)
    with Image.open(io.BytesIO(data)) as image:
        return np.asarray(image)


@pytest.mark.parametrize("size_px", [SIZE_PX, (1, 1), (3, 64), (5, 65), (7, 128)])
def test_a_picture_comes_back_as_it_was(size_px: tuple[int, int]):
    picture = noise(1, size_px)
    assert np.array_equal(unpacked(Packer().pack(picture)), picture)


@pytest.mark.parametrize("rows", [(0, 1), (63, 64), (64, 65), (127, 129), (299, 300), (0, 300)])
def test_beside_another_picture_the_bytes_are_the_same(rows: tuple[int, int]):
    like = noise(1)
    picture = like.copy()
    picture[slice(*rows)] = noise(2)[slice(*rows)]
    packer = Packer(like)
    for one in (picture, like, picture):
        assert packer.pack(one) == Packer().pack(one)
        assert np.array_equal(unpacked(packer.pack(one)), one)


def test_one_of_another_size_is_packed_by_itself():
    picture = noise(3, (41, 300))
    assert Packer(noise(1)).pack(picture) == Packer().pack(picture)


def test_what_two_pictures_share_is_packed_once(monkeypatch: pytest.MonkeyPatch):
    like, tops = noise(1), list[int]()
    whole = packing._packed

    def counted(pixels: np.ndarray, top: int) -> packing._Band:
        tops.append(top)
        return whole(pixels, top)

    monkeypatch.setattr(packing, "_packed", counted)
    packer, picture = Packer(like), like.copy()
    picture[100] += 1
    packer.pack(picture)
    assert sorted(tops) == [0, 64, 128, 192, 256]
    tops.clear()
    packer.pack(picture)
    assert tops == [64]

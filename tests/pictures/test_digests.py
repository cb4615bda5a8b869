"""Digests of pixels, where pictures that begin alike share the work."""

import hashlib

import numpy as np
import pytest
from numpy.typing import NDArray

from tasks.pictures import digests
from tasks.pictures.alpha import premultiply
from tasks.pictures.digests import Digests


def noise(height: int, width: int, seed: int = 0) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 4), np.uint8)


def plain(pixels: NDArray[np.uint8]) -> str:
    """The digest, worked out in one go."""
    said = f"{pixels.shape[1]}x{pixels.shape[0]}:".encode()
    return hashlib.sha256(said + premultiply(pixels).tobytes()).hexdigest()


@pytest.mark.parametrize("height", [1, 7, 15, 16, 17, 40, 96])
def test_what_has_been_seen_changes_no_digest(height: int) -> None:
    found = Digests()
    first = noise(height, 9)
    for row in (0, height // 5, height // 2, height - 1):
        other = first.copy()
        other[row, 3] ^= 255
        for pixels in (first, other, noise(height, 9, row), noise(height, 8), other[:, :, ::-1]):
            whole = np.ascontiguousarray(pixels)
            assert found.of(whole) == plain(whole)


def test_a_picture_may_change_after_its_digest() -> None:
    found, pixels = Digests(), noise(64, 9)
    found.of(pixels)
    pixels[2] = 7
    assert found.of(pixels) == plain(pixels)


def test_of_pictures_that_begin_alike_the_beginning_is_digested_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found, first = Digests(), noise(160, 9)
    found.of(first)
    rows = list[int]()

    def counted(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
        rows.append(len(pixels))
        return premultiply(pixels)

    monkeypatch.setattr(digests, "premultiply", counted)
    other = first.copy()
    other[65] = 0
    assert found.of(other) == plain(other)
    assert rows == [100], "six of sixteen bands are known"
    rows.clear()
    found.of(noise(160, 9, 5))
    assert sum(rows) == 160, "nothing is known of what begins otherwise"

"""PNGs of bands: what is packed by itself is one whole picture."""

import io
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from tasks.pictures import bands, png

quick = settings(deadline=None, max_examples=60)


def noise(width: int, height: int, seed: int) -> Image.Image:
    """A picture of flat areas and grain."""
    random = np.random.default_rng(seed)
    pixels = random.integers(0, 256, (height, width, 3), dtype=np.uint8)
    pixels[:, : width // 2] = random.integers(0, 256, 3)
    return Image.fromarray(pixels)


@quick
@given(st.integers(1, 50), st.lists(st.integers(1, 30), min_size=1, max_size=6), st.integers(0, 99))
def test_bands_are_one_picture_that_others_read(width, heights, seed):
    parts = [noise(width, height, seed + n) for n, height in enumerate(heights)]
    data = bands.file(width, [bands.pack(part) for part in parts], {"Software": "a test"})
    with Image.open(io.BytesIO(data)) as image:
        assert np.array_equal(np.asarray(image), np.concatenate([np.asarray(p) for p in parts]))
        assert image.info["Software"] == "a test"
    packed = b"".join(chunk[8:-4] for kind, chunk in png.chunks(data) if kind == b"IDAT")
    # Raises where the checksum of the whole is not that of its bands.
    assert len(zlib.decompress(packed)) == sum(heights) * (1 + 3 * width)


@quick
@given(st.integers(1, 50), st.integers(1, 30), st.integers(0, 99))
def test_a_band_is_unpacked_as_it_was(width, height, seed):
    image = noise(width, height, seed)
    assert np.array_equal(np.asarray(bands.unpack(bands.pack(image), width)), np.asarray(image))


def test_the_bands_of_a_file_are_found_again():
    made = [bands.pack(noise(40, height, height)) for height in (3, 20, 1)]
    assert bands.packed_in(bands.file(40, made, {})) == [band.packed for band in made]


def test_a_large_checksum_is_joined_without_loss():
    white = Image.new("RGB", (3000, 200), "white")
    data = bands.file(3000, [bands.pack(white)] * 3, {})
    packed = b"".join(chunk[8:-4] for kind, chunk in png.chunks(data) if kind == b"IDAT")
    assert len(zlib.decompress(packed)) == 600 * 9001


def test_what_is_no_band_is_refused():
    with pytest.raises(ValueError, match="decompress"):
        bands.unpack(bands.Band(4, 1, b"\xff\xff\xff\xff"), 5)
    with pytest.raises(ValueError, match="shape"):
        bands.unpack(bands.pack(noise(5, 3, 1)), 6)

"""A picture at smaller sizes."""

import numpy as np
import pytest

from tasks.finish.alpha import shrunk_flat
from tasks.finish.pyramid import Pyramid
from tasks.pictures.alpha import premultiply


@pytest.mark.parametrize(
    ("width", "height"), [(64, 96), (96, 64), (100, 104), (63, 96), (64, 2), (6, 4), (1, 1)]
)
def test_every_size_is_that_of_averaging_all_at_once(width: int, height: int) -> None:
    random = np.random.default_rng(width * height)
    pixels = random.integers(0, 256, (height, width, 4), np.uint8)
    # many even sums, whose means lie halfway between two levels
    pixels[: height // 2] &= 0xFE
    whole = premultiply(pixels)
    for times in (1 / 16, 1 / 8, 1 / 4, 1 / 2, 1.0, 0.3, 0.09):
        assert np.array_equal(Pyramid(pixels).flat(times), shrunk_flat(whole, times)), times

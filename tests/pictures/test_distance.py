"""The distance between two pictures, on which a threshold stands."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from tasks.ground.errors import Mistake
from tasks.pictures.distance import SIDE_PX, distance

Pixels = NDArray[np.uint8]

BLACK, WHITE, NOTHING = (0, 0, 0, 255), (255, 255, 255, 255), (0, 0, 0, 0)
few = settings(max_examples=30, deadline=None)
sides = st.integers(1, 9)
pictures = arrays(np.uint8, st.tuples(sides, sides, st.just(4)), elements=st.integers(0, 255))


def plain(colour: tuple[int, int, int, int], size: tuple[int, int] = (90, 60)) -> Pixels:
    return np.full((size[1], size[0], 4), colour, np.uint8)


@few
@given(pictures)
def test_a_picture_is_no_distance_from_itself(picture: Pixels):
    assert distance(picture, picture.copy()) == 0


@few
@given(pictures, pictures)
def test_the_way_back_is_as_long(first: Pixels, second: Pixels):
    assert distance(first, second) == distance(second, first)


@few
@given(pictures, pictures)
def test_it_lies_between_0_and_255(first: Pixels, second: Pixels):
    assert 0 <= distance(first, second) <= 255


@few
@given(pictures, pictures, pictures)
def test_a_detour_is_never_shorter(first: Pixels, by: Pixels, second: Pixels):
    assert distance(first, second) <= distance(first, by) + distance(by, second) + 1e-4


@few
@given(pictures, st.tuples(*[st.integers(0, 255)] * 3))
def test_the_colour_of_what_is_transparent_does_not_count(picture: Pixels, colour: tuple[int, ...]):
    repainted = picture.copy()
    repainted[picture[..., 3] == 0, :3] = colour
    assert distance(picture, repainted) == 0


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        (BLACK, WHITE, 255 * (3 / 4) ** 0.5),
        (WHITE, NOTHING, 255),
        (BLACK, NOTHING, 255 * (1 / 4) ** 0.5),
        ((100, 100, 100, 255), (110, 100, 100, 255), 5),
        ((200, 0, 0, 51), (0, 0, 0, 51), 20),
    ],
)
def test_it_is_what_the_formula_gives(
    first: tuple[int, int, int, int], second: tuple[int, int, int, int], expected: float
):
    assert distance(plain(first), plain(second)) == pytest.approx(expected, abs=1e-3)


def test_one_block_of_the_64_counts_as_one_of_4096():
    first, second = plain(BLACK, (256, 512)), plain(BLACK, (256, 512))
    second[16:24, 40:44] = WHITE
    expected = 255 * (3 / 4 / SIDE_PX**2) ** 0.5
    assert distance(first, second) == pytest.approx(expected, abs=1e-3)


def test_pictures_of_other_sizes_can_be_compared():
    assert distance(plain(WHITE, (64, 64)), plain(WHITE, (1024, 1536))) == pytest.approx(
        0, abs=1e-3
    )


def test_fine_grain_averages_out_and_a_feature_does_not():
    grain = np.random.default_rng(1).normal(0, 8, (960, 640, 3))
    first = plain((128, 128, 128, 255), (640, 960))
    grained, with_mouth = first.copy(), first.copy()
    grained[..., :3] = np.clip(first[..., :3] + grain, 0, 255)
    with_mouth[600:640, 280:360, :3] = 40
    assert distance(first, grained) < 1
    assert distance(first, with_mouth) > 4 * distance(first, grained)


def test_what_is_no_rgba_picture_is_refused():
    with pytest.raises(Mistake, match="not RGBA"):
        distance(np.zeros((4, 4, 3), np.uint8), plain(BLACK))


def test_of_a_picture_of_seven_rows_the_means_round_upwards():
    nothing = np.zeros((1, 1, 4), np.uint8)
    assert distance(nothing, np.full((7, 1, 4), 255, np.uint8)) == 255

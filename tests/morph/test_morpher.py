"""In-betweens: what they hold to, and how near they come to the truth that the puppet knows."""

from concurrent.futures import ThreadPoolExecutor
from functools import cache

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from PIL import Image

from tasks import puppet
from tasks.character.face import Face, Head
from tasks.character.read import parse, read_text
from tasks.ground.errors import Mistake
from tasks.morph import Morpher, morph
from tests.conftest import ROOT

Pixels = NDArray[np.uint8]

SIZE = (400, 600)
TIMES = (0.25, 0.5, 0.75)
BLINK = {"eyeBlinkLeft": 1.0, "eyeBlinkRight": 1.0}
AH = {"jawOpen": 0.7, "mouthLowerDownLeft": 0.2, "mouthLowerDownRight": 0.2}
SMILE = {
    **dict.fromkeys(("mouthSmileLeft", "mouthSmileRight"), 1.0),
    **dict.fromkeys(("mouthUpperUpLeft", "mouthUpperUpRight"), 0.4),
    "jawOpen": 0.3,
}
BROWS = {"browInnerUp": 0.8, "browOuterUpLeft": 0.8, "browOuterUpRight": 0.8}
FRAMES = {"blink": BLINK, "ah": AH, "smile": SMILE, "brows": BROWS}


@cache
def portrait() -> tuple[Pixels, Face]:
    character = parse(read_text(ROOT / "expressions.json"), "expressions.json")
    image = Image.open(ROOT / character.base_image).convert("RGBA").resize(SIZE)
    return np.array(image), character.face


@cache
def puppet_at(name: str, share: float) -> Pixels:
    """The truth: the portrait with a share of an expression's weights."""
    pixels, face = portrait()
    weights = {shape: share * weight for shape, weight in FRAMES[name].items()}
    drawn = puppet.render(pixels, face, weights, Head(), SIZE)
    drawn.setflags(write=False)
    return drawn


@cache
def pair(name: str) -> Morpher:
    return Morpher(puppet_at(name, 0), puppet_at(name, 1))


def premultiplied(picture: Pixels) -> NDArray[np.float32]:
    out = picture.astype(np.float32)
    out[..., :3] *= out[..., 3:] / 255
    return out


def psnr_db(one: Pixels, other: Pixels) -> float:
    mean = float(((premultiplied(one) - premultiplied(other)) ** 2).mean())
    return 99.0 if mean == 0 else 10 * float(np.log10(255**2 / mean))


def cross_fade(first: Pixels, second: Pixels, t: float) -> Pixels:
    mixed = (1 - t) * premultiplied(first) + t * premultiplied(second)
    mixed[..., :3] *= 255 / np.maximum(mixed[..., 3:], 1)
    return np.clip(mixed + 0.5, 0, 255).astype(np.uint8)


def textured(size: tuple[int, int] = (200, 160), seed: int = 1) -> Pixels:
    """An opaque picture, soft and full of detail."""
    noise = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3)).astype(np.float32)
    soft = cv2.GaussianBlur(noise, (0, 0), 3)
    soft = (soft - soft.min()) / (soft.max() - soft.min()) * 255
    return np.dstack([soft, np.full(soft.shape[:2], 255)]).astype(np.uint8)


sides = st.integers(1, 40)
pictures = arrays(np.uint8, st.tuples(sides, sides, st.just(4)), elements=st.integers(0, 255))


@given(pictures, st.integers(0, 255))
@settings(max_examples=25, deadline=None)
def test_any_pair_has_pictures_between_and_its_own_at_the_ends(first: Pixels, shade: int):
    second = np.roll(first, 1, axis=0)
    second[: len(second) // 2, :, :3] = shade
    morpher = Morpher(first, second)
    assert np.array_equal(morpher.at(0), first)
    assert np.array_equal(morpher.at(1), second)
    between = morpher.at(0.5)
    assert between.shape == first.shape
    assert between.dtype == np.uint8


@pytest.mark.parametrize("t", [0, 0.1, 0.5, 0.999, 1])
def test_between_equal_pictures_lies_that_picture(t: float):
    first = puppet_at("blink", 0)
    assert np.array_equal(morph(first, first.copy(), t), first)


@pytest.mark.parametrize("name", FRAMES)
def test_what_lies_outside_of_what_changes_stays_to_the_bit(name: str):
    first, second = puppet_at(name, 0), puppet_at(name, 1)
    changed = (first != second).any(axis=2).astype(np.uint8)
    outside = cv2.dilate(changed, np.ones((61, 61), np.uint8)) == 0
    assert outside.mean() > 0.3
    for t in TIMES:
        assert np.array_equal(pair(name).at(t)[outside], first[outside])


def test_what_changes_in_one_place_does_not_move_another():
    first = textured()
    second = first.copy()
    second[20:40, 20:40, :3] = 255 - second[20:40, 20:40, :3]
    between = morph(first, second, 0.5)
    assert np.array_equal(between[70:], first[70:])
    assert np.array_equal(between[:, 80:], first[:, 80:])


def test_what_rests_amid_what_changes_stays_to_the_bit_even_where_it_is_transparent():
    first = textured() // 2
    first[..., 3] = 255
    hole = (slice(60, 80), slice(80, 120))
    first[hole][..., 3] = 0
    second = first.copy()
    second[50:90, 70:130, :3] += 1
    second[hole] = first[hole]
    between = morph(first, second, 0.5)
    assert np.array_equal(between[hole], first[hole])


def test_neither_keyframe_is_written_on():
    first, second = puppet_at("ah", 0).copy(), puppet_at("ah", 1).copy()
    kept = first.copy(), second.copy()
    morpher = Morpher(first, second)
    for t in (0, 0.5, 1):
        morpher.at(t)[:] = 7
    assert np.array_equal(first, kept[0])
    assert np.array_equal(second, kept[1])


def test_the_same_pair_gives_the_same_bytes_from_any_thread():
    first, second = puppet_at("smile", 0), puppet_at("smile", 1)
    expected = [morph(first, second, t) for t in TIMES]
    with ThreadPoolExecutor(4) as threads:
        threaded = list(threads.map(pair("smile").at, TIMES * 3))
        cold = list(threads.map(lambda t: morph(first, second, t), TIMES))
    for found in (threaded[:3], threaded[3:6], threaded[6:], cold):
        assert all(np.array_equal(*both) for both in zip(found, expected, strict=True))


def test_the_number_of_threads_of_opencv_changes_nothing():
    first, second = puppet_at("smile", 0), puppet_at("smile", 1)
    before, found = cv2.getNumThreads(), []
    try:
        for count in (1, 2, 5):
            cv2.setNumThreads(count)
            found.append(morph(first, second, 0.5))
    finally:
        cv2.setNumThreads(before)
    assert all(np.array_equal(each, found[0]) for each in found)


@pytest.mark.parametrize(("t", "shift"), [(0.25, 2), (0.5, 4), (0.75, 6)])
def test_what_moves_is_moved_and_not_faded(t: float, shift: int):
    wide = textured((260, 160))
    first, second, truth = wide[:, 20:220], wide[:, 12:212], wide[:, 20 - shift : 220 - shift]
    between = morph(np.ascontiguousarray(first), np.ascontiguousarray(second), t)
    inner = (slice(20, -20), slice(30, -30))
    assert psnr_db(between[inner], truth[inner]) > 30
    assert psnr_db(cross_fade(first, second, t)[inner], truth[inner]) < 28


def test_an_edge_against_nothing_moves_without_a_halo():
    def disc(x: int) -> Pixels:
        mask = np.zeros((160, 200), np.uint8)
        cv2.circle(mask, (x, 80), 40, 255, -1, cv2.LINE_AA)
        return np.dstack([np.where(mask[..., None] > 0, (200, 60, 40), 0), mask]).astype(np.uint8)

    between = morph(disc(90), disc(102), 0.5)
    seen = between[..., 3] > 16
    assert np.abs(between[seen][:, :3].astype(int) - (200, 60, 40)).max() <= 12
    assert psnr_db(between, disc(96)) > 28


# What a face of 400x600 pixels came to, less 1 dB, at the worst of the three times.
LEAST_DB = {"blink": 24, "ah": 26.5, "smile": 30, "brows": 31}


@pytest.mark.parametrize("name", FRAMES)
def test_in_betweens_are_near_the_truth_and_nearer_than_a_cross_fade(name: str):
    first, second = puppet_at(name, 0), puppet_at(name, 1)
    changed = np.argwhere((first != second).any(axis=2))
    box = tuple(
        slice(low, high + 1) for low, high in zip(changed.min(0), changed.max(0), strict=True)
    )
    for t in TIMES:
        truth = puppet_at(name, t)[box]
        found_db = psnr_db(pair(name).at(t)[box], truth)
        faded_db = psnr_db(cross_fade(first, second, t)[box], truth)
        assert found_db >= LEAST_DB[name]
        assert found_db >= faded_db + 1.5


LID_PX = 40


@cache
def eye(open_px: int) -> Pixels:
    """A drawn eye, open by so many pixels above its lower lid; the iris stays where it is."""
    canvas = np.full((480, 200, 4), (240, 205, 180, 255), np.uint8)
    inside = np.full_like(canvas, (252, 250, 246, 255))
    cv2.circle(inside, (100, 237), 22, (30, 140, 60, 255), -1, cv2.LINE_AA)
    cv2.circle(inside, (100, 237), 10, (15, 15, 15, 255), -1, cv2.LINE_AA)
    y, x = np.mgrid[:480, :200]
    half = LID_PX / 2 * np.sqrt(np.maximum(0, 1 - ((x - 100) / 50) ** 2))
    lower = 240 + half
    upper = lower - 2 * half * open_px / LID_PX
    opening = (y > upper) & (y < lower)
    canvas[opening] = inside[opening]
    for edge, colour, thick in ((lower, (190, 120, 100), 2), (upper, (50, 25, 20), 5)):
        line = np.stack([np.arange(50, 151), edge[0, 50:151]], axis=1)
        points = np.round(line * 16).astype(np.int32)
        cv2.polylines(canvas, [points], False, (*colour, 255), thick, cv2.LINE_AA, 4)
    return canvas


@pytest.mark.parametrize("t", TIMES)
def test_a_lid_closes_over_an_iris_that_stays(t: float):
    first, second, truth = eye(LID_PX), eye(0), eye(round(LID_PX * (1 - t)))
    between_db = psnr_db(morph(first, second, t), truth)
    assert between_db > psnr_db(cross_fade(first, second, t), truth) + 2


@pytest.mark.parametrize("t", TIMES)
def test_no_iris_shines_through_a_lid_and_no_lash_stays_behind(t: float):
    between = morph(eye(LID_PX), eye(0), t)
    closed_px = round(LID_PX * t)
    lid = between[216 : 216 + closed_px - 8, 90:110, :3].astype(int)
    assert np.abs(lid - (240, 205, 180)).max() < 40


def test_a_row_of_in_betweens_goes_forward_evenly():
    first = premultiplied(puppet_at("ah", 0))
    ways = [
        float(np.abs(premultiplied(pair("ah").at(t)) - first).mean()) for t in np.linspace(0, 1, 11)
    ]
    steps = np.diff(ways)
    assert steps.min() > 0
    assert steps.max() < 3 * ways[-1] / 10


def test_colours_under_what_is_transparent_do_not_count():
    first, second = textured(), textured()
    first[:50, :, 3] = second[:50, :, 3] = 0
    second[:50, :, :3] = 255
    assert np.array_equal(morph(first, second, 0.5), first)


@pytest.mark.parametrize("t", [-0.1, 1.1, float("nan")])
def test_times_beyond_the_keyframes_are_refused(t: float):
    with pytest.raises(ValueError, match="from 0 to 1"):
        morph(eye(LID_PX), eye(0), t)


def test_keyframes_of_different_sizes_are_refused():
    with pytest.raises(Mistake, match="200x480 and 100x100 pixels"):
        morph(eye(LID_PX), np.zeros((100, 100, 4), np.uint8), 0.5)

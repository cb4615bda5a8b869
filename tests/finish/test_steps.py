"""Finishing: what each step must hold to, and a small part of the campaign that proves them."""

import subprocess
import sys
from dataclasses import replace
from functools import cache

import cv2
import numpy as np
import pytest

from tasks.character.settings import Finish
from tasks.finish import key as key_module
from tasks.finish.alpha import Mask, Pixels, premultiplied, straight
from tasks.finish.key import key
from tasks.finish.measure import measure
from tasks.finish.pyramid import Pyramid
from tasks.finish.reference import Reference
from tasks.finish.region import from_landmarks, from_picture
from tasks.finish.register import register
from tasks.finish.size import sized
from tasks.finish.steps import Finished, finish
from tests.benchmarks.stillness import face_places, seam_jump
from tests.harness import known_takes
from tests.harness.known_takes import Case

HEIGHT = 768
SIZE = (512, 768)
DEFAULTS = Finish()
MOVED = Case(1, "happy_big", (7.25, -5.5), 1.3, 1.02)
TINTED = replace(MOVED, gain=(1.08, 0.95, 1.0), offset=(6.0, -3.0, 9.0), noise=2, jpeg=90)


def reference() -> Pixels:
    return known_takes.portrait(HEIGHT)


def region() -> Mask:
    return known_takes.region(HEIGHT)


def held() -> Reference:
    return known_takes.reference(HEIGHT)


@cache
def finished(case: Case, settings: Finish = DEFAULTS) -> Finished:
    return finish(known_takes.take(case, HEIGHT), held(), settings, SIZE)


def off_px(case: Case, found: Finished) -> float:
    return found.motion.apart_px(known_takes.truth(case, SIZE), face_places(region()))


def test_settings_load_without_pictures():
    code = "import sys, tasks.character.settings; print({'numpy', 'cv2', 'PIL'} & set(sys.modules))"
    ran = subprocess.run(
        [sys.executable, "-c", code],
        cwd=known_takes.ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout.strip() == "set()"


def test_moved_takes_are_found_to_a_tenth_of_a_pixel():
    cases = [case for case in known_takes.good_cases(12) if not case.redrawn_px]
    assert any(case.leak for case in cases)
    errors = [off_px(case, finished(case)) for case in cases]
    assert float(np.median(errors)) < 0.03
    assert max(errors) < 0.1


@pytest.mark.parametrize("kind", ["shift", "similarity", "affine"])
def test_every_kind_of_motion_finds_a_shift(kind):
    case = Case(3, "surprised", (-9.75, 11.25))
    found = register(Pyramid(known_takes.take(case, HEIGHT)), held(), kind)
    assert not found.problem
    assert found.motion.apart_px(known_takes.truth(case, SIZE), face_places(region())) < 0.05


def test_only_an_affine_motion_finds_a_stretch():
    stretch = np.array([[1.02, 0.004, -3.0], [0.0, 0.99, 2.0]])
    take = cv2.warpAffine(reference(), stretch, SIZE, flags=cv2.INTER_LANCZOS4)
    found = {
        kind: register(Pyramid(take), held(), kind).motion.rows for kind in ("similarity", "affine")
    }
    assert np.abs(np.array(found["affine"]) - stretch)[:, :2].max() < 5e-4
    assert np.abs(np.array(found["similarity"]) - stretch)[:, :2].max() > 5e-3


def test_another_picture_is_left_alone_and_that_is_said():
    noise = np.random.default_rng(5).integers(0, 256, (*reference().shape[:2], 4), dtype=np.uint8)
    noise[..., 3] = 255
    found = finish(noise, held(), replace(DEFAULTS, lock=False), SIZE)
    assert not found.registered
    assert any(note.startswith("register: not aligned") for note in found.notes)
    assert np.array_equal(found.picture, noise) or found.colours is not None


def test_a_blank_take_is_left_alone():
    blank = np.full((*reference().shape[:2], 4), 255, np.uint8)
    found = finish(blank, Reference(reference(), None), DEFAULTS, SIZE)
    assert not found.registered
    assert np.array_equal(found.picture, blank)


def test_locked_frames_are_the_reference_outside_the_face_to_the_bit():
    outside = region() == 0
    for case in (MOVED, TINTED, replace(TINTED, expression="sad", leak="scene", seed=9)):
        assert np.array_equal(finished(case).picture[outside], reference()[outside])
        assert not np.array_equal(finished(case).picture, reference())


def test_the_reference_itself_comes_back_to_the_bit():
    found = finish(reference(), held(), DEFAULTS, SIZE)
    assert np.array_equal(found.picture, reference())
    assert found.notes == ()


def test_the_face_is_that_of_the_take():
    wanted = known_takes.drawn(TINTED.expression, HEIGHT).astype(np.int16)
    inside = region() > 0
    before = np.abs(known_takes.take(TINTED, HEIGHT) - wanted)[inside].mean()
    after = np.abs(finished(TINTED).picture - wanted)[inside].mean()
    assert after < 3 < before / 3


@pytest.mark.parametrize("seam", ["feather", "gradient"])
def test_the_seam_is_no_rougher_than_the_reference(seam):
    for case in (MOVED, TINTED):
        picture = finished(case, replace(DEFAULTS, seam=seam)).picture
        wanted = known_takes.drawn(case.expression, HEIGHT)
        assert seam_jump(picture, reference(), wanted, region()) < 1.15


def test_the_gradient_seam_levels_a_light_that_matching_cannot_know():
    take = known_takes.drawn("blink_closed", HEIGHT).copy()
    face = cv2.GaussianBlur(region(), (0, 0), 20).astype(np.float32)[..., None] / 255
    take[..., :3] = np.clip(take[..., :3] - 14 * face, 0, 255)
    wanted = known_takes.drawn("blink_closed", HEIGHT).astype(np.int16)
    inside = (region() > 0) & (reference()[..., 3] == 255)
    left = {}
    for seam in ("feather", "gradient"):
        settings = replace(DEFAULTS, seam=seam)
        picture = finish(take, held(), settings, SIZE).picture
        left[seam] = np.abs(picture - wanted)[inside].mean()
    assert left["gradient"] < 0.75 * left["feather"]


def test_a_leaked_background_does_not_reach_the_frame():
    clear = reference()[..., 3] == 0
    for leak in known_takes.LEAKS:
        picture = finished(replace(MOVED, leak=leak)).picture
        assert np.count_nonzero(picture[clear][:, 3]) < 0.005 * clear.sum()


def test_without_lock_what_the_take_does_not_show_comes_from_the_reference():
    case = Case(4, "sad", (10.0, 12.0))
    found = finished(case, replace(DEFAULTS, lock=False))
    assert np.array_equal(found.picture[-2:], reference()[-2:])


def test_without_a_region_nothing_is_locked_and_that_is_said():
    found = finish(known_takes.take(MOVED, HEIGHT), Reference(reference(), None), DEFAULTS, SIZE)
    assert not found.locked
    assert any(note.startswith("lock: off") for note in found.notes)
    assert off_px(MOVED, found) < 0.5


def test_every_step_can_be_off():
    off = Finish(size=False, key="off", register="off", match=False, lock=False)
    take = known_takes.take(replace(TINTED, leak="green"), HEIGHT)
    assert np.array_equal(finish(take, held(), off, SIZE).picture, take)


def test_the_same_take_gives_the_same_bytes_on_any_number_of_threads():
    take = known_takes.take(replace(TINTED, leak="green"), HEIGHT)
    threads = cv2.getNumThreads()
    answers = []
    try:
        for count in (1, 2, 7):
            cv2.setNumThreads(count)
            found = finish(take, held(), DEFAULTS, SIZE)
            figures = measure(take, found, held())
            answers.append((found.picture.tobytes(), found.motion, figures))
    finally:
        cv2.setNumThreads(threads)
    assert answers[0] == answers[1] == answers[2]


def test_a_take_is_brought_to_size_without_a_dark_edge():
    white = np.zeros((100, 80, 4), np.uint8)
    white[30:70, 20:60] = 255
    small = sized(white, (40, 50))
    assert small.shape == (50, 40, 4)
    assert small[small[..., 3] > 0][:, :3].min() == 255
    assert sized(white, (80, 100)) is white


def test_a_take_of_another_size_is_still_finished():
    take = sized(known_takes.take(MOVED, HEIGHT), (400, 600))
    found = finish(take, held(), DEFAULTS, SIZE)
    assert found.picture.shape == reference().shape
    assert np.array_equal(found.picture[region() == 0], reference()[region() == 0])


@pytest.mark.parametrize("leak", ["white", "green"])
def test_a_flat_background_is_keyed_with_clean_edges(leak):
    case = Case(6, "happy_soft", leak=leak)
    keyed = key(known_takes.take(case, HEIGHT), "auto", Reference(reference(), None))
    assert keyed.done
    wanted = known_takes.drawn("happy_soft", HEIGHT)
    assert np.abs(premultiplied(keyed.picture) - premultiplied(wanted)).mean() < 0.6
    edge = (keyed.picture[..., 3] > 60) & (cv2.erode(wanted[..., 3], np.ones((7, 7))) < 255)
    if leak == "green":
        spill = keyed.picture[edge].astype(np.int16)
        own = wanted[edge].astype(np.int16)
        assert np.percentile(spill[:, 1] - spill[:, 0] - (own[:, 1] - own[:, 0]), 95) < 25


def test_nothing_is_keyed_where_the_take_has_alpha_or_the_reference_has_none():
    take = known_takes.take(MOVED, HEIGHT)
    assert key(take, "auto", Reference(reference(), None)).picture is take
    opaque = known_takes.take(replace(MOVED, leak="white"), HEIGHT)
    assert key(opaque, "auto", Reference(opaque, None)).picture is opaque
    assert key(opaque, "#fafaf8", Reference(opaque, None)).done


def test_a_background_of_many_colours_is_not_keyed_and_that_is_said():
    take = known_takes.take(replace(MOVED, leak="scene"), HEIGHT)
    keyed = key(take, "auto", Reference(reference(), None))
    assert keyed.picture is take
    assert keyed.problem


def test_of_what_is_no_background_no_edge_is_worked_out(monkeypatch: pytest.MonkeyPatch):
    def cut(*_arguments: object) -> None:
        raise AssertionError("its edge was worked out")

    monkeypatch.setattr(key_module, "_cut", cut)
    take = known_takes.take(replace(MOVED, leak="white"), HEIGHT).copy()
    take[: HEIGHT * 2 // 3] = 255  # a wall before the head
    assert key(take, "auto", Reference(reference(), None)).problem


def test_the_nearest_colour_is_that_of_the_nearest_pixel():
    picture = np.random.default_rng(2).integers(0, 256, (40, 30, 4), np.uint8)
    there = np.array([(y, x) for y in range(2, 40, 9) for x in range(1 + y % 4, 30, 7)])
    sure = np.zeros((40, 30), np.uint8)
    sure[tuple(there.T)] = 1
    rows, columns = np.nonzero(sure == 0)
    found = key_module._nearest(picture, sure, rows, columns)
    for row, column, colour in zip(rows, columns, found, strict=True):
        away = np.hypot(*(there - (row, column)).T)
        near = there[away <= away.min() + 0.6]  # the library's distances are not exact
        assert colour.tolist() in picture[tuple(near.T)][:, :3].tolist()


def test_premultiplying_there_and_back_keeps_pixels():
    picture = reference()
    seen = picture[..., 3] > 0
    assert np.array_equal(straight(premultiplied(picture))[seen], picture[seen])


def test_the_region_holds_all_that_expressions_change():
    outside = region() == 0
    for name in known_takes.expressions():
        changed = (
            np.abs(known_takes.drawn(name, HEIGHT).astype(np.int16) - reference()).max(axis=2) > 8
        )
        assert np.count_nonzero(changed & outside) <= 0.005 * np.count_nonzero(changed)


def test_a_mask_picture_says_where_the_face_is():
    mask = np.zeros((96, 64, 4), np.uint8)
    mask[..., 3] = 255
    assert from_picture(mask, SIZE) is None
    mask[20:60, 16:48, :3] = 255
    found = from_picture(mask, SIZE)
    assert found is not None
    assert found.shape == SIZE[::-1]
    assert found[160:480, 128:384].mean() > 250
    assert np.count_nonzero(found) == pytest.approx(320 * 256, rel=0.05)


def test_a_larger_margin_makes_a_larger_region():
    face = known_takes.character().face
    one, two = (np.count_nonzero(from_landmarks(face, SIZE, margin)) for margin in (0.7, 1.3))
    assert one < np.count_nonzero(region()) < two

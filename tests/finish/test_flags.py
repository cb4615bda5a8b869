"""The figures of frames and the flags that follow: hits on spoilt takes, silence on clean ones."""

import json
from dataclasses import asdict, replace

import numpy as np
import pytest

from tasks.character.settings import Finish, Thresholds
from tasks.finish.flags import alike, flags, rank
from tasks.finish.measure import Figures, apart, measure
from tasks.finish.steps import finish
from tests.benchmarks.stillness import BARE, LOCKED, SEEN_WHEN_BARE
from tests.harness import known_takes
from tests.harness.known_takes import Case

HEIGHT = 768
SIZE = (512, 768)
DEFAULTS = Thresholds()


def figures(case: Case, settings: Finish = LOCKED, **options: bool) -> Figures:
    take = known_takes.take(case, HEIGHT)
    held = known_takes.reference(HEIGHT)
    finished = finish(take, held, settings, SIZE)
    return measure(take, finished, held, **options)


def kinds(found: Figures) -> set[str]:
    return {flag.kind for flag in flags(found, DEFAULTS)}


def test_clean_takes_raise_no_flag():
    for case in known_takes.good_cases(10, seed=4):
        if not case.redrawn_px:
            assert kinds(figures(case)) == set(), case
        if not case.redrawn_px and not case.leak:
            assert kinds(figures(case, BARE)) == set(), case


@pytest.mark.parametrize("kind", [kind for kind in known_takes.BAD if kind != "alike"])
def test_spoilt_takes_are_flagged_for_what_they_are(kind):
    settings = BARE if kind in SEEN_WHEN_BARE else LOCKED
    for case in known_takes.bad_cases(kind, 2, seed=5):
        assert kind in kinds(figures(case, settings)), case


def test_what_locking_mends_is_not_flagged_but_still_known():
    case = next(iter(known_takes.bad_cases("alpha", 1)))
    found = figures(case)
    assert kinds(found) == set()
    assert found.take_alpha_lost > 0.9
    assert found.outside_ssim == 1
    assert found.outside_max == 0


def test_of_a_blank_take_only_that_is_said():
    case = next(iter(known_takes.bad_cases("blank", 1)))
    assert kinds(figures(case)) == {"blank"}


def test_two_takes_of_one_expression_are_alike_and_two_expressions_are_not():
    cases = {
        "one": Case(1, "speaking_ee", (3.25, 2.0), noise=4),
        "two": Case(2, "speaking_ee", (-6.0, 1.5), turn_deg=1.0, jpeg=80),
        "other": Case(3, "speaking_uw", (1.0, -4.75)),
    }
    faces = {name: figures(case).signature or "" for name, case in cases.items()}
    found = alike(faces, DEFAULTS)
    assert set(found) == {"one", "two"}
    assert "looks like two" in found["one"].line
    assert apart(faces["one"], faces["one"]) == 0


def test_faces_of_regions_of_other_sizes_are_not_compared():
    assert apart("2x1:AAA=", "1x2:AAA=") is None


def test_the_neutral_frame_is_never_too_weak():
    case = Case(1, "neutral", (2.0, 1.0))
    assert "weak" in kinds(figures(case))
    assert "weak" not in kinds(figures(case, is_neutral=True))


def test_figures_are_plain_json():
    found = figures(Case(1, "sad", (2.0, 1.0)))
    text = json.dumps(asdict(found))
    again = Figures(**json.loads(text))
    assert replace(again, size_px=SIZE, wanted_px=SIZE) == found


def test_the_drift_of_a_take_is_told_in_pixels():
    found = figures(Case(1, "sad", (6.0, 8.0)))
    assert found.take_drift_px == pytest.approx(5.0, abs=0.05)
    assert found.drift_px is not None
    assert found.drift_px < 0.4


def test_every_flag_has_one_line_for_the_person():
    found = figures(next(iter(known_takes.bad_cases("drift", 1))))
    spoilt = replace(
        found, size_px=(1, 2), cropped=0.5, outside_ssim=0.1, alpha_lost=0.5, halo=99, strength=0.1
    )
    lines = {flag.kind: flag.line for flag in flags(spoilt, DEFAULTS)}
    assert set(lines) == {"size", "cropped", "drift", "outside", "alpha", "halo", "weak"}
    assert all(line and "\n" not in line for line in lines.values())


def test_the_better_of_two_takes_ranks_first():
    clean = figures(Case(1, "sad", (3.0, 1.0)))
    leaked = figures(Case(1, "sad", (3.0, 1.0), leak="scene"))
    drifted = figures(next(iter(known_takes.bad_cases("drift", 1))))
    blank = figures(next(iter(known_takes.bad_cases("blank", 1))))
    ranks = [rank(one, DEFAULTS) for one in (clean, leaked, drifted, blank)]
    assert ranks == sorted(ranks)
    assert len(set(ranks)) == 4


def test_cases_are_the_same_each_time_they_are_made():
    case = next(iter(known_takes.good_cases(1)))
    assert np.array_equal(known_takes.made(case, 384), known_takes.made(case, 384))
    assert next(iter(known_takes.good_cases(1))) == case

"""Eases: from a share of the time to a share of the way."""

import subprocess
import sys
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.character.ease import DEFAULT, EASES, checked, eased
from tasks.ground.errors import Mistake
from tests.conftest import ROOT

names = st.sampled_from(sorted(EASES))
shares = st.floats(0, 1)


@pytest.mark.parametrize("name", EASES)
def test_every_ease_starts_at_0_and_ends_at_1(name: str):
    assert (eased(name, 0), eased(name, 1)) == (0, 1)


@given(names, shares, shares)
def test_no_ease_ever_goes_back(name: str, one: float, other: float):
    earlier, later = sorted((one, other))
    assert eased(name, earlier) <= eased(name, later) + 1e-12


@given(names, shares)
def test_every_ease_stays_between_0_and_1(name: str, share: float):
    assert 0 <= eased(name, share) <= 1


@pytest.mark.parametrize("name", EASES)
def test_no_ease_jumps(name: str):
    steps = [eased(name, step / 10_000) for step in range(10_001)]
    assert max(after - before for before, after in pairwise(steps)) < 0.02


@given(st.sampled_from(sorted(name for name in EASES if name.startswith("in"))), shares)
def test_out_is_in_backwards_and_in_out_is_the_same_from_both_ends(name: str, share: float):
    if name.startswith("in_out"):
        assert eased(name, share) == pytest.approx(1 - eased(name, 1 - share), abs=1e-9)
    else:
        backwards = name.replace("in", "out", 1)
        assert eased(backwards, share) == pytest.approx(1 - eased(name, 1 - share), abs=1e-9)


@pytest.mark.parametrize(
    ("name", "at_a_quarter"),
    [
        ("linear", 0.25),
        ("in", 0.0625),
        ("out", 0.4375),
        ("in_out", 0.125),
        ("smooth", 0.15625),
        ("in_cubic", 0.015625),
        ("in_out_cubic", 0.0625),
        ("in_sine", 0.0761205),
        ("out_sine", 0.3826834),
        ("in_circ", 0.0317542),
    ],
)
def test_an_ease_is_the_curve_of_its_name(name: str, at_a_quarter: float):
    assert eased(name, 0.25) == pytest.approx(at_a_quarter, abs=1e-6)


def test_the_default_changes_nothing():
    assert eased(DEFAULT, 0.3) == 0.3


@pytest.mark.parametrize("share", [-0.01, 1.01, float("nan")])
def test_a_share_beyond_0_and_1_is_refused(share: float):
    with pytest.raises(ValueError, match="from 0 to 1"):
        eased("linear", share)


def test_an_unknown_name_is_answered_with_the_nearest_and_all_names():
    with pytest.raises(Mistake, match=r'"in_sin"; did you mean "in_sine"\? \(allowed: linear, '):
        checked("in_sin")
    assert checked("in_sine") == "in_sine"


def test_eases_cost_no_heavy_import():
    script = (
        "import sys, tasks.character.ease, tasks.exports.film;"
        "print({'numpy', 'PIL', 'cv2'} & {*sys.modules})"
    )
    ran = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert ran.stdout.strip() == "set()"

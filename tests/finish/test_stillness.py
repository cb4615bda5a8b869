"""The benchmark of stillness goes on running: it is what changes of finishing are held against."""

import pytest

from tests.benchmarks import stillness
from tests.harness import known_takes

HEIGHT = 192


def test_the_benchmark_measures_clean_takes_and_spoilt_ones(capsys: pytest.CaptureFixture[str]):
    tally = stillness.good(known_takes.good_cases(1), HEIGHT)
    stillness.report(tally, HEIGHT)
    printed = capsys.readouterr().out
    assert "difference outside the face, locked          0.000" in printed
    assert stillness.caught("cropped", 1, HEIGHT, {}) == [True]

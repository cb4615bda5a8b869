"""Estimates: from calls of the same kind that were measured, else from the table."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.models.prices import Price, Tokens
from tasks.requests.request import InputPicture, Request
from tasks.spending.estimate import LATENCY_S, Estimator, Kind, kind_of, table_tokens
from tasks.spending.ledger import DRAWN, Entry

MODEL = "gpt-image-2.5-sunburst"
KIND = Kind(MODEL, "1024x1536", "high", 1)
MEASURED = Entry(
    "2026-11-22", "sad__center", "k", MODEL, "1024x1536", "high", 1, DRAWN,
    cost_usd=0.5, tokens=Tokens(100, 400, 6240), latency_s=20.0,
)  # fmt: skip
COST_USD = (100 * 5 + 400 * 8 + 6240 * 30) / 1e6


def request(**changes: object) -> Request:
    """One of the kind above."""
    picture = InputPicture("d", lambda: None, lambda: b"")
    return Request(
        "openai",
        (1024, 1536),
        (picture,),
        prompt="p" * 400,
        model=MODEL,
        parameters={"quality": "high"},
        **changes,
    )


def test_the_kind_of_a_request_is_what_its_cost_depends_on():
    assert kind_of(request()) == KIND


def test_without_measured_calls_the_table_is_used_and_it_says_so():
    estimate = Estimator([]).estimate(request())
    assert estimate.measured == 0
    assert estimate.latency_s == LATENCY_S
    tokens = table_tokens(KIND, 400)
    assert tokens == Tokens(100, 323 + 6240, 6240)
    assert estimate.cost_usd == pytest.approx((100 * 5 + 6563 * 8 + 6240 * 30) / 1e6)


def test_until_several_calls_agree_the_dearer_of_table_and_measurement_counts():
    table_usd = Estimator([]).estimate(request()).cost_usd
    cheap = replace(MEASURED, tokens=Tokens(1, 1, 300))
    dear = replace(MEASURED, tokens=Tokens(100, 400, 20_000))
    nothing = replace(MEASURED, tokens=Tokens())
    for seen in ([MEASURED], [MEASURED] * 2, [cheap, cheap, MEASURED], [nothing] * 11):
        assert Estimator(seen).estimate(request()).cost_usd == table_usd
    assert Estimator([dear]).estimate(request()).cost_usd == pytest.approx(0.6037)


def test_measured_calls_that_agree_beat_the_table_by_their_tokens_at_the_price_of_now():
    estimate = Estimator([MEASURED] * 3).estimate(request())
    assert estimate.measured == 3
    assert estimate.latency_s == 20.0
    assert estimate.cost_usd == pytest.approx(COST_USD)  # not what it cost then


def test_of_several_the_dearest_cost_counts_and_the_median_time():
    dear = replace(MEASURED, tokens=Tokens(100, 400, 9000), latency_s=60.0)
    slow = replace(MEASURED, latency_s=30.0)
    estimate = Estimator([MEASURED, dear, slow]).estimate(request())
    assert estimate.measured == 3
    assert estimate.cost_usd == pytest.approx((100 * 5 + 400 * 8 + 9000 * 30) / 1e6)
    assert estimate.latency_s == 30.0


@pytest.mark.parametrize(
    "other",
    [
        {"model": "gpt-image-2.5-flare"},
        {"size": "1536x1024"},
        {"quality": "low"},
        {"references": 2},
        {"outcome": "refused"},
        {"outcome": "unusable"},
        {"outcome": "lost"},
        {"tokens": None},
    ],
)
def test_calls_of_another_kind_or_without_picture_say_nothing_of_the_cost(other):
    estimate = Estimator([replace(MEASURED, **other)]).estimate(request())
    assert estimate.measured == 0
    assert estimate.cost_usd == Estimator([]).estimate(request()).cost_usd


def test_what_a_run_measures_is_learned_at_once():
    estimator = Estimator([])
    for _ in range(3):
        estimator.learn(MEASURED)
    assert estimator.estimate(request()).cost_usd == pytest.approx(COST_USD)


def test_calls_of_a_batch_tell_the_cost_and_not_the_time():
    in_batch = replace(MEASURED, batch="batch_1", latency_s=70_000.0)
    estimate = Estimator([in_batch] * 3).estimate(request())
    assert estimate.cost_usd == pytest.approx(COST_USD)
    assert estimate.latency_s == LATENCY_S


def test_an_unknown_model_has_no_estimate():
    unknown = replace(MEASURED, model="flux")
    estimate = Estimator([unknown]).of_kind(replace(KIND, model="flux"), 100)
    assert estimate.cost_usd is None
    assert estimate.latency_s == 20.0


def test_the_config_s_price_is_used_and_one_by_the_picture_is_exact():
    prices = {"flux": Price(usd_per_image=0.04), MODEL: Price(None, 0.0)}
    estimator = Estimator([MEASURED], prices)
    assert estimator.of_kind(replace(KIND, model="flux"), 5).cost_usd == 0.04
    assert estimator.of_kind(replace(KIND, model="flux"), 5).exact
    assert estimator.estimate(request()).cost_usd == 0.0
    assert not Estimator([]).estimate(request()).exact


@pytest.mark.parametrize(
    ("size", "quality", "out"),
    [
        ("1024x1024", "low", 272),
        ("1024x1024", "medium", 1056),
        ("1024x1024", "high", 4160),
        ("1024x1536", "low", 408),
        ("1024x1536", "medium", 1584),
        ("1024x1536", "high", 6240),
        ("1536x1024", "high", 6240),
        ("512x512", "high", 4160),
        ("2048x2048", "high", 4 * 4160),
        ("1024x1024", "auto", 4160),
        ("1024x1024", "", 4160),
        ("1024x1024", "xhigh", 6240),
        ("1024x1024", "max", 8320),
    ],
)
def test_the_published_table_of_output_tokens(size: str, quality: str, out: int):
    assert table_tokens(Kind(MODEL, size, quality, 1), 0).image_out == out


QUALITIES = st.sampled_from(["low", "medium", "high", "xhigh", "max", "auto", ""])
EDGES = st.integers(1, 16384)


@settings(deadline=None)
@given(EDGES, EDGES, QUALITIES, st.integers(0, 16), st.integers(0, 32_000))
def test_more_of_anything_is_never_estimated_to_cost_less(
    width: int, height: int, quality: str, references: int, length: int
):
    kind = Kind(MODEL, f"{width}x{height}", quality, references)
    tokens = table_tokens(kind, length)
    assert min(tokens.text_in, tokens.image_in) >= 0
    assert tokens.image_out > 0
    estimator = Estimator([])
    cost = estimator.of_kind(kind, length).cost_usd
    assert estimator.of_kind(kind, length + 100).cost_usd > cost
    assert estimator.of_kind(replace(kind, references=references + 1), length).cost_usd > cost
    if width != height:
        assert estimator.of_kind(replace(kind, size=f"{2 * width}x{2 * height}"), 0).cost_usd >= (
            estimator.of_kind(kind, 0).cost_usd
        )

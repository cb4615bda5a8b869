"""Prices: which one a model has, and what tokens cost by it."""

import math

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tasks.models import facts as models
from tasks.models.prices import PRICES, Price, TokenPrices, Tokens, price_of, tokens_of

COUNTS = st.integers(0, 10**7)
TOKENS = st.builds(Tokens, COUNTS, COUNTS, COUNTS)
USD = st.floats(0, 1000)
TOKEN_PRICES = st.builds(TokenPrices, USD, USD, USD)


def own(**usd_per_image: float) -> dict[str, Price]:
    """Prices of the config's."""
    return {model: Price(usd_per_image=usd) for model, usd in usd_per_image.items()}


@pytest.mark.parametrize(
    ("model", "found"),
    [
        ("gpt-image-2", "gpt-image-2"),
        ("gpt-image-2.5-sunburst", "gpt-image-2.5"),
        ("gpt-image-2.5-sunburst-2026-09-08", "gpt-image-2.5"),
        ("gpt-image-2.6-flare", "gpt-image-2.6"),
        ("gpt-image-1-mini", "gpt-image-1-mini"),
        ("gpt-image-1-mini-2026-01-01", "gpt-image-1-mini"),
        ("gpt-image-2-2026-04-21", "gpt-image-2"),
        ("gpt-image-1", None),
        ("gpt-image-1.5", None),
        ("gpt-image-20", None),
        ("gpt-image-2.55", None),
        ("chatgpt-image-latest", None),
        ("flux", None),
        ("", None),
    ],
)
def test_a_model_and_its_snapshots_have_the_price_of_their_family(model: str, found: str | None):
    assert price_of(model) is (PRICES[found] if found else None)


def test_every_price_says_when_it_was_true_and_who_said_it():
    assert PRICES
    for price in PRICES.values():
        assert price.as_of >= "2026-11-22"
        assert price.source


def test_the_default_model_has_a_price():
    assert price_of(models.DEFAULT_MODEL) is not None


def test_the_figures_of_the_table():
    million = Tokens(1_000_000, 1_000_000, 1_000_000)
    assert price_of("gpt-image-2.5-sunburst").cost_usd(million) == pytest.approx(5 + 8 + 30)
    assert price_of("gpt-image-1-mini").cost_usd(million) == pytest.approx(2 + 2.5 + 8)
    assert price_of("gpt-image-2.6-flare").cost_usd(Tokens(text_in=1_000_000)) == pytest.approx(5)
    assert price_of("gpt-image-2").cost_usd(Tokens(image_in=1_000_000)) == pytest.approx(8)
    assert price_of("gpt-image-2").cost_usd(Tokens(image_out=1_000_000)) == pytest.approx(30)


def test_the_config_s_price_goes_first_and_the_longest_name_decides():
    prices = own(**{"gpt-image-2.5": 0.1, "gpt-image-2.5-flare": 0.0, "mine": 0.5})
    assert price_of("gpt-image-2.5-sunburst", prices).usd_per_image == 0.1
    assert price_of("gpt-image-2.5-flare-2026-09-08", prices).usd_per_image == 0.0
    assert price_of("mine", prices).usd_per_image == 0.5
    assert price_of("mine-too", prices).usd_per_image == 0.5
    assert price_of("gpt-image-2", prices) is PRICES["gpt-image-2"]
    assert price_of("miner", prices) is None


def test_a_price_by_the_picture_counts_no_tokens():
    price = Price(TokenPrices(5, 8, 30), usd_per_image=0.04)
    assert price.cost_usd(None) == 0.04
    assert price.cost_usd(Tokens(image_out=10**6)) == 0.04
    assert Price(usd_per_image=0.0).cost_usd(None) == 0.0


def test_without_tokens_nobody_knows_what_a_price_by_the_token_comes_to():
    assert Price(TokenPrices(5, 8, 30)).cost_usd(None) is None
    assert Price().cost_usd(Tokens(1, 1, 1)) is None


@settings(deadline=None)
@given(TOKEN_PRICES, TOKENS, TOKENS)
def test_a_cost_is_the_sum_of_its_parts_and_never_negative(
    prices: TokenPrices, one: Tokens, other: Tokens
):
    price = Price(prices)
    both = Tokens(
        one.text_in + other.text_in,
        one.image_in + other.image_in,
        one.image_out + other.image_out,
    )
    costs = [price.cost_usd(tokens) for tokens in (one, other)]
    assert all(cost is not None and cost >= 0 for cost in costs)
    assert math.isclose(price.cost_usd(both), math.fsum(costs), rel_tol=1e-9, abs_tol=1e-12)


# Tokens of an answer


@pytest.mark.parametrize(
    ("usage", "tokens"),
    [
        (
            {
                "input_tokens": 500,
                "input_tokens_details": {"image_tokens": 400, "text_tokens": 100},
                "output_tokens": 6240,
            },
            Tokens(100, 400, 6240),
        ),
        ({"input_tokens": 500, "output_tokens": 6240}, Tokens(0, 500, 6240)),
        (
            {
                "input_tokens": 500,
                "input_tokens_details": {"text_tokens": 100},
                "output_tokens": 272,
            },
            Tokens(100, 400, 272),
        ),
        # Input that is not named counts as the dearer kind.
        (
            {
                "input_tokens": 500,
                "input_tokens_details": {"image_tokens": 400},
                "output_tokens": 272,
            },
            Tokens(0, 500, 272),
        ),
        (
            {
                "input_tokens": 500,
                "input_tokens_details": {"image_tokens": 300, "text_tokens": 100},
                "output_tokens": 1,
            },
            Tokens(100, 400, 1),
        ),
        # A default of the other side is no measurement.
        ({"output_tokens": 6240}, None),
        ({"input_tokens": 500}, None),
        ({"output_tokens": 0, "input_tokens": 0}, None),
        ({"output_tokens": 0, "input_tokens": 500}, None),
        ({"output_tokens": "6240", "input_tokens": 500}, None),
        ({"output_tokens": 6240.5, "input_tokens": 500}, None),
        ({"output_tokens": 6240, "input_tokens": -500}, None),
        ({"output_tokens": 10**9, "input_tokens": 500}, None),
        ({}, None),
        ({"total_tokens": 5}, None),
        ({"output_tokens": "many", "input_tokens": None}, None),
        ({"output_tokens": True}, None),
        ({"output_tokens": -5}, None),
        (
            {"output_tokens": 7, "input_tokens": 5, "input_tokens_details": [1]},
            Tokens(0, 5, 7),
        ),
        (
            {"output_tokens": 7, "input_tokens": 5, "input_tokens_details": {"image_tokens": "x"}},
            None,
        ),
    ],
)
def test_tokens_as_servers_count_them(usage: dict[str, object], tokens: Tokens | None):
    assert tokens_of(usage) == tokens


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(st.text(max_size=3), inside),
    max_leaves=5,
)
NAMES = ("input_tokens", "output_tokens", "input_tokens_details", "text_tokens", "image_tokens")


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.dictionaries(
        st.sampled_from(NAMES), JSON | st.dictionaries(st.sampled_from(NAMES), JSON | COUNTS)
    )
)
def test_no_usage_whatever_breaks_a_paid_answer(usage: dict[str, object]):
    tokens = tokens_of(usage)
    assert tokens is None or min(tokens.text_in, tokens.image_in, tokens.image_out) >= 0
    cost = PRICES["gpt-image-2"].cost_usd(tokens)
    assert cost is None or math.isfinite(cost)


def test_a_count_beyond_all_numbers_is_none():
    assert tokens_of({"output_tokens": 10**400}) is None
    assert tokens_of({"output_tokens": 5, "input_tokens": 10**400}) is None


def test_words_have_tokens_and_a_price_of_their_own():
    tokens = tokens_of({"text_in": 1000, "text_out": 200})
    assert tokens == Tokens(1000, text_out=200)
    price = price_of("gpt-6-luna")
    assert price is not None
    assert price.cost_usd(tokens) == pytest.approx((1000 * 0.1 + 200 * 0.5) / 1e6)
    assert tokens_of({"text_in": 1000, "text_out": 0}) is None
    assert tokens_of({"text_in": None, "text_out": "7"}) is None
    # What a server of pictures counts in that form is not taken for words.
    assert tokens_of({"prompt_tokens": 5, "completion_tokens": 6}) is None

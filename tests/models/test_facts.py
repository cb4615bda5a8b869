"""What the image models take."""

import datetime

import pytest

from tasks.models import facts as models
from tasks.models.facts import (
    DEFAULT_MODEL,
    FIXED_SIZES,
    KNOWN_MODELS,
    RETIRED,
    facts_of,
    parse_size,
    quality_problem,
    retired_problem,
    size_problem,
)


def test_the_default_is_the_documented_successor_and_is_served():
    assert DEFAULT_MODEL == "gpt-image-2.5-sunburst"
    assert DEFAULT_MODEL in KNOWN_MODELS
    assert retired_problem(DEFAULT_MODEL) is None


def test_something_is_known_of_every_model_that_is_named():
    assert all(facts_of(model) for model in KNOWN_MODELS)
    assert not set(KNOWN_MODELS) & set(RETIRED)


@pytest.mark.parametrize(
    ("model", "day"),
    [("gpt-image-1", "2026-10-23"), ("dall-e-2", "2026-05-12"), ("dall-e-3", "2026-05-12")],
)
def test_a_model_that_was_shut_down_is_refused_with_its_successor(model: str, day: str):
    problem = f"{model} was shut down on {day}; use gpt-image-2.5-sunburst"
    assert retired_problem(model) == problem
    assert datetime.date.fromisoformat(RETIRED[model].on)
    assert RETIRED[model].successor in KNOWN_MODELS


def test_a_dated_snapshot_takes_what_its_family_takes():
    assert facts_of("gpt-image-2.5-sunburst-2026-09-08") == facts_of("gpt-image-2.5-flare")
    assert facts_of("gpt-image-2-2026-01-01") == facts_of("gpt-image-2")
    assert facts_of("gpt-image-2") != facts_of("gpt-image-2.5-flare")
    assert facts_of("gpt-image-1-mini-2026-01-01") == facts_of("gpt-image-1-mini")


def test_nothing_is_known_of_another_provider_s_model():
    assert facts_of("flux-kontext") is None
    assert facts_of("gpt-image-20") is None
    assert size_problem("flux-kontext", (100, 100)) is None
    assert quality_problem("flux-kontext", "max") is None


def test_only_the_one_model_that_takes_input_fidelity_is_marked():
    taking = [model for model in KNOWN_MODELS if facts_of(model).high_fidelity]
    assert taking == ["gpt-image-1.5"]


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("1024x1536", (1024, 1536)),
        ("16x99999", (16, 99999)),
        ("auto", None),
        ("1024", None),
        ("1024X1536", None),
        ("0x16", None),
        ("016x16", None),
        ("16x16\n", None),
        (" 16x16", None),
        ("-16x16", None),
        ("\u0661\u0666x16", None),
    ],
)
def test_a_size_is_width_x_height(text: str, size: tuple[int, int] | None):
    assert parse_size(text) == size


@pytest.mark.parametrize("model", KNOWN_MODELS)
def test_every_model_takes_the_three_fixed_sizes(model: str):
    assert all(size_problem(model, parse_size(size)) is None for size in FIXED_SIZES)


@pytest.mark.parametrize("model", ["gpt-image-1.5", "gpt-image-1-mini", "chatgpt-image-latest"])
def test_an_early_model_draws_no_other_size(model: str):
    told = f"{model} draws only 1024x1024, 1536x1024, 1024x1536"
    assert size_problem(model, (1008, 1008)) == told


@pytest.mark.parametrize(
    "size", [(1008, 1008), (3840, 2160), (1536, 512), (512, 1536), (640, 1024)]
)
def test_a_later_model_draws_any_size_within_its_limits(size: tuple[int, int]):
    assert size_problem("gpt-image-2", size) is None


@pytest.mark.parametrize(
    ("size", "said"),
    [
        ((1000, 1024), "both sides must be divisible by 16"),
        ((3072, 1008), "the sides may differ by 1:3 at the most"),
        ((3856, 2000), "a side may have 3840 pixels at the most"),
        ((640, 640), "width times height must lie between 655,360 and 8,294,400 pixels"),
        ((3840, 2176), "width times height must lie between 655,360 and 8,294,400 pixels"),
    ],
)
def test_each_limit_of_a_later_model_is_named(size: tuple[int, int], said: str):
    assert said in size_problem("gpt-image-2.5-flare", size)


def test_all_limits_that_a_size_breaks_are_named_at_once():
    said = size_problem("gpt-image-2", (4001, 100))
    assert said.count(";") == 3
    assert said.startswith("gpt-image-2 refuses it: ")


@pytest.mark.parametrize("model", KNOWN_MODELS)
def test_the_finest_qualities_are_for_the_latest_models_only(model: str):
    late = model.startswith(("gpt-image-2.5", "gpt-image-2.6"))
    for quality in ("xhigh", "max"):
        assert (quality_problem(model, quality) is None) == late
    assert all(quality_problem(model, q) is None for q in ("low", "medium", "high", "auto"))


def test_a_refused_quality_is_answered_with_what_is_taken():
    assert quality_problem("gpt-image-2", "max") == "gpt-image-2 takes low, medium, high, auto"
    assert set(models.QUALITIES) == {"low", "medium", "high", "xhigh", "max", "auto"}

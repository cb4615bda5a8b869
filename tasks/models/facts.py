"""What the image models take: names, sizes, qualities, and what was shut down when.

Source: the types and docstrings of the `openai` package 3.54.0, read on 2026-11-22. A model that
is not named here (another provider's) is sent only what every model takes.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

MAX_PROMPT_LENGTH = 32_000
DEFAULT_MODEL = "gpt-image-2.5-sunburst"

_BASE_QUALITIES = ("low", "medium", "high", "auto")
_FINE_QUALITIES = (*_BASE_QUALITIES[:3], "xhigh", "max", "auto")
QUALITIES = _FINE_QUALITIES
FIXED_SIZES = ("1024x1024", "1536x1024", "1024x1536")

_MIN_PIXELS, _MAX_PIXELS = 655_360, 8_294_400
_MAX_EDGE_PX, _SIZE_STEP_PX, _MAX_ASPECT = 3840, 16, 3


@dataclass(frozen=True, slots=True)
class Retired:
    """A model that the API no longer serves."""

    on: str
    """the date of its end, ISO 8601"""
    successor: str


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """What one family of models takes."""

    qualities: tuple[str, ...] = _BASE_QUALITIES
    any_size: bool = False
    """`WxH` within limits, beside the three fixed sizes"""
    high_fidelity: bool = False
    """takes `input_fidelity="high"`, which keeps the subject's features; later models always do"""


RETIRED: Mapping[str, Retired] = MappingProxyType(
    {
        "gpt-image-1": Retired("2026-10-23", DEFAULT_MODEL),
        "dall-e-3": Retired("2026-05-12", DEFAULT_MODEL),
        "dall-e-2": Retired("2026-05-12", DEFAULT_MODEL),
    }
)

# The longest prefix that fits decides, so that dated snapshots are found too.
_FAMILIES: Mapping[str, ModelFacts] = MappingProxyType(
    {
        "gpt-image-2.6": ModelFacts(qualities=_FINE_QUALITIES, any_size=True),
        "gpt-image-2.5": ModelFacts(qualities=_FINE_QUALITIES, any_size=True),
        "gpt-image-2": ModelFacts(any_size=True),
        "gpt-image-1.5": ModelFacts(high_fidelity=True),
        "gpt-image-1-mini": ModelFacts(),
        "chatgpt-image-latest": ModelFacts(),
    }
)
KNOWN_MODELS: tuple[str, ...] = (
    *("gpt-image-2.6-sunburst", "gpt-image-2.6-flare"),
    *("gpt-image-2.5-sunburst", "gpt-image-2.5-flare"),
    *("gpt-image-2", "gpt-image-1.5", "gpt-image-1-mini", "chatgpt-image-latest"),
)


def facts_of(model: str) -> ModelFacts | None:
    """What `model` takes, or None where nothing is known of it (another provider's)."""
    family = family_of(model, _FAMILIES)
    return _FAMILIES[family] if family else None


def family_of(model: str, families: Iterable[str]) -> str | None:
    """The longest of these names that `model` begins with, so that dated snapshots are found."""
    fitting = [name for name in families if model == name or model.startswith(f"{name}-")]
    return max(fitting, key=len, default=None)


def parse_size(size: str) -> tuple[int, int] | None:
    """`"1024x1536"` as (1024, 1536), in pixels; None where it is not of that form."""
    match = re.fullmatch(r"([1-9]\d{0,4})x([1-9]\d{0,4})", size)
    return (int(match[1]), int(match[2])) if match else None


def size_problem(model: str, size: tuple[int, int]) -> str | None:
    """Why `model` refuses pictures of `size` (pixels); None where it takes them."""
    facts = facts_of(model)
    if facts is None or f"{size[0]}x{size[1]}" in FIXED_SIZES:
        return None
    if not facts.any_size:
        return f"{model} draws only {', '.join(FIXED_SIZES)}"
    problems = [
        (any(edge % _SIZE_STEP_PX for edge in size), "both sides must be divisible by 16"),
        (max(size) > _MAX_ASPECT * min(size), "the sides may differ by 1:3 at the most"),
        (max(size) > _MAX_EDGE_PX, f"a side may have {_MAX_EDGE_PX} pixels at the most"),
        (
            not _MIN_PIXELS <= size[0] * size[1] <= _MAX_PIXELS,
            f"width times height must lie between {_MIN_PIXELS:,} and {_MAX_PIXELS:,} pixels",
        ),
    ]
    said = "; ".join(text for wrong, text in problems if wrong)
    return f"{model} refuses it: {said}" if said else None


def nearest_size(model: str, size: tuple[int, int]) -> tuple[int, int]:
    """The size that `model` takes in which a picture of `size`, whole and padded, lies best.

    Pixels; `size` itself where the model takes it, and where nothing is known of the model.
    """
    facts = facts_of(model)
    if facts is None or size_problem(model, size) is None:
        return size
    fixed = [taken for text in FIXED_SIZES if (taken := parse_size(text))]
    possible = fixed if not facts.any_size else [*_sizes_about(size), *fixed]
    return max(
        (taken for taken in possible if size_problem(model, taken) is None),
        key=lambda taken: _share_filled(size, taken),
    )


def _sizes_about(size: tuple[int, int]) -> Iterator[tuple[int, int]]:
    """Sizes of about these proportions, as near to this size as the limits allow."""
    width, height = (max(edge, max(size) / _MAX_ASPECT) for edge in size)
    scale = min(
        max(1.0, (_MIN_PIXELS / (width * height)) ** 0.5),
        (_MAX_PIXELS / (width * height)) ** 0.5,
        _MAX_EDGE_PX / max(width, height),
    )
    steps = [int(edge * scale / _SIZE_STEP_PX) for edge in (width, height)]
    for more_width in range(3):
        for more_height in range(3):
            yield (
                (steps[0] + more_width) * _SIZE_STEP_PX,
                (steps[1] + more_height) * _SIZE_STEP_PX,
            )


def _share_filled(size: tuple[int, int], within: tuple[int, int]) -> float:
    """How much of a picture another fills that lies whole in it: 0..1."""
    scale = min(within[0] / size[0], within[1] / size[1])
    return scale * size[0] * scale * size[1] / (within[0] * within[1])


def quality_problem(model: str, quality: str) -> str | None:
    """Why `model` refuses `quality`, with what it takes; None where it takes it."""
    facts = facts_of(model)
    if facts is None or quality in facts.qualities:
        return None
    return f"{model} takes {', '.join(facts.qualities)}"


def retired_problem(model: str) -> str | None:
    """Why `model` cannot be used any more, with its successor's name; None where it can."""
    ended = RETIRED.get(model)
    if ended is None:
        return None
    return f"{model} was shut down on {ended.on}; use {ended.successor}"

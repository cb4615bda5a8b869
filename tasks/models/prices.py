"""What a call costs: prices as data, each with its source and the date when it was true.

The config's `generation.prices` stands in place of this table, model by model.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Annotated

from annotated_types import Ge

from tasks.models.facts import family_of

NotNegative = Annotated[float, Ge(0)]
BATCH_FACTOR = 0.5
"""what a batch costs of the same calls one by one (OpenAI's pricing page, 2026-11-22)"""
_SOURCE = "OpenAI's pricing page"
_AS_OF = "2026-11-22"
_MOST_IN, _MOST_OUT = 3_000_000, 1_000_000
"""what says more is no count of one call's tokens: sixteen pictures of the greatest size come to a
million or two"""


@dataclass(frozen=True, slots=True)
class Tokens:
    """The tokens of one call, as the endpoint counted them."""

    text_in: int = 0
    image_in: int = 0
    image_out: int = 0
    text_out: int = 0


@dataclass(frozen=True, slots=True)
class TokenPrices:
    """US dollars for a million tokens of each kind."""

    text_in: NotNegative
    """of the words that are sent"""
    image_in: NotNegative = 0.0
    """of the pictures that are sent"""
    image_out: NotNegative = 0.0
    """of the picture that comes back"""
    text_out: NotNegative = 0.0
    """of the words that come back, from a model that writes"""


@dataclass(frozen=True, slots=True)
class Price:
    """What a model costs: by the token, or by the picture."""

    usd_per_million_tokens: TokenPrices | None = None
    """as the provider lists it"""
    usd_per_image: NotNegative | None = None
    """whatever its tokens; 0 for a server of your own"""
    as_of: str = ""
    """the date when that was true, such as 2026-11-22"""
    source: str = ""
    """where it was found"""

    def cost_usd(self, tokens: Tokens | None) -> float | None:
        """What a call costs; None where that takes tokens and they were not counted."""
        if self.usd_per_image is not None:
            return self.usd_per_image
        if self.usd_per_million_tokens is None or tokens is None:
            return None
        price = self.usd_per_million_tokens
        return (
            tokens.text_in * price.text_in
            + tokens.image_in * price.image_in
            + tokens.image_out * price.image_out
            + tokens.text_out * price.text_out
        ) / 1_000_000


def _by_tokens(text_in: float, image_in: float, image_out: float) -> Price:
    return Price(TokenPrices(text_in, image_in, image_out), as_of=_AS_OF, source=_SOURCE)


def _of_words(text_in: float, text_out: float) -> Price:
    tokens = TokenPrices(text_in, text_out=text_out)
    return Price(tokens, as_of="2026-11-27", source="OpenAI's page of the model")


# The longest prefix that fits decides, so that dated snapshots are found too.
PRICES: Mapping[str, Price] = MappingProxyType(
    {
        "gpt-image-2.6": _by_tokens(5, 8, 30),
        "gpt-image-2.5": _by_tokens(5, 8, 30),
        "gpt-image-2": _by_tokens(5, 8, 30),
        "gpt-image-1-mini": _by_tokens(2, 2.5, 8),
        "gpt-6-luna": _of_words(0.1, 0.5),
        "gpt-5.6-luna": _of_words(0.2, 1.2),
    }
)


def price_of(model: str, own: Mapping[str, Price] = MappingProxyType({})) -> Price | None:
    """The price of `model`; None where nobody knows it. The config's prices, `own`, go first."""
    for table in (own, PRICES):
        family = family_of(model, table)
        if family:
            return table[family]
    return None


def tokens_of(usage: Mapping[str, object]) -> Tokens | None:
    """The tokens in an answer's `usage`; None where it counts none, or what cannot be.

    A default of the other side is no measurement: noughts, negative numbers, fractions, text, a
    part that is missing. Input of which the answer does not say what it was counts as pictures,
    the dearer kind. What counts words alone (`text_in`, `text_out`) is of a model that writes.
    """
    if "text_out" in usage:
        said, read = _count(usage["text_out"]), _count(usage.get("text_in"))
        words = Tokens(text_in=read or 0, text_out=said or 0)
        return words if can_be(words) else None
    out, total_in = _count(usage.get("output_tokens")), _count(usage.get("input_tokens"))
    if out is None or total_in is None:
        return None
    details = usage.get("input_tokens_details")
    details = details if isinstance(details, Mapping) else {}
    text_in = _count(details.get("text_tokens", 0))
    image_in = _count(details.get("image_tokens", 0))
    if text_in is None or image_in is None:
        return None
    tokens = Tokens(text_in, image_in + max(total_in - text_in - image_in, 0), out)
    return tokens if can_be(tokens) else None


def can_be(tokens: Tokens) -> bool:
    """Whether a call can have taken these."""
    total_in = tokens.text_in + tokens.image_in
    return 0 < total_in <= _MOST_IN and 0 < tokens.image_out + tokens.text_out <= _MOST_OUT


def _count(value: object) -> int | None:
    """A number of tokens; None for what cannot be one, since it may come from any server."""
    if not isinstance(value, int) or isinstance(value, bool):
        return None
    return value if 0 <= value <= _MOST_IN else None

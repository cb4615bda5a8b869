"""What a call will cost, and how long it takes, before it is made.

From the calls that this project has measured of the same kind, once several agree; until then
from the dearer of these and a table. The table's output tokens are those that OpenAI published
for the first generation of its models; later ones differ, so that calls that agree beat it.
"""

import threading
from bisect import insort
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from tasks.models.facts import parse_size
from tasks.models.prices import Price, Tokens, can_be, price_of
from tasks.requests.request import Request
from tasks.spending.ledger import DRAWN, Entry

TABLE_SOURCE = "OpenAI's image generation guide, first generation of models"
TABLE_AS_OF = "2026-11-22"
LATENCY_S = 30.0
"""how long a call takes where none was measured"""

# Output tokens of a square and of an oblong picture (1024x1024, 1024x1536).
_OUT: Mapping[str, tuple[int, int]] = MappingProxyType(
    {"low": (272, 408), "medium": (1056, 1584), "high": (4160, 6240)}
)
_DEAREST = "high"
"""what `auto`, and qualities that the table does not know, are held to be at the least"""
_FINER: Mapping[str, float] = MappingProxyType({"xhigh": 1.5, "max": 2.0})
"""how many times the tokens of `high`: no figures are published, so these err on the high side"""
_SQUARE_PX = 1024 * 1024
# A reference is shown whole (323 tokens for 1024x1536), and at high fidelity, which later models
# always use, in detail: as many tokens again as a picture of high quality has.
_OVERVIEW_TOKENS = 323
_CHARACTERS_PER_TOKEN = 4
_WORDS_OUT = 2000
"""of an answer in words, with what a model thinks before it: no figures are published"""
WORDS = "0x0"
"""the size of what is no picture"""
_SEVERAL, _ALIKE = 3, 1.5
"""so many measured calls of a kind, and none so many times as dear as another, agree"""


@dataclass(frozen=True, slots=True)
class Kind:
    """What calls must have in common to cost the same."""

    model: str
    size: str
    quality: str
    references: int


@dataclass(frozen=True, slots=True)
class Estimate:
    """What one call is held to cost."""

    cost_usd: float | None
    """None where the price of the model is not known"""
    latency_s: float
    measured: int
    """how many earlier calls it comes from; 0: from the table"""
    exact: bool = False
    """every call costs just that: the price is one by the picture"""


def kind_of(request: Request) -> Kind:
    """The kind of a request."""
    width, height = request.size_px
    quality = request.parameters.get("quality", "")
    return Kind(request.model, f"{width}x{height}", quality, len(request.pictures))


class _Measured:
    """What the calls of one kind have shown; of thousands, none is looked at twice."""

    def __init__(self) -> None:
        self.calls = 0
        self.counted = 0
        """those of them whose tokens were counted"""
        self.dearest_usd: float | None = None
        self.cheapest_usd = 0.0
        self._latencies_s: list[float] = []
        self._median_s: float | None = None

    def add(self, entry: Entry, cost_usd: float | None) -> None:
        """One call more; `cost_usd`: of its tokens by today's price."""
        self.calls += 1
        if cost_usd is not None:
            self.counted += 1
            # The dearest that was seen: a budget that is kept on the average is not kept.
            self.cheapest_usd = min(cost_usd, self.cheapest_usd) if self.dearest_usd else cost_usd
            self.dearest_usd = max(cost_usd, self.dearest_usd or 0.0)
        if entry.latency_s and not entry.batch:
            insort(self._latencies_s, entry.latency_s)
            self._median_s = None

    @property
    def agrees(self) -> bool:
        """Whether several calls say the same: only then is it believed against the table."""
        close = (self.dearest_usd or 0.0) <= _ALIKE * self.cheapest_usd
        return self.counted >= _SEVERAL and close

    @property
    def latency_s(self) -> float:
        """The median time of a call."""
        if self._median_s is None:
            times_s = self._latencies_s
            self._median_s = times_s[len(times_s) // 2] if times_s else LATENCY_S
        return self._median_s


class Estimator:
    """Estimates from the calls of a ledger. Used from several threads at once."""

    def __init__(
        self, entries: Iterable[Entry], own_prices: Mapping[str, Price] = MappingProxyType({})
    ) -> None:
        self._own = own_prices
        self._lock = threading.Lock()
        self._measured: dict[Kind, _Measured] = {}
        self.read(entries)

    def read(self, entries: Iterable[Entry]) -> None:
        """Estimate from these calls, and from no others."""
        with self._lock:
            self._measured = {}
        for entry in entries:
            self.learn(entry)

    def learn(self, entry: Entry) -> None:
        """Take one more call into account."""
        if entry.outcome != DRAWN:
            return
        kind = Kind(entry.model, entry.size, entry.quality, entry.references)
        price = self.price(kind.model)
        # An earlier version kept counts that cannot be.
        tokens = entry.tokens if entry.tokens and can_be(entry.tokens) else None
        cost_usd = price.cost_usd(tokens) if price and tokens else None
        with self._lock:
            self._measured.setdefault(kind, _Measured()).add(entry, cost_usd)

    def price(self, model: str) -> Price | None:
        """The price of a model, or None."""
        return price_of(model, self._own)

    def estimate(self, request: Request) -> Estimate:
        """What a call with this request is held to cost."""
        return self.of_kind(kind_of(request), len(request.prompt))

    def of_kind(self, kind: Kind, prompt_length: int) -> Estimate:
        """What a call of this kind is held to cost, with a prompt of so many characters."""
        price = self.price(kind.model)
        with self._lock:
            seen = self._measured.get(kind, _Measured())
            latency_s, calls, counted = seen.latency_s, seen.calls, seen.counted
            dearest_usd, agrees = seen.dearest_usd, seen.agrees
        if price is None:
            return Estimate(None, latency_s, calls)
        if price.usd_per_image is not None:
            return Estimate(price.usd_per_image, latency_s, calls, exact=True)
        table_usd = price.cost_usd(table_tokens(kind, prompt_length)) or 0.0
        # Of words, how many are sent differs from call to call: earlier ones say little.
        seen_before = dearest_usd is not None and kind.size != WORDS
        if seen_before and (agrees or (dearest_usd or 0.0) >= table_usd):
            return Estimate(dearest_usd, latency_s, counted)
        return Estimate(table_usd, latency_s, 0)


def table_tokens(kind: Kind, prompt_length: int) -> Tokens:
    """The tokens of a call by the published table, rounded up where it is silent."""
    if kind.size == WORDS:
        return Tokens(-(-prompt_length // _CHARACTERS_PER_TOKEN), text_out=_WORDS_OUT)
    width, height = parse_size(kind.size) or (1024, 1536)
    out = _picture_tokens(width, height, kind.quality)
    one_reference = _OVERVIEW_TOKENS + _picture_tokens(width, height, "high")
    return Tokens(
        text_in=-(-prompt_length // _CHARACTERS_PER_TOKEN),
        image_in=kind.references * one_reference,
        image_out=out,
    )


def _picture_tokens(width: int, height: int, quality: str) -> int:
    square, oblong = _OUT.get(quality, _OUT[_DEAREST])
    tokens = square if width == height else oblong
    larger = max(width * height / (_SQUARE_PX if width == height else 1.5 * _SQUARE_PX), 1.0)
    return round(tokens * larger * _FINER.get(quality, 1.0))

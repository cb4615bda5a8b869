"""The port of the engines: what draws a request, how it fails, and which one a run uses.

Choosing one of the program's own imports none: `openai`, numpy and OpenCV are loaded when the first
picture is drawn. What engines say of themselves is in `tasks.models.engines`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Protocol, cast

from tasks.ground.errors import Mistake
from tasks.models import engines

if TYPE_CHECKING:
    from tasks.requests.batches import BatchService
    from tasks.requests.request import Request
    from tasks.takes.owed import Owed
    from tasks.takes.store import Take

KEY_VARIABLE = "OPENAI_API_KEY"
ENDPOINT_VARIABLE = "OPENAI_BASE_URL"


class Engine(Protocol):
    """Draws requests. Called from several threads at once."""

    def draw(self, request: "Request") -> "Take":
        """One new answer to `request`, by one call.

        Raises `EngineFailure` where there is none, with a text for the person at the terminal.
        Whether to ask again is not decided here, but in `tasks.spending.calls`.
        """


class Paid(Engine, Protocol):
    """An engine that costs money, and draws elsewhere."""

    def prepare(self) -> None:
        """Look whether calls can be made at all. Raises `EngineFailure` where none can."""

    def fetch(self, owed: "Owed") -> "Take":
        """A picture that an earlier answer named the address of. Raises `EngineFailure`."""


class Fault(Enum):
    """Why a call gave no picture, as far as it decides what to do next."""

    NOT_SENT = "not sent"
    """the connection failed before the request was sent whole: nothing was drawn"""
    PUT_OFF = "put off"
    """the server drew nothing and may do so later: 408, 409, 5xx"""
    RATE = "rate limit"
    """429: the account may not ask so often"""
    UNCERTAIN = "uncertain"
    """silence or a cut-off after the request was sent: it may have been drawn, and billed"""
    REFUSED = "refused"
    """the content rules forbid it; the same words are refused again"""
    NO_CREDIT = "no credit"
    """quota or billing limit: no call of this account will do"""
    NO_ACCESS = "no access"
    """401: no call with this key will do"""
    SETUP = "set-up"
    """the environment makes no connection: no call was made, and none can be"""
    SETTING = "setting"
    """address, proxy, certificate, model or rights: every call of this run meets it, none draws"""
    TO_FETCH = "to be fetched"
    """a picture was drawn, and billed, and lies at an address from which it did not come yet"""
    UNUSABLE = "unusable"
    """an answer came, and is no picture: it was billed"""
    FINAL = "error"
    """anything else that is the same when asked again: 400, 422"""


class EngineFailure(Mistake):
    """An engine gave no picture."""

    def __init__(
        self,
        text: str,
        answer: bytes = b"",
        *,
        fault: Fault = Fault.FINAL,
        wait_s: float | None = None,
        usage: Mapping[str, object] | None = None,
    ) -> None:
        super().__init__(text)
        self.answer = answer
        """what came instead, if anything"""
        self.fault = fault
        self.wait_s = wait_s
        """how long the server asked to wait; None where it did not say"""
        self.usage = dict(usage or {})
        """tokens that were counted although nothing usable came"""


class ToFetch(EngineFailure):
    """A picture was drawn and billed, and did not come yet from where it lies."""

    def __init__(self, text: str, owed: "Owed | None") -> None:
        super().__init__(text, fault=Fault.TO_FETCH, usage=owed.usage if owed else None)
        self.owed = owed
        """None where it was noted before"""


@dataclass(frozen=True, slots=True)
class EngineSettings:
    """What an engine must know beside the requests."""

    timeout_s: float = 600.0
    """how long the server may be silent; a large picture at high quality takes minutes"""
    answer_hosts: tuple[str, ...] = ()
    """hosts beside the endpoint's own from which a picture may be fetched"""
    image_field: str = "auto"
    """the field of several pictures: `image[]`, as the API's form has it, or `image`"""


@dataclass(frozen=True, slots=True)
class Choice:
    """The engine of a run, and why it is that one."""

    name: str
    why: str

    @property
    def facts(self) -> engines.EngineFacts:
        """What is known of the chosen engine."""
        return engines.facts_of(self.name)


def has_key(environment: Mapping[str, str]) -> bool:
    """Whether a key is set; one of nothing but space is none."""
    return bool(environment.get(KEY_VARIABLE, "").strip())


def choose(wanted: str, environment: Mapping[str, str]) -> Choice:
    """The engine for the config's `engine`: `auto` is openai when a key is set, else the puppet."""
    if wanted != engines.AUTO:
        return Choice(wanted, "as asked for")
    if has_key(environment):
        return Choice(engines.OPENAI, f"{KEY_VARIABLE} is set")
    return Choice(engines.PUPPET, f"free drafts, since {KEY_VARIABLE} is not set")


def load_batches(name: str, settings: EngineSettings) -> "BatchService":
    """The batches of that engine. Raises `EngineFailure` where there can be none."""
    open_batches = engines.batches_of(name)
    if open_batches is None:
        raise EngineFailure(f"the engine {name} has no batches")
    return cast("BatchService", open_batches(settings))


def load_texts(settings: EngineSettings) -> Engine:
    """What writes words: its takes are the endpoint's answers as they came."""
    return cast(Engine, engines.texts()(settings))


def load(name: str, settings: EngineSettings) -> Engine:
    """The engine of that name, ready to draw."""
    return cast(Engine, engines.factory_of(name)(settings))

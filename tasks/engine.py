"""Engines: what draws a request. One protocol, two of them, and which one a run uses.

Choosing imports neither: `openai`, numpy and OpenCV are loaded when the first picture is drawn.
"""

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Protocol, cast

from tasks.errors import Mistake

if TYPE_CHECKING:
    from tasks.request import Request
    from tasks.store import Take

KEY_VARIABLE = "OPENAI_API_KEY"
ENDPOINT_VARIABLE = "OPENAI_BASE_URL"


class Engine(Protocol):
    """Draws requests. Called from several threads at once."""

    def draw(self, request: "Request") -> "Take":
        """One new answer to `request`.

        Raises `EngineFailure` where there is none, with a text for the person at the terminal.
        """


class EngineFailure(Mistake):
    """An engine gave no picture. `answer` is what it gave instead, if anything."""

    def __init__(self, text: str, answer: bytes = b"") -> None:
        super().__init__(text)
        self.answer = answer


@dataclass(frozen=True, slots=True)
class EngineFacts:
    """What the rest of the program must know of an engine before it is loaded."""

    module: str
    paid: bool
    """its takes cost money: they are kept for ever, and never replaced by a free engine's"""
    from_base: bool
    """draws every frame straight from the base portrait, not from the neutral of its pose"""
    version: int = 1
    """part of every request: raised when the same request gives another picture"""


ENGINES: Mapping[str, EngineFacts] = MappingProxyType(
    {
        "openai": EngineFacts("tasks.openai_engine", paid=True, from_base=False),
        "puppet": EngineFacts("tasks.puppet_engine", paid=False, from_base=True),
    }
)


@dataclass(frozen=True, slots=True)
class Choice:
    """The engine of a run, and why it is that one."""

    name: str
    why: str

    @property
    def facts(self) -> EngineFacts:
        """What is known of the chosen engine."""
        return ENGINES[self.name]


def has_key(environment: Mapping[str, str]) -> bool:
    """Whether a key is set; one of nothing but space is none."""
    return bool(environment.get(KEY_VARIABLE, "").strip())


def choose(wanted: str, environment: Mapping[str, str]) -> Choice:
    """The engine for the config's `engine`: `auto` is openai when a key is set, else the puppet."""
    if wanted != "auto":
        return Choice(wanted, "as asked for")
    if has_key(environment):
        return Choice("openai", f"{KEY_VARIABLE} is set")
    return Choice("puppet", f"free drafts, since {KEY_VARIABLE} is not set")


def load(name: str, max_retries: int, pause: Callable[[float], bool]) -> Engine:
    """The engine of that name, ready to draw.

    `max_retries`: how often one request is sent again where that may help. `pause` waits so many
    seconds, and answers False where the run is to end instead.
    """
    module = importlib.import_module(ENGINES[name].module)
    return cast(Engine, module.open_engine(max_retries, pause))

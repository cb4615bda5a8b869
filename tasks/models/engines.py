"""Engines by name: what the program must know of each, and where it is found.

Those of the program stand in a table; others are found as entry points of the group `GROUP`, each
a factory with its `facts`. The metadata of installed packages is read only for a name that the
table does not have.
"""

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Literal, cast

from tasks.ground.errors import Mistake
from tasks.ground.ids import did_you_mean

GROUP = "doit_expressions.engines"
AUTO = "auto"
"""in place of an engine's name: the one that can be paid for, else the free one"""
OPENAI, PUPPET = "openai", "puppet"

Factory = Callable[[Any], Any]
"""makes the engine from `tasks.requests.engine.EngineSettings`"""


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineFacts:
    """What an engine says of itself, before it is made."""

    paid: bool
    """its takes cost money or long waiting: they are budgeted, kept for ever, finished, and never
    replaced by a draft; what is not paid is a draft, made again whenever it is wanted"""
    needs: Literal["words", "rig"]
    """`words`: a prompt, and the picture of the neutral at the same pose (of an in-between: both
    neighbours); `rig`: weights and angles, and always the base portrait"""
    deterministic: bool = False
    """the same request gives the same picture"""
    batches: bool = False
    """its factory has `open_batches`, too: the answers come within a day, for less"""
    usd_per_image: float | None = None
    """what every picture costs, unless the config says otherwise; None: by the table of models"""
    version: str = ""
    """part of every request where it is not empty: another one draws every frame anew"""

    def __post_init__(self) -> None:
        if not (self.paid or self.deterministic):
            raise ValueError(
                "what is not deterministic must be paid, so that its takes are kept"
                " (usd_per_image=0 where it costs nothing)"
            )

    @property
    def from_base(self) -> bool:
        """Draws every frame straight from the base portrait, not from the neutral of its pose."""
        return self.needs == "rig"


@dataclass(frozen=True, slots=True)
class _BuiltIn:
    module: str
    """it has `open_engine`"""
    facts: EngineFacts


_BUILT_IN: Mapping[str, _BuiltIn] = MappingProxyType(
    {
        OPENAI: _BuiltIn(
            "tasks.engines.openai", EngineFacts(paid=True, needs="words", batches=True)
        ),
        PUPPET: _BuiltIn(
            "tasks.engines.puppet_engine",
            EngineFacts(paid=False, needs="rig", deterministic=True, version="1"),
        ),
    }
)
BUILT_IN = tuple(_BUILT_IN)
"""the names of the program's own engines"""


def facts_of(name: str) -> EngineFacts:
    """What is known of the engine of that name. Raises `Mistake` where there is none."""
    built_in = _BUILT_IN.get(name)
    return built_in.facts if built_in else cast(EngineFacts, _installed(name).facts)


def factory_of(name: str) -> Factory:
    """What makes the engine of that name. Raises `Mistake` where there is none."""
    built_in = _BUILT_IN.get(name)
    if built_in is None:
        return cast(Factory, _installed(name))
    return cast(Factory, importlib.import_module(built_in.module).open_engine)


def batches_of(name: str) -> Factory | None:
    """What opens the batches of the engine of that name; None where it has none."""
    if not facts_of(name).batches:
        return None
    built_in = _BUILT_IN.get(name)
    holder = importlib.import_module(built_in.module) if built_in else _installed(name)
    return cast(Factory, holder.open_batches)


def texts() -> Factory:
    """What makes the engine that writes words: the endpoint of pictures, asked for words."""
    return cast(Factory, importlib.import_module(_BUILT_IN[OPENAI].module).open_texts)


def is_draft_of(name: str) -> bool:
    """Whether what the engine of that name drew is a draft; one that is not here may cost money."""
    try:
        return not facts_of(name).paid
    except Mistake:
        return False


def names() -> tuple[str, ...]:
    """What a config may name as its engine. Reads the metadata of all packages."""
    from importlib.metadata import entry_points

    installed = {point.name for point in entry_points(group=GROUP)} - {AUTO, *BUILT_IN}
    return (AUTO, *BUILT_IN, *sorted(installed))


def paid_engine(wanted: str) -> str:
    """The engine whose takes are meant when `wanted` is the config's, whichever this run uses."""
    return wanted if wanted != AUTO and facts_of(wanted).paid else OPENAI


@lru_cache(maxsize=8)  # installed packages do not change while a command runs
def _installed(name: str) -> Any:
    """The factory that an installed package offers under `name`. Raises `Mistake`."""
    # Imported for such a name only: no other run reads the metadata of packages.
    from importlib.metadata import entry_points

    found = entry_points(group=GROUP, name=name)
    if not found:
        raise Mistake(f'there is no engine "{name}"{did_you_mean(name, names())}')
    homes = sorted({point.dist.name if point.dist else point.value for point in found})
    if len(homes) > 1:
        raise Mistake(f'"{name}" is offered by {" and by ".join(homes)}: uninstall one of them')
    return _loaded(name, homes[0], next(iter(found)))


def _loaded(name: str, home: str, point: Any) -> Any:
    try:
        factory = point.load()
    except Exception as error:  # whatever somebody else's module raises when it is imported
        raise Mistake(f'"{name}", of the package {home}, cannot be loaded: {error!r}') from error
    if not (callable(factory) and isinstance(getattr(factory, "facts", None), EngineFacts)):
        raise Mistake(
            f'"{name}", of the package {home}, is no engine: {point.value} must be callable and'
            " have facts (docs/engines.md)"
        )
    return factory

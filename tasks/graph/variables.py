"""The variables that a command line may set: `doit size=1024x1024 pose=all`.

Those of the project stand here; what one command or target alone reads stands in its room's own
`variables`.
"""

import contextlib
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tasks.character.override import Override
from tasks.ground.errors import Mistake
from tasks.ground.ids import did_you_mean

ALL_POSES = "all"
_MAX_DEPTH = 10
_YES_NO = {"yes": True, "true": True, "on": True, "1": True}
_YES_NO |= {"no": False, "false": False, "off": False, "0": False}


@dataclass(frozen=True, slots=True)
class Variables:
    """What the command line said, checked and parsed; the defaults are what `doit` alone does."""

    config: Path = Path("expressions.json")
    pose: str = ""
    """the pose that `doit` alone draws; empty: the config's default pose; `all`: every one"""
    outdir: Path | None = None
    """where frames go; None: frames/endpoints beside the config"""
    base_image: str = ""
    """the portrait of the pose that is drawn; empty: the config's"""
    max_depth: int | None = None
    """how deep every sequence goes; None: as the config says of each"""
    tween: str = ""
    """how every in-between is made; empty: as the config says of each path"""
    overrides: tuple[Override, ...] = ()
    """values of the config's `generation` given instead of the file's"""
    of_command: Mapping[str, Any] = field(default_factory=dict, hash=False)
    """what is meant for one command alone (`tasks.running.variables`)"""
    given: tuple[tuple[str, str], ...] = ()
    """what was typed, by name, but for what one command alone reads"""


@dataclass(frozen=True, slots=True)
class Variable:
    """One variable: what it says, and how its text is parsed."""

    name: str
    help: str
    """a line of docs/cli.md"""
    parse: Callable[[str, str], Any] = lambda _name, text: text
    """given its name and text; raises `Mistake`"""
    key: str = ""
    """the key of the config's `generation` that it stands in for; empty: none"""


def yes_no(name: str, text: str) -> bool:
    """Whether a variable says yes. Raises `Mistake` where it says neither."""
    if text.lower() not in _YES_NO:
        raise Mistake(f'{name}={text}: "{text}" is neither yes nor no')
    return _YES_NO[text.lower()]


def one_of(what: str, *allowed: str) -> Callable[[str, str], str]:
    """The parser of a variable that has one of these words; `what` says what the words name."""

    def parse(name: str, text: str) -> str:
        if text not in allowed:
            raise Mistake(
                f'{name}={text}: "{text}" is no {what}{did_you_mean(text, allowed)}'
                f" (allowed: {', '.join(allowed)})"
            )
        return text

    return parse


def _number(name: str, text: str) -> float:
    with contextlib.suppress(ValueError):
        if math.isfinite(value := float(text)):
            return value + 0.0  # no minus before a zero
    raise Mistake(f'{name}={text}: "{text}" is no number')


def _budget(name: str, text: str) -> float | None:
    """US dollars, or `none` for no limit."""
    return None if text.lower() == "none" else _number(name, text.removeprefix("$"))


def _depth(name: str, text: str) -> int:
    if not text.isdecimal() or int(text) > _MAX_DEPTH:
        raise Mistake(f'{name}={text}: "{text}" is no whole number from 0 to {_MAX_DEPTH}')
    return int(text)


def _path(_name: str, text: str) -> Path:
    return Path(text)


def _generation(name: str, help_: str = "", **how: Any) -> Variable:
    """A variable that stands in for a key of `generation`: of the same name, unless it is said."""
    how.setdefault("key", name)
    return Variable(name, help_ or f"in place of `generation.{name}`", **how)


_PROJECT = (
    Variable(
        "config", "the character's config; its folder holds frames, takes and database", _path
    ),
    Variable("base_image", "the portrait of the pose that is drawn"),
    Variable("pose", "the pose that `doit` alone draws; `all`: every one"),
    Variable("outdir", "where keyframes go, and in it all else that is built", _path),
    Variable("max_depth", "how often the time of every path is halved", _depth),
    Variable(
        "tween",
        "how every in-between is made: `draw`, `morph` or `hold`",
        one_of("way to make in-betweens", "draw", "morph", "hold"),
    ),
)
"""each is a field of `Variables`"""
_GENERATION = (
    _generation("engine"),
    _generation("model"),
    _generation("size"),
    _generation("quality"),
    _generation("background"),
    _generation("include_neutral", "yes: also neutral at the default pose", parse=yes_no),
    _generation(
        "budget", "US dollars for this run; `none`: no limit", parse=_budget, key="budget_usd"
    ),
    _generation(
        "budget_day",
        "US dollars for this day (UTC), all runs together",
        parse=_budget,
        key="budget_usd_day",
    ),
    _generation(
        "budget_month",
        "US dollars for this month, all runs together",
        parse=_budget,
        key="budget_usd_month",
    ),
    _generation(
        "budget_project",
        "US dollars for the project, all runs together",
        parse=_budget,
        key="budget_usd_project",
    ),
    _generation("images_per_minute", "no more calls a minute than this", parse=_number),
)
VARIABLES: tuple[Variable, ...] = (*_PROJECT, *_GENERATION)


def read(given: Mapping[str, str], of_commands: Iterable[Variable] = ()) -> Variables:
    """The variables of a command line. Raises `Mistake` that names every one that is wrong.

    `of_commands`: those that one command or target alone reads.
    """
    options = {variable.name: variable for variable in of_commands}
    names = [variable.name for variable in (*VARIABLES, *options.values())]
    problems = [
        f"{name}={value}: there is no variable {name}{did_you_mean(name, names)}"
        for name, value in given.items()
        if name not in names
    ]
    problems += [
        f"{name}= has no value" for name, value in given.items() if name in names and not value
    ]
    if problems:
        raise Mistake("\n".join([*problems, f"The variables are {', '.join(names)}."]))
    return Variables(
        **{each.name: each.parse(each.name, given[each.name]) for each in _given(_PROJECT, given)},
        overrides=tuple(
            Override(
                f"{each.name}={given[each.name]}",
                ("generation", each.key),
                each.parse(each.name, given[each.name]),
            )
            for each in _given(_GENERATION, given)
        ),
        of_command={
            each.name: each.parse(each.name, given[each.name])
            for each in _given(options.values(), given)
        },
        given=tuple((name, value) for name, value in sorted(given.items()) if name not in options),
    )


def _given(variables: Iterable[Variable], given: Mapping[str, str]) -> list[Variable]:
    return [variable for variable in variables if variable.name in given]

"""The variables that a command line may set: `doit size=1024x1024 pose=all`."""

import contextlib
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from tasks.character.override import Override
from tasks.ground.errors import Mistake
from tasks.ground.ids import did_you_mean

ALL_POSES = "all"
_FORMATS = ("text", "json", "webp", "apng", "mp4", "webm", "pdf")
"""of what commands print, of films, and of the contact sheet"""
_MAX_DEPTH, _TWEENS = 10, ("draw", "morph", "hold")
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
    """what is meant for one command alone: `format`, `wait`, `cancel`, `strict`, `clean`, and of
    `doit face` `find` and `write`"""
    given: tuple[tuple[str, str], ...] = ()
    """what was typed, by name, but for what one command alone reads"""


def _yes_no(name: str, text: str) -> bool:
    if text.lower() not in _YES_NO:
        raise Mistake(f'{name}={text}: "{text}" is neither yes nor no')
    return _YES_NO[text.lower()]


def _text(_name: str, text: str) -> str:
    return text


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


def _tween(name: str, text: str) -> str:
    if text not in _TWEENS:
        raise Mistake(
            f'{name}={text}: "{text}" is no way to make in-betweens{did_you_mean(text, _TWEENS)}'
            f" (allowed: {', '.join(_TWEENS)})"
        )
    return text


def _format(name: str, text: str) -> str:
    if text not in _FORMATS:
        allowed = ", ".join(_FORMATS)
        raise Mistake(
            f'{name}={text}: "{text}" is no format{did_you_mean(text, _FORMATS)}'
            f" (allowed: {allowed})"
        )
    return text


_GENERATION: Mapping[str, Callable[[str, str], Any]] = MappingProxyType(
    {
        "engine": _text,
        "model": _text,
        "size": _text,
        "quality": _text,
        "background": _text,
        "include_neutral": _yes_no,
        "budget": _budget,
        "budget_day": _budget,
        "budget_month": _budget,
        "budget_project": _budget,
        "images_per_minute": _number,
    }
)
_KEYS = {
    "budget": "budget_usd",
    "budget_day": "budget_usd_day",
    "budget_month": "budget_usd_month",
    "budget_project": "budget_usd_project",
}
"""the keys of `generation` that a variable has a shorter name for"""
_OF_COMMANDS: Mapping[str, Callable[[str, str], Any]] = MappingProxyType(
    {
        "format": _format,
        **dict.fromkeys(("wait", "cancel", "strict", "clean", "find", "write", "serve"), _yes_no),
    }
)
NAMES: tuple[str, ...] = (
    *("config", "base_image", "pose", "outdir", "max_depth", "tween"),
    *_GENERATION,
    *_OF_COMMANDS,
)


HELP: Mapping[str, str] = MappingProxyType(
    {
        "config": "the character's config; its folder holds frames, takes and database",
        "base_image": "the portrait of the pose that is drawn",
        "pose": "the pose that `doit` alone draws; `all`: every one",
        "outdir": "where keyframes go, and in it all else that is built",
        "max_depth": "how often the time of every path is halved",
        "tween": "how every in-between is made: `draw`, `morph` or `hold`",
        "engine": "in place of `generation.engine`",
        "model": "in place of `generation.model`",
        "size": "in place of `generation.size`",
        "quality": "in place of `generation.quality`",
        "background": "in place of `generation.background`",
        "include_neutral": "yes: also neutral at the default pose",
        "budget": "US dollars for this run; `none`: no limit",
        "budget_day": "US dollars for this day (UTC), all runs together",
        "budget_month": "US dollars for this month, all runs together",
        "budget_project": "US dollars for the project, all runs together",
        "images_per_minute": "no more calls a minute than this",
        "format": "of what a command prints (`json`), of films (`webp`, `apng`, `mp4`, `webm`),"
        " and of the contact sheet (`pdf`: pages of A4)",
        "wait": "of `batch`: yes stays until all is done",
        "cancel": "of `batch`: yes cancels what is under way",
        "strict": "yes: exit code 1 where a frame is flagged",
        "clean": "of `orphans`: yes removes what is listed",
        "find": "of `face`: yes finds the landmarks",
        "serve": "of `face`: yes serves a page on which landmarks are dragged to their places",
        "write": "of `face`: yes writes what was found into the config",
    }
)
"""what each variable says, for docs/cli.md"""


def read(given: Mapping[str, str]) -> Variables:
    """The variables of a command line. Raises `Mistake` that names every one that is wrong."""
    problems = [
        f"{name}={value}: there is no variable {name}{did_you_mean(name, NAMES)}"
        for name, value in given.items()
        if name not in NAMES
    ]
    problems += [
        f"{name}= has no value" for name, value in given.items() if name in NAMES and not value
    ]
    if problems:
        raise Mistake("\n".join([*problems, f"The variables are {', '.join(NAMES)}."]))
    return Variables(
        config=Path(given.get("config", "expressions.json")),
        pose=given.get("pose", ""),
        outdir=Path(given["outdir"]) if "outdir" in given else None,
        base_image=given.get("base_image", ""),
        max_depth=_depth("max_depth", given["max_depth"]) if "max_depth" in given else None,
        tween=_tween("tween", given["tween"]) if "tween" in given else "",
        overrides=tuple(
            Override(
                f"{name}={given[name]}",
                ("generation", _KEYS.get(name, name)),
                parse(name, given[name]),
            )
            for name, parse in _GENERATION.items()
            if name in given
        ),
        of_command={
            name: parse(name, given[name]) for name, parse in _OF_COMMANDS.items() if name in given
        },
        given=tuple(
            (name, value) for name, value in sorted(given.items()) if name not in _OF_COMMANDS
        ),
    )

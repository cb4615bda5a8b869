"""Visemes: which face shows a mouth shape, of those that the character has.

What the config says comes first. Without it, each shape gets the face whose mouth is nearest to it:
by its blend shapes, or, where it has none, by its name. Pure.
"""

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import cast

from tasks.character.character import NEUTRAL, Expression
from tasks.ground.errors import Mistake
from tasks.ground.ids import did_you_mean
from tasks.timelines.mouths import PREFIX, WANTED, Mouth, eyes_shut, mouth_alone, mouth_of
from tasks.timelines.phones import phone_of
from tasks.timelines.roads import Road, keyframe
from tasks.timelines.rules import SETS, SHAPES

_SEEN_FIRST = 2.0
"""how much more openness counts than the rest: without a face for "aw", half open is nearer to it
than a pucker"""
_NOT_AT_REST = 0.1
"""how much worse a shut mouth is for what is spoken"""


@dataclass(frozen=True, slots=True)
class Look:
    """A face: an expression, or what lies at `t` on the way from one to `towards`."""

    expression: str
    towards: str = ""
    t: float = 0.0

    def __str__(self) -> str:
        return f"{self.towards}@{self.t:g}" if self.towards else self.expression


@dataclass(frozen=True)
class Visemes:
    """The looks of the mouth shapes, and of the faces that join a mouth and a mood."""

    given: Mapping[str, str | Mapping[str, str]]
    expressions: Mapping[str, Expression]
    defaults: Mapping[str, Look]
    """a look for every shape"""

    def look(self, shape: str, label: str, mood: str) -> Look:
        """The look of a shape in a mood: what the config says of the sound or the shape, else the
        default. Whether the mood shows in it, `joined` says."""
        own = self.given.get(mood)
        tables = [own] if isinstance(own, Mapping) else []
        for table in (*tables, self.given):
            for key in _keys(label, shape):
                found = table.get(key)
                if isinstance(found, str):
                    return parsed(found)
        return self.defaults[shape]

    def joined(self, look: Look, mood: str) -> Look | None:
        """The same mouth with the mood's eyes and brows; None where no expression has both."""
        if mood in {NEUTRAL, look.expression, look.towards}:
            return look
        spoken, felt = self._values(look.towards or look.expression), self._values(mood)
        if not spoken or not felt or "mouth" not in spoken:
            return None
        wanted = {**felt, "mouth": spoken["mouth"]}
        found = self._with(wanted, mood)
        if found is None:
            return None
        return Look(mood, found, look.t) if look.towards else Look(found)

    def blinking(self, expression: str) -> str | None:
        """The same expression with its eyes closed; None where there is none."""
        plain = self._values(expression)
        shut = [name for name in self.expressions if eyes_shut(self.expressions[name])]
        if not plain:
            return next((name for name in shut if expression == NEUTRAL), None)
        for name in shut:
            closed = self._values(name)
            if {**plain, "eyes": ""} == {**closed, "eyes": ""}:
                return name
        return None

    def _values(self, name: str) -> Mapping[str, str]:
        expression = self.expressions.get(name)
        return expression.values if expression else {}

    def _with(self, wanted: Mapping[str, str], mood: str) -> str | None:
        names = (n for n, e in self.expressions.items() if e.values == wanted and n != mood)
        return next(names, None)


def _keys(label: str, shape: str) -> Iterator[str]:
    """Under which names a sound may stand in the config, the most exact first."""
    for part in dict.fromkeys((label, *label.split())):
        bare = part.rstrip("012")
        yield from (part, bare, bare.upper(), phone_of(part))
    yield shape
    yield from (name for name, its in SETS["preston_blair"].items() if its == shape)


def parsed(text: str) -> Look:
    """`speaking_ah`, or `speaking_ah@0.5`: half of the way there from neutral. Raises `Mistake`."""
    name, at, part = text.partition("@")
    if not at:
        return Look(name)
    try:
        t = float(part)
    except ValueError:
        t = math.nan
    if not 0 < t < 1:
        raise Mistake(f'visemes: "{text}": what follows @ is a number between 0 and 1')
    return Look(NEUTRAL, name, t)


def visemes(
    given: Mapping[str, str | Mapping[str, str]],
    expressions: Mapping[str, Expression],
    roads: Iterable[Road] = (),
) -> Visemes:
    """The visemes of a character. Raises `Mistake` for an expression that it does not have."""
    for key, value in given.items():
        for name in [value] if isinstance(value, str) else value.values():
            look = parsed(name)
            _known(key, look.towards or look.expression, expressions)
        if not isinstance(value, str):
            _known(key, key, expressions)
    looks = dict(_looks(expressions, list(roads)))
    return Visemes(given, expressions, {shape: _nearest(shape, looks) for shape in SHAPES})


def openings(roads: Iterable[Road], expressions: Mapping[str, Expression]) -> dict[str, float]:
    """How open the mouth is in every picture of the sequences, 0..1, by the picture's place."""
    found: dict[str, float] = {}
    for road in roads:
        first, last = (
            mouth_of(expressions.get(name, Expression(name)))[0]
            for name, _ in (road.start, road.end)
        )
        found |= {keyframe(road.start): first, keyframe(road.end): last}
        found |= {place: first + (last - first) * t for t, place in road.tweens}
    return found


def _known(key: str, name: str, expressions: Mapping[str, Expression]) -> None:
    if name not in expressions:
        near = did_you_mean(name, expressions)
        raise Mistake(f'visemes: {key}: there is no expression "{name}"{near}')


def _looks(
    expressions: Mapping[str, Expression], roads: list[Road]
) -> Iterator[tuple[Look, Mouth]]:
    """The faces that differ from neutral by their mouth alone, and those between two of them."""
    neutral = expressions.get(NEUTRAL, Expression(NEUTRAL))
    plain = {name: mouth_of(e) for name, e in expressions.items() if mouth_alone(e, neutral)}
    plain.setdefault(NEUTRAL, mouth_of(neutral))
    for name, mouth in plain.items():
        yield Look(name), mouth
    for road in roads:
        start, end = road.start[0], road.end[0]
        if start in plain and end in plain and start != end:
            for t, _ in road.tweens:
                pairs = zip(plain[start], plain[end], strict=True)
                between = tuple(a + (b - a) * t for a, b in pairs)
                yield Look(start, end, t), cast(Mouth, between)


def _nearest(shape: str, looks: Mapping[Look, Mouth]) -> Look:
    """The face nearest to a shape; a name that says the shape itself is nearer than any."""
    named = [look for look in looks if not look.towards and _is_called(look.expression, shape)]
    if named:
        return named[0]
    return min(looks, key=lambda look: (round(_distance(shape, looks[look]), 6), str(look)))


def _is_called(name: str, shape: str) -> bool:
    return bool(re.fullmatch(rf"{PREFIX.pattern}{shape}", name, re.IGNORECASE))


def _distance(shape: str, mouth: Mouth) -> float:
    weighted = [(_SEEN_FIRST * its[0], *its[1:]) for its in (WANTED[shape], mouth)]
    apart = math.dist(*weighted)
    at_rest = max(mouth[:3]) < _NOT_AT_REST
    return apart + (_NOT_AT_REST * 3 if at_rest and shape not in "AGX" else 0.0)


def said(found: Visemes) -> str:
    """The defaults in one line: which face shows which shapes."""
    shapes: dict[str, str] = {}
    for shape, look in found.defaults.items():
        shapes[str(look)] = shapes.get(str(look), "") + shape
    return ", ".join(f"{shown} for {' '.join([*of])}" for shown, of in shapes.items())

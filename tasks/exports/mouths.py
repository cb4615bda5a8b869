"""Mouths that speak: which picture of a pose shows a mouth shape, of the frames that are there."""

from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path

from tasks.exports.cast import Cast
from tasks.ground.errors import Mistake
from tasks.ground.ids import did_you_mean
from tasks.timelines.roads import Road, Roads
from tasks.timelines.rules import REST, SHAPES
from tasks.timelines.visemes import Look, Visemes, parsed, visemes

_OPEN = "CDE"
"""the shapes whose mouth is open"""


class Mouths:
    """The mouths of a cast, as its timelines show them."""

    def __init__(self, cast: Cast, speaking: str | None) -> None:
        """`speaking`: the expression whose mouth is open, for a cast without visemes."""
        self._cast = cast
        self._roads = Roads(tuple(_roads(cast)))
        known = {name: cast.expression(name) for name in cast.expressions}
        given = {
            key: value
            for key, value in cast.character.talking.visemes.items()
            if _is_of(value, known)
        }
        self._visemes: Visemes = visemes(given, known, self._roads.roads)
        self._speaking = speaking

    def shown(self, expression: str, pose: str) -> dict[str, Path]:
        """The picture of each shape but the one at rest, in a mood; none where nothing opens."""
        found = {shape: self._path(shape, expression, pose) for shape in SHAPES if shape != REST}
        paths = {shape: path for shape, path in found.items() if path is not None}
        moving = len(set(paths.values())) > 1
        return paths if moving else {}

    def shut_twin(self, expression: str) -> str | None:
        """The same expression with its eyes shut; None where there is none."""
        return self._visemes.blinking(expression)

    def with_mouth(self, mouth: str, expression: str) -> str | None:
        """The expression that has another's mouth and its own eyes; None where there is none."""
        found = self._visemes.joined(Look(mouth), expression)
        return found.expression if found and found.expression != mouth else None

    @cached_property
    def _opens(self) -> bool:
        looks = {self._visemes.defaults[shape] for shape in SHAPES}
        return len(looks) > 1

    def _path(self, shape: str, expression: str, pose: str) -> Path | None:
        look = self._visemes.look(shape, "", expression)
        if self._speaking and shape in _OPEN and not self._opens:
            look = Look(self._speaking)
        return self._picture(self._visemes.joined(look, expression) or look, pose)

    def _picture(self, look: Look, pose: str) -> Path | None:
        frames = self._cast.frames
        if look.towards:
            start, end = (look.expression, pose), (look.towards, pose)
            between = self._roads.between(start, end, look.t)
            return Path(between) if between else frames.get(end if look.t > 0.5 else start)
        return frames.get((look.expression, pose))


def _is_of(value: str | Mapping[str, str], known: Mapping[str, object]) -> bool:
    names = [value] if isinstance(value, str) else value.values()
    looks = [parsed(name) for name in names]
    return all((look.towards or look.expression) in known for look in looks)


def _roads(cast: Cast) -> Iterator[Road]:
    for one in cast.sequences:
        if one.pose is not None:
            tweens = tuple((f.t, str(f.path)) for f in one.frames if 0 < f.t < 1)
            start, end = (one.expr_start, one.pose), (one.expr_end, one.pose)
            yield Road(one.path_id, start, end, tweens, one.duration_ms)


def named(cast: Cast, option: str) -> str | None:
    """The expression that an option names, if it does. Raises `Mistake` where it is not there."""
    name: str | None = cast.settings.options.get(option)
    if name is None:
        return None
    if name not in cast.expressions:
        near = did_you_mean(name, cast.expressions)
        raise Mistake(f'options.{option}: there is no frame of "{name}"{near}')
    return name

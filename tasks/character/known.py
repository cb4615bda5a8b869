"""A config that was checked before, of which only expressions changed since: read without pydantic.

Loading pydantic, and building all forms of a config, takes longer than drawing a small frame.
What was checked is kept as plain data; an expression is let through that is plainly right, and for
anything else all is checked as ever.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any

from tasks.character.bounds import MOST_WORDS
from tasks.character.character import BasePath, Character, Costume, Expression, Generation, Pose
from tasks.character.export import ExportSettings
from tasks.character.expression import EXPRESSION_KEYS, resolved
from tasks.character.face import Brow, Eye, Face, Head, Mouth
from tasks.character.rules import rule_findings
from tasks.character.settings import Finish, Thresholds
from tasks.character.talking import (
    Blink,
    Keyframe,
    LipSync,
    Moods,
    MouthShape,
    Talking,
    TierNames,
    Timeline,
)
from tasks.character.vocabulary import ARKIT_NAMES, AxisValue
from tasks.ground.digest import digest_of
from tasks.models.prices import Price, TokenPrices

_KINDS = {
    kind.__name__: kind
    for kind in (
        *(
            AxisValue,
            BasePath,
            Blink,
            Brow,
            Character,
            Costume,
            ExportSettings,
            Eye,
            Face,
            Finish,
            Generation,
        ),
        *(
            Head,
            Keyframe,
            LipSync,
            Moods,
            Mouth,
            MouthShape,
            Pose,
            Price,
            Talking,
            Thresholds,
            TierNames,
        ),
        *(Timeline, TokenPrices),
    )
}
_ARKIT = frozenset(ARKIT_NAMES)


@dataclass(frozen=True, slots=True)
class Checked:
    """A config that pydantic found right."""

    of: str
    """the digest of all of it but its expressions, and of how it was checked"""
    expressions: Mapping[str, Any]
    """as they stood in it"""
    character: Character

    def plain(self) -> dict[str, Any]:
        """As a file keeps it."""
        character = _plain(replace(self.character, expressions={}))
        return {
            "of": self.of,
            "expressions": self.expressions,
            "character": character,
            "sum": digest_of(character),
        }


def rest_digest(document: Any, *, official_endpoint: bool, program: str) -> str:
    """Of all of a config but its expressions; empty where it has no form that could be right."""
    if not isinstance(document, dict):
        return ""
    rest = {key: value for key, value in document.items() if key != "expressions"}
    try:
        return digest_of([rest, official_endpoint, program])
    except ValueError:  # a number that is none
        return ""


def recalled(document: Any, of: str, kept: Any, *, official_endpoint: bool) -> Character | None:
    """The character of a config that differs in its expressions alone from one that was checked.

    `of`: its `rest_digest`; `kept`: what `Checked.plain` gave. None where all has to be checked.
    """
    if not (of and isinstance(kept, dict) and kept.get("of") == of):
        return None
    try:
        if kept["sum"] != digest_of(kept["character"]):
            return None
        character: Character = _made(kept["character"])
        before = kept["expressions"].get
        expressions = document["expressions"]
        changed = {n: each for n, each in expressions.items() if before(n) != each}
        if not all(_is_right(name, each) for name, each in changed.items()):
            return None
        if next(rule_findings(document, official_endpoint=official_endpoint), None):
            return None
        return replace(character, expressions=dict(_resolved(expressions, character)))
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError):
        return None


def _resolved(
    expressions: Mapping[str, Any], character: Character
) -> Iterator[tuple[str, Expression]]:
    for name, each in expressions.items():
        chosen = {key: value for key, value in each.items() if key not in EXPRESSION_KEYS}
        weights = {shape: float(weight) for shape, weight in each.get("blendshapes", {}).items()}
        yield name, resolved(name, each.get("prompt", ""), weights, chosen, character.axes)


def _is_right(name: str, expression: Any) -> bool:
    """Whether pydantic would plainly take it. The rules between keys are looked at beside that."""
    if not (isinstance(expression, dict) and _is_text(name)):
        return False
    said = {key: value for key, value in expression.items() if key != "blendshapes"}
    if not all(_is_text(key) and _is_text(value) for key, value in said.items()):
        return False
    weights = expression.get("blendshapes", {})
    return (
        len(expression.get("prompt", "")) <= MOST_WORDS
        and isinstance(weights, dict)
        and _ARKIT.issuperset(weights)
        and all(type(weight) in {int, float} and 0 <= weight <= 1 for weight in weights.values())
    )


def _is_text(value: Any) -> bool:
    """Text without half of a surrogate pair, which JSON can spell and UTF-8 cannot."""
    if not isinstance(value, str):
        return False
    return value.isascii() or not any("\ud800" <= letter <= "\udfff" for letter in value)


def _plain(value: Any) -> Any:
    """Data as JSON that names its types: `_made` makes the same of it."""
    if is_dataclass(value):
        kind = type(value)
        assert _KINDS.get(kind.__name__) is kind, kind  # noqa: S101 - a bug, met by every test
        own = {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
        return [kind.__name__, own]
    if isinstance(value, Mapping):
        return ["{}", {key: _plain(each) for key, each in value.items()}]
    if isinstance(value, (tuple, list)):
        return ["()" if isinstance(value, tuple) else "[]", *map(_plain, value)]
    return value


def _made(plain: Any) -> Any:
    """What `_plain` made this of. Raises LookupError, TypeError or ValueError."""
    if not isinstance(plain, list):
        return plain
    kind, *parts = plain
    if kind == "()":
        return tuple(map(_made, parts))
    if kind == "[]":
        return list(map(_made, parts))
    (own,) = parts
    made = {key: _made(each) for key, each in own.items()}
    return made if kind == "{}" else _KINDS[kind](**made)

"""JSON with its positions: which line and column each value stands on, and what JSON leaves open.

The standard library parses; this module finds places in the text once something is wrong.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from json.decoder import scanstring  # pyrefly: ignore[missing-module-attribute] - typeshed lacks it
from typing import Any, cast

from tasks.ground.errors import Mistake

Path = tuple[str | int, ...]
"""where a value stands in the document: keys and list indices from the root"""

_SCALAR = re.compile(r"[^\s,\]}]+")
_PLAIN_KEY = re.compile(r"[\w$-]+")
_MAX_DEPTH = 100


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a text. Lines and columns count from 1."""

    line: int
    column: int

    def __str__(self) -> str:
        return f"line {self.line}, column {self.column}"


@dataclass(frozen=True, slots=True)
class Found:
    """One key or list item, met in the text's order."""

    path: Path
    key: int | None
    """the offset of the key in the text; None for a list's items"""
    value: int
    """the offset of the value in the text"""


def parse(text: str, pairs_hook: Callable[[list[tuple[str, Any]]], Any] = dict) -> Any:
    """The document in `text`; `pairs_hook` makes each object from its pairs, as in `json.loads`.

    Raises `Mistake` with the place of a syntax error. NaN and Infinity come through as Python's
    floats: whoever checks the values refuses them, together with all else that is wrong.
    """
    try:
        document = json.loads(text, object_pairs_hook=pairs_hook)
    except json.JSONDecodeError as error:
        raise Mistake(f"line {error.lineno}, column {error.colno}: {_plain(error.msg)}") from error
    except ValueError as error:
        raise Mistake(f"a number in it is too long to be read: {error}") from error
    except RecursionError as error:
        raise Mistake("it is nested too deeply to be read") from error
    if _depth(document) > _MAX_DEPTH:
        raise Mistake("it is nested too deeply to be read")
    return document


def walk(text: str) -> list[Found]:
    """Every key and item of a document that `parse` took; a duplicate key comes twice."""
    return _value(text, _skip(text, 0), ())[1]


def place(text: str, at: int) -> Place:
    """The line and column of an offset."""
    return Place(text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at))


def path_text(path: Path) -> str:
    """A path as people write it: `$.expressions.sad.mouth`, `$.poses[2]`, `$.axes["a b"]`."""
    return "$" + "".join(map(_part_text, path))


def _part_text(part: str | int) -> str:
    if isinstance(part, int):
        return f"[{part}]"
    return f".{part}" if _PLAIN_KEY.fullmatch(part) else f"[{json.dumps(part, ensure_ascii=False)}]"


def _depth(document: Any) -> int:
    """How many objects and lists lie inside each other at the most."""
    depth, level = 0, [document]
    while level := [node for node in level if isinstance(node, (dict, list))]:
        depth += 1
        level = [
            below for node in level for below in (node.values() if isinstance(node, dict) else node)
        ]
    return depth


def _plain(message: str) -> str:
    """The parser's message; what Python 3.13 says of a comma too many, in every version."""
    if "double quotes" in message or "trailing comma" in message:
        return "a key in double quotes must stand here; is there a comma too many?"
    return message


def _value(text: str, at: int, path: Path) -> tuple[int, list[Found]]:
    """The end of the value that begins at `at`, and all that is inside it."""
    if text[at] == "{":
        return _object(text, at, path)
    if text[at] == "[":
        return _array(text, at, path)
    if text[at] == '"':
        return scanstring(text, at + 1)[1], []
    return cast("re.Match[str]", _SCALAR.match(text, at)).end(), []


def _skip(text: str, at: int) -> int:
    """The next place that is neither space nor a separator."""
    while text[at] in " \t\n\r,:":
        at += 1
    return at


def _object(text: str, at: int, path: Path) -> tuple[int, list[Found]]:
    found: list[Found] = []
    at = _skip(text, at + 1)
    while text[at] != "}":
        key_at = at
        key, at = scanstring(text, at + 1)
        at = _skip(text, at)
        inner = (*path, key)
        found.append(Found(inner, key_at, at))
        at, below = _value(text, at, inner)
        found.extend(below)
        at = _skip(text, at)
    return at + 1, found


def _array(text: str, at: int, path: Path) -> tuple[int, list[Found]]:
    found: list[Found] = []
    at = _skip(text, at + 1)
    index = 0
    while text[at] != "]":
        inner = (*path, index)
        found.append(Found(inner, None, at))
        at, below = _value(text, at, inner)
        found.extend(below)
        at = _skip(text, at)
        index += 1
    return at + 1, found

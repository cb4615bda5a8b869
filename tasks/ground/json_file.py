"""Small JSON files of this program: read, checked by one type each, written whole.

No pydantic in here: some of these files are read by a run that draws nothing.
"""

import json
import math
from collections.abc import Callable, Hashable, Mapping
from dataclasses import MISSING, fields, is_dataclass
from enum import Enum
from functools import lru_cache
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from tasks.ground.files import read_plain, write_whole

UNREADABLE = (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError)
"""what reading a file that is missing, damaged or somebody else's may raise"""

_Data = TypeVar("_Data")
_Check = Callable[[Any], Any]


def read(path: Path) -> Any:
    """The document at `path`. Raises OSError, ValueError or RecursionError."""
    return json.loads(read_plain(path))


def read_or_none(path: Path) -> Any:
    """The document at `path`; None where there is none, or a damaged one."""
    try:
        return read(path)
    except UNREADABLE:
        return None


def write(
    path: Path, document: Any, *, indent: int | None = 1, flush_to_disk: bool = False
) -> None:
    """Put a document at `path`, whole or not at all; without `indent`, in one line.

    Raises OSError.
    """
    compact = None if indent else (",", ":")
    text = json.dumps(document, indent=indent, separators=compact, ensure_ascii=False)
    # Half a surrogate pair, which JSON can spell, is read back as it was.
    data = f"{text}\n".encode("utf-8", "surrogatepass")
    write_whole(path, data, flush_to_disk=flush_to_disk)


def typed(kind: type[_Data], document: Any) -> _Data:
    """A dataclass from its plain data; what a later version wrote beside that is passed over.

    Raises `TypeError` or `ValueError`, with the field's name, where a field is missing or is not
    what its type says: texts, numbers (finite), mappings, tuples (lists in JSON), enums (by value),
    dataclasses, and None where the type allows it.
    """
    if not isinstance(document, Mapping):
        raise TypeError(f"{kind.__name__} is no object")
    found = {}
    for name, needed, check in _checks(cast(Hashable, kind)):
        if name in document:
            try:
                found[name] = check(document[name])
            except (TypeError, ValueError) as error:
                raise type(error)(f"{name}: {error}") from error
        elif needed:
            raise TypeError(f"{name} is missing")
    return kind(**found)


@lru_cache(maxsize=32)
def _checks(kind: Any) -> tuple[tuple[str, bool, _Check], ...]:
    """Of each field: its name, whether it must be there, and what checks it."""
    hints = get_type_hints(kind)
    return tuple(
        (entry.name, entry.default is MISSING is entry.default_factory, _check(hints[entry.name]))
        for entry in fields(kind)
    )


def _check(hint: Any) -> _Check:
    """What makes a value of `hint` of its plain data, or raises."""
    origin, arguments = get_origin(hint), get_args(hint)
    if hint is Any:
        return lambda value: value
    if origin in {Union, UnionType}:
        return _optional(hint, arguments)
    if origin is tuple and len(arguments) == 2 and arguments[1] is ...:
        return _tuple_of(_check(arguments[0]))
    if origin is not None and issubclass(origin, Mapping):
        return _mapping_of(_check(arguments[1]))
    return _of_class(hint)


def _of_class(hint: Any) -> _Check:
    if issubclass(hint, Enum):
        return cast(_Check, hint)
    if is_dataclass(hint):
        return lambda value: typed(cast(type[Any], hint), value)
    if hint in {str, bool, int, float}:
        return _plain(hint)
    raise NotImplementedError(f"no small JSON file has a field of type {hint}")


def _optional(hint: Any, arguments: tuple[Any, ...]) -> _Check:
    others = [argument for argument in arguments if argument is not NoneType]
    if len(others) != 1 or len(arguments) != 2:
        raise NotImplementedError(f"no small JSON file has a field of type {hint}")
    check = _check(others[0])
    return lambda value: None if value is None else check(value)


def _tuple_of(check: _Check) -> _Check:
    def made(value: Any) -> Any:
        if not isinstance(value, list):
            raise TypeError("must be a list")
        return tuple(check(one) for one in value)

    return made


def _mapping_of(check: _Check) -> _Check:
    def made(value: Any) -> Any:
        if not isinstance(value, dict):
            raise TypeError("must be an object")
        return {name: check(one) for name, one in value.items()}

    return made


def _plain(kind: type[Any]) -> _Check:
    allowed = (int, float) if kind is float else (kind,)

    def made(value: Any) -> Any:
        if not isinstance(value, allowed) or (isinstance(value, bool) and kind is not bool):
            raise TypeError(f"must be of type {kind.__name__}")
        if isinstance(value, float) and not math.isfinite(value):
            raise ValueError("must be finite")
        return value

    return cast(_Check, made)

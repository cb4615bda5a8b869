"""Changing a JSON text as a person would: what stays the same keeps its bytes, order and layout.

What is new is written as what stands beside it: an item like its neighbours, a key like the others
of its object.
"""

import json
import re
from dataclasses import dataclass, replace
from typing import Any, cast

_SPACE = re.compile(r"[ \t\r\n]*")
_DECODER = json.JSONDecoder()


@dataclass(frozen=True, slots=True)
class _Value:
    """A value in the text: its own text, what it means, and what is inside it."""

    text: str
    content: Any
    members: tuple["_Member", ...] = ()
    tail: str = ""
    """the space before its closing bracket"""


@dataclass(frozen=True, slots=True)
class _Member:
    """An item of a list, or a key with its value, of an object."""

    lead: str
    """the space before it"""
    key: str
    """its key with the colon, as in the text; empty in a list"""
    name: str
    value: _Value
    after: str
    """the space between it and the comma"""


def edited(text: str, document: Any) -> str:
    """The text, changed to say `document`. It must be JSON."""
    begin = _space(text, 0)
    value, end = _read(text, begin)
    newline = "\r\n" if "\r\n" in text else "\n"
    # One line that a person wrote may become several; one without any space stays one.
    lines = "\n" in text or ": " in text
    layout = _Layout(newline if lines else "", _indent(value), '{"' not in text)
    return text[:begin] + _written(value, document, layout, layout.indent) + text[end:]


@dataclass(frozen=True, slots=True)
class _Layout:
    """How a text is laid out, for what has nothing beside it to be like."""

    newline: str
    """empty where all of it is to stay one line"""
    indent: str
    padded: bool
    """whether there is space inside the braces of a line"""


def _space(text: str, at: int) -> int:
    return cast("re.Match[str]", _SPACE.match(text, at)).end()


def _read(text: str, begin: int) -> tuple[_Value, int]:
    """The value that begins there, and its end."""
    if text[begin] not in "{[":
        content, end = _DECODER.raw_decode(text, begin)
        return _Value(text[begin:end], content), end
    is_object, members, at = text[begin] == "{", list[_Member](), begin + 1
    while text[(there := _space(text, at))] not in "}]":
        lead, key, name, value_at = text[at:there], "", "", there
        if is_object:
            name, end = _DECODER.raw_decode(text, there)
            value_at = _space(text, _space(text, end) + 1)
            key = text[there:value_at]
        value, end = _read(text, value_at)
        next_ = _space(text, end)
        comma = text[next_] == ","
        members.append(_Member(lead, key, name, value, text[end:next_] if comma else ""))
        at = next_ + 1 if comma else end
    content = (
        {member.name: member.value.content for member in members}
        if is_object
        else [member.value.content for member in members]
    )
    end = _space(text, at) + 1
    return _Value(text[begin:end], content, tuple(members), text[at : end - 1]), end


def _indent(value: _Value) -> str:
    """The spaces by which what is inside a document is moved to the right."""
    lead = value.members[0].lead if value.members else ""
    return lead.rpartition("\n")[2] if "\n" in lead else "  "


def same(one: Any, other: Any) -> bool:
    """Whether two values mean the same: 1 is 1.0, and neither is true."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[name], other[name]) for name in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    return isinstance(one, bool) == isinstance(other, bool) and bool(one == other)


def _written(value: _Value, new: Any, layout: _Layout, indent: str) -> str:
    """The text of a value that is to say `new`. `indent`: of what is inside it."""
    if same(value.content, new):
        return value.text
    if isinstance(value.content, dict) and isinstance(new, dict) and value.members and new:
        return _object(value, new, layout, indent)
    if isinstance(value.content, list) and isinstance(new, list) and value.members and new:
        return _list(value, new, layout, indent)
    return _fresh(new, layout, indent)


def _object(value: _Value, new: dict[str, Any], layout: _Layout, indent: str) -> str:
    last = {member.name: member for member in value.members}  # of a key that is there twice
    added = {name: content for name, content in new.items() if name not in last}
    if any(map(_is_deep, added.values())) and layout.newline and "\n" not in value.text:
        return _object(_opened(value, layout, indent), new, layout, indent)
    below = _below(value, layout, indent)
    colon = _colon(value.members[0])
    parts: list[tuple[_Member | None, str]] = []
    for member in last.values():
        if member.name in new:
            text = _written(member.value, new[member.name], layout, below)
            parts.append((member, member.key + text + member.after))
    for name, content in added.items():
        parts.append((None, _dumps(name) + colon + _fresh(content, layout, below)))
    return "{" + _joined(value, parts) + value.tail + "}"


def _opened(value: _Value, layout: _Layout, indent: str) -> _Value:
    """An object of one line, a key a line."""
    lead, outer = layout.newline + indent, layout.newline + indent.removesuffix(layout.indent)
    members = tuple(replace(member, lead=lead, after="") for member in value.members)
    return _Value(value.text + layout.newline, value.content, members, outer)


def _colon(member: _Member) -> str:
    """The colon after its key, with the space around it."""
    return member.key.rpartition('"')[2]


def _list(value: _Value, new: list[Any], layout: _Layout, indent: str) -> str:
    below = _below(value, layout, indent)
    parts: list[tuple[_Member | None, str]] = []
    for member, content in zip(_matches(value.members, new), new, strict=True):
        if member is None:
            parts.append((None, _like(value.members[-1].value, content, layout, below)))
        else:
            text = _written(member.value, content, layout, below)
            parts.append((member, text + member.after))
    return "[" + _joined(value, parts) + value.tail + "]"


def _below(value: _Value, layout: _Layout, indent: str) -> str:
    """The indent of what is inside the members of a value."""
    lead = value.members[0].lead
    return (lead.rpartition("\n")[2] if "\n" in lead else indent) + layout.indent


def _joined(value: _Value, parts: list[tuple[_Member | None, str]]) -> str:
    """Members one after the other, each with the space that stood before it, or before its like."""
    first, rest = value.members[0], _rest(value.members)
    leads = [
        first.lead if not index else rest if member is None or member is first else member.lead
        for index, (member, _) in enumerate(parts)
    ]
    return ",".join(lead + text for lead, (_, text) in zip(leads, parts, strict=True))


def _rest(members: tuple[_Member, ...]) -> str:
    """The space before any member but the first; of empty lines none."""
    if len(members) == 1 and "\n" not in members[0].lead:
        return " "
    lead = members[-1].lead
    line = "\r\n" if "\r\n" in lead else "\n"
    return line + lead.rpartition("\n")[2] if "\n" in lead else lead


def _matches(old: tuple[_Member, ...], new: list[Any]) -> list[_Member | None]:
    """Of each new item the old one that it is, or was: equal ones first, then by their order."""
    places: dict[str, list[int]] = {}
    for index in reversed(range(len(old))):
        places.setdefault(_key(old[index].value.content), []).append(index)
    found: list[int | None] = []
    for content in new:
        equal = places.get(_key(content))
        found.append(equal.pop() if equal else None)
    taken = {index for index in found if index is not None}
    left = iter([index for index in range(len(old)) if index not in taken])
    matched = [index if index is not None else next(left, None) for index in found]
    return [None if index is None else old[index] for index in matched]


def _key(content: Any) -> str:
    return json.dumps(content, sort_keys=True)


def _like(neighbour: _Value, new: Any, layout: _Layout, indent: str) -> str:
    """A new item, laid out as its neighbour is."""
    members = neighbour.members
    if not isinstance(new, dict) or not new or not members or not members[0].key:
        return _fresh(new, layout, indent)
    first = members[0]
    colon, rest = _colon(first), _rest(members)
    below = _below(neighbour, layout, indent)
    parts = [
        (rest if index else first.lead) + _dumps(name) + colon + _fresh(content, layout, below)
        for index, (name, content) in enumerate(new.items())
    ]
    return "{" + ",".join(parts) + neighbour.tail + "}"


def _fresh(new: Any, layout: _Layout, indent: str) -> str:
    """A new value: in one line, unless there are lists or objects in it."""
    if not isinstance(new, (dict, list)) or not new:
        return _dumps(new)
    inside = list(new.values()) if isinstance(new, dict) else new
    keys = [f"{_dumps(name)}: " for name in new] if isinstance(new, dict) else [""] * len(new)
    deep = layout.newline and _is_deep(new)
    parts = [
        key + _fresh(each, layout, indent + layout.indent)
        for key, each in zip(keys, inside, strict=True)
    ]
    opening, closing = "{}" if isinstance(new, dict) else "[]"
    if deep:
        lead = layout.newline + indent
        outer = layout.newline + indent.removesuffix(layout.indent)
        return opening + lead + f",{lead}".join(parts) + outer + closing
    pad = " " if layout.padded and isinstance(new, dict) else ""
    return opening + pad + ", ".join(parts) + pad + closing


def _is_deep(value: Any) -> bool:
    """Whether there are lists or objects in a list or object."""
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return any(isinstance(each, (dict, list)) and each for each in inside)


def _dumps(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    try:
        text.encode()
    except UnicodeEncodeError:  # half a surrogate pair
        return json.dumps(value)
    return text

"""Moods suggested for what is said: the words of the request, and what an answer to it means.

The transcript goes as numbered lines, and moods come back by these numbers: no model has to count
words or to tell the time, and the same words at other times are the same request. Pure.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tasks.character.character import NEUTRAL
from tasks.character.talking import Moods
from tasks.ground.digest import digest_of
from tasks.ground.outside import clean
from tasks.requests.request import Request
from tasks.timelines.script import Script, starts_of
from tasks.timelines.timing import Span, Timing

_ENDS = re.compile(r"""[.?!…;:]["'”’»)\]]*$""")
_RESTS = re.compile(r"""[,–—-]["'”’»)\]]*$""")
_FEW, _MANY = 4, 14
"""words from which a line ends at a comma, and after which it ends in any case"""
_PAUSE_US = 400_000
"""a silence that ends a line where the words have no marks"""
_MOST_LISTED = 200
"""names that a schema may list; endpoints have limits of their own above that"""
_SHOWN = 3
_ASKED = """\
A character speaks the lines below. Say at which lines its face changes, and to which of the
expressions: name the line's number and the expression. A face holds until the next change, and is
neutral before the first. Change it only where what is said calls for it; go back to neutral where
a mood is over.

Answer with JSON alone: {"moods": [{"line": 1, "expression": "NAME"}]}. An empty list is an answer.
"""


class NonsenseError(ValueError):
    """An answer that is no list of moods."""


@dataclass(frozen=True, slots=True)
class Line:
    """A part of what is said that has one mood."""

    start_us: int
    text: str


@dataclass(frozen=True, slots=True)
class Suggested:
    """The moods in an answer."""

    moods: tuple[tuple[Line, str], ...]
    """each with the line from which on it holds, in order"""
    dropped: tuple[str, ...] = ()
    """what cannot be: of no such line, or no such expression"""


def lines_of(script: Script, heard: Timing) -> tuple[Line, ...]:
    """The lines of a transcript: of the text, where one is given, else of what was heard."""
    if script.words and (heard.words or not heard.form):
        starts = starts_of(script, heard.words)
        spans = [Span(at, at, word) for at, word in zip(starts, script.words, strict=True)]
        return tuple(_lines(spans))
    if heard.words:
        return tuple(_lines(heard.words))
    return tuple(Line(cue.start_us, clean(cue.text)) for cue in heard.cues if cue.text.strip())


def _lines(words: Iterable[Span]) -> Iterator[Line]:
    line: list[Span] = []
    for word in words:
        if line and _is_whole(line, word):
            yield _joined(line)
            line = []
        line.append(word)
    if line:
        yield _joined(line)


def _is_whole(line: Sequence[Span], after: Span) -> bool:
    last = line[-1]
    paused = last.end_us > last.start_us and after.start_us - last.end_us > _PAUSE_US
    rests = len(line) >= _FEW and _RESTS.search(last.label)
    return bool(_ENDS.search(last.label) or rests or paused or len(line) >= _MANY)


def _joined(line: Sequence[Span]) -> Line:
    return Line(line[0].start_us, clean(" ".join(word.label for word in line), 1000))


def request_of(lines: Sequence[Line], feelings: Mapping[str, str], moods: Moods) -> Request:
    """What is asked for these lines; `feelings`: the expressions that may be named, with words."""
    more = f"\n{moods.prompt.strip()}\n" if moods.prompt.strip() else ""
    named = "\n".join(f"- {name}: {said}" if said else f"- {name}" for name, said in
                      feelings.items())  # fmt: skip
    said = "\n".join(f"{number}: {line.text}" for number, line in enumerate(lines, 1))
    return Request(
        engine="openai",
        size_px=(0, 0),
        pictures=(),
        prompt=f"{_ASKED}{more}\nExpressions:\n{named}\n\nLines:\n{said}\n",
        model=moods.model,
        parameters={"answer": "moods"},
        extra=_forms(moods.form, list(feelings)),
    )


def _forms(form: str, names: list[str]) -> dict[str, Any]:
    if form == "words":
        return {}
    if form == "json":
        return {"response_format": {"type": "json_object"}}
    expression: dict[str, Any] = {"type": "string"}
    if len(names) <= _MOST_LISTED:
        expression["enum"] = names
    mood = {"line": {"type": "integer"}, "expression": expression}
    schema = _object({"moods": {"type": "array", "items": _object(mood)}})
    named = {"name": "moods", "strict": True, "schema": schema}
    return {"response_format": {"type": "json_schema", "json_schema": named}}


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def suggested(body: bytes, lines: Sequence[Line], names: Iterable[str]) -> Suggested:
    """The moods in the body of an answer. Raises `NonsenseError` where there are none to be had."""
    listed = _listed(_content(body))
    known, found, dropped = set(names), dict[int, str](), list[str]()
    for entry in listed:
        number, name = entry.get("line"), entry.get("expression")
        if not isinstance(number, int) or isinstance(number, bool):
            dropped.append(f"line {_short(number)}")
        elif not 1 <= number <= len(lines):
            dropped.append(f"line {number} of {len(lines)}")
        elif name not in known:
            dropped.append(f"expression {_short(name)}")
        else:
            found[number] = name
    if listed and not found:
        raise NonsenseError(f"it names {', '.join(dropped[:_SHOWN])}")
    changes, before = list[tuple[Line, str]](), NEUTRAL
    for number, name in sorted(found.items()):
        if name != before:
            changes.append((lines[number - 1], name))
        before = name
    return Suggested(tuple(changes), tuple(dropped))


def _content(body: bytes) -> str:
    """The words of a chat completion."""
    try:
        message = json.loads(body)["choices"][0]["message"]
        content, refusal = message.get("content"), message.get("refusal")
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        raise NonsenseError("it has no message") from error
    if isinstance(content, list):  # of parts, as some servers have it
        content = "".join(str(part.get("text", "")) for part in content if isinstance(part, dict))
    if not isinstance(content, str) or not content.strip():
        said = f': "{_short(refusal)}"' if refusal else ""
        raise NonsenseError(f"its message is empty{said}")
    return content


def _listed(content: str) -> list[dict[str, Any]]:
    """The list in the first JSON of a text, which may stand in a fence or among other words."""
    for start in (found.start() for found in re.finditer(r"[{\[]", content)):
        try:
            document, _ = json.JSONDecoder().raw_decode(content[start:])
        except (ValueError, RecursionError):
            continue
        listed = document.get("moods") if isinstance(document, dict) else document
        if isinstance(listed, list) and all(isinstance(entry, dict) for entry in listed):
            return listed
    raise NonsenseError(f"it says: {_short(content)}")


def _short(value: object) -> str:
    return clean(value if isinstance(value, str) else json.dumps(value, default=str), 60)


def written(found: Suggested, model: str, key: str) -> bytes:
    """The file of suggested moods: keyframes, a line each, in the form of a timeline's own."""
    rows = [
        {"time_ms": round(line.start_us / 1000), "target_expr": name, "note": line.text}
        for line, name in found.moods
    ]
    mark = {"model": model, "request": key, "keyframes": digest_of(rows)}
    listed = ",\n".join(f"  {json.dumps(row, ensure_ascii=False)}" for row in rows)
    body = f"[\n{listed}\n]" if rows else "[]"
    return f'{{"suggested": {json.dumps(mark)},\n"keyframes": {body}}}\n'.encode()


def is_ours(data: bytes) -> bool:
    """Whether a file is as `written` left it: one that a person edited is that person's."""
    try:
        document = json.loads(data)
        return bool(document["suggested"]["keyframes"] == digest_of(document["keyframes"]))
    except (ValueError, LookupError, TypeError, RecursionError):
        return False

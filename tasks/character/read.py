"""Reading `expressions.json`: from bytes to a `Character`, or to every mistake in them at once."""

import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path as FilePath
from typing import Any

from tasks.character.character import Character
from tasks.character.known import Checked, recalled, rest_digest
from tasks.character.override import Override
from tasks.character.rules import Finding
from tasks.ground import json_places as json_text
from tasks.ground.errors import Mistake
from tasks.ground.files import read_file
from tasks.ground.outside import clean

_MOST_SHOWN = 20
_LONGEST = 2000
"""characters of the line of a mistake"""


class ConfigMistake(Mistake):
    """What is wrong with a config: every mistake in it, each on a line of its own."""


@dataclass
class _Source:
    """A config's text, and where each thing stands in it."""

    name: str
    text: str
    overrides: Sequence[Override]
    findings: list[Finding] = field(default_factory=list)

    def lines(self) -> tuple[list[str], int]:
        """The first findings as a line each, in the text's order; and how many there are."""
        places = {found.path: found for found in json_text.walk(self.text)}
        placed = [(self._offset(finding, places), finding) for finding in self.findings]
        placed.sort(key=lambda pair: pair[0])
        # Two sources may say the same of one place.
        first = [(offset, self._line(finding)) for offset, finding in placed[: 2 * _MOST_SHOWN]]
        lines = [f"{self._place(offset)}{line}" for offset, line in sorted(dict.fromkeys(first))]
        more = len({(offset, finding.path) for offset, finding in placed[2 * _MOST_SHOWN :]})
        return lines[:_MOST_SHOWN], len(lines) + more

    def _offset(self, finding: Finding, places: Mapping[json_text.Path, json_text.Found]) -> int:
        """Where a finding stands: its own place, or that of what it is missing from; else -1."""
        path = finding.path
        if self._override(finding):
            return -1
        while path and path not in places:
            path = path[:-1]
        if not path:
            return 0
        found = places[path]
        at_key = finding.at_key and found.key is not None and path == finding.path
        return found.key if at_key and found.key is not None else found.value

    def _place(self, offset: int) -> str:
        return "" if offset < 0 else f"{json_text.place(self.text, offset)}: "

    def _line(self, finding: Finding) -> str:
        override = self._override(finding)
        if override:
            return clean(f"{override.variable} on the command line: {finding.text}", _LONGEST)
        path = (clean(part, 64) if isinstance(part, str) else part for part in finding.path)
        return clean(f"{json_text.path_text(tuple(path))}: {finding.text}", _LONGEST)

    def _override(self, finding: Finding) -> Override | None:
        """What was typed in place of a wrong value; a wrong key is the file's own."""
        typed = (override for override in self.overrides if override.path == finding.path)
        return None if finding.at_key else next(typed, None)


def read_text(path: FilePath) -> str:
    """The text of the config at `path`. Raises `ConfigMistake` where it cannot be read."""
    try:
        return read_file(path).decode("utf-8-sig")
    except FileNotFoundError as error:
        raise ConfigMistake(f"{path} is not there{_other_config(path)}") from error
    except OSError as error:
        raise ConfigMistake(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigMistake(
            f"{path}: byte {error.start} is not UTF-8; save the file as UTF-8"
        ) from error


def parse(
    text: str, name: str, overrides: Sequence[Override] = (), *, official_endpoint: bool = True
) -> Character:
    """The character in `text`, with `overrides` put in place of what it says.

    `name` is the file's, for messages. With a custom endpoint nothing is known of what its models
    take, so that only `official_endpoint` has sizes and qualities checked against the model.
    Raises `ConfigMistake` with every mistake that is in it, each with its line and column.
    """
    source = _Source(name, text, overrides)
    return _checked(source, _parse_document(source), official_endpoint=official_endpoint)


def parse_again(
    source: tuple[str, str, Sequence[Override]],
    kept: Any,
    *,
    official_endpoint: bool,
    program: str,
) -> tuple[Character, Checked | None]:
    """The same, sooner where only expressions changed since the config was checked last.

    `source`: text, name and overrides; `kept`: what `Checked.plain` gave then; `program`: what
    tells this version from others. Beside the character, what to keep, where that is another.
    """
    text, name, overrides = source
    found = _Source(name, text, overrides)
    document = _parse_document(found)
    of = rest_digest(document, official_endpoint=official_endpoint, program=program)
    if not found.findings:
        known = recalled(document, of, kept, official_endpoint=official_endpoint)
        if known:
            return known, None
    character = _checked(found, document, official_endpoint=official_endpoint)
    return character, Checked(of, document["expressions"], character)


def _checked(source: _Source, document: Any, *, official_endpoint: bool) -> Character:
    # pydantic is loaded here, and not by a run after an edit of one expression.
    from tasks.character.mistakes import validated
    from tasks.character.resolve import character_of

    model, findings = validated(document, official_endpoint=official_endpoint)
    source.findings.extend(findings)
    if source.findings or model is None:
        raise _mistake(source.name, *source.lines())
    return character_of(model)


def _other_config(path: FilePath) -> str:
    """The name of a file beside `path` that was probably meant."""
    if not path.parent.is_dir():
        return "; its folder is not there either"
    near = difflib.get_close_matches(path.name, [p.name for p in path.parent.glob("*.json")], n=1)
    return f'; did you mean "{path.with_name(near[0])}"?' if near else ""


def _parse_document(source: _Source) -> Any:
    duplicates = False

    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        nonlocal duplicates
        made = dict(items)
        duplicates = duplicates or len(made) < len(items)
        return made

    try:
        document = json_text.parse(source.text, pairs)
    except Mistake as error:
        raise _mistake(source.name, [str(error)], 1) from error
    if duplicates:
        source.findings.extend(_duplicate_findings(source.text))
    for override in source.overrides:
        _put(document, override.path, override.value)
    return document


def _duplicate_findings(text: str) -> Iterator[Finding]:
    """One finding for each key that stands twice in one object; the last is what is checked."""
    seen: dict[json_text.Path, int] = {}
    twice: set[json_text.Path] = set()
    for found in json_text.walk(text):
        inside_twice = any(found.path[:depth] in twice for depth in range(len(found.path)))
        if found.key is None or inside_twice:
            continue
        if found.path in seen:
            twice.add(found.path)
            first = json_text.place(text, seen[found.path])
            yield Finding(found.path, f"this key is there twice, first on {first}", at_key=True)
        seen.setdefault(found.path, found.key)


def _put(document: Any, path: tuple[str, ...], value: Any) -> None:
    """Set a value in nested objects; what is not an object is left for the checks to name."""
    *above, last = path
    for key in above:
        document = document.setdefault(key, {}) if isinstance(document, dict) else None
    if isinstance(document, dict):
        document[last] = value


def _mistake(name: str, lines: Sequence[str], count: int) -> ConfigMistake:
    if count == 1:
        return ConfigMistake(f"{name}: {lines[0]}")
    more = [f"... and {count - len(lines)} more"] if count > len(lines) else []
    return ConfigMistake("\n  ".join([f"{name}: {count} mistakes", *lines, *more]))

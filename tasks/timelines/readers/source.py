"""A timing file from outside: its text, and the place of what is wrong in it."""

import json
import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from tasks.ground import json_places
from tasks.ground.errors import Mistake
from tasks.ground.outside import clean
from tasks.timelines.timing import SECOND_US

MAX_BYTES = 64_000_000
_MAX_S = 10 * 86_400.0
"""ten days: what is longer is a wrong unit"""


@dataclass(frozen=True)
class Source:
    """A file's name, for messages, and its text."""

    name: str
    text: str

    @cached_property
    def lines(self) -> list[str]:
        """Its lines, without their ends."""
        return self.text.split("\n")

    @cached_property
    def document(self) -> Any:
        """The JSON in it. Raises `Mistake` with the place of what is no JSON."""
        try:
            return json_places.parse(self.text)
        except Mistake as error:
            raise Mistake(f"{self.name}: {error}") from error

    def mistake(self, text: str, line: int | None = None) -> Mistake:
        """What is wrong, at a line counted from 1."""
        where = f", line {line}" if line else ""
        return Mistake(f"{self.name}{where}: {clean(text)}")

    def mistake_at(self, text: str, path: json_places.Path) -> Mistake:
        """What is wrong, at a place of its JSON."""
        places = {found.path: found.value for found in json_places.walk(self.text)}
        above = path
        while above and above not in places:
            above = above[:-1]
        spot = json_places.place(self.text, places.get(above, 0))
        return Mistake(f"{self.name}, {spot}: {json_places.path_text(path)}: {clean(text)}")

    def time_us(self, value: Any, line: int | None = None, unit_us: float = SECOND_US) -> int:
        """A time as a number or its digits, in units of `unit_us`. Raises `Mistake`."""
        problem, time = _time(value, unit_us)
        if problem:
            raise self.mistake(problem, line)
        return time

    def json_time_us(
        self, holder: Any, key: str | int, path: json_places.Path, unit_us: float = SECOND_US
    ) -> int:
        """The same for what stands under `key` of the object or list at `path`."""
        value = holder[int(key)] if isinstance(holder, list) else holder.get(key)
        problem, time = _time(value, unit_us)
        if problem:
            raise self.mistake_at(problem, (*path, key))
        return time

    def items(self, holder: Any, key: str, path: json_places.Path = ()) -> list[Any]:
        """The list of objects under `key`; none where the key is missing. Raises `Mistake`."""
        found = holder.get(key)
        if found is None:
            return []
        if not isinstance(found, list):
            raise self.mistake_at("must be a list", (*path, key))
        for index, item in enumerate(found):
            if not isinstance(item, dict):
                raise self.mistake_at("must be an object", (*path, key, index))
        return found

    def text_of(self, holder: Any, key: str, path: json_places.Path) -> str:
        """The text under `key`; empty where it is missing. Raises `Mistake`."""
        value = holder.get(key, "")
        if not isinstance(value, str):
            raise self.mistake_at("must be text", (*path, key))
        return value


def _time(value: Any, unit_us: float) -> tuple[str, int]:
    """What is wrong with a time, or nothing and the time in microseconds."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        shown = "missing" if value is None else json.dumps(value)[:40]
        return f"a time in numbers must stand here; it is {shown}", 0
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return f'"{value}" is no time', 0
    seconds = number * unit_us / SECOND_US
    if not math.isfinite(number) or not 0 <= seconds <= _MAX_S:
        return f"{value} is no time from 0 s to ten days", 0
    return "", round(number * unit_us)


def decoded(data: bytes, name: str) -> Source:
    """The text of a file in any encoding that timing files come in: UTF-16 or UTF-8 by its byte
    order mark, else UTF-8, else Latin-1 (as Praat writes it). Raises `Mistake`."""
    if len(data) > MAX_BYTES:
        raise Mistake(f"{name}: {len(data):,} bytes are too much for a timing file")
    encoding = "utf-16" if data[:2] in {b"\xfe\xff", b"\xff\xfe"} else "utf-8-sig"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        if encoding == "utf-16":
            raise Mistake(f"{name}: its UTF-16 breaks off at byte {error.start}") from error
        text = data.decode("latin-1")
    return Source(name, text.replace("\r\n", "\n").replace("\r", "\n"))

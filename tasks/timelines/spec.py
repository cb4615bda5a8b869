"""Reading `timelines/<id>.json`: from text to a `Timeline`'s description, or to what is wrong."""

import json
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from tasks.character.talking import Blink, Keyframe, LipSync, MouthShape, Timeline
from tasks.ground import json_places
from tasks.ground.errors import Mistake
from tasks.ground.ids import did_you_mean
from tasks.timelines.layers import CLOSING_MS, Key
from tasks.timelines.readers.source import Source, decoded

_LONGEST_MS = 864_000_000
"""ten days: what is longer is a wrong unit"""


def parse(data: bytes, name: str, passed_over: Sequence[str] = ()) -> Timeline:
    """What the file `name` with these bytes describes. Raises `Mistake` with the first place.

    `passed_over`: keys that it may have and that say nothing of a timeline.
    """
    source = decoded(data, name)
    document = source.document
    if not isinstance(document, dict):
        raise source.mistake("a timeline is an object {...}", 1)
    for key in passed_over:
        document.pop(key, None)
    return checked(source, document)


def checked(source: Source, document: dict[str, Any]) -> Timeline:
    """The same of a document that was parsed already."""
    from pydantic import ValidationError

    document = {name: value for name, value in document.items() if name != "$schema"}
    try:
        return form()(json.dumps({"timeline": document}))
    except ValidationError as error:
        raise _mistake(source, error.errors()[0]) from error


@cache
def form() -> Callable[[str], Timeline]:
    """What checks JSON with a timeline in it; to make it takes longer than to use it."""
    from pydantic import BaseModel, ConfigDict

    class File(BaseModel):
        """Keys that nobody reads are an error, not silence."""

        model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)
        timeline: Timeline

    return lambda text: File.model_validate_json(text).timeline


def _mistake(source: Source, error: Any) -> Mistake:
    path: json_places.Path = tuple(error["loc"])[1:]
    if error["type"] in {"unexpected_keyword_argument", "extra_forbidden"}:
        allowed = [*Timeline.__dataclass_fields__]
        key = str(path[-1])
        near = did_you_mean(key, allowed) if len(path) == 1 else ""
        return source.mistake_at(f'unknown key "{key}"{near}', path)
    if error["type"] == "missing":
        return source.mistake_at("is missing", path)
    return source.mistake_at(f"{error['msg']}", path)


def moods_of(data: bytes, name: str) -> tuple[Key, ...]:
    """The moods in a file of keyframes. Raises `Mistake`."""
    spec = parse(data, name, ("suggested",))
    return tuple(
        Key(round(key.time_ms * 1000), key.target_expr, key.transition_duration_ms)
        for key in spec.keyframes
        if key.target_expr
    )


def problems(spec: Timeline, rules: LipSync) -> list[str]:
    """What cannot be, although its form is right."""
    lists: dict[str, Sequence[Keyframe | MouthShape | Blink]]
    lists = {"keyframes": spec.keyframes, "mouth": spec.mouth, "blinks": spec.blinks or ()}
    found = [
        f"{name}[{index}].time_ms: {key.time_ms:g} is no time"
        for name, keys in lists.items()
        for index, key in enumerate(keys)
        if not 0 <= key.time_ms <= _LONGEST_MS
    ]
    found += _lengths("mouth", spec.mouth, 1)
    found += _lengths("blinks", spec.blinks or (), CLOSING_MS + 1)
    something = spec.keyframes or spec.mouth or spec.blinks or spec.total_duration_ms
    if not (spec.audio or spec.speak or spec.timing or something):
        found.append("it names no audio, speak, timing or keyframes: there is nothing to show")
    if spec.audio and spec.speak:
        found.append("audio and speak: a recording is given or made, not both")
    low = [name for name in rules.__dataclass_fields__ if _negative(getattr(rules, name), name)]
    return found + [f"lip_sync.{name} is below 0" for name in low]


def _lengths(name: str, keys: Sequence[MouthShape | Blink], least_ms: int) -> list[str]:
    return [
        f"{name}[{index}].duration_ms: {key.duration_ms:g} is not from {least_ms} ms to ten days"
        for index, key in enumerate(keys)
        if not least_ms <= key.duration_ms <= _LONGEST_MS
    ]


def _negative(value: object, name: str) -> bool:
    return name.endswith("_ms") and isinstance(value, int) and value < 0

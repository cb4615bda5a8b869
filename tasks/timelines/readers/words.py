"""Words with their times: the Whisper family, Gentle; and events of voices: Polly, Azure.

Forms: the programs' own output; Azure's and Polly's documentation of viseme events.
"""

import json
from collections.abc import Iterator
from typing import Any

from tasks.ground.json_places import Path
from tasks.timelines.readers.source import Source
from tasks.timelines.timing import AZURE, POLLY, Cue, Span, Timing, timing, until_next

_MS_US, _TICK_US = 1_000.0, 0.1
_LAST_US = 100_000
"""how long the last of marks without an end lasts"""


def is_gentle(document: object) -> bool:
    """Whether it is Gentle's answer."""
    words = document.get("words") if isinstance(document, dict) else None
    return isinstance(words, list) and any(isinstance(w, dict) and "case" in w for w in words)


def read_gentle(source: Source) -> Timing:
    """Words, each with its phones and their lengths. Raises `Mistake`."""
    words, sounds, missed = list[Span](), list[Span](), list[str]()
    for index, word in enumerate(source.items(source.document, "words")):
        path: Path = ("words", index)
        label = source.text_of(word, "word", path)
        if word.get("case") != "success":
            missed.append(label)
            continue
        at = start = source.json_time_us(word, "start", path)
        end = source.json_time_us(word, "end", path)
        words.append(Span(start, end, label))
        for number, phone in enumerate(source.items(word, "phones", path)):
            inner: Path = (*path, "phones", number)
            length = source.json_time_us(phone, "duration", inner)
            name = source.text_of(phone, "phone", inner).rpartition("_")[0] or phone["phone"]
            sounds.append(Span(at, at + length, name))
            at += length
    return timing("Gentle", sounds=tuple(sounds), words=tuple(words), notes=_missed(missed))


def _missed(words: list[str]) -> tuple[str, ...]:
    return (f"words without a time: {', '.join(words)}",) if words else ()


def is_whisper(document: object) -> bool:
    """Whether it is of the Whisper family: segments, or a list of words."""
    return isinstance(document, dict) and bool({"segments", "words", "word_segments"} & {*document})


def read_whisper(source: Source) -> Timing:
    """The words of segments, or of the document; a word without times lies between its neighbours.

    Raises `Mistake`.
    """
    document = source.document
    found: list[tuple[int | None, int | None, str]] = []
    cues = []
    for index, segment in enumerate(source.items(document, "segments")):
        path: Path = ("segments", index)
        start, end = (source.json_time_us(segment, key, path) for key in ("start", "end"))
        cues.append(Cue(start, end, source.text_of(segment, "text", path).strip()))
        found += _words(source, segment, "words", path)
    if not found:
        key = "words" if "words" in document else "word_segments"
        found = list(_words(source, document, key, ()))
    words = tuple(_placed(found))
    if not words and not cues:
        raise source.mistake("it has neither words nor segments with times")
    return timing("Whisper words", words=words, cues=tuple(cues))


def _words(
    source: Source, holder: Any, key: str, above: Path
) -> Iterator[tuple[int | None, int | None, str]]:
    for index, word in enumerate(source.items(holder, key, above)):
        path = (*above, key, index)
        label = source.text_of(word, "word" if "word" in word else "text", path).strip()
        start, end = (
            source.json_time_us(word, end, path) if word.get(end) is not None else None
            for end in ("start", "end")
        )
        if start is not None and end is not None and end < start:
            raise source.mistake_at("it ends before it begins", path)
        if label:
            yield start, end, label


def _placed(found: list[tuple[int | None, int | None, str]]) -> Iterator[Span]:
    """Words with times; those without share the time between their neighbours."""
    before, waiting = 0, list[str]()
    for start, end, label in found:
        if start is None or end is None:
            waiting.append(label)
            continue
        yield from _shared(waiting, before, start)
        waiting = list[str]()
        yield Span(start, end, label)
        before = end
    yield from _shared(waiting, before, before + 300_000 * len(waiting))


def _shared(labels: list[str], start: int, end: int) -> Iterator[Span]:
    for index, label in enumerate(labels):
        part = (end - start) / len(labels)
        yield Span(round(start + index * part), round(start + (index + 1) * part), label)


def is_polly(source: Source) -> bool:
    """Whether its first line is a speech mark of Polly."""
    try:
        first = json.loads(source.lines[0])
    except ValueError:
        return False
    return isinstance(first, dict) and {"time", "type"} <= {*first}


def read_polly(source: Source) -> Timing:
    """A JSON object a line, with a time in ms. Raises `Mistake`."""
    marks: dict[str, list[tuple[int, str]]] = {"viseme": [], "word": [], "sentence": []}
    for number, line in enumerate(source.lines, 1):
        if not line.strip():
            continue
        try:
            mark = json.loads(line)
        except ValueError as error:
            raise source.mistake("this line is no JSON", number) from error
        if not isinstance(mark, dict) or not isinstance(mark.get("value"), str):
            raise source.mistake("a speech mark has time, type and value", number)
        time_us = source.time_us(mark.get("time"), number, _MS_US)
        marks.setdefault(str(mark.get("type")), []).append((time_us, mark["value"]))
    end_us = max((time for of in marks.values() for time, _ in of), default=0) + _LAST_US
    sentences = until_next(marks["sentence"], end_us)
    return timing(
        "Polly speech marks",
        sounds=until_next(marks["viseme"], end_us),
        words=until_next(marks["word"], end_us),
        cues=tuple(Cue(s.start_us, s.end_us, s.label) for s in sentences),
        alphabet=POLLY,
    )


def is_azure(document: object) -> bool:
    """Whether it is a list of Azure's viseme events, in one of three spellings."""
    return bool(_events(document))


def _events(document: object) -> list[Any]:
    if isinstance(document, dict) and isinstance(document.get("Metadata"), list):
        data = [m.get("Data") for m in document["Metadata"] if isinstance(m, dict)]
        return [one for one in data if isinstance(one, dict) and "VisemeId" in one]
    if isinstance(document, list) and document and isinstance(document[0], dict):
        return document if {"VisemeId", "viseme_id"} & {*document[0]} else []
    return []


def read_azure(source: Source) -> Timing:
    """`AudioOffset` and `Offset` are ticks of 100 ns, `audio_offset` is ms. Raises `Mistake`."""
    marks = []
    for index, event in enumerate(_events(source.document)):
        path: Path = (index,)
        if not isinstance(event, dict):
            raise source.mistake_at("must be an object", path)
        key = next((k for k in ("AudioOffset", "Offset", "audio_offset") if k in event), "Offset")
        unit_us = _MS_US if key == "audio_offset" else _TICK_US
        name = event.get("VisemeId", event.get("viseme_id"))
        if isinstance(name, bool) or not isinstance(name, int) or not 0 <= name <= 21:
            raise source.mistake_at(f"viseme {name!r} is not one of 0 to 21", path)
        marks.append((source.json_time_us(event, key, path, unit_us), str(name)))
    marks.sort()
    end_us = marks[-1][0] + (0 if marks[-1][1] == "0" else _LAST_US)
    return timing(
        "Azure visemes", sounds=until_next(marks, end_us), alphabet=AZURE, duration_us=end_us
    )

"""Mouth shapes with their times: Rhubarb's TSV, XML and JSON, Moho's .dat, Papagayo's .pgo.

Forms: Rhubarb's `exporters/`, Papagayo's `LipsyncDoc.py`, and files of both.
"""

import re
from typing import Any
from xml.etree import ElementTree

from tasks.timelines.readers.source import Source
from tasks.timelines.timing import (
    PHONES,
    PRESTON_BLAIR,
    RHUBARB,
    SECOND_US,
    Cue,
    Span,
    Timing,
    timing,
    until_next,
)

SHAPES = frozenset("ABCDEFGHX")
BLAIR = frozenset(("MBP", "etc", "E", "AI", "O", "U", "FV", "L", "WQ", "rest"))
_TSV_LINE = re.compile(r"\s*\d+(?:\.\d+)?\t\s*[A-HX]\s*")
_ALLOSAURUS_LINE = re.compile(r"\s*\d+(?:\.\d+)?\s+\d+(?:\.\d+)?\s+\S+\s*")


def is_tsv(source: Source) -> bool:
    """Whether its first line is a time, a tab and one of Rhubarb's shapes."""
    return bool(_TSV_LINE.fullmatch(source.lines[0]))


def read_tsv(source: Source) -> Timing:
    """`0.05<TAB>D`, the last line being the end of the recording. Raises `Mistake`."""
    marks: list[tuple[int, str]] = []
    for number, line in enumerate(source.lines, 1):
        if not line.strip():
            continue
        time, tab, shape = line.partition("\t")
        if not tab or shape.strip() not in SHAPES:
            raise source.mistake(f"{line!r} is no time, tab and shape (A to H, X)", number)
        mark = source.time_us(time, number), shape.strip()
        if marks and mark[0] < marks[-1][0]:
            raise source.mistake(f"{time} comes after a later time", number)
        marks.append(mark)
    return _cues("Rhubarb TSV", marks, marks[-1][0])


def _cues(form: str, marks: list[tuple[int, str]], end_us: int, alphabet: str = RHUBARB) -> Timing:
    sounds = until_next(marks, end_us)
    return timing(form, sounds=sounds, alphabet=alphabet, duration_us=end_us)


def is_xml(source: Source) -> bool:
    """Whether it is XML."""
    return source.text.lstrip().startswith("<")


def read_xml(source: Source) -> Timing:
    """`rhubarbResult/mouthCues/mouthCue[@start][@end]`. Raises `Mistake`."""
    if "<!DOCTYPE" in source.text or "<!ENTITY" in source.text:
        raise source.mistake("a document type is not read in XML")
    try:
        root = ElementTree.fromstring(source.text)  # noqa: S314
    except ElementTree.ParseError as error:
        raise source.mistake(f"no whole XML: {error}", error.position[0]) from error
    if root.tag != "rhubarbResult":
        raise source.mistake(f"it is XML of <{root.tag}>, not of Rhubarb")
    spans = []
    for number, cue in enumerate(root.iterfind("mouthCues/mouthCue"), 1):
        shape = (cue.text or "").strip()
        if shape not in SHAPES:
            raise source.mistake(f"mouthCue {number}: {shape!r} is no shape (A to H, X)")
        times = [cue.get("start"), cue.get("end")]
        if None in times:
            raise source.mistake(f"mouthCue {number} lacks start or end")
        start, end = (source.time_us(time) for time in times)
        spans.append(Span(start, end, shape))
    duration = root.findtext("metadata/duration")
    end_us = source.time_us(duration) if duration else 0
    return timing("Rhubarb XML", sounds=tuple(spans), alphabet=RHUBARB, duration_us=end_us)


def is_rhubarb_json(document: object) -> bool:
    """Whether it is Rhubarb's JSON."""
    return isinstance(document, dict) and "mouthCues" in document


def read_rhubarb_json(source: Source) -> Timing:
    """`{"metadata": {"duration"}, "mouthCues": [{"start", "end", "value"}]}`. Raises `Mistake`."""
    document = source.document
    spans = []
    for index, cue in enumerate(source.items(document, "mouthCues")):
        path = ("mouthCues", index)
        if cue.get("value") not in SHAPES:
            raise source.mistake_at("a shape must stand here: A to H, or X", (*path, "value"))
        start, end = (source.json_time_us(cue, key, path) for key in ("start", "end"))
        spans.append(Span(start, end, cue["value"]))
    return timing(
        "Rhubarb JSON",
        sounds=tuple(spans),
        alphabet=RHUBARB,
        duration_us=_duration(source, document),
    )


def _duration(source: Source, document: dict[str, Any]) -> int:
    metadata = document.get("metadata")
    if not isinstance(metadata, dict) or "duration" not in metadata:
        return 0
    return source.json_time_us(metadata, "duration", ("metadata",))


def is_dat(source: Source) -> bool:
    """Whether it is a switch file of Moho."""
    return source.lines[0].strip() == "MohoSwitch1"


def read_dat(source: Source, fps: float) -> Timing:
    """`MohoSwitch1`, then a frame (from 1) and a shape a line; the file has no rate of its own."""
    marks: list[tuple[int, str]] = []
    for number, line in enumerate(source.lines[1:], 2):
        if not line.strip():
            continue
        frame, _, shape = line.strip().partition(" ")
        if not frame.isdecimal() or shape not in SHAPES | BLAIR:
            raise source.mistake(f"{line!r} is no frame and shape", number)
        marks.append((source.time_us(int(frame) - 1, number, SECOND_US / fps), shape))
        if len(marks) > 1 and marks[-1][0] < marks[-2][0]:
            raise source.mistake(f"frame {frame} comes after a later one", number)
    blair = any(shape not in SHAPES for _, shape in marks)
    end_us = marks[-1][0] if marks else 0
    return _cues("Moho .dat", marks, end_us, PRESTON_BLAIR if blair else RHUBARB)


def is_pgo(source: Source) -> bool:
    """Whether it is a document of Papagayo."""
    return source.lines[0].strip().startswith("lipsync version")


def read_pgo(source: Source) -> Timing:
    """Voices, phrases, words and shapes, a line each, with counts before them. Raises `Mistake`."""
    lines = _Lines(source)
    lines.next("the version")
    lines.next("the sound's path")
    fps = lines.number("frames a second")
    frame_us = SECOND_US / fps if fps else 0
    length = lines.number("the length in frames")
    marks: list[tuple[int, str]] = []
    words, cues = list[Span](), list[Cue]()
    for _ in range(lines.number("the number of voices")):
        voice = lines.next("a voice's name")
        lines.next("a voice's text")
        for _ in range(lines.number("the number of phrases")):
            text = lines.next("a phrase")
            start, end = lines.number("its start"), lines.number("its end")
            cues.append(Cue(round(start * frame_us), round((end + 1) * frame_us), text, voice))
            for _ in range(lines.number("the number of words")):
                word, first, last, count = lines.word()
                words.append(Span(round(first * frame_us), round((last + 1) * frame_us), word))
                marks += [lines.mark(frame_us) for _ in range(count)]
    return timing(
        "Papagayo .pgo",
        sounds=until_next(marks, round(length * frame_us)),
        words=tuple(words),
        cues=tuple(cues),
        alphabet=PRESTON_BLAIR if {label for _, label in marks} <= BLAIR else PHONES,
        duration_us=round(length * frame_us),
    )


class _Lines:
    """The lines of a .pgo, one by one; each is asked for by what it has to be."""

    def __init__(self, source: Source) -> None:
        self._source, self._at = source, 0

    def next(self, what: str) -> str:
        if self._at >= len(self._source.lines) or self._at == len(self._source.lines) - 1 == 0:
            raise self._source.mistake(f"it breaks off before {what}", self._at)
        self._at += 1
        return self._source.lines[self._at - 1].strip()

    def number(self, what: str) -> int:
        text = self.next(what)
        if not text.isdecimal():
            raise self._source.mistake(f"{text!r} is not {what}, a whole number", self._at)
        return int(text)

    def word(self) -> tuple[str, int, int, int]:
        text = self.next("a word")
        parts = text.rsplit(maxsplit=3)
        if len(parts) != 4 or not all(part.isdecimal() for part in parts[1:]):
            raise self._source.mistake(f"{text!r} is no word with start, end and count", self._at)
        first, last, count = map(int, parts[1:])
        return parts[0], first, last, count

    def mark(self, frame_us: float) -> tuple[int, str]:
        text = self.next("a sound")
        frame, _, label = text.partition(" ")
        if not frame.isdecimal() or not label:
            raise self._source.mistake(f"{text!r} is no frame and shape", self._at)
        return self._source.time_us(int(frame), self._at, frame_us), label


def is_allosaurus(source: Source) -> bool:
    """Whether its first line is a start, a length and a phone."""
    return bool(_ALLOSAURUS_LINE.fullmatch(source.lines[0]))


def read_allosaurus(source: Source) -> Timing:
    """`0.030 0.045 o`: a start, a length (which is always the same) and a phone. Raises `Mistake`.

    A sound lasts until the next one, at most 150 ms: the lengths say nothing.
    """
    marks: list[tuple[int, str]] = []
    for number, line in enumerate(source.lines, 1):
        if not line.strip():
            continue
        if not _ALLOSAURUS_LINE.fullmatch(line):
            raise source.mistake(f"{line!r} is no start, length and phone", number)
        start, _length, label = line.split()
        marks.append((source.time_us(start, number), label))
    spans = until_next(marks, marks[-1][0] + 100_000)
    held = (Span(s.start_us, min(s.end_us, s.start_us + 150_000), s.label) for s in spans)
    return timing("Allosaurus", sounds=tuple(held))

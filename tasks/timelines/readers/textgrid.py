"""Praat's TextGrid, long and short text, through praatio; and the Montreal aligner's other forms.

Form: the Praat manual, "TextGrid file formats". praatio reads what is whole; what is damaged it may
read in part without a word, so that what the file announces is counted before.
"""

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tasks.ground.errors import Mistake
from tasks.timelines.readers.source import Source
from tasks.timelines.timing import Span, Timing, timing

BINARY = b"ooBinaryFile"
_TIER = re.compile(
    r'"(?P<kind>IntervalTier|TextTier)"\s*(?:name\s*=\s*)?"(?:[^"]|"")*"'
    r"\s*(?:xmin\s*=\s*)?[-+.\deE]+\s*(?:xmax\s*=\s*)?[-+.\deE]+"
    r"\s*(?:(?:intervals|points):\s*size\s*=\s*)?(?P<size>\d+)"
)
_TIERS = re.compile(r"<exists>\s*(?:size\s*=\s*)?(\d+)")
_CONVERT = 'open it in Praat and choose "Save as text file...", or "Save as short text file..."'


@dataclass(frozen=True, slots=True)
class Tiers:
    """The names of the tiers that are read; `*` stands for any text, such as a speaker's name."""

    phones: str = ""
    words: str = ""
    speaker: str = ""
    """whose tiers, of those called `<speaker> - phones`; empty: everybody's"""


_PHONES = ("phones", "phone", "phonemes", "phoneme", "segments", "mau", "sounds")
_WORDS = ("words", "word", "ort-mau", "ort", "orthography", "transcript", "utterances")
Entries = list[tuple[int, int, str]]
"""start, end and label; of a point, both times are the same"""


def is_textgrid(source: Source) -> bool:
    """Whether the text is a TextGrid, in one of its forms."""
    beginning = source.text[:300]
    return "ooTextFile" in beginning or "chronological TextGrid" in beginning


def read_textgrid(source: Source, tiers: Tiers) -> Timing:
    """The words and phones of a TextGrid. Raises `Mistake`."""
    from praatio.utilities.textgrid_io import parseTextgridStr

    if "chronological TextGrid" in source.text[:300]:
        raise source.mistake(f"a chronological TextGrid is not read; {_CONVERT}")
    if '"TextGrid"' not in source.text[:300]:
        raise source.mistake("it is a Praat file, but no TextGrid", 2)
    _check_whole(source)
    # praatio takes a line end for granted after the last value, and knows no comments.
    try:
        grid = parseTextgridStr(source.text.rstrip() + "\n", includeEmptyIntervals=True)
    except Exception as error:
        raise source.mistake(
            f"no whole TextGrid: {error or type(error).__name__}", len(source.lines)
        ) from error
    found: dict[str, Entries] = {}
    for number, tier in enumerate(grid["tiers"], 1):
        name = tier["name"] if tier["name"] not in found else f"{tier['name']} {number}"
        found[name] = [_entry(source, tuple(entry)) for entry in tier["entries"]]
    end_us = source.time_us(grid["xmax"]) if grid["tiers"] else 0
    return of_tiers(source, "TextGrid", found, tiers, end_us)


def _check_whole(source: Source) -> None:
    """Refuse a file that breaks off, or says less than it announces. Raises `Mistake`."""
    text = source.text
    if text.count('"') % 2:
        line = text.count("\n", 0, text.rfind('"')) + 1
        raise source.mistake('a text that begins with " has no end', line)
    announced = _TIERS.search(text)
    starts = list(_TIER.finditer(text))
    last = len(source.lines)
    if announced is None and "<absent>" not in text:
        raise source.mistake("it breaks off before its tiers", last)
    if announced and int(announced[1]) != len(starts):
        raise source.mistake(f"{announced[1]} tiers are announced, {len(starts)} are there", last)
    ends = [*(found.start() for found in starts[1:]), len(text)]
    for found, end in zip(starts, ends, strict=True):
        texts = re.findall(r'"(?:[^"]|"")*"', text[found.end() : end])
        # Before the next tier's class, which ends the part, long forms have none of their own.
        if len(texts) != int(found["size"]):
            kind = "intervals" if found["kind"] == "IntervalTier" else "points"
            line = text.count("\n", 0, end) + 1
            raise source.mistake(
                f"{found['size']} {kind} are announced, {len(texts)} are there", line
            )


def _entry(source: Source, values: tuple[str, ...]) -> tuple[int, int, str]:
    *times, label = values
    start, end = (_time(source, value) for value in (times[0], times[-1]))
    if end < start:
        line = source.text.count("\n", 0, source.text.find(times[-1])) + 1
        raise source.mistake(f"{label!r} ends at {times[-1]}, before it begins ({times[0]})", line)
    return start, end, label


def _time(source: Source, value: str) -> int:
    value = value.strip()
    # Tiers may begin before 0, as parts that were cut out of a longer one do.
    if value.startswith("-"):
        return 0
    try:
        return source.time_us(value)
    except Mistake:  # its place is looked for only now: an hour has a hundred thousand times
        at = source.text.find(value)
        line = source.text.count("\n", 0, at) + 1 if at >= 0 else None
        return source.time_us(value, line)


def of_tiers(
    source: Source, form: str, found: Mapping[str, Entries], tiers: Tiers, end_us: int
) -> Timing:
    """A timing from named tiers. Raises `Mistake` where none of them holds words or phones."""
    phones = list(_chosen(found, tiers.phones, _PHONES, tiers.speaker))
    words = list(_chosen(found, tiers.words, _WORDS, tiers.speaker))
    if not phones and not words and found:
        raise source.mistake(
            f"it has no tier of phones or words; name one in tiers (there: {', '.join(found)})"
        )
    return timing(
        form,
        sounds=tuple(_spans(found, phones)),
        words=tuple(span for span in _spans(found, words) if span.label),
        duration_us=end_us,
        notes=() if found else ("it has no tiers",),
    )


def _chosen(
    found: Mapping[str, Entries], wanted: str, usual: tuple[str, ...], speaker: str
) -> Iterator[str]:
    """The tiers that `wanted` names; where it is empty, those with a usual name."""
    pattern = re.compile(re.escape(wanted).replace(r"\*", ".*"), re.IGNORECASE) if wanted else None
    for name in found:
        who, dash, what = name.rpartition(" - ")
        if speaker and dash and who.casefold() != speaker.casefold():
            continue
        if pattern.fullmatch(name) if pattern else what.strip(' "').casefold() in usual:
            yield name


def _spans(found: Mapping[str, Entries], names: list[str]) -> Iterator[Span]:
    """What is in the tiers; what one speaker says is not wiped out by another's silence."""
    for name in names:
        for start, end, label in found[name]:
            text = " ".join(label.split())
            if (text or len(names) == 1) and end > start:
                yield Span(start, end, text)


def is_montreal_csv(source: Source) -> bool:
    """Whether it is a CSV of the Montreal aligner."""
    return source.lines[0].strip().casefold() == "begin,end,label,type,speaker"


def read_montreal_csv(source: Source, tiers: Tiers) -> Timing:
    """`Begin,End,Label,Type,Speaker` with a row an interval. Raises `Mistake`."""
    found: dict[str, Entries] = {}
    speakers = set()
    rows = csv.reader(source.lines)
    next(rows)
    for row in rows:
        line = rows.line_num
        if not row:
            continue
        if len(row) != 5:
            raise source.mistake(f"a row has five columns, this one {len(row)}", line)
        begin, end = (source.time_us(value, line) for value in row[:2])
        if end < begin:
            raise source.mistake(f"{row[2]} ends at {row[1]}, before it begins ({row[0]})", line)
        speakers.add(row[4])
        found.setdefault(f"{row[4]} - {row[3]}", []).append((begin, end, row[2]))
    return of_tiers(source, "CSV of the Montreal aligner", found, tiers, 0)


def is_montreal_json(document: object) -> bool:
    """Whether it is a JSON of the Montreal aligner."""
    return isinstance(document, dict) and isinstance(document.get("tiers"), dict)


def read_montreal_json(source: Source, tiers: Tiers) -> Timing:
    """`{"start", "end", "tiers": {name: {"entries": [[begin, end, label]]}}}`. Raises `Mistake`."""
    document = source.document
    found: dict[str, Entries] = {}
    for name, tier in document["tiers"].items():
        entries = tier.get("entries") if isinstance(tier, dict) else None
        if not isinstance(entries, list):
            raise source.mistake_at("a tier has a list of entries", ("tiers", name))
        found[name] = [
            _json_entry(source, entry, ("tiers", name, "entries", index))
            for index, entry in enumerate(entries)
        ]
    end_us = source.json_time_us(document, "end", ()) if "end" in document else 0
    return of_tiers(source, "JSON of the Montreal aligner", found, tiers, end_us)


def _json_entry(source: Source, entry: object, path: tuple[str | int, ...]) -> tuple[int, int, str]:
    if not isinstance(entry, list) or len(entry) != 3 or not isinstance(entry[2], str):
        raise source.mistake_at("an entry is [begin, end, label]", path)
    begin, end = (source.json_time_us(entry, index, path) for index in (0, 1))
    if end < begin:
        raise source.mistake_at("it ends before it begins", path)
    return begin, end, entry[2]

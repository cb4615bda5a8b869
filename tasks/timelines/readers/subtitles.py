"""SRT and WebVTT through webvtt-py: who speaks when, and with which face.

A cue's face is a first `[happy_big]` or `(happy_big)` of its text, or else the cue's identifier,
where that is no number. `<v Fred>`, and in SRT a first `FRED:`, is the speaker.
"""

import io
import re

from tasks.timelines.readers.source import Source
from tasks.timelines.timing import Cue, Timing, timing

_TIME = re.compile(r"(?:(\d+):)?(\d{1,2}):(\d{1,2})(?:[.,](\d{1,3}))?")
_ARROW = re.compile(r"^\s*[\d:.,]+\s*-{1,3}>\s*[\d:.,]+")
_FACE = re.compile(r"^\s*[-\u2013]?\s*(?:\[([^\]]{1,64})\]|\(([^)]{1,64})\))\s*")
_SPEAKER = re.compile(r"^\s*([A-Z][A-Z0-9 ._-]{0,30}):\s+")
_TAG = re.compile(r"<[^<>]*>")


def is_subtitles(source: Source) -> bool:
    """Whether it is WebVTT, or has a line of SRT's times near its beginning."""
    return source.text.startswith("WEBVTT") or any(map(_ARROW.match, source.lines[:20]))


def read_subtitles(source: Source) -> Timing:
    """The cues of a subtitle file. Raises `Mistake` with the line of what is damaged."""
    is_vtt = source.text.startswith("WEBVTT")
    form = "WebVTT" if is_vtt else "SRT"
    try:
        captions = _captions(source, is_vtt)
    except Exception as error:
        raise source.mistake(f"no whole {form}: {error}", _bad_line(source) or 1) from error
    lines = [number for number, line in enumerate(source.lines, 1) if _looks_like_times(line)]
    if len(captions) != len(lines):
        where = _bad_line(source)
        raise source.mistake("this line of times gave no cue", where or (lines[-1] if lines else 1))
    cues = []
    for caption, line in zip(captions, lines, strict=True):
        times = [_us(part) for part in source.lines[line - 1].split("-->")[:2]]
        if None in times:
            raise source.mistake(f"{source.lines[line - 1]!r} are no times", line)
        start, end = times[0] or 0, times[1] or 0
        if end < start:
            raise source.mistake("the cue ends before it begins", line)
        cues.append(_cue(start, end, caption))
    return timing(form, cues=tuple(cues))


def _captions(source: Source, is_vtt: bool) -> list[tuple[str, str, str]]:
    """Identifier, voice and text of every cue, as webvtt-py reads them."""
    import webvtt

    if is_vtt:
        found = webvtt.from_buffer(io.StringIO(source.text), format="vtt").captions
        return [(c.identifier or "", c.voice or "", c.raw_text or c.text) for c in found]
    # It takes three digits and a comma for granted, and nothing behind the times.
    lines = (_srt_times(line) if "-->" in line else line for line in source.lines)
    found = webvtt.from_buffer(io.StringIO("\n".join(lines)), format="srt").captions
    return [("", "", caption.raw_text or caption.text) for caption in found]


def _srt_times(line: str) -> str:
    times = [_us(part) for part in line.split("-->")[:2]]
    if None in times:
        return line
    return " --> ".join(_written(time or 0) for time in times)


def _written(time_us: int) -> str:
    ms = time_us // 1000
    hours, minutes, seconds = ms // 3_600_000, ms // 60_000 % 60, ms // 1000 % 60
    return f"{hours:02}:{minutes:02}:{seconds:02},{ms % 1000:03}"


def _looks_like_times(line: str) -> bool:
    return bool(_ARROW.match(line))


def _bad_line(source: Source) -> int | None:
    """The first line that should have times and does not."""
    for number, line in enumerate(source.lines, 1):
        if _ARROW.match(line) and ("-->" not in line or None in map(_us, line.split("-->")[:2])):
            return number
    return None


def _us(text: str) -> int | None:
    """A time of SRT (`1:02:03,500`) or WebVTT (`02:03.500`); what stands behind it is not read."""
    found = _TIME.match(text.strip())
    if not found or int(found[2]) > 59 or int(found[3]) > 59:
        return None
    seconds = int(found[1] or 0) * 3600 + int(found[2]) * 60 + int(found[3])
    return seconds * 1_000_000 + round(int(found[4] or 0) * 10.0 ** (6 - len(found[4] or "")))


def _cue(start_us: int, end_us: int, caption: tuple[str, str, str]) -> Cue:
    identifier, voice, raw = caption
    text = " ".join(_TAG.sub("", raw).split())
    spoken = _SPEAKER.match(text)
    if spoken and not voice:
        voice, text = spoken[1].strip(), text[spoken.end() :]
    face = _FACE.match(text)
    name = (face[1] or face[2]).strip() if face else ""
    if not face and identifier and not identifier.strip().isdecimal() and " " not in identifier:
        name = identifier.strip()
    return Cue(start_us, end_us, text[face.end() :] if face else text, voice, name)

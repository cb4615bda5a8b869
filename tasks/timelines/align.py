"""Alignment: when each sound of a known text is heard in a recording.

`pocketsphinx` (English; `uv sync --extra align`) is asked twice, for words, then for phones within
them. What it finds is written as a TextGrid, which Praat opens and a person may mend.
"""

from collections.abc import Collection, Iterable, Mapping
from importlib import import_module
from typing import Any

from tasks.ground.errors import Mistake
from tasks.timelines.script import Script
from tasks.timelines.sound import Sound, resampled
from tasks.timelines.spelling import word_key
from tasks.timelines.timing import SECOND_US, Span, Timing, timing

INSTALL = "uv sync --extra align"
_RATE_HZ = 16_000
_NONE = (
    "no alignment was found: the text does not fit the recording, or it is too long for one piece"
    " (a minute may be); give a timing file, or shorter recordings"
)
_FRAME_US = SECOND_US // 100
_WIDE = {"beam": 1e-80, "wbeam": 1e-60, "pbeam": 1e-80}
"""keeps ways in view that pocketsphinx gives up by itself, in five times the time"""


def aligned(sound: Sound, script: Script, known: Mapping[str, tuple[str, ...]]) -> Timing:
    """The words and phones of `script` in `sound`. Raises `Mistake`."""
    try:
        sphinx = import_module("pocketsphinx")
    except ImportError as error:
        raise Mistake(
            f"sounds are found with pocketsphinx; install it: {INSTALL}; or give a timing file"
        ) from error
    said = [word for word in map(word_key, script.words) if word]
    if not said:
        raise Mistake("there are no words to be found in the recording")
    decoder = _decoder(sphinx, said, known, {})
    missing = dict.fromkeys(word for word in said if decoder.lookup_word(word) is None)
    if missing:
        raise Mistake(
            f"the dictionary lacks {', '.join(missing)}: name a file in pronunciations, with a"
            f" line such as: {next(iter(missing))} HH AH L OW"
        )
    pcm, text = resampled(sound, _RATE_HZ), " ".join(said)
    found = _decoded(decoder, text, pcm)
    if found is None:
        found = _decoded(_decoder(sphinx, said, known, _WIDE), text, pcm)
    if found is None:
        raise Mistake(_NONE)
    return _timing(found, script, sound.duration_us)


def _decoder(
    sphinx: Any,
    said: Collection[str],
    known: Mapping[str, tuple[str, ...]],
    beams: Mapping[str, float],
) -> Any:
    """pocketsphinx, with the words that the project adds to its dictionary."""
    decoder = sphinx.Decoder(samprate=_RATE_HZ, loglevel="FATAL", bestpath=False, **beams)
    for word, sounds in known.items():
        if decoder.lookup_word(word) is None or word in said:
            decoder.add_word(word, " ".join("AH" if s == "AX" else s for s in sounds), True)
    return decoder


def _decoded(decoder: Any, text: str, pcm: bytes) -> Any:
    """pocketsphinx's alignment, after its two passes; None where it finds none."""
    try:
        decoder.set_align_text(text)
        _heard(decoder, pcm)
        decoder.set_alignment()
        _heard(decoder, pcm)
        return decoder.get_alignment()
    except RuntimeError:
        return None


def _heard(decoder: Any, pcm: bytes) -> None:
    decoder.start_utt()
    decoder.process_raw(pcm, full_utt=True)
    decoder.end_utt()


def _timing(found: Any, script: Script, duration_us: int) -> Timing:
    words: list[Span] = []
    phones: list[Span] = []
    shown = [word for word in script.words if word_key(word)]
    for word in found:
        if word.name.startswith("<") or word.name in {"SIL", "(NULL)"}:
            continue
        label = shown[len(words)] if len(words) < len(shown) else word.name
        words.append(_span(word, label))
        phones += [_span(phone, phone.name) for phone in word]
    return timing(
        "pocketsphinx",
        sounds=tuple(span for span in phones if span.label != "SIL"),
        words=tuple(words),
        duration_us=duration_us,
    )


def _span(entry: Any, label: str) -> Span:
    start = entry.start * _FRAME_US
    return Span(start, start + entry.duration * _FRAME_US, label)


def textgrid(found: Timing) -> str:
    """A timing as a long TextGrid with the tiers `words` and `phones`."""
    end = found.duration_us
    tiers = [("words", found.words), ("phones", found.sounds)]
    rows = [
        'File type = "ooTextFile"\nObject class = "TextGrid"\n',
        f"xmin = 0\nxmax = {_s(end)}\ntiers? <exists>\nsize = {len(tiers)}\nitem []:",
    ]
    for number, (name, spans) in enumerate(tiers, 1):
        filled = list(_filled(spans, end))
        rows.append(f'    item [{number}]:\n        class = "IntervalTier"')
        rows.append(f'        name = "{name}"')
        rows.append(f"        xmin = 0\n        xmax = {_s(end)}")
        rows.append(f"        intervals: size = {len(filled)}")
        for index, span in enumerate(filled, 1):
            label = span.label.replace('"', '""')
            rows.append(
                f"        intervals [{index}]:\n            xmin = {_s(span.start_us)}\n"
                f'            xmax = {_s(span.end_us)}\n            text = "{label}"'
            )
    return "\n".join(rows) + "\n"


def _filled(spans: Iterable[Span], end_us: int) -> Iterable[Span]:
    """The spans, and empty ones in between: a tier has no gaps."""
    at = 0
    for span in spans:
        if span.start_us > at:
            yield Span(at, span.start_us, "")
        yield span
        at = span.end_us
    if at < end_us:
        yield Span(at, end_us, "")


def _s(time_us: int) -> str:
    return f"{time_us / SECOND_US:.6f}".rstrip("0").rstrip(".")

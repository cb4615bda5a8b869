"""Alignment: when each sound of a known text is heard in a recording.

`pocketsphinx` (English; `uv sync --extra align`) is asked twice, for words, then for phones within
them. What it finds is written as a TextGrid, which Praat opens and a person may mend.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
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
    "no alignment was found: the text does not fit the recording; compare the two, or give a timing"
    " file"
)
_FRAME_US = SECOND_US // 100
_SHORTEST_FRAMES = 3
"""no phone of pocketsphinx's is shorter: its model has three states"""
_NOISE = 3
"""of 32768"""
_LOUD = 0.3
"""as what part of the words' usual loudness sound counts as speech"""
_SPOKEN_FRAMES, _BREATH_FRAMES = 70, 20
"""from where on speech outside of words is worth a line; shorter silences do not part it"""
_WIDE = {"beam": 1e-80, "wbeam": 1e-60, "pbeam": 1e-80}
"""keeps ways in view that pocketsphinx gives up by itself, in minutes of repeated sentences; up
to five times the time"""


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
    _check_room(said, decoder, sound)
    pcm, text = _never_silent(resampled(sound, _RATE_HZ)), " ".join(said)
    found = _decoded(decoder, text, pcm)
    if found is None:
        found = _decoded(_decoder(sphinx, said, known, _WIDE), text, pcm)
    if found is None:
        raise Mistake(_NONE)
    heard = _timing(found, script, sound.duration_us)
    return replace(heard, notes=tuple(_doubts(heard, pcm)))


def _check_room(said: list[str], decoder: Any, sound: Sound) -> None:
    """Raises `Mistake` for a text that nobody could have spoken in that time."""
    phones = sum(len(decoder.lookup_word(word).split()) for word in said)
    if phones * _SHORTEST_FRAMES * _FRAME_US > sound.duration_us:
        raise Mistake(
            f"the text is too long for the recording: {len(said)} words in"
            f" {sound.duration_us / SECOND_US:.1f} s; leave only what is spoken in it"
        )


def _doubts(found: Timing, pcm: bytes) -> Iterator[str]:
    """Where text and recording do not seem to be the same."""
    for start, end in _unsaid(found.words, pcm):
        yield (
            f"from {start / 100:.1f} to {end / 100:.1f} s something is heard that the text does not"
            " have: words beside it may be misplaced"
        )


def _unsaid(words: Sequence[Span], pcm: bytes) -> Iterator[tuple[int, int]]:
    """Where there is speech and no word: first and last frame, in hundredths of a second."""
    import numpy as np

    samples = np.frombuffer(pcm, "<i2").astype(float)
    frame = _RATE_HZ // 100
    whole = samples[: len(samples) // frame * frame].reshape(-1, frame)
    loud = np.sqrt((whole**2).mean(axis=1))
    said = np.zeros(len(loud), bool)
    for word in words:
        said[word.start_us // _FRAME_US : word.end_us // _FRAME_US] = True
    if not said.any():
        return
    there = np.flatnonzero(~said & (loud > _LOUD * np.median(loud[said])))
    rows = np.split(there, np.flatnonzero(np.diff(there) > _BREATH_FRAMES) + 1)
    for row in rows:
        if len(row) and row[-1] - row[0] >= _SPOKEN_FRAMES:
            yield int(row[0]), int(row[-1])


def _never_silent(pcm: bytes) -> bytes:
    """With a noise that nobody hears, the same every time: in the perfect silence of synthetic
    speech pocketsphinx loses the words that follow."""
    import numpy as np

    samples = np.frombuffer(pcm, "<i2").astype(np.int32)
    noise = np.random.RandomState(0).randint(-_NOISE, _NOISE + 1, len(samples))
    return (samples + noise).clip(-32768, 32767).astype("<i2").tobytes()


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

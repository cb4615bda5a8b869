"""How well mouths fit synthetic speech, whose phones and their times are known exactly.

    uv run python -m tests.benchmarks.lipsync

espeak-ng speaks, and tells when each phone begins. Four ways to move a mouth are played at 24
pictures a second on the same sounds, and the openness of the mouth that is shown is compared with
the loudness of the sound, and with how open phonetics says that each phone is (vowel height).
"""

import ctypes
import ctypes.util
import sys
from collections.abc import Callable
from fractions import Fraction
from functools import cache
from pathlib import Path

import numpy as np

from tasks.character.read import parse
from tasks.character.talking import LipSync
from tasks.graph.timelines import roads_of
from tasks.timelines.layers import Layers, merged, with_first
from tasks.timelines.mouth import mouth_shapes
from tasks.timelines.phones import SILENCE, VOWELS, phone_of
from tasks.timelines.roads import Roads
from tasks.timelines.rules import nearest_shape, parts_of
from tasks.timelines.timeline import planned
from tasks.timelines.timing import Span, Timing, timing, until_next
from tasks.timelines.visemes import WANTED, mouth_of, visemes

ROOT = Path(__file__).resolve().parents[2]
SENTENCES = (
    "My name is Bobby, and I live in a big house by the sea.",
    "Please put the apple on the table before the people come home.",
    "How are you today? I am very happy to be here with my mother and my father.",
    "Five brave wolves walked over the old wooden bridge, and nobody saw them.",
)
RATE = Fraction(24)
OPEN = {
    "AA": 1.0,
    "AE": 0.9,
    "AY": 0.8,
    "AW": 0.8,
    "AO": 0.7,
    "AH": 0.65,
    "EH": 0.6,
    "OW": 0.5,
    "OY": 0.5,
    "EY": 0.45,
    "ER": 0.4,
    "AX": 0.4,
    "IH": 0.35,
    "UH": 0.35,
    "IY": 0.25,
    "UW": 0.2,
    "P": 0.0,
    "B": 0.0,
    "M": 0.0,
    "F": 0.08,
    "V": 0.08,
    "": 0.0,
}
"""how open each phone is, 0..1; what is not named (other consonants) is 0.2"""


class _Event(ctypes.Structure):
    class Id(ctypes.Union):
        _fields_ = (("number", ctypes.c_int), ("string", ctypes.c_char * 8))

    _fields_ = (
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", Id),
    )


@cache
def _espeak() -> tuple[ctypes.CDLL, int]:
    """The library, begun once: phoneme events, in IPA."""
    library = ctypes.CDLL(ctypes.util.find_library("espeak-ng") or "libespeak-ng.so.1")
    rate_hz = library.espeak_Initialize(1, 0, None, 0x1 | 0x2)
    library.espeak_SetVoiceByName(b"en-us")
    return library, rate_hz


def speak(text: str) -> tuple[np.ndarray, int, Timing]:
    """The sound of a text, its rate in Hz, and when espeak-ng says that each phone begins."""
    espeak, rate_hz = _espeak()
    parts: list[np.ndarray] = []
    marks: list[tuple[int, str]] = []
    kind = ctypes.CFUNCTYPE(
        ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event)
    )

    def heard(samples: object, count: int, events: object) -> int:
        if samples and count:
            parts.append(np.ctypeslib.as_array(samples, (count,)).copy())
        index = 0
        while events[index].type:  # type: ignore[index]
            event = events[index]  # type: ignore[index]
            if event.type == 7:
                marks.append((event.audio_position * 1000, event.id.string.decode()))
            index += 1
        return 0

    callback = kind(heard)
    espeak.espeak_SetSynthCallback(callback)
    data = text.encode()
    espeak.espeak_Synth(data, len(data) + 1, 0, 1, 0, 1, None, None)
    espeak.espeak_Synchronize()
    sound = np.concatenate(parts)
    end_us = len(sound) * 1_000_000 // rate_hz
    return sound, rate_hz, timing("espeak-ng", sounds=until_next(marks, end_us), duration_us=end_us)


def ours(heard: Timing, character: object) -> list[float]:
    """Openness of the frames that this program shows."""
    roads = roads_of(character)  # type: ignore[arg-type]
    found = visemes({}, character.expressions, roads)  # type: ignore[attr-defined]
    made = Layers(
        mouth_shapes(heard, LipSync()), with_first([], "neutral"), with_first([], "center")
    )
    timeline = planned(merged(made, found, LipSync()).stops, Roads(roads), RATE, heard.duration_us)
    at = {place: t for road in roads for t, place in road.tweens}
    ends = {place: road for road in roads for _, place in road.tweens}

    def openness(place: str) -> float:
        if place not in at:
            return mouth_of(character.expressions[Path(place).stem.split("__")[0]])[0]  # type: ignore[attr-defined]
        road, t = ends[place], at[place]
        first, last = (
            mouth_of(character.expressions[end[0]])[0]  # type: ignore[attr-defined]
            for end in (road.start, road.end)
        )
        return first + (last - first) * t

    return [openness(timeline.at(frame)) for frame in range(timeline.count)]


def at_frames(spans: list[Span], count: int) -> list[str]:
    """The label that holds at the beginning of each frame."""
    times = [int(frame * 1_000_000 / RATE) for frame in range(count)]
    return [next((s.label for s in spans if s.start_us <= t < s.end_us), "") for t in times]


def phonemes_mode(heard: Timing) -> list[float]:
    """The old phonemes mode: an open mouth for a vowel, neutral for all else."""
    wide = {"IY": 0.15, "IH": 0.15, "EY": 0.15, "EH": 0.15, "UW": 0.15, "UH": 0.15, "OW": 0.15}
    labels = at_frames(list(heard.sounds), count_of(heard))
    return [
        wide.get(phone_of(label), 0.7) if phone_of(label) in VOWELS else 0.0 for label in labels
    ]


def words_mode(heard: Timing) -> list[float]:
    """The old words mode: open at the beginning of a word, shut from its middle on."""
    words: list[list[Span]] = [[]]
    for span in heard.sounds:
        if phone_of(span.label) == SILENCE or len(words[-1]) == 4:
            words.append([])
        else:
            words[-1].append(span)
    opened = [
        Span(word[0].start_us, (word[0].start_us + word[-1].end_us) // 2, "open")
        for word in words
        if word
    ]
    return [0.7 if label else 0.0 for label in at_frames(opened, count_of(heard))]


def rhubarbs_rules(heard: Timing) -> list[float]:
    """Rhubarb's table alone: each phone's shape from where the phone begins to where it ends."""
    spans: list[Span] = []
    before = "X"
    for sound in heard.sounds:
        if phone_of(sound.label) == SILENCE:
            continue
        length = sound.end_us - sound.start_us
        at = float(sound.start_us)
        for allowed, share in parts_of(phone_of(sound.label), length):
            before = nearest_shape(before, allowed)
            spans.append(Span(round(at), round(at + length * share), before))
            at += length * share
    return [WANTED[label or "X"][0] for label in at_frames(spans, count_of(heard))]


def count_of(heard: Timing) -> int:
    """How many frames the sound lasts."""
    return int(-(-heard.duration_us * RATE // 1_000_000))


def loudness(sound: np.ndarray, rate_hz: int, count: int) -> np.ndarray:
    """The root mean square of each frame's sound, 0..1."""
    step = rate_hz / float(RATE)
    parts = [sound[int(n * step) : int((n + 1) * step)].astype(float) for n in range(count)]
    found = np.array([np.sqrt(np.mean(part**2)) if len(part) else 0.0 for part in parts])
    return found / max(found.max(), 1.0)


def shut_at_closures(heard: Timing, shown: list[float]) -> tuple[int, int]:
    """How many p, b and m find the mouth shut as they sound, of how many."""
    starts = [s.start_us for s in heard.sounds if phone_of(s.label) in {"P", "B", "M"}]
    frames = [min(len(shown) - 1, int(start * RATE / 1_000_000)) for start in starts]
    return sum(shown[frame] < 0.06 for frame in frames), len(frames)


def main() -> None:
    """Print the table."""
    character = parse((ROOT / "expressions.json").read_text(), "expressions.json")
    ways: dict[str, Callable[[Timing], list[float]]] = {
        "this program": lambda heard: ours(heard, character),
        "Rhubarb's table": rhubarbs_rules,
        "phonemes mode": phonemes_mode,
        "words mode": words_mode,
    }
    spoken = [speak(text) for text in SENTENCES]
    rows = []
    for name, way in ways.items():
        shown, loud, wanted, shut, closures, flicker = [], [], [], 0, 0, 0
        for sound, rate_hz, heard in spoken:
            frames = way(heard)
            count = len(frames)
            shown += frames
            loud += list(loudness(sound, rate_hz, count))
            labels = at_frames(list(heard.sounds), count)
            wanted += [OPEN.get(phone_of(label), 0.2) for label in labels]
            hit, of = shut_at_closures(heard, frames)
            shut, closures = shut + hit, closures + of
            changes = np.diff(np.sign(np.diff(frames)))
            flicker += int(np.sum(np.abs(changes) == 2))
        with_loud = np.corrcoef(shown, loud)[0, 1]
        with_phones = np.corrcoef(shown, wanted)[0, 1]
        seconds = len(shown) / float(RATE)
        rows.append((name, with_loud, with_phones, shut / closures, flicker / seconds))
    print(f"{len(spoken)} sentences, {seconds:.1f} s, {closures} closures, 24 pictures a second")
    print(f"{'':18}{'loudness':>10}{'phones':>10}{'shut':>8}{'turns/s':>9}")
    for name, with_loud, with_phones, closed, turns in rows:
        print(f"{name:18}{with_loud:>10.2f}{with_phones:>10.2f}{closed:>8.0%}{turns:>9.1f}")


if __name__ == "__main__":
    sys.exit(main())

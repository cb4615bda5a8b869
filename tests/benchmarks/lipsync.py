"""How well mouths fit synthetic speech, whose phones and their times are known exactly.

    uv run python -m tests.benchmarks.lipsync

espeak-ng speaks in several voices, and tells when each phone begins. Four ways to move a mouth are
played at 24 pictures a second on the same sounds, and the openness of the mouth that is shown is
compared with the loudness of the sound, and with how open phonetics says that each phone is (vowel
height). Nothing was chosen by the held-out sentences; the first four are those by which
`anticipate_ms` was.

The old modes are those of the scripts before this program (`textgrid_to_timeline.py`), written anew
after what they did. Rhubarb's rules are its published ones: its table, and the timing of closures,
pauses and shortest shapes, of which it shows each at once, without anything in between.
"""

import ctypes
import ctypes.util
import sys
from bisect import bisect_right
from collections.abc import Callable
from fractions import Fraction
from functools import cache
from pathlib import Path

import numpy as np

from tasks.character.character import Character
from tasks.character.read import parse
from tasks.character.talking import LipSync
from tasks.graph.timelines import roads_of
from tasks.timelines.layers import Layers, merged, with_first
from tasks.timelines.mouth import mouth_shapes
from tasks.timelines.mouths import WANTED, mouth_of
from tasks.timelines.phones import SILENCE, phone_of
from tasks.timelines.roads import Roads
from tasks.timelines.rules import nearest_shape, parts_of
from tasks.timelines.timeline import Ways, planned
from tasks.timelines.timing import Span, Timing, timing, until_next
from tasks.timelines.visemes import openings, visemes

ROOT = Path(__file__).resolve().parents[2]
TUNED_ON = (
    "My name is Bobby, and I live in a big house by the sea.",
    "Please put the apple on the table before the people come home.",
    "How are you today? I am very happy to be here with my mother and my father.",
    "Five brave wolves walked over the old wooden bridge, and nobody saw them.",
)
HELD_OUT = (
    "The birch canoe slid on the smooth planks.",
    "Glue the sheet to the dark blue background.",
    "It's easy to tell the depth of a well.",
    "These days a chicken leg is a rare dish.",
    "Rice is often served in round bowls.",
    "The juice of lemons makes fine punch.",
    "The box was thrown beside the parked truck.",
    "The hogs were fed chopped corn and garbage.",
    "Four hours of steady work faced us.",
    "A large size in stockings is hard to sell.",
    "The boy was there when the sun rose.",
    "A rod is used to catch pink salmon.",
    "The source of the huge river is the clear spring.",
    "Kick the ball straight and follow through.",
    "Help the woman get back to her feet.",
    "A pot of tea helps to pass the evening.",
    "Smoky fires lack flame and heat.",
    "The soft cushion broke the man's fall.",
    "The salt breeze came across from the sea.",
    "The girl at the booth sold fifty bonds.",
)
"""Harvard sentences, lists 1 and 2 (IEEE, 1969)"""
VOICES = ("en-us", "en-gb", "en-gb-scotland", "en-us+f3")
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
    return library, rate_hz


def long_text(seconds: float) -> str:
    """Text that takes about so many seconds to be said."""
    words = " ".join(HELD_OUT * (1 + int(seconds // 40))).split()
    return " ".join(words[: int(seconds * 3.4)]) + "."


def speak(text: str, voice: str = "en-us") -> tuple[np.ndarray, int, Timing]:
    """The sound of a text, its rate in Hz, and when espeak-ng says that each phone and word
    begins."""
    espeak, rate_hz = _espeak()
    espeak.espeak_SetVoiceByName(voice.encode())
    parts: list[np.ndarray] = []
    marks: list[tuple[int, str]] = []
    words: list[int] = []
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
            elif event.type == 1:
                words.append(event.audio_position * 1000)
            index += 1
        return 0

    callback = kind(heard)
    espeak.espeak_SetSynthCallback(callback)
    data = text.encode()
    espeak.espeak_Synth(data, len(data) + 1, 0, 1, 0, 1, None, None)
    espeak.espeak_Synchronize()
    sound = np.concatenate(parts)
    end_us = len(sound) * 1_000_000 // rate_hz
    sounds = until_next(marks, end_us)
    spoken = until_next([(start, "word") for start in words], end_us)
    return sound, rate_hz, timing("espeak-ng", sounds=sounds, words=spoken, duration_us=end_us)


RULES = LipSync()


def ours(heard: Timing, character: Character, rules: LipSync = RULES) -> list[float]:
    """Openness of the frames that this program shows."""
    roads = roads_of(character)
    found = visemes({}, character.expressions, roads)
    made = Layers(mouth_shapes(heard, rules), with_first([], "neutral"), with_first([], "center"))
    ways = Ways(Roads(roads), openings(roads, character.expressions))
    timeline = planned(merged(made, found, rules).stops, ways, RATE, heard.duration_us)
    between = {place: (road, t) for road in roads for t, place in road.tweens}

    def opened(name: str) -> float:
        return mouth_of(character.expressions[name])[0]

    def openness(place: str) -> float:
        if place not in between:
            return opened(Path(place).stem.split("__")[0])
        road, t = between[place]
        first, last = opened(road.start[0]), opened(road.end[0])
        return first + (last - first) * t

    return [openness(timeline.at(frame)) for frame in range(timeline.count)]


def at_frames(spans: list[Span], count: int) -> list[str]:
    """The label that holds at the beginning of each frame."""
    times = [int(frame * 1_000_000 / RATE) for frame in range(count)]
    return [next((s.label for s in spans if s.start_us <= t < s.end_us), "") for t in times]


OLD = {
    **dict.fromkeys(("AA", "AH", "AO", "ER", "AX"), 0.7),
    **dict.fromkeys(("IY", "IH", "EH", "EY", "AE", "AY"), 0.15),
    **dict.fromkeys(("UW", "UH"), 0.15),
    **dict.fromkeys(("OW", "OY", "AW"), 0.4),
}
"""how open the faces are that the old scripts gave to vowels (ah, ee, uw, a round o); consonants
had the neutral one. They knew no schwa apart from AH"""
Keys = list[tuple[int, float, int]]
"""from a time, how open it is to be, and how long the way there takes; microseconds"""


def old_look(sound: Span) -> float:
    """How open the face is that the old scripts showed for a sound."""
    return OLD.get(phone_of(sound.label), 0.0)


def phonemes_mode(heard: Timing) -> list[float]:
    """The old phonemes mode: a way of 500 ms begins with each sound of another face; a consonant
    has that of the vowel after it."""
    sounds = [sound for sound in heard.sounds if phone_of(sound.label) != SILENCE]
    keys: Keys = []
    index, last = 0, 0.0
    while index < len(sounds):
        sound, look, step = sounds[index], old_look(sounds[index]), 1
        if not look and index + 1 < len(sounds) and old_look(sounds[index + 1]):
            look, step = old_look(sounds[index + 1]), 2
        if look != last or not index:
            keys.append((sound.start_us, look, 500_000))
            last = look
        index += step
    return played(keys, heard)


def words_mode(heard: Timing) -> list[float]:
    """The old words mode, which was the default: the first vowel of each word from its beginning,
    and back at its end."""
    keys: Keys = []
    spoken = [sound for sound in heard.sounds if phone_of(sound.label) != SILENCE]
    for word in heard.words:
        inside = [s for s in spoken if word.start_us <= s.start_us < word.end_us]
        if not inside:
            continue
        look = next(filter(None, map(old_look, inside)), 0.0)
        end = inside[-1].end_us
        there = min(150_000, (end - word.start_us) // 3)
        back = max(word.start_us + there + 50_000, end - 130_000)
        keys += [(word.start_us, look, there), (back, 0.0, 100_000)]
    return played(keys, heard)


def played(keys: Keys, heard: Timing) -> list[float]:
    """How open the mouth is at each frame: each way begins where the one before has come to."""
    times = [int(frame * 1_000_000 / RATE) for frame in range(count_of(heard))]
    made, at, opened = [], -1, 0.0
    begun, begun_from = 0, 0.0

    def now(time_us: int) -> float:
        if at < 0:
            return 0.0
        _, wanted, took = keys[at]
        part = min(1.0, (time_us - begun) / took) if took else 1.0
        return begun_from + (wanted - begun_from) * part

    for time_us in times:
        while at + 1 < len(keys) and keys[at + 1][0] <= time_us:
            opened = now(keys[at + 1][0])
            at += 1
            begun, begun_from = keys[at][0], opened
        made.append(now(time_us))
    return made


def rhubarbs_table(heard: Timing) -> list[float]:
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


def rhubarbs_rules(heard: Timing) -> list[float]:
    """Rhubarb's table and timing: shapes change at once; nothing is anticipated."""
    shapes = mouth_shapes(heard, LipSync(anticipate_ms=0))
    spans = [Span(shape.start_us, shape.end_us, shape.shape) for shape in shapes]
    return [WANTED[label or "X"][0] for label in at_frames(spans, count_of(heard))]


def openness_heard(heard: Timing, count: int) -> list[float]:
    """How open the phones of each frame are: the mean over its time, as of its loudness."""
    tenths = 10
    times = [int((n + 0.5) * 1_000_000 / (RATE * tenths)) for n in range(count * tenths)]
    starts = [sound.start_us for sound in heard.sounds]
    found = []
    for time_us in times:
        index = bisect_right(starts, time_us) - 1
        sound = heard.sounds[index] if index >= 0 else None
        there = sound is not None and time_us < sound.end_us
        found.append(OPEN.get(phone_of(sound.label), 0.2) if sound and there else 0.0)
    return [float(mean) for mean in np.array(found).reshape(count, tenths).mean(axis=1)]


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


def figures(
    way: Callable[[Timing], list[float]], spoken: list[tuple[np.ndarray, int, Timing]]
) -> tuple[float, float, float, float, float]:
    """Correlation with loudness and with phones, and the latter one frame later; closures that are
    shut; turns a second."""
    shown, loud, wanted, late, shut, closures, turns = [], [], [], [], 0, 0, 0
    for sound, rate_hz, heard in spoken:
        frames = way(heard)
        count = len(frames)
        shown += frames
        loud += list(loudness(sound, rate_hz, count))
        wanted += openness_heard(heard, count)
        late += [frames[0], *frames[:-1]]
        hit, of = shut_at_closures(heard, frames)
        shut, closures = shut + hit, closures + of
        steps = np.sign(np.diff(frames))
        turns += int(np.sum(np.diff(steps[steps != 0]) != 0))
    return (
        float(np.corrcoef(shown, loud)[0, 1]),
        float(np.corrcoef(shown, wanted)[0, 1]),
        float(np.corrcoef(late, wanted)[0, 1]),
        shut / closures,
        turns / (len(shown) / float(RATE)),
    )


def main() -> None:
    """Print the tables."""
    character = parse((ROOT / "expressions.json").read_text(), "expressions.json")
    ways: dict[str, Callable[[Timing], list[float]]] = {
        "this program": lambda heard: ours(heard, character),
        "Rhubarb's rules": rhubarbs_rules,
        "Rhubarb's table": rhubarbs_table,
        "phonemes mode": phonemes_mode,
        "words mode": words_mode,
    }
    sets = {"tuned on": TUNED_ON, "held out": HELD_OUT}
    for called, sentences in sets.items():
        spoken = [speak(text, voice) for voice in VOICES for text in sentences]
        seconds = sum(heard.duration_us for _, _, heard in spoken) / 1e6
        print(f"{called}: {len(spoken)} sentences in {len(VOICES)} voices, {seconds:.0f} s")
        print(f"{'':18}{'loudness':>10}{'phones':>8}{'1 later':>9}{'shut':>7}{'turns/s':>9}")
        for name, way in ways.items():
            loud, phones, later, shut, turns = figures(way, spoken)
            print(f"{name:18}{loud:>10.2f}{phones:>8.2f}{later:>9.2f}{shut:>7.0%}{turns:>9.1f}")


if __name__ == "__main__":
    sys.exit(main())

"""What a config and a timeline's file say about talking; the defaults live here, nowhere else.

Plain dataclasses, which pydantic checks as they are: the form of the file and the type that the
program works with are one. Only the standard library.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, slots=True)
class LipSync:
    """What can be set, in milliseconds; the defaults of the config's `lip_sync`."""

    closure_min_ms: int = 40
    """p, b, m are shut before they sound: for half of what precedes, but no less"""
    closure_max_ms: int = 120
    """... and no more"""
    closure_held_ms: int = 80
    """how long a mouth is shut at the least; Rhubarb: open and closed parts of 80 ms"""
    shortest_ms: int = 70
    """no shape is shown for less"""
    hold_pause_ms: int = 120
    """a shorter pause is none"""
    relax_pause_ms: int = 350
    """a pause up to this relaxes the mouth; a longer one rests it"""
    transition_ms: int = 80
    """how long the mouth takes from shape to shape, at most"""
    anticipate_ms: int = 20
    """how long before its sound a vowel's shape is there; at most a quarter of what precedes"""
    mood_ms: int = 300
    """how long the face takes from mood to mood"""
    pose_ms: int = 400
    """how long the head takes from pose to pose"""
    blinks: bool = True
    """whether the eyes blink, in pauses where possible"""
    blink_min_ms: int = 2000
    """the shortest time from one blink to the next"""
    blink_max_ms: int = 7000
    """the longest: people blink 10 to 20 times a minute while they speak"""
    seed: int = 0
    """other numbers give other blinks"""


@dataclass(frozen=True, slots=True)
class TierNames:
    """The tiers of a TextGrid that are read; `*` stands for any text."""

    phones: str = ""
    """without it: phones, phonemes, segments, `<speaker> - phones` and the like"""
    words: str = ""
    """without it: words, word, orthography, `<speaker> - words` and the like"""
    speaker: str = ""
    """whose tiers, of those called `<speaker> - phones`; without it everybody's"""


@dataclass(frozen=True, slots=True)
class Keyframe:
    """What is shown from a time on, as the old tools wrote it."""

    time_ms: float
    """when it is there"""
    target_expr: str = ""
    """an expression; empty: as before"""
    target_pose: str = ""
    """a pose; empty: as before"""
    transition_duration_ms: float | None = None
    """how long the way there takes, which ends at `time_ms`; without it, by the rules"""
    phoneme: str | None = None
    """the sound that it is for; one without is a mood"""
    note: str = ""
    """a remark; nobody reads it"""


@dataclass(frozen=True, slots=True)
class MouthShape:
    """A mouth shape by hand, shown in place of what the sounds would give."""

    time_ms: float
    """when it begins"""
    duration_ms: float
    """how long it lasts"""
    shape: Literal["A", "B", "C", "D", "E", "F", "G", "H", "X"]
    """one of Rhubarb's: A shut, B teeth, C open, D wide open, E rounded, F puckered, G teeth on
    lip, H tongue up, X at rest"""


BLINK_MS = 140


@dataclass(frozen=True, slots=True)
class Blink:
    """A blink by hand."""

    time_ms: float
    """when the lids begin to close"""
    duration_ms: float = BLINK_MS
    """until they begin to open; they need 90 ms to close"""


@dataclass(frozen=True, slots=True)
class Moods:
    """How moods are suggested for timelines that say `"moods": "openai"`."""

    model: str = "gpt-6-luna"
    """the model that the endpoint is asked for"""
    prompt: str = ""
    """what else it should know: of the character, of the scene"""
    form: Literal["schema", "json", "words"] = "schema"
    """how the endpoint is held to JSON: by a schema, as `json_object`, or, where a server takes
    neither, by the words of the request alone"""


SUGGESTED = "openai"
"""what a timeline's `moods` says to have them suggested"""

Product = Literal["frames", "mp4", "webm", "webp", "otio", "tsv", "dat"]
VOICE = "espeak-ng -w {audio} -f {text}"
MFA = "mfa align_one {audio} {text} english_us_arpa english_us_arpa {timing}"


@dataclass(frozen=True, slots=True)
class Timeline:
    """One `timelines/<id>.json`, or one entry of `timelines` in the config."""

    id: str = ""
    """as the old tools wrote it; the file's name counts"""
    audio: str = ""
    """the recording, beside this file"""
    text: str = ""
    """a file with what is said, beside this one; `[sad]` in it is a mood from the next word on"""
    speak: str = ""
    """words to be spoken by `voice`; or "text", for those of the file `text`"""
    voice: str = VOICE
    """the command that speaks: `{text}` is a file of words, `{audio}` the WAV that it writes"""
    timing: str = ""
    """a file that says when each sound is heard"""
    tiers: TierNames = TierNames()
    """which tiers of a TextGrid are read"""
    dat_fps: float = 24.0
    """the rate of a `.dat` file, which it does not say itself"""
    aligner: Literal["auto", "pocketsphinx", "mfa", "none"] = "auto"
    """what finds the sounds of `text` in `audio`; auto: pocketsphinx where no timing is given"""
    align_command: str = MFA
    """the command of `mfa`, with `{audio}`, `{text}` and `{timing}`, a TextGrid"""
    pronunciations: str = ""
    """a file with a word and its ARPABET sounds a line, for words that no dictionary has"""
    cues: str = ""
    """subtitles (SRT, WebVTT) whose `[happy_big]` or `<v Name>` say the mood"""
    speakers: Mapping[str, str] = field(default_factory=dict)
    """the mood of each speaker of the cues"""
    moods: str = ""
    """a file of keyframes with moods, in the form of this one; or "openai": they are suggested, for
    money, and written to timelines/<id>.moods.json, to be edited"""
    keyframes: tuple[Keyframe, ...] = ()
    """moods and poses at times, or everything, where there is no sound"""
    mouth: tuple[MouthShape, ...] = ()
    """mouth shapes by hand"""
    blinks: tuple[Blink, ...] | None = None
    """blinks by hand, in place of those of `lip_sync`; an empty list: none"""
    total_duration_ms: float = 0.0
    """at least so long"""
    rate: str = "24"
    """pictures a second: 24, 25, 30, 23.976, 29.97, or a fraction such as 24000/1001"""
    expression: str = "neutral"
    """the mood at the beginning"""
    pose: str = ""
    """the pose at the beginning; without it, the default pose"""
    costume: str = ""
    """the costume that is worn; without it, the outfit of the config's own portrait"""
    ease: str = "smooth"
    """how a movement gathers speed and comes to rest"""
    make: tuple[Product, ...] = ("frames", "mp4", "otio", "tsv", "dat")
    """what `doit timelines:<id>` makes; each is a task of its own as well"""
    background: str = "#ffffff"
    """behind the character in the MP4, which has no alpha"""


@dataclass(frozen=True, slots=True)
class Talking:
    """What a character's config says of talking."""

    visemes: Mapping[str, str | Mapping[str, str]] = field(default_factory=dict)
    """a phone or mouth shape to an expression, or `expression@0.5` for the way there; below the
    name of a mood, the same for that mood alone"""
    lip_sync: LipSync = LipSync()
    moods: Moods = Moods()
    timelines: Mapping[str, Timeline] = field(default_factory=dict)

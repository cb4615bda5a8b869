"""A planned timeline as plain data: `plan.json`, which exports, the page and people read.

{"version": 1, "id": "hello", "rate": [24, 1], "frames": 86, "duration_us": 3583333,
 "audio": "sound.wav", "pictures": ["endpoints/neutral__center.png", ...],
 "shown": [[0, 12], [3, 1], ...],              index in pictures, number of frames
 "layers": {"mouth": [[start_us, end_us, shape, label], ...], "mood": [[time_us, name], ...],
            "pose": [...], "blink": [[start_us, end_us], ...]},
 "words": [[start_us, end_us, word], ...], "phones": [...], "cues": [...],
 "peaks": {"a_second": 50, "values": [0..100, ...]},
 "moves": [[first frame, last frame, layer, label, index of the picture at its end], ...],
 "cuts": [[frame, from, to], ...], "mend": ["a base path that would mend a cut", ...],
 "lacking": [["speaking_ah", "sad"], ...], "visemes": "neutral for A X, ...", "notes": [...]}
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from tasks.ground.ids import with_costume
from tasks.timelines.layers import Layers, Merged
from tasks.timelines.roads import mending
from tasks.timelines.sound import PEAKS_A_SECOND
from tasks.timelines.timeline import Timeline
from tasks.timelines.timing import SECOND_US, Span, Timing

VERSION = 1


@dataclass(frozen=True)
class Performance:
    """All that a plan says, before it is written."""

    id: str
    timeline: Timeline
    layers: Layers
    merged: Merged
    timing: Timing
    audio: str
    """path of the recording; empty where there is none"""
    visemes: str
    """the looks of the shapes, in one line"""
    peaks: Sequence[int] = ()
    notes: tuple[str, ...] = ()
    costume: str = ""
    """whose pictures are shown; empty: those of the config's own portrait"""


def document(played: Performance) -> dict[str, Any]:
    """The plan as plain data."""
    timeline, layers = played.timeline, played.layers
    runs = timeline.runs()
    index = {place: number for number, place in enumerate(dict.fromkeys(p for p, _ in runs))}
    return {
        "version": VERSION,
        "id": played.id,
        "rate": [timeline.rate.numerator, timeline.rate.denominator],
        "frames": timeline.count,
        "duration_us": int(timeline.duration * SECOND_US),
        "audio": played.audio,
        "pictures": [with_costume(played.costume, place) for place in index],
        "shown": [[index[place], count] for place, count in runs],
        "layers": {
            "mouth": [[s.start_us, s.end_us, s.shape, s.label] for s in layers.mouth],
            "mood": [[key.time_us, key.value] for key in layers.moods],
            "pose": [[key.time_us, key.value] for key in layers.poses],
            "blink": [[blink.start_us, blink.end_us] for blink in layers.blinks],
        },
        "words": _spans(played.timing.words),
        "phones": _spans(played.timing.sounds),
        "cues": [
            [cue.start_us, cue.end_us, cue.text, cue.speaker, cue.expression]
            for cue in played.timing.cues
        ],
        "peaks": {"a_second": PEAKS_A_SECOND, "values": list(played.peaks)},
        "moves": [
            [m.start, m.end, m.stop.layer, m.stop.label, index.get(m.place, -1)]
            for m in timeline.moves
        ],
        "cuts": [[frame, "__".join(one), "__".join(other)] for frame, one, other in timeline.cuts],
        "mend": list(mending((one, other) for _, one, other in timeline.cuts)),
        "lacking": [list(pair) for pair in played.merged.lacking],
        "visemes": played.visemes,
        "notes": [*played.timing.notes, *played.notes],
    }


def _spans(spans: Sequence[Span]) -> list[list[Any]]:
    return [[span.start_us, span.end_us, span.label] for span in spans]


def written(plan: dict[str, Any]) -> bytes:
    """The bytes of `plan.json`: a key a line, so that two of them can be compared."""
    rows = (f"{json.dumps(key)}: {json.dumps(plan[key], ensure_ascii=False)}" for key in plan)
    return ("{\n" + ",\n".join(rows) + "\n}\n").encode()


@dataclass(frozen=True)
class Plan:
    """A `plan.json` that was read."""

    document: dict[str, Any]

    @property
    def rate(self) -> Fraction:
        """Pictures a second."""
        return Fraction(*self.document["rate"])

    @property
    def count(self) -> int:
        """How many frames there are."""
        return int(self.document["frames"])

    @property
    def runs(self) -> list[tuple[str, int]]:
        """Pictures in order, by their places, each with the number of frames that it is shown."""
        pictures = self.document["pictures"]
        return [(pictures[number], count) for number, count in self.document["shown"]]

    def frames(self) -> list[str]:
        """The place of the picture of every frame."""
        return [place for place, count in self.runs for _ in range(count)]


def read_plan(data: bytes) -> Plan:
    """The plan in the bytes of a `plan.json`. Raises ValueError for anything else."""
    found = json.loads(data)
    if not isinstance(found, dict) or found.get("version") != VERSION:
        raise ValueError("this plan is of another version")
    return Plan(found)

"""Layers: mouth, mood, pose and blinks, merged into one row of stops.

Precedence, here and nowhere else: closed eyes where a face for them exists; else the mouth, while
there is a sound, with the mood's eyes and brows where an expression has both, and without them
where none does; else the mood. The pose is that of its own layer throughout. Pure.
"""

import random
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from tasks.character.talking import BLINK_MS, LipSync
from tasks.timelines.mouth import Shape
from tasks.timelines.rules import REST, SHUT
from tasks.timelines.timing import Span
from tasks.timelines.visemes import Look, Visemes

_MS = 1000
CLOSING_MS, _OPENING_MS = 90, 160
"""a blink: quick to close, slower to open"""
_WHOLE_BLINK_MS = BLINK_MS + _OPENING_MS
_REACH_MS = 1500
"""how far a blink is moved to fall into a pause"""
MOUTH, MOOD, BLINK = "mouth", "mood", "blink"


@dataclass(frozen=True, slots=True)
class Key:
    """From `time_us` on, `value` holds in a layer of moods or poses; reached by then."""

    time_us: int
    value: str
    transition_ms: float | None = None


@dataclass(frozen=True, slots=True)
class Stop:
    """What is shown from `time_us` on, once the way there is done."""

    time_us: int
    look: Look
    pose: str
    transition_us: int
    """how long the way there takes, at most"""
    layer: str
    """of what it is"""
    label: str = ""
    """the sound, or the mood, that it is for"""
    sound_us: int = -1
    """when a shut mouth sounds: it is shut by then, rounded down"""
    until_us: int = -1
    """... and still is at this time"""


@dataclass(frozen=True, slots=True)
class Layers:
    """All layers of a timeline; each in the order of time."""

    mouth: tuple[Shape, ...] = ()
    moods: tuple[Key, ...] = ()
    """never empty: the first is at 0"""
    poses: tuple[Key, ...] = ()
    """likewise"""
    blinks: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True)
class Merged:
    """The stops, in order, and what is not there to be shown."""

    stops: tuple[Stop, ...]
    lacking: tuple[tuple[str, str], ...] = ()
    """mouth and mood that no expression has together"""


def merged(layers: Layers, visemes: Visemes, rules: LipSync) -> Merged:
    """One row of stops; two that show the same and follow one another are one."""
    times = sorted({*_times(layers, rules)})
    merger = _Merger(layers, visemes, rules)
    stops: list[Stop] = []
    for time_us in times:
        stop = merger.at(time_us)
        last = stops[-1] if stops else None
        if last is None or (last.look, last.pose) != (stop.look, stop.pose):
            stops.append(stop)
        elif stop.until_us > last.until_us:
            # A mouth at rest is shut for what comes: it may not open before that has sounded.
            stops[-1] = replace(last, until_us=stop.until_us)
    return Merged(tuple(stops), tuple(merger.lacking))


def _reached_us(shape: Shape, rules: LipSync) -> int:
    """When a shape is there in full: shut mouths as it begins, others in the midst of the way, so
    that the way begins before the sound and ends in it."""
    if shape.sound_us >= 0 or shape.shape in {SHUT, "G"} or not shape.start_us:
        return shape.start_us
    return shape.start_us + min(rules.transition_ms * _MS // 2, shape.duration_us // 3)


def _times(layers: Layers, rules: LipSync) -> Iterator[int]:
    yield 0
    yield from (_reached_us(shape, rules) for shape in layers.mouth)
    yield from (key.time_us for key in (*layers.moods, *layers.poses))
    for blink in layers.blinks:
        yield from (blink.start_us + CLOSING_MS * _MS, blink.end_us)


class _Merger:
    """What holds at a time, in all layers together."""

    def __init__(self, layers: Layers, visemes: Visemes, rules: LipSync) -> None:
        self._layers, self._visemes, self._rules = layers, visemes, rules
        self._shapes = [_reached_us(shape, rules) for shape in layers.mouth]
        self._moods = [key.time_us for key in layers.moods]
        self._poses = [key.time_us for key in layers.poses]
        self._blinks = [blink.start_us + CLOSING_MS * _MS for blink in layers.blinks]
        self.lacking: dict[tuple[str, str], None] = {}

    def at(self, time_us: int) -> Stop:
        layers = self._layers
        mood = layers.moods[max(0, bisect_right(self._moods, time_us) - 1)]
        pose = layers.poses[max(0, bisect_right(self._poses, time_us) - 1)]
        index = bisect_right(self._shapes, time_us) - 1
        shape = layers.mouth[index] if index >= 0 else None
        speaking = shape is not None and shape.shape != REST
        if shape is not None and speaking:
            look = self._spoken(shape, mood.value)
            changes, layer, label = self._shapes[index] == time_us, MOUTH, shape.label
            took_ms: float = self._rules.transition_ms
        else:
            look, layer, label = self._at_rest(mood.value, time_us)
            took_ms = self._rules.transition_ms if index >= 0 else self._rules.mood_ms
            changes = False
        if not changes:
            took_ms = self._took_ms(took_ms, mood, pose, time_us)
        if any(self._near_blink(time_us)):
            took_ms = CLOSING_MS if layer == BLINK else _OPENING_MS
        stop = Stop(time_us, look, pose.value, round(took_ms * _MS), layer, label)
        if shape is None or layer != MOUTH:
            return stop
        return replace(stop, sound_us=shape.sound_us, until_us=shape.until_us)

    def _took_ms(self, otherwise: float, mood: Key, pose: Key, time_us: int) -> float:
        """How long a change of mood or pose at that time takes."""
        if pose.time_us == time_us and time_us:
            return self._rules.pose_ms if pose.transition_ms is None else pose.transition_ms
        if mood.time_us == time_us and time_us:
            return self._rules.mood_ms if mood.transition_ms is None else mood.transition_ms
        return otherwise

    def _spoken(self, shape: Shape, mood: str) -> Look:
        look = self._visemes.look(shape.shape, shape.label, mood)
        joined = self._visemes.joined(look, mood)
        if joined is None:
            self.lacking[look.towards or look.expression, mood] = None
        return joined or look

    def _at_rest(self, mood: str, time_us: int) -> tuple[Look, str, str]:
        index = bisect_right(self._blinks, time_us) - 1
        closed = self._visemes.blinking(mood)
        if closed and index >= 0 and time_us < self._layers.blinks[index].end_us:
            return Look(closed), BLINK, ""
        return Look(mood), MOOD, mood

    def _near_blink(self, time_us: int) -> Iterator[bool]:
        index = bisect_right(self._blinks, time_us) - 1
        if index >= 0:
            yield time_us in {self._blinks[index], self._layers.blinks[index].end_us}


def blinks(mouth: Sequence[Shape], end_us: int, rules: LipSync) -> tuple[Span, ...]:
    """Blinks in natural intervals, in pauses where one is near; the same seed, the same blinks.

    Eyes that close while the mouth speaks would need a picture of both; those are left out.
    """
    if not rules.blinks or rules.blink_max_ms <= 0:
        return ()
    pauses = [s for s in mouth if s.shape == REST] if mouth else [Shape(0, end_us, REST)]
    chance = random.Random(rules.seed)  # noqa: S311 - a blink is no secret
    low, high = sorted((max(500, rules.blink_min_ms), max(500, rules.blink_max_ms)))
    made: list[Span] = []
    at_us = 0
    while (at_us := at_us + round(chance.uniform(low, high) * _MS)) < end_us:
        start_us = _in_pause(pauses, at_us)
        after = made[-1].end_us + 500 * _MS if made else 0
        if start_us is not None and start_us >= after:
            made.append(Span(start_us, start_us + BLINK_MS * _MS, BLINK))
    return tuple(made)


def hidden(given: Sequence[Span], stops: Sequence[Stop]) -> list[Span]:
    """Of these blinks those that are not shown: the mouth speaks, or no face has closed eyes."""
    shut = sorted(stop.time_us for stop in stops if stop.layer == BLINK)
    return [b for b in given if bisect_right(shut, b.end_us) <= bisect_right(shut, b.start_us)]


def _in_pause(pauses: Sequence[Shape], at_us: int) -> int | None:
    """The nearest time in a pause in which a whole blink has room; None where none is near."""
    best: int | None = None
    first = max(0, bisect_right([p.start_us for p in pauses], at_us - 2 * _REACH_MS * _MS) - 2)
    for pause in pauses[first:]:
        if pause.start_us > at_us + _REACH_MS * _MS:
            break
        last_us = pause.end_us - _WHOLE_BLINK_MS * _MS
        # The mouth comes to rest first.
        first_us = pause.start_us + (100 * _MS if pause.start_us else 0)
        if last_us < first_us:
            continue
        start_us = max(first_us, min(last_us, at_us))
        near = best is None or abs(start_us - at_us) < abs(best - at_us)
        if near and abs(start_us - at_us) <= _REACH_MS * _MS:
            best = start_us
    return best


def _last(keys: list[Key]) -> list[Key]:
    """Of keys at one time the last one holds."""
    by_time = {key.time_us: key for key in sorted(keys, key=lambda key: key.time_us)}
    return list(by_time.values())


def with_first(keys: Sequence[Key], value: str) -> tuple[Key, ...]:
    """The keys in order, with `value` at the beginning where nothing else is."""
    return tuple(_last([Key(0, value, 0.0), *keys]))

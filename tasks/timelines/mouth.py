"""From sounds to mouth shapes in time: the rules of `rules`, applied.

Pure. A shape is there from its `start_us` on; how it is reached, the plan of the frames decides.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from tasks.character.talking import LipSync
from tasks.timelines.phones import SILENCE, VOWELS, phone_of
from tasks.timelines.rules import (
    RELAXED,
    REST,
    SETS,
    SHUT,
    nearest_shape,
    parts_of,
)
from tasks.timelines.timing import PHONES, Span, Timing

_RELEASE_US = 10_000
"""how long after its burst a closure is shut at the least"""
CLOSURES = frozenset(("P", "B", "M"))


@dataclass(frozen=True, slots=True)
class Shape:
    """A mouth shape from `start_us` to `end_us`, and the sound that it is of."""

    start_us: int
    end_us: int
    shape: str
    """one of `rules.SHAPES`"""
    label: str = ""
    """of the sound, as the file spells it"""
    sound_us: int = -1
    """when a closure sounds, before which it has to be shut; -1 for other shapes"""
    until_us: int = -1
    """... and up to when, where several closures are one shape"""
    vowel: bool = False

    @property
    def duration_us(self) -> int:
        """How long it lasts."""
        return self.end_us - self.start_us


def mouth_shapes(timing: Timing, rules: LipSync) -> tuple[Shape, ...]:
    """The shapes of a recording without a gap, from 0 to its end, at rest at the end."""
    if timing.alphabet == PHONES:
        spoken = _spoken(timing.sounds, rules)
    else:
        table = SETS[timing.alphabet]
        # Shapes of another program are its own work: only what breaks our own rules is mended.
        spoken = [
            Shape(s.start_us, s.end_us, table.get(s.label, "B"), s.label)
            for s in timing.sounds
            if table.get(s.label, "B") != REST
        ]
    if timing.alphabet == PHONES:
        spoken = _anticipated(spoken, rules)
        spoken = _closed_in_time(spoken, rules)
    whole = _with_pauses(spoken, timing.duration_us, rules)
    return tuple(_merged(_long_enough(_merged(whole), rules)))


def corrected(shapes: Sequence[Shape], by_hand: Sequence[Shape], end_us: int) -> tuple[Shape, ...]:
    """The shapes with those by hand, which are in order, in their place; rest where there is none.

    What is left of a shape that they cut stays as it is; no rule changes what is put by hand.
    """
    if not by_hand:
        return tuple(shapes)
    starts = [own.start_us for own in by_hand]
    made = list(by_hand)
    for shape in shapes or (Shape(0, end_us, REST),):
        at = shape.start_us
        for own in by_hand[max(0, bisect_right(starts, at) - 1) :]:
            if own.start_us >= shape.end_us:
                break
            if own.end_us > at:
                made += _part(shape, at, own.start_us)
                at = own.end_us
        made += _part(shape, at, shape.end_us)
    return tuple(sorted(made, key=lambda shape: shape.start_us))


def _part(shape: Shape, start: int, end: int) -> list[Shape]:
    """A part of a shape, if anything: it is shut for a sound only where it has the sound."""
    if end <= start:
        return []
    if not start <= shape.sound_us < end:
        return [replace(shape, start_us=start, end_us=end, sound_us=-1, until_us=-1)]
    until_us = shape.until_us if shape.until_us < end else shape.sound_us
    return [replace(shape, start_us=start, end_us=end, until_us=until_us)]


def _spoken(sounds: Sequence[Span], rules: LipSync) -> list[Shape]:
    """A shape for every part of every sound; where several are allowed, the easiest to reach."""
    parts = [part for sound in sounds for part in _parts(sound, rules)]
    made: list[Shape] = []
    before = REST
    for index, (allowed, shape) in enumerate(parts):
        chosen = allowed
        if len(allowed) > 1:
            # A consonant already has the shape of the vowel to come, where it may.
            coming = next((after for after, _ in parts[index + 1 :][:3] if len(after) == 1), "")
            joined = index + 1 < len(parts) and parts[index + 1][1].start_us == shape.end_us
            ahead = coming if joined and coming in allowed else ""
            chosen = ahead or nearest_shape(before, allowed)
        made.append(replace(shape, shape=chosen))
        before = chosen
    return made


def _parts(sound: Span, rules: LipSync) -> Iterator[tuple[str, Shape]]:
    phone = phone_of(sound.label)
    if phone == SILENCE:
        return
    length, at = sound.end_us - sound.start_us, 0.0
    parts = parts_of(phone, length)
    if length < 2 * rules.shortest_ms * 1000:
        # Too short to move: a diphthong is seen by its beginning.
        parts = ((parts[0][0], 1.0),)
    for allowed, share in parts:
        start = sound.start_us + round(length * at)
        end = sound.start_us + round(length * (at + share)) if share < 1 else sound.end_us
        at += share
        shut = sound.start_us if phone in CLOSURES else -1
        last = allowed is parts[-1][0]
        yield (
            allowed,
            Shape(
                start,
                sound.end_us if last else end,
                "",
                sound.label,
                shut,
                shut,
                phone in VOWELS,
            ),
        )


def _anticipated(shapes: list[Shape], rules: LipSync) -> list[Shape]:
    """Vowels are there a little before they sound, but never in place of a closure."""
    made = list(shapes)
    for index, shape in enumerate(made):
        before = made[index - 1] if index else None
        if not shape.vowel or before is None or before.sound_us >= 0:
            continue
        if before.end_us == shape.start_us and not before.vowel:
            earlier = min(rules.anticipate_ms * 1000, before.duration_us // 4)
            made[index - 1] = replace(before, end_us=before.end_us - earlier)
            made[index] = replace(shape, start_us=shape.start_us - earlier)
    return made


def _closed_in_time(shapes: list[Shape], rules: LipSync) -> list[Shape]:
    """p, b and m shut before they sound: for half of what precedes, within bounds."""
    made: list[Shape] = []
    for shape in shapes:
        closing = shape
        if shape.sound_us >= 0:
            joined = bool(made) and made[-1].end_us > shape.start_us - rules.hold_pause_ms * 1000
            before_us = made[-1].duration_us if joined else 2 * rules.closure_max_ms * 1000
            wanted = _bounded(
                before_us // 2, rules.closure_min_ms * 1000, rules.closure_max_ms * 1000
            )
            wanted = max(wanted, rules.closure_held_ms * 1000 - shape.duration_us)
            start = max(0, shape.start_us - wanted)
            if joined:
                # Half of what precedes is left to it, unless the bound says more.
                start = max(start, made[-1].start_us)
                made[-1] = replace(made[-1], end_us=min(made[-1].end_us, start))
            closing = replace(shape, start_us=start)
        made.append(closing)
    return [shape for shape in made if shape.duration_us > 0]


def _bounded(value: int, low: int, high: int) -> int:
    return max(low, min(high, value))


def _with_pauses(shapes: list[Shape], end_us: int, rules: LipSync) -> Iterator[Shape]:
    """Gaps are filled: a short one holds, a longer one relaxes, a long one rests."""
    at, before = 0, ""
    for shape in shapes:
        yield from _pause(at, shape.start_us, before, rules)
        yield shape
        at, before = max(at, shape.end_us), shape.shape
    yield from _ending(at, max(end_us, at), before)


def _pause(start: int, end: int, before: str, rules: LipSync) -> Iterator[Shape]:
    length = end - start
    if length <= 0:
        return
    if not before or length > rules.relax_pause_ms * 1000:
        yield Shape(start, end, REST)
    elif length < rules.hold_pause_ms * 1000:
        yield Shape(start, end, before)
    else:
        yield Shape(start, end, RELAXED[before])


def _ending(start: int, end: int, before: str) -> Iterator[Shape]:
    """After the last sound the mouth rests, whatever is left of the time."""
    if before and (end > start or before != REST):
        yield Shape(start, max(end, start + 1), REST)
    elif end > start:
        yield Shape(start, end, REST)


def _merged(shapes: Iterator[Shape] | Sequence[Shape]) -> list[Shape]:
    """Equal shapes that follow one another are one, unless both are closures with a sound."""
    made: list[Shape] = []
    for shape in shapes:
        last = made[-1] if made else None
        if last and last.shape == shape.shape:
            again = last.label == shape.label and shape.sound_us < 0
            label = last.label if again else f"{last.label} {shape.label}".strip()
            sound_us = last.sound_us if last.sound_us >= 0 else shape.sound_us
            until_us = max(last.until_us, shape.until_us)
            made[-1] = replace(
                last,
                end_us=shape.end_us,
                label=label,
                sound_us=sound_us,
                until_us=until_us,
                vowel=last.vowel or shape.vowel,
            )
        else:
            made.append(shape)
    return made


def _long_enough(shapes: list[Shape], rules: LipSync) -> Iterator[Shape]:
    """Nothing is shown for less than the shortest time: it grows, or goes under.

    A closure grows into what precedes it, but for one that has not sounded yet. A vowel grows into
    the consonants beside it, which may go under, and into a closure that has sounded. Any other
    shape leaves its time to its neighbour.
    """
    made, shortest = list(shapes), rules.shortest_ms * 1000
    index = 1
    while index < len(made):
        shape = made[index]
        if shape.duration_us < shortest and shape.shape != REST:
            if _closes(shape):
                before = made[index - 1]
                first_us = max(_middle(before), before.until_us + _RELEASE_US)
                start_us = max(shape.end_us - shortest, first_us)
                _move(made, index, min(start_us, shape.start_us))
            elif shape.vowel or _alone(made, index):
                before_us = made[index - 1].duration_us
                _grow(made, index, shortest)
                left = made[index - 1]
                if left.duration_us < min(before_us, shortest) and not _closes(left) and index > 1:
                    index -= 1  # what it took too much from goes under
                    continue
            if not _closes(shape) and made[index].duration_us < shortest:
                index -= _gone(made, index)
        index += 1
    yield from (shape for shape in made if shape.duration_us > 0)


def _closes(shape: Shape) -> bool:
    return shape.sound_us >= 0 or shape.shape in {SHUT, "G"}


def _alone(made: list[Shape], index: int) -> bool:
    """Whether no neighbour could have its time: on both sides a closure, a pause, or nothing."""
    beside = [made[index - 1], *made[index + 1 : index + 2]]
    return all(_closes(other) or other.shape == REST for other in beside)


def _middle(shape: Shape) -> int:
    return shape.end_us - shape.duration_us // 2


def _move(made: list[Shape], index: int, time_us: int) -> None:
    """Have a shape begin, and the one before it end, at another time."""
    made[index - 1] = replace(made[index - 1], end_us=time_us)
    made[index] = replace(made[index], start_us=time_us)


def _grow(made: list[Shape], index: int, shortest_us: int) -> None:
    """A vowel takes what it lacks from what follows, then from what precedes."""
    after = made[index + 1] if index + 1 < len(made) else None
    if after and not after.vowel and not _closes(after):
        lacks = shortest_us - made[index].duration_us
        # Of a pause something is left.
        most_us = after.duration_us // 2 if after.shape == REST else after.duration_us
        _move(made, index + 1, after.start_us + min(lacks, most_us))
    before, lacks = made[index - 1], shortest_us - made[index].duration_us
    if lacks <= 0 or before.vowel or before.shape == REST:
        return
    first_us = max(before.start_us, before.until_us + _RELEASE_US)
    start_us = made[index].start_us
    _move(made, index, min(start_us, max(start_us - lacks, first_us)))


def _gone(made: list[Shape], index: int) -> int:
    """Take out a shape that is too short where a neighbour can have its time; how many went."""
    shape, before = made[index], made[index - 1]
    after = made[index + 1] if index + 1 < len(made) else None
    if after and not _closes(after) and after.shape != REST:
        made[index + 1] = replace(after, start_us=shape.start_us)
    elif not _closes(before) and before.shape != REST:
        made[index - 1] = replace(before, end_us=shape.end_us)
    else:
        return 0
    del made[index]
    return 1

"""The timeline: which picture is shown at a time. One pure function, `Timeline.at`.

A frame of the film shows what holds at its beginning. Stops are rounded to the nearest frame, a
mouth that has to be shut by a time to the one before; between two stops, the pictures of the
shortest route are chosen by time, eased.
"""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from tasks.character.ease import eased
from tasks.timelines.layers import MOUTH, Stop
from tasks.timelines.roads import Roads, Route, Stance, keyframe
from tasks.timelines.timing import SECOND_US
from tasks.timelines.visemes import Look

_FLAP = 0.05
"""how much less, or more, open than at both ends the mouth may be on the way"""


@dataclass(frozen=True, slots=True)
class Move:
    """From frame `start` on the way to a stop, from frame `end` on there."""

    start: int
    end: int
    route: Route
    stop: Stop

    @property
    def place(self) -> str:
        """The picture at its end."""
        return self.route.places[-1]


@dataclass(frozen=True, slots=True)
class Timeline:
    """A planned timeline: its moves in the order of time, which never overlap."""

    rate: Fraction
    """pictures a second, exact"""
    count: int
    """of frames; the last one is at rest"""
    moves: tuple[Move, ...]
    ends: tuple[int, ...]
    """the frame at which each move begins"""
    cuts: tuple[tuple[int, Stance, Stance], ...] = ()
    """frame, and the keyframes between which there is no way"""
    ease: str = "smooth"

    def at(self, frame: int) -> str:
        """The place of the picture that is shown as frame 0 <= `frame` < `count`."""
        if not 0 <= frame < self.count:
            raise ValueError(f"frame {frame} of {self.count}")
        move = self.moves[bisect_right(self.ends, frame) - 1]
        if frame >= move.end:
            return move.place
        part = (frame - move.start + 1) / (move.end - move.start + 1)
        return move.route.at(eased(self.ease, part))

    def shown(self, time_us: Fraction | int) -> str:
        """The picture that is shown at a time, from 0 up to the end (exclusive)."""
        return self.at(int(Fraction(time_us) * self.rate / SECOND_US))

    def runs(self) -> list[tuple[str, int]]:
        """All pictures in order, each with the number of frames that it is shown for."""
        made: list[tuple[str, int]] = []

        def show(place: str, count: int) -> None:
            if count <= 0:
                return
            if made and made[-1][0] == place:
                made[-1] = (place, made[-1][1] + count)
            else:
                made.append((place, count))

        for index, move in enumerate(self.moves):
            until = self.moves[index + 1].start if index + 1 < len(self.moves) else self.count
            for frame in range(move.start, min(move.end, until)):
                show(self.at(frame), 1)
            show(move.place, until - max(move.end, move.start))
        return made

    @property
    def duration(self) -> Fraction:
        """Its length in seconds, exact."""
        return self.count / self.rate


@dataclass(frozen=True)
class Ways:
    """How one gets from picture to picture."""

    roads: Roads
    opened: Mapping[str, float] = field(default_factory=dict)
    """how open the mouth is in each picture, by its place; what is not named is not looked at"""
    ease: str = "smooth"

    def flaps(self, route: Route) -> bool:
        """Whether the mouth would open and shut again on the way, or shut and open."""
        seen = [self.opened[place] for place in route.places if place in self.opened] or [0.0]
        low, high = min(seen[0], seen[-1]), max(seen[0], seen[-1])
        return min(seen) < low - _FLAP or max(seen) > high + _FLAP


def planned(stops: Sequence[Stop], ways: Ways, rate: Fraction, end_us: int) -> Timeline:
    """The timeline of stops, in order, the first at 0; the last one holds at the end.

    From mouth to mouth at once, in the middle of the way, where the sequences would shut the mouth
    for a frame, or open it wider: that is no sound.
    """
    roads = ways.roads
    count = max(1, -(-end_us * rate // SECOND_US))
    at_frames = _on_frames(stops, rate, count)
    moves: list[Move] = []
    cuts: list[tuple[int, Stance, Stance]] = []
    before: Stop | None = None
    for frame, stop in at_frames:
        place = _place(stop, roads)
        last = moves[-1] if moves else None
        if last is None:
            moves.append(_at_once(0, place, stop))
        elif last.place != place:
            route = roads.route(last.place, place)
            if route is None and before is not None:
                cuts.append((frame, _stance(before), _stance(stop)))
            took = _begun(stop.transition_us + SECOND_US // 2 // max(1, int(rate)), rate)
            held = last.end if before is None else _held((last.end, before), rate)
            start = min(frame, max(held + 1, frame - took + 1))
            if route is None:
                moves.append(_at_once(frame, place, stop))
            elif _speaks(before) and _speaks(stop) and ways.flaps(route):
                middle = min(frame, max(held + 1, frame - took // 2))
                moves.append(_at_once(middle, place, stop))
            else:
                moves.append(Move(start, frame, route, stop))
        before = stop
    ends = tuple(move.start for move in moves)
    return Timeline(rate, count, tuple(moves), ends, tuple(cuts), ways.ease)


def _at_once(frame: int, place: str, stop: Stop) -> Move:
    return Move(frame, frame, Route((place,), (0.0,), 0.0), stop)


def _speaks(stop: Stop | None) -> bool:
    return stop is not None and stop.layer == MOUTH


def _on_frames(stops: Sequence[Stop], rate: Fraction, count: int) -> list[tuple[int, Stop]]:
    """Each stop with its frame, each on a later one; a closure stays shut until it has sounded."""
    made: list[tuple[int, Stop]] = []
    for stop in stops:
        frame = (2 * stop.time_us * rate.numerator + SECOND_US * rate.denominator) // (
            2 * SECOND_US * rate.denominator
        )
        if stop.sound_us >= 0:
            frame = min(frame, _begun(stop.sound_us, rate))
        while made and frame <= _held(made[-1], rate):
            if made[-1][1].until_us >= 0:
                frame = _held(made[-1], rate) + 1
                break
            # Of two on one frame the later one is seen.
            made.pop()
        if not made or frame < count:
            made.append((frame if made else 0, stop))
        elif made[-1][0] < count - 1:
            made.append((count - 1, stop))
        else:
            made[-1] = (count - 1, stop)
    return made


def _begun(time_us: int, rate: Fraction) -> int:
    """The frame that is shown at a time."""
    return time_us * rate.numerator // (SECOND_US * rate.denominator)


def _held(placed: tuple[int, Stop], rate: Fraction) -> int:
    """The last frame at which a stop has to be seen."""
    frame, stop = placed
    return max(frame, _begun(stop.until_us, rate)) if stop.until_us >= 0 else frame


def _place(stop: Stop, roads: Roads) -> str:
    """The picture of a stop; of what lies between two keyframes, the nearer one at worst."""
    look = stop.look
    if look.towards:
        between = roads.between((look.expression, stop.pose), (look.towards, stop.pose), look.t)
        return between or keyframe((_nearer(look), stop.pose))
    return keyframe((look.expression, stop.pose))


def _nearer(look: Look) -> str:
    return look.towards if look.t >= 0.4 else look.expression


def _stance(stop: Stop) -> Stance:
    return (_nearer(stop.look) if stop.look.towards else stop.look.expression), stop.pose

"""Roads: from picture to picture over the sequences that exist, forwards or in reverse.

A picture is named by its place below the folder `frames`: `endpoints/sad__center.png`, or
`sequences/neutral_to_sad__center/050.png`. Pure.
"""

import heapq
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise

Stance = tuple[str, str]
"""an expression at a pose"""


@dataclass(frozen=True, slots=True)
class Road:
    """A sequence: its ends, and the in-betweens that are on the way."""

    id: str
    start: Stance
    end: Stance
    tweens: tuple[tuple[float, str], ...]
    """time, 0 < t < 1, and place of each, in the order of time"""
    duration_ms: int


@dataclass(frozen=True, slots=True)
class Route:
    """The pictures of a way, both ends among them, and where on it each lies, 0..1."""

    places: tuple[str, ...]
    parts: tuple[float, ...]
    duration_ms: float
    """as long as its sequences are played for"""

    def at(self, part: float) -> str:
        """The picture that is nearest to that part of the way."""
        last = len(self.parts) - 1
        index = next(
            (i for i in range(last) if part < (self.parts[i] + self.parts[i + 1]) / 2), last
        )
        return self.places[index]


def keyframe(stance: Stance) -> str:
    """The place of a keyframe."""
    return f"endpoints/{stance[0]}__{stance[1]}.png"


@dataclass
class Roads:
    """All sequences of a character as one net of pictures."""

    roads: tuple[Road, ...]
    _near: dict[str, dict[str, float]] = field(default_factory=dict)
    _known: dict[tuple[str, str], Route | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for road in self.roads:
            stops = [(0.0, keyframe(road.start)), *road.tweens, (1.0, keyframe(road.end))]
            for (t, one), (later, other) in pairwise(stops):
                cost = (later - t) * road.duration_ms
                for here, there in ((one, other), (other, one)):
                    near = self._near.setdefault(here, {})
                    near[there] = min(cost, near.get(there, cost))

    def between(self, start: Stance, end: Stance, t: float) -> str | None:
        """The picture at `t` between two keyframes that a sequence joins; None where none does."""
        for road in self.roads:
            if (road.start, road.end) in {(start, end), (end, start)} and road.tweens:
                at = t if road.start == start else 1 - t
                nearest = min(road.tweens, key=lambda tween: abs(tween[0] - at))
                # Nearer to an end than to any in-between, it is the end.
                if abs(nearest[0] - at) <= min(at, 1 - at):
                    return nearest[1]
        return None

    def route(self, start: str, end: str) -> Route | None:
        """The quickest way; None where there is none."""
        if (start, end) not in self._known:
            self._known[start, end] = _shortest(self._near, start, end)
        return self._known[start, end]


def _shortest(near: Mapping[str, Mapping[str, float]], start: str, end: str) -> Route | None:
    """Dijkstra; of equally quick ways the first by name, so that the answer is always the same."""
    best: dict[str, tuple[float, str]] = {start: (0.0, "")}
    waiting: list[tuple[float, str]] = [(0.0, start)]
    while waiting:
        cost, here = heapq.heappop(waiting)
        if here == end:
            return _way(best, end, cost)
        if cost > best[here][0]:
            continue
        for there, length in near.get(here, {}).items():
            if there not in best or cost + length < best[there][0]:
                best[there] = (cost + length, here)
                heapq.heappush(waiting, (cost + length, there))
    return None


def _way(best: Mapping[str, tuple[float, str]], end: str, cost: float) -> Route:
    places = [end]
    while best[places[-1]][1]:
        places.append(best[places[-1]][1])
    places.reverse()
    return Route(
        tuple(places), tuple(best[place][0] / cost if cost else 0.0 for place in places), cost
    )


def mending(cuts: Iterable[tuple[Stance, Stance]]) -> tuple[str, ...]:
    """The `base_paths` that would turn cuts into movements, as JSON to be copied."""
    found: dict[str, None] = {}
    for (first, pose), (last, other) in cuts:
        if first != last:
            found[f'{{"id": "{first}_to_{last}", "start": "{first}", "end": "{last}"}}'] = None
        if pose != other:
            found[
                f'{{"id": "{first}_{pose}_to_{other}", "start": "{first}", "end": "{first}",'
                f' "start_pose": "{pose}", "end_pose": "{other}"}}'
            ] = None
    return tuple(found)

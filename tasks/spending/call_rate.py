"""When the next call may start: what a rate limit that nobody told us of allows, learned.

No threads and no clock in here: whoever asks says what time it is (seconds of any clock that only
grows). `tasks.spending.rate_limiter` makes the workers of a run keep to it.

A run begins with a few calls, and doubles them as they are let in. Nothing else holds calls back
until the server answers one with 429. From then on time goes in cycles: a
pause, as long as the server asked for; a first call that goes alone; then more, at the rate that
the cycle before has shown to be sustainable (calls that were let in / time), probing upwards until
the next 429. A 429 is known within a moment, an answer after half a minute: a call counts as let
in until its 429 comes.

`docs/call_rate.md` has a picture of a run, and the reason for each constant.
"""

import math
import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

_MINUTE_S = 60.0

# Calls that must be refused are spared at the beginning: of sixty-four at once, a limit of five a
# minute refuses nearly all.
_FIRST_CALLS = 8
"""so many go at once; then twice as many, and so on, each time that these are let in"""
_LET_IN_S = 1.0
"""calls without any news for so long are taken to be let in"""

# After a 429 the rate begins a little below the rate that was found, for starts are never quite
# even. It comes up to the rate after as many calls as that was learned from, and then goes beyond,
# slowly at first.
_BEGIN_AT = 0.98
_PROBE = 0.1
_GROWN = 1.25
"""at so many times the rate, that rate was wrong: what was learned from it counts for half"""
_FEW_CALLS, _MANY_CALLS, _LONG_S = 16, 60, 120.0
_SHOWN_CALLS = 8
"""after a cycle of fewer the next call waits for the slot of the refused one as well"""
_DOUBTFUL_CALLS = 2.0
"""what the first cycle counts for: the calls of a burst show little of a rate"""

# After a probe beyond the found rate, the last rate that was let in is nearly right.
_ABOVE_MEASURED = 1.15

# A start that came late may be made up for, by so much of the time between two.
_CATCH_UP = 0.02
_CAP_CATCH_UP = 0.05

# Waits where the server says nothing, in a row without a call let in, each longer than the one
# before; the next lasts until a limit that counts by the minute has surely ended.
_UNSAID_WAITS_S = (1.5, 4.0, 8.0, 13.0, 18.0)
_JITTER = 0.2
_AFTER_REFUSED = 0.25
"""a limit that nobody told of ended somewhere between the last refusal and the next call"""
_ROUNDED_S = 0.5
"""added, doubled each time, where the wait that the server asked for has proved short"""
_LONGEST_TURNAROUND_S = 2.0
_OFTEN = 4
"""a call that was limited so many times goes after a minute of silence"""


@dataclass(frozen=True, slots=True)
class Start:
    """One call that was let go."""

    at_s: float
    cycle: int


@dataclass(frozen=True, slots=True)
class _Found:
    """A rate, and what it was learned from."""

    per_s: float = math.inf
    calls: float = 0.0
    seconds: float = 0.0


@dataclass(slots=True)
class _Stretch:
    """Some calls in a row."""

    began_s: float
    """the first start"""
    calls: int = 0
    """let in, as far as is known"""
    sound_per_s: float = math.inf
    """the last rate but one; infinite while there is none"""
    beyond: bool = False
    """the rate was above the rate that had been found"""

    def per_s(self, ended_s: float) -> float:
        """The rate at which calls were let in, at least one."""
        return max(self.calls, 1) / max(ended_s - self.began_s, 1e-3)


@dataclass(slots=True)
class _Pause:
    """What follows the first 429 of a cycle."""

    began_s: float
    chance: float
    """0..1, for the jitter"""
    end_s: float = -math.inf
    asked: bool = False
    """the server said how long"""


@dataclass(slots=True)
class _Cycle:
    """From one resumption to the next."""

    number: int
    whole: _Stretch
    stretch: _Stretch
    """the last part of it, at about one rate"""
    pause: _Pause | None = None


class CallRate:
    """Says when the next call may start, and learns from what becomes of it.

    `images_per_minute` (above 0) is never exceeded: no more starts in any minute, from the first
    on, and evenly. `chance` gives the jitter, 0..1.
    """

    def __init__(
        self,
        images_per_minute: float | None = None,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._cap = _Cap(images_per_minute) if images_per_minute else None
        self._chance = chance
        self._cycle = _Cycle(0, _Stretch(math.nan), _Stretch(math.nan))
        self._found = self._before = _Found()
        self._progress = 0.0
        """calls held back since, as part of those that `_found` was learned from"""
        self._ended: _Cycle | None = None
        """the last cycle in which calls were let in"""
        self._ended_s = math.nan
        self._barren = 0
        """cycles in a row of which no call was let in"""
        self._refused_since_s = math.nan
        """the first 429 after the last call that was let in"""
        self._slot_s = -math.inf
        self._held_s = -math.inf
        """the end of a pause that was made longer when it was over"""
        self._last_s = -math.inf
        self._turnaround_s = 0.0
        """from a start to its 429"""
        self._open = _FIRST_CALLS
        """how many may have been started before news is waited for, at the beginning"""

    @property
    def per_minute(self) -> float | None:
        """The rate at present, in calls a minute; None while there is no reason for any."""
        found = _MINUTE_S * self._rate_per_s
        capped = min(found, self._cap.per_minute) if self._cap else found
        return capped if math.isfinite(capped) else None

    @property
    def is_sounding(self) -> bool:
        """The call that went alone after a pause was refused too. The next may be as well: it
        should be one that was refused least, lest the same one comes to its last attempt."""
        return self._cycle.pause is not None and self._cycle.whole.calls <= 0

    def earliest_s(self, refusals: int = 0) -> float:
        """The time before which no call may start that was limited so many times before.

        One that was limited often, and is soon given up, goes after a minute without any other:
        it has the best chance that there is.
        """
        pause = self._cycle.pause
        return max(
            self._slot_s if pause is None else pause.end_s,
            self._held_s,
            self._cap.earliest_s() if self._cap else -math.inf,
            self._last_s + _MINUTE_S if refusals >= _OFTEN else -math.inf,
        )

    def start(self, now_s: float, *, waited: bool, refusals: int = 0) -> Start:
        """Let a call go, not before `earliest_s()`; `waited`: it would have gone sooner."""
        sooner_s = self.earliest_s()
        paced = waited and (self._cap is None or self._cap.earliest_s() <= self._slot_s)
        paced = paced and not self._is_beginning
        if self._cap:
            self._cap.start(now_s)
        if self._cycle.pause is not None:
            self._resume(self._cycle.pause, min(now_s, sooner_s) if refusals >= _OFTEN else now_s)
        elif paced:
            self._probe(now_s)
        cycle = self._cycle
        for stretch in (cycle.whole, cycle.stretch):
            if cycle.whole.calls == 0:
                stretch.began_s = now_s
            elif refusals >= _OFTEN:  # a silence that no limit asked for
                stretch.began_s += max(now_s - sooner_s, 0.0)
        for stretch in (cycle.whole, cycle.stretch):
            stretch.calls += 1
        self._last_s = now_s
        self._slot_s = self._next_slot_s(now_s, paced)
        return Start(now_s, cycle.number)

    def accepted(self, now_s: float) -> None:
        """A picture came back, or whatever is no 429: as these come sooner, no call that started
        until now is refused any more."""
        if self._is_beginning:
            self._slot_s = min(self._slot_s, now_s)

    @property
    def _is_beginning(self) -> bool:
        """No call was refused so far, and nobody has said how many may be."""
        return self._cap is None and self._cycle.number == 0 and self._cycle.pause is None

    def limited(self, start: Start, now_s: float, wait_s: float | None) -> None:
        """A call came back with 429; `wait_s`: as long as the server asked to wait, if it did.

        It belongs to the pause that is there already, if there is one, and may make it longer.
        """
        cycle = self._cycle
        if start.cycle < cycle.number:
            self._limited_late(start, now_s, wait_s)
            return
        if cycle.pause is None:
            cycle.pause = _Pause(now_s, self._chance())
            self._turnaround_s = min(now_s - start.at_s, _LONGEST_TURNAROUND_S)
        cycle.whole.calls -= 1
        cycle.stretch.calls -= 1
        cycle.pause.asked |= wait_s is not None
        barren = self._barren + 1 if self.is_sounding else 0
        if not barren or math.isnan(self._refused_since_s):
            self._refused_since_s = cycle.pause.began_s
        if wait_s is None:
            end_s = self._unsaid_end_s(cycle.pause, barren)
        else:
            end_s = now_s + wait_s
            if wait_s <= 0:
                end_s += _ROUNDED_S
            if barren:
                end_s += _ROUNDED_S * 2.0 ** min(barren - 1, 7)
        cycle.pause.end_s = max(cycle.pause.end_s, end_s)

    def _limited_late(self, start: Start, now_s: float, wait_s: float | None) -> None:
        """The 429 of a call that had started before the last pause: what it says of that pause
        is heard, and no new one begins."""
        if start.cycle == self._cycle.number - 1 and self._ended is not None:
            self._ended.whole.calls -= 1
            self._ended.stretch.calls -= 1
            self._learn(self._ended)
        if wait_s is not None:
            self._held_s = max(self._held_s, now_s + wait_s)

    def _unsaid_end_s(self, pause: _Pause, barren: int) -> float:
        """The end of a pause of which the server says nothing."""
        jitter = 1.0 + _JITTER * pause.chance
        # A limit by the minute may count from the first call, and has ended a minute after it
        # refused one, unless it counts refused calls too.
        counted_s = ((self._ended or self._cycle).whole.began_s, self._refused_since_s)
        minutes_s = (since_s + _MINUTE_S + pause.chance for since_s in counted_s)
        ends_s = [end_s for end_s in minutes_s if end_s > pause.began_s]
        if barren < len(_UNSAID_WAITS_S):
            ends_s.append(pause.began_s + _UNSAID_WAITS_S[barren] * jitter)
        return min(ends_s, default=pause.began_s + _MINUTE_S * jitter)

    @property
    def _rate_per_s(self) -> float:
        beyond = self._progress - 1.0
        part = 1.0 + (_PROBE if beyond > 0 else _BEGIN_AT - 1.0) * beyond**2
        return self._found.per_s * part

    def _resume(self, pause: _Pause, now_s: float) -> None:
        """The pause is over: begin a cycle, at the rate that the last one has proven."""
        cycle = self._cycle
        if cycle.whole.calls > 0 or self._ended is None:
            self._before, self._ended, self._barren = self._found, cycle, 0
        else:  # the first call of this cycle was refused: the pause before goes on
            self._barren += 1
        exact = pause.asked and self._barren == 0
        self._ended_s = now_s if exact else pause.began_s + _AFTER_REFUSED * (now_s - pause.began_s)
        self._learn(self._ended)
        self._cycle = _Cycle(cycle.number + 1, _Stretch(now_s), _Stretch(now_s))
        if self._ended.whole.calls >= _SHOWN_CALLS:
            # The call that was refused took no time: the next is due from here on.
            self._slot_s = min(self._slot_s, now_s)

    def _learn(self, ended: _Cycle) -> None:
        self._found = _learned(self._before, ended, self._ended_s)
        self._progress = 0.0

    def _probe(self, now_s: float) -> None:
        """One call more that the rate held back and no 429 since: go on to a higher one."""
        stretch = self._cycle.stretch
        stretch.sound_per_s = self._rate_per_s
        self._progress += 1 / max(self._found.calls, _FEW_CALLS)
        stretch.beyond = self._progress >= 1.0
        rate_per_s = self._rate_per_s
        if rate_per_s > _GROWN * self._found.per_s:
            calls = max(self._found.calls / 2, _DOUBTFUL_CALLS)
            self._found = _Found(rate_per_s, calls, calls / rate_per_s)
            self._progress = 1.0
            self._cycle.stretch = _Stretch(now_s, sound_per_s=rate_per_s)

    def _next_slot_s(self, now_s: float, paced: bool) -> float:
        if self._is_beginning:
            if self._cycle.whole.calls < self._open:
                return now_s
            self._open *= 2
            return now_s + _LET_IN_S
        apart_s = 1.0 / self._rate_per_s
        # The first goes alone until its 429 would have come, then two at a time, then three, ...
        ramp_s = self._turnaround_s / max(self._cycle.whole.calls, 1) if self._cycle.number else 0.0
        due_s = self._slot_s + apart_s if paced else now_s
        return max(due_s, now_s + max((1.0 - _CATCH_UP) * apart_s, ramp_s))


def _learned(before: _Found, ended: _Cycle, ended_s: float) -> _Found:
    """The rate that is sustainable after a cycle that ended in a 429, with its pause."""
    stretch = ended.stretch
    # A stretch that began in the middle of a window of the limit shows too little, a whole cycle
    # in which the rate grew as well: neither shows too much for long.
    per_s = max(stretch.per_s(ended_s), ended.whole.per_s(ended_s))
    if not math.isfinite(before.per_s):
        return _Found(per_s, _DOUBTFUL_CALLS, _DOUBTFUL_CALLS / per_s)
    seconds = max(ended_s - stretch.began_s, 1e-3) + before.seconds
    calls = per_s * (seconds - before.seconds) + before.calls
    measured_per_s = per_s = calls / seconds
    if stretch.beyond:
        near_per_s = _BEGIN_AT * stretch.sound_per_s
        per_s = max(per_s, min(near_per_s, _ABOVE_MEASURED * measured_per_s))
    kept = min(1.0, max(_MANY_CALLS, _LONG_S * measured_per_s) / calls)
    return _Found(per_s, kept * calls, kept * seconds)


class _Cap:
    """At most so many starts in any minute, evenly."""

    def __init__(self, per_minute: float) -> None:
        self.per_minute = per_minute
        self._apart_s = _MINUTE_S / per_minute
        self._starts_s: deque[float] = deque(maxlen=max(1, math.floor(per_minute)))
        self._slot_s = -math.inf

    def earliest_s(self) -> float:
        """The time before which no call may start."""
        if len(self._starts_s) < (self._starts_s.maxlen or 0):
            return self._slot_s
        # A start is always a little later than its slot, and the next need not be: a minute that
        # begins between the two would hold one too many.
        return max(self._slot_s, self._starts_s[0] + self._apart_s * len(self._starts_s))

    def start(self, now_s: float) -> None:
        """A call starts."""
        self._starts_s.append(now_s)
        self._slot_s = max(
            self._slot_s + self._apart_s, now_s + (1.0 - _CAP_CATCH_UP) * self._apart_s
        )

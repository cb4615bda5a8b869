"""Eases: how a movement gathers speed and comes to rest. From playing time to t.

Each takes a share of the time, 0..1, to a share of the way, 0..1. All start at 0 and end at 1,
and none ever goes back: a face that overshoots would need pictures beyond its keyframes. The
names are those of CSS and of animation programs, in this project's spelling.

Nothing here imports more than the standard library: checking a config must stay cheap.
"""

from collections.abc import Callable, Mapping
from math import cos, pi, prod, sqrt
from types import MappingProxyType

from tasks.ground.errors import Mistake
from tasks.ground.ids import did_you_mean

Ease = Callable[[float], float]


def _power(exponent: int) -> Ease:
    return lambda share: prod([share] * exponent)


def _sine(share: float) -> float:
    return 1 - cos(share * pi / 2)


def _circle(share: float) -> float:
    return 1 - sqrt(1 - share * share)


def _out(ease_in: Ease) -> Ease:
    """The same ease, backwards: quick at first."""
    return lambda share: 1 - ease_in(1 - share)


def _in_out(ease_in: Ease) -> Ease:
    """Slow at both ends, and the same from either."""

    def both(share: float) -> float:
        return ease_in(2 * share) / 2 if share < 0.5 else 1 - ease_in(2 - 2 * share) / 2

    return both


def _smooth(share: float) -> float:
    return share * share * (3 - 2 * share)


_INS: Mapping[str, Ease] = {
    "": _power(2),
    "sine": _sine,
    "cubic": _power(3),
    "quart": _power(4),
    "circ": _circle,
}


def _all() -> dict[str, Ease]:
    found: dict[str, Ease] = {"linear": float, "smooth": _smooth}
    for name, ease_in in _INS.items():
        ending = f"_{name}" if name else ""
        found[f"in{ending}"] = ease_in
        found[f"out{ending}"] = _out(ease_in)
        found[f"in_out{ending}"] = _in_out(ease_in)
    return found


EASES: Mapping[str, Ease] = MappingProxyType(_all())
"""every ease by its name; `in`, `out` and `in_out` are quadratic, `smooth` is smoothstep"""

DEFAULT = "linear"


def eased(name: str, share: float) -> float:
    """The share of the way, 0..1, that is done after a share of the time, 0..1.

    Exactly 0 at 0 and exactly 1 at 1. Raises ValueError for a share beyond 0..1, and Mistake for
    a name that is none of `EASES`.
    """
    if not 0 <= share <= 1:
        raise ValueError(f"the share of the time is {share}; it goes from 0 to 1")
    ease = EASES[checked(name)]
    return min(1.0, max(0.0, ease(share))) if 0 < share < 1 else float(share)


def checked(name: str) -> str:
    """`name`, if it is one of `EASES`; otherwise Mistake, with the nearest and all of them."""
    if name not in EASES:
        allowed = ", ".join(EASES)
        raise Mistake(f'unknown ease "{name}"{did_you_mean(name, EASES)} (allowed: {allowed})')
    return name

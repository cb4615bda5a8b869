"""The lips: where they part, and how the jaw and the lips carry their surroundings along.

The lips part along the line where they meet. Above it the picture is pulled up and below it
down; between them nothing of the portrait is left to show, and `mouth` paints what is behind.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from tasks.puppet.anatomy import SIDES, Anatomy, Axes
from tasks.puppet.mouth_look import COLUMNS, MouthLook, rest_line
from tasks.puppet.raster import Box, Cut, Floats, settled, smooth
from tasks.puppet.tissue import Way

OPENERS = frozenset(
    {
        *("jawOpen", "mouthClose", "mouthFunnel"),
        *(f"{name}{side}" for name in ("mouthUpperUp", "mouthLowerDown") for side in SIDES),
    }
)
"""the weights that part the lips"""


@dataclass(frozen=True, slots=True)
class Parting:
    """How far the lips part, in pixels."""

    lip_drop: float
    """the lower lip, with the jaw"""
    chin_drop: float
    upper: tuple[float, float]
    """the upper lip by itself: at the picture's left and right"""
    lower: tuple[float, float]
    """the lower lip by itself"""
    teeth: float
    """how much of the teeth is not behind rounded lips, 0..1"""
    is_open: bool = False
    """whether the portrait has them apart: they are moved as they are, with what is between"""

    @property
    def widest(self) -> float:
        """The greatest distance between the lips that this can come to."""
        return self.lip_drop + max(self.lower) + max(self.upper)


@dataclass(frozen=True, slots=True)
class Lips:
    """The mouth of one frame, along the line through its (moved) corners. Pixels."""

    axes: Axes
    half: float
    bow: tuple[float, ...]
    """the line where the lips meet: y = (1 - s^2)(a + b s + c s^2 ...), s = x / half"""
    parting: Parting
    chin: float
    """from that line to the chin"""
    floor: float
    """from that line to where the neck stays still"""
    nose: float
    """from that line up to the nose's base"""
    jaw_half: float
    """half the width of what goes down with the jaw"""
    thickness: tuple[float, float]
    """of the upper and of the lower lip"""

    def line(self, s: Floats) -> Floats:
        """The height of the line where the lips meet, at s = x / half."""
        s = np.clip(s, -1, 1)
        hang = np.full_like(s, self.bow[-1])
        for share in self.bow[-2::-1]:
            hang = hang * s + np.float32(share)
        return (1 - s * s) * hang

    def part(self, x: Floats, y: Floats) -> "Parted":
        """Look up where each pixel (x, y) of the opened mouth lies in the closed one."""
        along, across = self.axes.locals(x, y)
        s = along / np.float32(self.half)
        v = across - self.line(s)
        down, up = self._down(along, s, v), self._up(s, v)
        if self.parting.is_open:
            # what is between the lips is stretched, from the teeth's edge to the lower lip
            down = down * np.clip(v / np.maximum(self.thickness[1] + down, 1), 0, 1)
            up = up * np.clip(-v / np.maximum(self.thickness[0] + up, 1), 0, 1)
        closed = np.where(v > 0, np.maximum(v - down, 0), np.minimum(v + up, 0))
        dx, dy = self.axes.turn(np.zeros_like(v), settled(closed - v))
        return Parted(x + dx, y + dy, s, v, down - v, up + v)

    def _down(self, along: Floats, s: Floats, v: Floats) -> Floats:
        """How far the tissue at each place has gone down."""
        parting = self.parting
        below = np.maximum(v, 0)
        deep = self.chin + parting.chin_drop
        lip = parting.lip_drop + (parting.chin_drop - parting.lip_drop) * smooth(below / deep)
        lip = lip * (1 - smooth((below - deep) / max(self.floor - deep, 1.0)))
        # at the lips the jaw's way has the outline of their parting, at the chin that of the face
        parted, deeper = arch(s), smooth(below / np.float32(0.9 * deep))
        face = np.maximum(1 - (along / np.float32(self.jaw_half)) ** 2, 0) ** 2
        jaw = lip * (parted + deeper * (face - parted))
        own = parted * _between(parting.lower, s)
        reach = self.thickness[1] + 0.5 * self.chin
        total: Floats = jaw + own * (1 - smooth((below - own - jaw) / reach))
        return total

    def _up(self, s: Floats, v: Floats) -> Floats:
        """How far the tissue at each place has gone up."""
        own = arch(s) * _between(self.parting.upper, s)
        above = np.maximum(-v - own, 0)
        thin = 0.5 * self.thickness[0]
        return own * (1 - smooth((above - thin) / max(self.nose - thin, 1.0)))

    def box(self) -> Box:
        """Left, top, right, bottom along the mouth's axes of all that moves or is painted."""
        wide = max(self.half, self.jaw_half)
        sag = sum(map(abs, self.bow[:3])) if len(self.bow) == 3 else 0.5 * self.half
        above = max(self.parting.upper) + self.nose + sag
        below = max(self.floor, self.chin + self.parting.widest) + sag
        return -wide, -above, wide, below


@dataclass(frozen=True, slots=True)
class Parted:
    """What `Lips.part` finds for each pixel."""

    x: Floats
    y: Floats
    s: Floats
    """along the mouth, -1 and 1 at its corners"""
    v: Floats
    """below the line where the lips met, in pixels"""
    above_lower: Floats
    """how far above the lower lip's edge, in pixels"""
    below_upper: Floats
    """how far below the upper lip's edge, in pixels"""

    def part(self, cut: Cut) -> "Parted":
        """The same for a part of the pixels."""
        return Parted(*(getattr(self, name)[cut] for name in Parted.__slots__))


def arch(s: Floats) -> Floats:
    """The outline of a parting: 1 in the middle, 0 from the corners on."""
    return np.maximum(1 - s * s, 0) ** np.float32(1.1)


def _between(ends: tuple[float, float], s: Floats) -> Floats:
    """From the value at the picture's left to that at its right, over the middle of the mouth."""
    return ends[0] + (ends[1] - ends[0]) * smooth(s * np.float32(0.7) + np.float32(0.5))


def parting(face: Anatomy, weights: Mapping[str, float], look: MouthLook) -> Parting | None:
    """How far the weights part the lips; None when they leave them as they are."""
    if not any(weights.get(name) for name in OPENERS):
        return None
    half, drop = face.mouth.half, face.chin[1] - face.mouth.centre[1]
    jaw, funnel = weights.get("jawOpen", 0.0), weights.get("mouthFunnel", 0.0)
    still = 1 - weights.get("mouthClose", 0.0)
    if look.is_open:
        jaw, funnel = 0.5 * jaw, 0.5 * funnel
    # neither under a moustache nor in a muzzle are teeth known to be there
    bare = not look.moustache and look.line is None

    def ends(name: str, by_hand: float) -> tuple[float, float]:
        right, left = weights.get(f"{name}Right", 0.0), weights.get(f"{name}Left", 0.0)
        return still * (by_hand + 0.3 * half * right), still * (by_hand + 0.3 * half * left)

    return Parting(
        lip_drop=still * jaw * min(0.55 * drop, 1.5 * half),
        chin_drop=jaw * 0.27 * drop,
        upper=ends("mouthUpperUp", 0.13 * half * jaw + 0.26 * half * funnel),
        lower=ends("mouthLowerDown", 0.26 * half * funnel),
        is_open=look.is_open,
        teeth=bare * (1 - 0.9 * funnel) * (1 - 0.9 * weights.get("mouthPucker", 0.0)),
    )


def lips(face: Anatomy, way: Way, parted: Parting, look: MouthLook) -> Lips:
    """Measure the mouth where the tissue's way has taken it."""
    mouth = face.mouth
    s = np.linspace(-1, 1, 11 if look.line is None else COLUMNS, dtype=np.float32)
    rest = _rest_line(face, s, look.line)
    there = way.moved(rest)
    axes = Axes.through(tuple(there[0].tolist()), tuple(there[-1].tolist()))
    along, across = axes.locals(there[:, 0], there[:, 1])
    half = float(along[-1])
    chin = face.chin[1] - mouth.centre[1]
    return Lips(
        axes=axes,
        half=half,
        bow=_bow(along / half, across, 3 if look.line is None else 9),
        parting=parted,
        chin=chin,
        floor=max(face.pivot[1] - mouth.centre[1], chin + 2 * parted.chin_drop),
        nose=max(mouth.centre[1] - face.nose[1], 1.2 * mouth.upper),
        jaw_half=max(face.half_width, 1.1 * half),
        thickness=(mouth.upper, mouth.lower),
    )


def _rest_line(face: Anatomy, s: Floats, drawn: Floats | None) -> Floats:
    """Points (n, 2) of the picture along the closed lips: a parabola through the landmarks, or
    what is drawn so far below it."""
    mouth = face.mouth
    chord, (_, rise) = rest_line(mouth)
    below = np.zeros_like(s) if drawn is None else drawn
    points = [
        chord.picture((k * mouth.half, rise * (1 - k * k) + more))
        for k, more in zip(s.tolist(), below.tolist(), strict=True)
    ]
    return np.array([face.axes.picture(point) for point in points], np.float32)


def _bow(s: Floats, across: Floats, terms: int) -> tuple[float, ...]:
    base = (1 - s * s)[:, None] * np.stack([s**power for power in range(terms)], axis=1)
    found = np.linalg.lstsq(base.astype(np.float64), across.astype(np.float64), rcond=None)[0]
    return tuple(float(share) for share in found)

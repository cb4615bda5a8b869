"""What lies over the face: hair, glasses, a hat's rim. It stays, and what moves passes under it."""

from dataclasses import dataclass, replace
from functools import cached_property

import cv2
import numpy as np

from tasks.puppet.anatomy import Anatomy, EyeShape
from tasks.puppet.lid_edge import LidEdges
from tasks.puppet.raster import Cut, Floats, Mask, extent, places
from tasks.puppet.skin import UNLIKE, Zone, bins

LASHES = 0.3
"""how far above an eye's edge its lashes reach at most, in heights of the eye"""
BESIDE = 0.4
"""how far beside the corners they reach, in halves of the eye's width"""
ALIKE = 11.0
"""colours of one thing are at most so far apart, CIELAB"""
SEEN = 0.25
"""with less skin about them than this the brows lie under a fringe"""
TONES = 12
"""colours that are told apart in what lies over the face"""


@dataclass(frozen=True, eq=False)
class EyeParts:
    """Where one eye lies in a zone."""

    s: Floats
    """along the eye, -1 and 1 at its corners"""
    v: Floats
    """along the eye's height, in pixels"""
    upper: Floats
    """the height of the upper lid's edge there"""
    lower: Floats
    tall: float
    """the eye's height"""

    @cached_property
    def opening(self) -> Mask:
        """Between the lids; not to be written to."""
        inside: Mask = (self.v > self.upper) & (self.v < self.lower) & (np.abs(self.s) < 1)
        return inside

    @cached_property
    def _near(self) -> Cut:
        """The rows and columns of all that a rim may hold."""
        near = (self.v > self.upper.min() - self.tall) & (self.v < self.lower.max() + self.tall)
        return extent(near & (np.abs(self.s) < 1 + BESIDE)) or (slice(0), slice(0))

    def rim(self, above: float, below: float, beside: float) -> Mask:
        """The opening and what is next to it, by such parts of its height and of half its width.

        At most by all of its height, and by `BESIDE`.
        """
        rim, cut = np.zeros(self.s.shape, bool), self._near
        s, v = self.s[cut], self.v[cut]
        # beside the steep ends of the opening lashes are as high as in its middle, almost
        wide = np.maximum(1 - (s / np.float32(1 + beside)) ** 2, 0)
        roof = np.minimum(self.upper[cut], self.upper.min() * wide)
        near = (v > roof - above * self.tall) & (v < self.lower[cut] + below * self.tall)
        rim[cut] = near & (np.abs(s) < 1 + beside)
        return rim


def eye_parts(zone: Zone, eye: EyeShape, edges: LidEdges) -> EyeParts:
    """The pixels of a zone along one eye."""
    along, v = eye.axes.locals(*places(zone.window))
    s = along / np.float32(eye.half)
    upper, lower = edges.at(s)
    return EyeParts(s, v, upper, lower, eye.height)


def found_over(zone: Zone, face: Anatomy, eyes: dict[str, EyeParts]) -> Mask:
    """Pixels that belong neither to skin, eye nor brow, as far as they hang together with what
    surrounds the face."""
    other = ~zone.is_skin
    kept = _brows(zone, face, 0.1)
    for parts in eyes.values():
        kept |= parts.rim(LASHES, 0.15, BESIDE)
    outside = reached(other & ~kept, _border(other.shape))
    if not _has_an_edge(zone, outside):
        return np.zeros_like(outside)
    found = outside | _within(zone, face, eyes, outside, other & kept)
    # what hangs on it has its colours too: the bridge of glasses between their rims
    alike = other & ~kept & ~found
    alike[alike] = _nearest(zone.lab[alike], tones(zone.lab[found])) < ALIKE
    whole = reached(found | alike, found)
    # hair has gaps of a pixel or two between its tones; a lone speck is no lock of hair
    size = 2 * max(round(0.008 * face.unit), 1) + 1
    brush = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))
    closed = cv2.morphologyEx(whole.astype(np.uint8), cv2.MORPH_CLOSE, brush) > 0
    return whole | (closed & other)


def covered(zone: Zone, face: Anatomy, over: Mask) -> dict[str, float]:
    """How much of each brow's line lies under something, 0..1, by side."""
    found = {}
    for side in face.brows:
        line = _brows(zone, replace(face, brows={side: face.brows[side]}), 0.03)
        found[side] = float(over[line].mean()) if line.any() else 0.0
    return found


def _has_an_edge(zone: Zone, outside: Mask) -> bool:
    """Whether it begins where the skin ends; a face that only gets darker has nothing over it."""
    ring = outside & (cv2.dilate(zone.is_skin.astype(np.uint8), np.ones((7, 7), np.uint8)) > 0)
    return bool(ring.any()) and float(np.median(zone.unlike[ring])) > 1.5 * UNLIKE


def _border(shape: tuple[int, ...]) -> Mask:
    """The upper edge and both sides: where hair, hat and background come in."""
    border = np.zeros(shape, bool)
    border[:2] = True
    border[:, :2] = border[:, -2:] = True
    return border


def reached(where: Mask, seeds: Mask) -> Mask:
    """The parts of a mask that hold a seed."""
    count, names = cv2.connectedComponents(where.astype(np.uint8), connectivity=8)
    chosen = np.zeros(count, bool)
    chosen[names[where & seeds]] = True
    found: Mask = chosen[names]
    return found


def _brows(zone: Zone, face: Anatomy, half: float) -> Mask:
    """A band about each brow's middle line, by so much of the face's unit to either side."""
    found = np.zeros(zone.across.shape, bool)
    thick = np.float32(half * face.unit)
    for brow in face.brows.values():
        ends = sorted((brow.inner, brow.middle, brow.outer))
        cut = zone.about(ends, float(thick) + 1)
        if cut is None:
            continue
        (xs, ys), across = zip(*ends, strict=True), zone.across[cut]
        line = np.interp(across, xs, ys).astype(np.float32)
        beyond = np.maximum(np.maximum(xs[0] - across, across - xs[-1]), 0)
        found[cut] |= np.hypot(zone.down[cut] - line, beyond) < thick
    return found


def _within(
    zone: Zone, face: Anatomy, eyes: dict[str, EyeParts], outside: Mask, doubtful: Mask
) -> Mask:
    """What of the doubtful pixels, about eyes and brows, has the colours of what is outside."""
    near = cv2.dilate(doubtful.astype(np.uint8), np.ones((9, 9), np.uint8)) > 0
    theirs = tones(zone.lab[outside & near])
    if not len(theirs):
        return np.zeros_like(outside)
    own = [_lashes(zone, face.eyes[side], parts, theirs) for side, parts in eyes.items()]
    doubtful &= ~_brow_ink(zone, face, theirs)
    from_theirs, from_own = _nearest(zone.lab, theirs), _nearest(zone.lab, np.concatenate(own))
    alike = doubtful & (from_theirs < ALIKE) & (from_theirs < from_own)
    hangs = reached(alike | outside, outside)
    # a line of one pixel more: the soft edge of a shape is of neither colour
    grown = cv2.dilate((hangs & alike).astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    return grown & doubtful & (from_theirs < from_own)


def _brow_ink(zone: Zone, face: Anatomy, theirs: Floats) -> Mask:
    """The brows, as far as they have a colour of their own and are no thin edge of a lock."""
    line = tones(zone.lab[_brows(zone, face, 0.02) & ~zone.is_skin], 8)
    ink = _nearest(zone.lab, _unlike(line, theirs, 3.0)) < 8
    band = _brows(zone, face, 0.1)
    if zone.is_skin[band].mean() < SEEN:
        return np.zeros_like(band)
    ink &= band & ~zone.is_skin
    return cv2.morphologyEx(ink.astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3))) > 0


def _lashes(zone: Zone, eye: EyeShape, parts: EyeParts, theirs: Floats) -> Floats:
    """The usual colours of an eye: its lashes, its iris; not those of what lies over it."""
    middle = np.abs(parts.s) < 0.6
    line = middle & (np.abs(parts.v - parts.upper) < 0.12 * eye.height) & ~zone.is_skin
    inside = middle & parts.opening & ~zone.is_skin
    lash = tones(zone.lab[line], 6)
    # lashes are as dark as anything there, also where hair is of the same colour
    darkest = lash[lash[:, 0].argsort(kind="stable")[:1]]
    return np.concatenate(
        [darkest, *(_unlike(one, theirs) for one in (lash, tones(zone.lab[inside])))]
    )


def _unlike(own: Floats, theirs: Floats, least: float = 6.0) -> Floats:
    """The colours that are not among the others."""
    far = [np.linalg.norm(theirs - tone, axis=1).min() > least for tone in own]
    kept: Floats = own[np.array(far, bool)]
    return kept


def tones(lab: Floats, most: int = TONES) -> Floats:
    """The most usual colours, (n, 3)."""
    if len(lab) < 4:
        return np.zeros((0, 3), np.float32)
    which = bins(lab, 8)
    count = np.bincount(which)
    enough = max(3, 0.01 * len(lab))
    order = [k for k in np.argsort(-count, kind="stable")[:most] if count[k] >= enough]
    return np.array([lab[which == k].mean(axis=0) for k in order], np.float32).reshape(-1, 3)


def _nearest(lab: Floats, tones: Floats) -> Floats:
    """How far each pixel is from the nearest of some colours."""
    far = np.full(lab.shape[:-1], 1e6, np.float32)
    # Each channel by itself: several times as quick as numpy is over an axis of three.
    channels = [np.ascontiguousarray(lab[..., c]) for c in range(3)]
    for tone in tones:
        away = [channel - part for channel, part in zip(channels, tone, strict=True)]
        np.minimum(far, away[0] ** 2 + away[1] ** 2 + away[2] ** 2, out=far)
    return np.sqrt(far)

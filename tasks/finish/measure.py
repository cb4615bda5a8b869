"""What a frame is like beside its reference, as figures that can be kept with it.

Two pictures count. The take as it came says how well the model did: how far it had drifted, how
much it redrew, whether it lost its transparency. The frame says what is left of that: this is what
flags go by. A take whose background leaked and whose frame is locked has a frame with nothing wrong
with it; its figures still tell it from a better take (`flags.penalty`).
"""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import hypot
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from tasks.finish.alpha import (
    GREY,
    OPAQUE,
    Bools,
    Floats,
    Mask,
    Pixels,
    same_pixels,
    toned,
)
from tasks.finish.match import recoloured
from tasks.finish.motion import Motion, scaled
from tasks.finish.pyramid import Pyramid
from tasks.finish.reference import Reference
from tasks.finish.size import sized
from tasks.finish.steps import Finished
from tasks.pictures.alpha import covers, each_channel

Indices = NDArray[np.intp]
_SIDE_PX = 512
"""the shorter side of the pictures that are measured"""
_POINTS, _FEWEST_POINTS = 300, 24
_WINDOW, _HALVINGS = (31, 31), 1
"""how much around a point is looked for again, and first in a picture of how many halvings: that is
some twenty pixels of a frame far, and what lies further off is no longer around the face"""
_RING = 0.22
"""how far around the face the drift is measured, as a part of the width: the face must sit right
in what is next to it"""
_CELLS = 48
"""how many cells across the region a signature has"""
_BROAD = 19
"""from how many cells on a difference is one of light"""
_TELLING, _ROUNDING = 256, 0.01
_TOP = 0.01
"""the part of a face's cells that differ most, by whose mean two faces are told apart"""


@dataclass(frozen=True, slots=True)
class Figures:
    """The measurements of one frame. All are plain values, for JSON."""

    size_px: tuple[int, int]
    """the take's width and height, as it came"""
    wanted_px: tuple[int, int]
    """those of the frame"""
    contrast: float
    """the spread of the take's tones, 0..127; next to nothing when it is blank"""
    cropped: float
    """how much of the figure the take cuts off at edges that it does not reach in the reference:
    as a part of the figure, or of those edges, whichever is more"""
    take_drift_px: float | None
    """how far the face lay from its place in the take; None when that could not be found"""
    take_ssim: float | None
    """how like the reference the take is outside the face, aligned and matched: 1 is the same"""
    take_alpha_lost: float
    """how much of what is transparent in the reference was covered in the take: 0..1"""
    drift_px: float | None
    """how far what is around the face still lies from the reference once it is aligned: what 90 %
    of its points stay below; None when there is nothing to go by"""
    tracked: float
    """how many of the points around the face were found again: 0..1"""
    outside_ssim: float
    """how like the reference the frame is outside the face: 1 is the same; 1 when locked"""
    outside_max: float
    """the largest difference of a small spot there, 0..255; 0 when locked"""
    alpha_lost: float
    """how much of what is transparent in the reference is covered in the frame: 0..1"""
    halo: float
    """by how much the rim of the figure differs from its inside, beyond the reference's: 0..255"""
    strength: float | None
    """how much the face differs from neutral where it differs most, 0..255; None for neutral
    itself, and where no region says where the face is"""
    signature: str | None
    """the frame's face, small: for `apart` from those of the same pose; None without a region"""


def measure(
    take: Pixels,
    finished: Finished,
    reference: Reference,
    *,
    is_neutral: bool = False,
) -> Figures:
    """The figures of a frame; arguments as those of `steps.finish`, and what that answered.

    `reference` is the neutral picture that the take was drawn from. The frame of a neutral
    expression (`is_neutral`) has no strength.
    """
    frame = finished.picture
    size_px = (frame.shape[1], frame.shape[0])
    reference = reference.fitted(size_px)
    seen = Pyramid(sized(take, size_px)) if finished.keyed else finished.sized
    beside = _Beside.of(finished, reference)
    drift, tracked = _drift_left(beside, reference)
    # a frame that is the take as it came is shrunk already
    small = finished.sized if frame is finished.sized.picture else Pyramid(frame)
    ssim, most = _outside(small, reference, beside)
    face = None if reference.region is None else Pyramid(frame[reference.where])
    shown = signature(face, reference) if face else None
    plain = None if is_neutral else _plain_face(reference)
    return Figures(
        size_px=(take.shape[1], take.shape[0]),
        wanted_px=finished.wanted_px,
        contrast=round(float(seen.tones(beside.times).std()), 2),
        cropped=round(_cropped(finished, reference), 4),
        take_drift_px=_drift(finished.motion, reference, frame) if finished.registered else None,
        take_ssim=_rounded(_mean(_ssim(beside.take, beside), beside.figure)),
        take_alpha_lost=round(reference.covered(seen), 4),
        drift_px=drift,
        tracked=tracked,
        outside_ssim=ssim,
        outside_max=most,
        alpha_lost=round(reference.covered(small), 4),
        halo=round(_halo(small, face if finished.locked else None, reference, beside.times), 2),
        strength=apart(shown, plain) if shown and plain else None,
        signature=shown,
    )


def _plain_face(reference: Reference) -> str | None:
    """The neutral face, as a signature."""
    if reference.region is None:
        return None
    return reference.once("signature", lambda: signature(_neutral_face(reference), reference))


def _neutral_face(reference: Reference) -> Pyramid:
    return reference.once("neutral face", lambda: Pyramid(reference.picture[reference.where]))


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


@dataclass(frozen=True, slots=True)
class _Beside:
    """The take, aligned and matched but not locked, beside its reference: smaller, in tones."""

    times: float
    """their size, as a part of the frame's"""
    tones: Floats
    local: tuple[Floats, Floats]
    """the mean and the variance of these around each pixel"""
    take: Floats
    outside: Bools
    """what is not in the face, and was in the take"""
    figure: Bools
    """of that, where the reference shows something"""
    ring: Bools
    """of that, what is around the face"""
    whole_ring: Bools
    """the same of a take that shows all that its reference does"""

    @staticmethod
    def of(finished: Finished, reference: Reference) -> "_Beside":
        """Both, at the size that is measured."""
        times = min(1.0, _SIDE_PX / min(reference.picture.shape[:2]))
        flat = reference.pyramid.flat(times)
        matrix = scaled(finished.motion.matrix, times)[:2]
        size = (flat.shape[1], flat.shape[0])
        warp = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        take = cv2.warpAffine(_matched(finished, times), matrix, size, flags=warp, borderValue=GREY)
        whole = np.full(flat.shape[:2], 255, np.uint8)
        outside = cv2.erode(cv2.warpAffine(whole, matrix, size, flags=warp), _square(3)) == 255
        region = reference.region_at(size)
        near, whole_ring = reference.once(("ring", size), lambda: _rings(flat, region))
        if region is not None:
            outside &= region == 0
        figure = outside & (flat[..., 3] == OPAQUE)
        tones = reference.pyramid.tones(times)
        local = reference.once(("local", times), lambda: _local(tones))
        ring = figure & near
        return _Beside(times, tones, local, cast(Floats, take), outside, figure, ring, whole_ring)


def _matched(finished: Finished, times: float) -> Floats:
    """The tones of the take where it lay, small, in the colours that it was given."""
    if finished.colours is None:
        return finished.sized.tones(times)
    return toned(recoloured(finished.sized.flat(times).astype(np.float32), finished.colours))


def _rings(flat: Pixels, region: Mask | None) -> tuple[Bools, Bools]:
    """What is near the face, and what of the figure is near it and not in it."""
    figure = flat[..., 3] == OPAQUE
    if region is None:
        return np.ones_like(figure), figure
    outside = region == 0
    away = cv2.distanceTransform(outside.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    near = cast(Bools, away < _RING * region.shape[1])
    return near, figure & outside & near


def _square(side: int) -> Mask:
    return np.ones((side, side), np.uint8)


def _drift(motion: Motion, reference: Reference, frame: Pixels) -> float:
    """How far the motion moves the face, or the whole picture, on the average, in px."""
    if reference.region is None:
        left, top, right, bottom = 0, 0, frame.shape[1], frame.shape[0]
    else:
        rows, columns = reference.where
        left, top, right, bottom = columns.start, rows.start, columns.stop, rows.stop
    places = [
        (left + (right - left) * x / 4, top + (bottom - top) * y / 4)
        for x in range(5)
        for y in range(5)
    ]
    return round(sum(hypot(*motion.shift_px(at)) for at in places) / len(places), 3)


def _drift_left(beside: _Beside, reference: Reference) -> tuple[float | None, float]:
    """Where the strongest corners around the face lie in the aligned take; px of the frame."""
    one = reference.once(("soft", beside.times), lambda: _soft(beside.tones))
    two = _soft(beside.take)
    corners = _corners(one, beside, reference)
    if corners is None or len(corners) < _FEWEST_POINTS:
        return None, 1.0
    there, found = _tracked(one, two, corners)
    back, again = _tracked(two, one, there)
    error = np.hypot(*(back - corners).reshape(-1, 2).T)
    sure = (found.ravel() == 1) & (again.ravel() == 1) & (error < 0.6)
    share = float(sure.mean())
    if sure.sum() < _FEWEST_POINTS // 2:
        return None, round(share, 3)
    way = np.hypot(*(there - corners).reshape(-1, 2)[sure].T)
    return round(float(np.percentile(way, 90)) / beside.times, 3), round(share, 3)


def _soft(tones: Floats) -> Pixels:
    """Blurred, so that the grain, which is another in each take, moves no point."""
    return cast(Pixels, cv2.convertScaleAbs(cv2.GaussianBlur(tones, (0, 0), 1.5)))


def _corners(soft: Pixels, beside: _Beside, reference: Reference) -> Floats | None:
    """The strongest corners of a reference around the face; None where there are none.

    Looked for once: of most takes nothing that is around the face was cut off.
    """

    def strongest(ring: Bools) -> Floats | None:
        mask = cv2.erode(ring.astype(np.uint8) * 255, _square(7))
        return cast(
            "Floats | None",
            cv2.goodFeaturesToTrack(soft, _POINTS, 0.02, 6, mask=mask, blockSize=5),
        )

    if np.array_equal(beside.ring, beside.whole_ring):
        return reference.once(("corners", beside.times), lambda: strongest(beside.ring))
    return strongest(beside.ring)


def _tracked(one: Pixels, two: Pixels, points: Floats) -> tuple[Floats, Pixels]:
    """Where points of one picture lie in another, and 1 for each that was found."""
    there, found, _ = cv2.calcOpticalFlowPyrLK(
        one, two, points, points.copy(), winSize=_WINDOW, maxLevel=_HALVINGS
    )
    return cast(Floats, there), cast(Pixels, found)


def _near(values: Floats) -> Floats:
    return cast(Floats, cv2.GaussianBlur(values, (11, 11), 1.5))


def _local(tones: Floats) -> tuple[Floats, Floats]:
    """The mean and the variance of tones around each pixel."""
    mean = _near(tones)
    return mean, _near(tones * tones) - mean * mean


def _ssim(one: Floats, beside: _Beside) -> Floats:
    """The structural likeness of tones to the reference's around each pixel, -1..1."""
    (a, aa), (b, bb) = _local(one), beside.local
    ab = _near(one * beside.tones) - a * b
    c1, c2 = (0.01 * OPAQUE) ** 2, (0.03 * OPAQUE) ** 2
    return cast(Floats, (2 * a * b + c1) * (2 * ab + c2) / ((a * a + b * b + c1) * (aa + bb + c2)))


def _mean(values: Floats, where: Bools) -> float | None:
    return float(values[where].mean()) if where.any() else None


def _outside(frame: Pyramid, reference: Reference, beside: _Beside) -> tuple[float, float]:
    """SSIM, and the largest difference of a spot, outside the face."""
    differs = ~same_pixels(frame.picture, reference.picture)
    if reference.region is not None:
        differs &= reference.once("outside", lambda: reference.region == 0)
    if not differs.any():
        return 1.0, 0.0
    here, there = frame.flat(beside.times), reference.pyramid.flat(beside.times)
    inner = cv2.erode(beside.outside.astype(np.uint8), _square(5)) > 0
    figure = inner & (covers(there, 1) | covers(here, 1))
    like = _mean(_ssim(frame.tones(beside.times), beside), figure)
    spot = max(1.0, beside.tones.shape[1] / 170)
    away = cv2.GaussianBlur(here.astype(np.float32) - there, (0, 0), spot)
    most = float(np.abs(away[inner]).max()) if inner.any() else 0.0
    return 1.0 if like is None else round(like, 4), round(most, 2)


def _cropped(finished: Finished, reference: Reference) -> float:
    """What the take has cut off; see `Figures.cropped`."""
    figure, seen = reference.figure, finished.sized.solid
    height, width = figure.shape
    lines = {"left": figure[:, 0], "top": figure[0], "right": figure[:, -1], "bottom": figure[-1]}
    free = {side for side, line in lines.items() if line.mean() < 0.02}
    if not free or not figure.any():
        return 0.0
    (a, b, c), (d, e, f) = finished.motion.rows
    step = max(1, width // 256)
    y, x = np.ogrid[0:height:step, 0:width:step]
    at_x, at_y = a * x + b * y + c, d * x + e * y + f
    gone = np.zeros(at_x.shape, np.bool_)
    for side, beyond in (
        ("left", at_x < 0),
        ("top", at_y < 0),
        ("right", at_x > width - 1),
        ("bottom", at_y > height - 1),
    ):
        if side in free:
            gone |= beyond
    part = figure[::step, ::step]
    by_motion = int(np.count_nonzero(gone & part)) / int(np.count_nonzero(part))
    return max(by_motion, _touching(seen, free))


def _touching(seen: Bools, free: set[str]) -> float:
    """How much of the edges that should be free the figure reaches; 0 where all is opaque."""
    if np.count_nonzero(seen) > 0.99 * seen.size:
        return 0.0
    lines = {"left": seen[:, 0], "top": seen[0], "right": seen[:, -1], "bottom": seen[-1]}
    edges = np.concatenate([lines[side] for side in sorted(free)])
    return float(edges.mean())


def _halo(frame: Pyramid, face: Pyramid | None, reference: Reference, times: float) -> float:
    """How much the rim of the figure stands out, more than that of the reference does.

    `face`: the part of the frame where the region is, if the frame is locked.
    """
    if reference.pyramid.is_opaque or frame.is_opaque:
        return 0.0
    here, one = _rim(face or frame, times)
    beside = _neutral_face(reference) if face else reference.pyramid
    there, two = reference.once(("rim", bool(face)), lambda: _rim(beside, times))
    both = one & two
    if face:
        region = cast(Mask, reference.region)[reference.where]
        small = cv2.resize(region, both.shape[::-1], interpolation=cv2.INTER_AREA)
        both &= small == OPAQUE
    if both.sum() < 50:
        return 0.0
    return float(np.percentile(np.abs(here[both] - there[both]).max(axis=1), 75))


_RIM_PX = 2
"""how wide the rim is, in pixels of the picture that is measured"""


def _rim(picture: Pyramid, times: float) -> tuple[Floats, Bools]:
    """How the rim's colours differ from those further in, and where the rim is."""
    flat = picture.flat(times).astype(np.float32)
    solid = (cv2.extractChannel(flat, 3) > OPAQUE * 0.75).astype(np.uint8)
    rim, inside = _band(solid, 0, _RIM_PX), _band(solid, 2 * _RIM_PX, 4 * _RIM_PX)
    colours = flat * each_channel(OPAQUE / np.maximum(cv2.extractChannel(flat, 3), 1))
    at = np.nonzero(rim)
    outer, inner = (_around(colours, band, at) for band in (rim, inside))
    known, away = np.zeros(rim.shape, np.bool_), np.zeros((*rim.shape, 3), np.float32)
    known[at] = (inner[:, 3] > 0) & (outer[:, 3] > 0)
    away[at] = outer[:, :3] - inner[:, :3]
    return away, known


def _band(solid: Mask, nearest_px: int, farthest_px: int) -> Bools:
    """What lies deeper in a mask than the one, and no deeper than the other."""
    return _deeper(solid, nearest_px) > _deeper(solid, farthest_px)


def _deeper(solid: Mask, px: int) -> Mask:
    """Where no pixel that is not in the mask is within so many px."""
    if px == 0:
        return solid
    y, x = np.ogrid[-px : px + 1, -px : px + 1]
    return cast(Mask, cv2.erode(solid, (x * x + y * y <= px * px).astype(np.uint8)))


def _around(colours: Floats, band: Bools, at: tuple[Indices, ...]) -> Floats:
    """(n, 4): the mean colour of a band near each of some pixels, and 1 where there is one."""
    side = 8 * _RIM_PX + 5
    weight = band.astype(np.float32)
    weighted = colours * each_channel(weight)
    weighted[..., 3] = weight
    total = cv2.boxFilter(weighted, -1, (side, side), normalize=False)[at]
    count = total[:, 3:]
    mean = total / np.maximum(count, 0.5)
    mean[:, 3:] = count > 0.5
    return cast(Floats, mean)


def signature(face: Pyramid, reference: Reference) -> str:
    """The face of a frame as a few thousand tones, in text: `columns x rows : base64`.

    `face`: the part of the frame where the region of its reference is.
    """
    region = cast(Mask, reference.region)
    inside = reference.once("cells", lambda: _cells(region[reference.where]))
    rows, columns = inside.shape
    small = cv2.resize(face.tones(1.0), (columns, rows), interpolation=cv2.INTER_AREA)
    tone = np.where(inside, np.round(small), round(GREY)).astype(np.uint8)
    return f"{columns}x{rows}:{base64.b64encode(tone.tobytes()).decode()}"


def _cells(region: Mask) -> Bools:
    """Which cells of a signature lie wholly in the region."""
    height, width = region.shape
    cells = (_CELLS, max(1, round(_CELLS * height / width)))
    return cast(Bools, cv2.resize(region, cells, interpolation=cv2.INTER_AREA) == OPAQUE)


def apart(one: str, other: str) -> float | None:
    """How far apart two faces are where they differ most, in levels of 255, by their signatures.

    None where these are not of the same region.
    """
    if one.partition(":")[0] != other.partition(":")[0]:
        return None
    away = np.sort(np.abs(_plain(one) - _plain(other)), axis=None)
    return round(float(away[-max(1, round(away.size * _TOP)) :].mean()), 2)


def near_pairs(signatures: Sequence[str], closer_than: float) -> list[tuple[int, int, float]]:
    """The pairs of faces that are less than that far `apart`, by their places in the list.

    Of thousands, most pairs are told apart by the few cells in which faces differ at all.
    """
    found = []
    for size in sorted({text.partition(":")[0] for text in signatures}):
        places = [n for n, text in enumerate(signatures) if text.partition(":")[0] == size]
        cells = np.stack([_plain(signatures[place]).ravel() for place in places])
        most = max(1, round(cells.shape[1] * _TOP))
        telling = cells[:, np.argsort(-cells.var(axis=0), kind="stable")[: most + _TELLING]]
        for number, place in enumerate(places):
            away = np.abs(telling[number + 1 :] - telling[number])
            # As many of the largest as count: those of all cells are no smaller.
            least = np.partition(away, away.shape[1] - most, axis=1)[:, -most:].mean(axis=1)
            for other in np.flatnonzero(least < closer_than + _ROUNDING):
                second = places[number + 1 + int(other)]
                far = apart(signatures[place], signatures[second])
                if far is not None and far < closer_than:
                    found.append((place, second, far))
    return found


@lru_cache(maxsize=4096)
def _plain(text: str) -> Floats:
    """The cells of a signature without the light that lies over all of the cheek: a difference in
    that is no expression."""
    size, _, encoded = text.partition(":")
    columns, rows = map(int, size.split("x"))
    cells = np.frombuffer(base64.b64decode(encoded), np.uint8).reshape(rows, columns)
    tones_ = cells.astype(np.float32)
    broad = cv2.blur(tones_, (_BROAD, _BROAD), borderType=cv2.BORDER_REPLICATE)
    plain: Floats = tones_ - broad
    return plain

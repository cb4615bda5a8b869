"""How a take lies against its reference, to a part of a pixel, whatever the face does.

The motion is refined from a small picture to a large one. At each size it is the least-squares
answer over the strongest edges outside the face, together with a gain and an offset of the tones;
edges that do not fit (a redrawn fold, a leaked background) lose their weight step by step. The
derivatives are those of the reference, which has no noise, and are worked out once a size.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, cast

import cv2
import numpy as np

from tasks.finish.alpha import Floats, Mask, Pixels
from tasks.finish.edges import FEWEST, Edges, edges_of, softened
from tasks.finish.motion import STILL, Matrix, Motion, motion, scaled
from tasks.finish.pyramid import Pyramid
from tasks.finish.reference import Reference
from tasks.finish.robust import middle, products, weights

Kind = Literal["shift", "similarity", "affine"]
_SMALLEST_PX, _LARGEST_PX = 56, 1024
"""the shorter side of the pictures that the motion is refined on, from first to last"""
_REACH_PX, _SEARCHED = 7, 600
"""how far the first search shifts the smallest picture: a ninth of the width each way;
and by how many pixels that is judged"""
_ROUNDS, _LAST_ROUNDS = 12, 8
_SETTLED_PX = 0.003
_CUT = 3.0
"""from how many times the usual misfit on a pixel's weight has fallen to a quarter"""
_LEAST_LIKENESS, _FITS = 0.4, 0.85
_MOST_SHIFT, _MOST_SCALE, _MOST_TURN = 0.16, 1.25, 0.3


@dataclass(frozen=True, slots=True)
class Registered:
    """The motion found, or why there is none."""

    motion: Motion
    """`STILL` where none was found"""
    problem: str = ""
    """why the picture is better left alone; empty where the motion is good"""
    likeness: float = 1.0
    """how well the edges outside the face fit at the end: 1 fully, 0 not at all"""


def register(take: Pyramid, reference: Reference, kind: Kind = "similarity") -> Registered:
    """How `take` lies against `reference`, two pictures of one size, by what is outside its region.

    The answer says where each pixel of the reference lies in the take. Where the edges are too few
    or fit too badly, or the picture as it came fits better, the answer is `STILL` with a problem.
    """
    same_alpha = take.is_opaque == reference.pyramid.is_opaque
    found = np.eye(3)
    last: tuple[Edges, Floats] | None = None
    for times in _sizes(take.picture):
        level = _edges(reference, times, same_alpha)
        if level is None:
            continue
        seen = softened(take.tones(times))
        small = scaled(found, times)
        if last is None:
            small = _searched(level, seen)
        rounds = _ROUNDS if last is None or times < 0.9 * _last(take.picture) else _LAST_ROUNDS
        # turns and scales are told apart from shifts only when the picture is large enough
        small = _refined(level, seen, small, kind, rounds)
        found = scaled(small, 1 / times)
        last = (level, seen)
    if last is None:
        return Registered(STILL, "too little to go by outside the face", 0.0)
    return _judged(last, found, take.picture)


def _edges(reference: Reference, times: float, same_alpha: bool) -> Edges | None:
    def found() -> Edges | None:
        flat = reference.pyramid.flat(times)
        face = reference.region_at((flat.shape[1], flat.shape[0]))
        return edges_of(flat, face, times, same_alpha=same_alpha)

    return reference.once(("edges", times, same_alpha), found)


def _last(picture: Pixels) -> float:
    return min(1.0, _LARGEST_PX / float(min(picture.shape[:2])))


def _sizes(picture: Pixels) -> Iterator[float]:
    times, sizes = _last(picture), list[float]()
    while min(picture.shape[:2]) * times >= _SMALLEST_PX:
        sizes.append(times)
        times /= 2
    yield from reversed(sizes or [_last(picture)])


def _sampled(seen: Floats, level: Edges, matrix: Matrix) -> Floats:
    """The take's tones where the level's pixels lie in it; NaN beyond its edge."""
    x = matrix[0, 0] * level.x + matrix[0, 1] * level.y + matrix[0, 2]
    y = matrix[1, 0] * level.x + matrix[1, 1] * level.y + matrix[1, 2]
    at_x, at_y = (at.astype(np.float32)[None] for at in (x, y))
    tones = cv2.remap(seen, at_x, at_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)[0]
    height, width = seen.shape
    beyond = (x < 0) | (y < 0) | (x > width - 1) | (y > height - 1)
    tones[beyond] = np.nan
    return cast(Floats, tones)


def _searched(level: Edges, seen: Floats) -> Matrix:
    """The whole shift of the smallest picture that fits best; near ones are preferred."""
    height, width = seen.shape
    step = max(1, level.x.size // _SEARCHED)
    x, y = (axis[::step].astype(np.intp) for axis in (level.x, level.y))
    reach = np.arange(-_REACH_PX, _REACH_PX + 1)
    dx, dy = (part.reshape(-1, 1) for part in np.meshgrid(reach, reach))
    tones = seen[np.clip(y + dy, 0, height - 1), np.clip(x + dx, 0, width - 1)]
    apart = np.abs(_standing(level.tone[::step]) - _standing(tones))
    misfit = middle(apart)[:, 0] + 0.003 * np.hypot(dx, dy)[:, 0]
    best = int(misfit.argmin())
    found = np.eye(3)
    found[:2, 2] = dx[best, 0], dy[best, 0]
    return found


def _likeness(level: Edges, tones: Floats) -> float:
    """How well the tones fit, up to a gain and an offset, over what lies within the take.

    1 is fully, 0 is by chance. By medians, so that half of it may be something else.
    """
    known = np.isfinite(tones)
    if known.sum() < max(FEWEST // 2, 0.5 * tones.size):
        return -1.0
    apart = np.abs(_standing(level.tone[known]) - _standing(tones[known]))
    return 1 - float(middle(apart)[0]) / _BY_CHANCE


_BY_CHANCE = 1.41
"""the median distance of two tones that have nothing to do with each other, in usual distances"""


def _standing(tones: Floats) -> Floats:
    """Tones by how far they are from the middle one, the usual distance being 1."""
    away = tones - middle(tones)
    usual = middle(np.abs(away))
    return cast(Floats, away / np.maximum(usual, 1e-3))


def _refined(level: Edges, seen: Floats, matrix: Matrix, kind: Kind, rounds: int) -> Matrix:
    """The motion that fits best, from one that nearly does."""
    moves = _moves(level, kind)
    columns = np.stack([*moves, level.tone, np.ones_like(level.tone)]).astype(np.float64)
    columns[-2] /= 128
    gain = 1.0
    for _ in range(rounds):
        tones = _sampled(seen, level, matrix)
        known = np.isfinite(tones)
        misfit = np.where(known, tones, 0).astype(np.float64) - gain * level.tone
        misfit -= middle(misfit[known]) if known.any() else 0
        weight = _weights(misfit, known)
        step = _solved(columns, weight, misfit, gain, len(moves))
        if step is None:
            break
        change, more = step
        gain = float(np.clip(gain + more, 0.25, 4))
        matrix = matrix @ np.linalg.inv(_small_motion(change, level, kind))
        if float(np.abs(change).max()) < _SETTLED_PX:
            break
    return matrix


def _weights(misfit: Floats, known: Mask) -> Floats:
    """How much each pixel counts; nothing where the take shows none."""
    usual = 1.4826 * float(middle(np.abs(misfit[known]))[0]) if known.any() else 1.0
    return cast(Floats, np.where(known, weights(misfit, _CUT * max(usual, 0.5)), 0.0))


def _moves(level: Edges, kind: Kind) -> list[Floats]:
    """How the tones change with each part of a motion, a pixel at the picture's edge."""
    gx, gy = level.slope
    u = (level.x - level.middle[0]) / level.reach
    v = (level.y - level.middle[1]) / level.reach
    if kind == "shift":
        return [gx, gy]
    if kind == "similarity":
        return [gx, gy, gx * u + gy * v, gy * u - gx * v]
    return [gx, gy, gx * u, gx * v, gy * u, gy * v]


def _solved(
    columns: Floats, weight: Floats, misfit: Floats, gain: float, moves: int
) -> tuple[Floats, float] | None:
    """The weighted least-squares step: the motion's parts in pixels, and more gain."""
    heavy = columns * weight
    left = products(heavy, columns)
    right = products(heavy, misfit[None])[:, 0]
    left[np.diag_indices(len(columns))] *= 1 + 1e-6
    try:
        answer = np.linalg.solve(left, right)
    except np.linalg.LinAlgError:
        return None
    if not np.isfinite(answer).all():
        return None
    return answer[:moves] / gain, float(answer[-2]) / 128


def _small_motion(change: Floats, level: Edges, kind: Kind) -> Matrix:
    """The matrix of a step, about the picture's middle."""
    parts = np.zeros(6)
    if kind == "shift":
        parts[:2] = change
    elif kind == "similarity":
        dx, dy, grow, turn = change
        parts[:] = dx, dy, grow, -turn, turn, grow
    else:
        parts[:] = change
    dx, dy, xx, xy, yx, yy = parts / np.array([1, 1, *[level.reach] * 4])
    x, y = level.middle
    about = np.array([[1 + xx, xy, dx], [yx, 1 + yy, dy], [0, 0, 1]])
    there = np.array([[1, 0, x], [0, 1, y], [0, 0, 1]])
    matrix: Matrix = there @ about @ np.linalg.inv(there)
    return matrix


def _judged(last: tuple[Edges, Floats], found: Matrix, take: Pixels) -> Registered:
    """The motion, or why it is none: beyond what happens, or no better than nothing."""
    level, seen = last
    times = seen.shape[1] / take.shape[1]
    before = _likeness(level, _sampled(seen, level, np.eye(3)))
    after = _likeness(level, _sampled(seen, level, scaled(found, times)))
    answer = motion(found)
    height, width = take.shape[:2]
    moved = max(map(abs, answer.shift_px(((width - 1) / 2, (height - 1) / 2))))
    if after < _LEAST_LIKENESS:
        return Registered(STILL, "what is outside the face is not that of the reference", after)
    beyond = not 1 / _MOST_SCALE < answer.scale < _MOST_SCALE
    if beyond or moved > _MOST_SHIFT * width or abs(answer.turn_deg) > np.degrees(_MOST_TURN):
        return Registered(STILL, "it lies too far from the reference to be aligned", before)
    if after < before:
        # where nothing has moved, the finding is no better than none, and all is well
        problem = "" if before > _FITS else "no motion fits better than none"
        return Registered(STILL, problem, before)
    return Registered(answer, "", after)

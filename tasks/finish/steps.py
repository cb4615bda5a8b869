"""From a take to a frame: the finishing steps in their order, as one pure function.

The same pixels and settings give the same pixels, on any number of threads. Nothing fails here: a
step that cannot be done leaves the picture as it is, and a note says why.
"""

from dataclasses import dataclass, replace

import numpy as np

from tasks.character.settings import Finish
from tasks.finish.alpha import Bools, Floats, Pixels, premultiplied, straight, within_alpha
from tasks.finish.key import key
from tasks.finish.lock import Join, lock
from tasks.finish.match import Mixture, match, recoloured
from tasks.finish.motion import STILL, Motion, warped
from tasks.finish.pyramid import Pyramid
from tasks.finish.reference import Reference
from tasks.finish.register import register
from tasks.finish.size import sized

_UNMOVED_PX = 0.05
"""a motion that moves no corner by more is none: sampling anew would only blur"""


@dataclass(frozen=True, slots=True)
class Finished:
    """A frame, and what was done to make it."""

    picture: Pixels
    notes: tuple[str, ...]
    """what a person should know: each one line"""
    sized: Pyramid
    """the take at the frame's size and keyed, before it was moved: for the measurements"""
    wanted_px: tuple[int, int]
    """the width and height that were asked for"""
    motion: Motion = STILL
    """how the take lay against its reference; `STILL` where it was not looked for or not found"""
    registered: bool = False
    """whether the motion is known (also to be none)"""
    colours: Mixture | None = None
    """how the colours were matched"""
    keyed: bool = False
    locked: bool = False


def finish(
    take: Pixels,
    reference: Reference | None,
    settings: Finish,
    size_px: tuple[int, int],
) -> Finished:
    """The frame that a take gives.

    `take` is RGBA with straight alpha; `reference` is the neutral picture that the take was drawn
    from, with the region of its face, or None where there is none: then only size and key are
    done. `size_px` is (width, height) of the frame.

    Outside the region, a locked frame is the reference bit for bit where the reference has the
    frame's size, and else the reference brought to that size.
    """
    picture = sized(take, size_px) if settings.size else take
    notes: tuple[str, ...] = ()
    was_keyed = False
    given = reference
    if reference is not None:
        reference = reference.fitted(_size(picture))
    if settings.key != "off":
        keyed = key(picture, settings.key, reference)
        picture, was_keyed = keyed.picture, keyed.done
        notes += _notes("key", keyed.problem)
    if given and reference and given.region is not None and reference.region is None:
        notes += _notes("lock", "the region of the face is not of the frame's size: not used")
    finished = Finished(picture, notes, Pyramid(picture), size_px, keyed=was_keyed)
    return finished if reference is None else _against(finished, reference, settings)


def _size(picture: Pixels) -> tuple[int, int]:
    return picture.shape[1], picture.shape[0]


def _notes(step: str, problem: str) -> tuple[str, ...]:
    return (f"{step}: {problem}",) if problem else ()


def _against(begun: Finished, reference: Reference, settings: Finish) -> Finished:
    """Align, match and lock."""
    picture, notes, seen = begun.picture, begun.notes, begun.sized
    motion, registered = STILL, False
    if settings.register != "off":
        found = register(seen, reference, settings.register)
        motion, registered = found.motion, not found.problem
        notes += _notes("register", found.problem and f"not aligned: {found.problem}")
    colours = None
    if settings.match:
        matched = match(seen, reference, motion)
        colours = matched.mixture
        notes += _notes("match", matched.problem and f"colours left alone: {matched.problem}")
    locked = settings.lock and reference.region is not None
    if locked:
        face = _aligned(picture, motion, colours, reference.where)
        bare = reference.covered(seen) > _MOST_COVERED
        join = Join(settings.seam_width * picture.shape[1], settings.seam, bare)
        frame = lock(face, reference, join)
    else:
        frame = _whole(picture, reference.picture, motion, colours)
    if settings.lock and not locked:
        notes += _notes("lock", "off: neither a face mask nor landmarks say where the face is")
    return replace(
        begun,
        picture=frame,
        notes=notes,
        motion=motion,
        registered=registered,
        colours=colours,
        locked=locked,
    )


def moves(motion: Motion, size_px: tuple[int, int]) -> bool:
    """Whether a motion moves any corner of a picture enough to be seen."""
    right, bottom = float(size_px[0] - 1), float(size_px[1] - 1)
    corners = ((0.0, 0.0), (right, 0.0), (0.0, bottom), (right, bottom))
    return any(max(map(abs, motion.shift_px(at))) > _UNMOVED_PX for at in corners)


def _aligned(
    picture: Pixels, motion: Motion, colours: Mixture | None, where: tuple[slice, slice]
) -> Floats:
    """A part of the take, moved and coloured, premultiplied."""
    rows, columns = where
    if moves(motion, _size(picture)):
        part = _warped_part(picture, motion, where)
    else:
        part = premultiplied(picture[rows, columns])
    return part if colours is None else recoloured(part, colours)


_MOST_COVERED = 0.1
"""a take that covers more of what is transparent in its reference has lost its transparency"""
_ROOM_PX = 6
"""what the sampling needs around a pixel"""


def _warped_part(picture: Pixels, motion: Motion, where: tuple[slice, slice]) -> Floats:
    rows, columns = where
    size = (columns.stop - columns.start, rows.stop - rows.start)
    corners = [
        (x + dx, y + dy)
        for x in (columns.start, columns.stop - 1)
        for y in (rows.start, rows.stop - 1)
        for dx, dy in [motion.shift_px((x, y))]
    ]
    # only what the part comes from is made premultiplied
    left, top = (max(0, int(min(c[axis] for c in corners)) - _ROOM_PX) for axis in (0, 1))
    right, bottom = (int(max(c[axis] for c in corners)) + _ROOM_PX for axis in (0, 1))
    source = picture[top : bottom + 1, left : right + 1]
    if source.size == 0:
        return np.zeros((size[1], size[0], 4), np.float32)
    matrix = np.array([[1, 0, -left], [0, 1, -top], [0, 0, 1]]) @ motion.matrix
    return within_alpha(warped(premultiplied(source), matrix, size, (columns.start, rows.start)))


def _whole(picture: Pixels, reference: Pixels, motion: Motion, colours: Mixture | None) -> Pixels:
    """All of the take; what a motion leaves bare at the picture's edge comes from the reference."""
    width, height = _size(picture)
    moved = moves(motion, (width, height))
    if not moved and colours is None:
        return picture
    frame = straight(_aligned(picture, motion, colours, (slice(0, height), slice(0, width))))
    if moved:
        bare = beyond(motion, (width, height))
        frame[bare] = reference[bare]
    return frame


def beyond(motion: Motion, size_px: tuple[int, int]) -> Bools:
    """(height, width): which of the reference's pixels lie beyond the take's edge."""
    width, height = size_px
    (a, b, c), (d, e, f) = motion.rows
    x = np.arange(width, dtype=np.float64)[None, :]
    y = np.arange(height, dtype=np.float64)[:, None]
    at_x, at_y = a * x + b * y + c, d * x + e * y + f
    return (at_x < -0.5) | (at_y < -0.5) | (at_x > width - 0.5) | (at_y > height - 0.5)

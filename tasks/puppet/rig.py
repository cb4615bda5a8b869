"""A portrait made ready to move: all that is the same in every frame of it."""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from hashlib import sha256

import numpy as np

from tasks.character.face import Face, Head
from tasks.pictures.alpha import covers, premultiply, whole_pixels
from tasks.pictures.packing import Packer
from tasks.puppet.anatomy import Anatomy, anatomy
from tasks.puppet.backdrop import Backdrop, TurnError, backdrop, before
from tasks.puppet.drawn_eye import with_drawn_eyes
from tasks.puppet.grain import Grain, grain
from tasks.puppet.layers import Layers, Seen, kinds_given, layers, painted
from tasks.puppet.lid_edge import lid_edges
from tasks.puppet.memo import Memo
from tasks.puppet.mouth_look import MouthLook, mouth_look
from tasks.puppet.palette import Palette, palette
from tasks.puppet.raster import (
    Floats,
    Mask,
    Pixels,
    fit,
    places,
    sample,
    sample_share,
    shifted,
    strips,
    unpremultiply,
)
from tasks.puppet.socket import Socket, sockets
from tasks.puppet.tissue import Tissue
from tasks.puppet.turn import Turn, turn


@dataclass(frozen=True, slots=True, eq=False)
class Pose:
    """What the frames of one pose share."""

    turn: Turn
    """the field of the turned head"""
    neutral: Pixels
    """the neutral face drawn with it"""
    packer: Packer
    """packs frames: most of each is the neutral one"""


class Rig:
    """One portrait at one size. Immutable but for its memo of poses; safe to share."""

    def __init__(
        self, portrait: Pixels, face: Face, size: tuple[int, int], over: Pixels | None = None
    ) -> None:
        self.size = size
        face = with_drawn_eyes(portrait, face)
        # a copy: the caller's array may change, and the rig is kept under what it was
        self.picture = fit(portrait, size).copy()
        self.premultiplied = premultiply(self.picture)
        self.anatomy: Anatomy = anatomy(face, portrait, size)
        self.palette: Palette = palette(self.picture, self.anatomy)
        self.grain: Grain = grain(self.picture, self.anatomy)
        edges = lid_edges(self.picture, self.anatomy.eyes)
        self.layers: Layers = layers(
            Seen(
                self.picture,
                self.premultiplied,
                self.anatomy,
                kinds_given(face),
                None if over is None else painted(over, portrait, size),
            ),
            edges,
            self.grain,
        )
        self.sockets: dict[str, Socket] = sockets(
            self.picture, self.layers, self.anatomy, edges, self.grain
        )
        self.mouth: MouthLook = mouth_look(self.picture, self.anatomy, self.layers.skin)
        self.tissue = Tissue(self.anatomy, self.layers.brows, open_mouth=self.mouth.is_open)
        self.backdrop: Backdrop | None = backdrop(self.picture, self.premultiplied, self.anatomy)
        self._poses: Memo[Pose] = Memo(min(max(_POSES_BYTES // self.picture.nbytes, 2), 16))

    def pose(self, head: Head) -> "Pose":
        """What the frames of one pose share."""
        return self._poses.get(head, lambda: self._posed(head))

    def _posed(self, head: Head) -> "Pose":
        turned, neutral = self._turned(head)
        return Pose(turned, neutral, Packer(neutral))

    def _turned(self, head: Head) -> tuple[Turn, Pixels]:
        behind = self.backdrop
        if behind is not None and behind.unclear and head != Head():
            raise TurnError(
                "the puppet cannot tell the head from the background, and does not turn it; give "
                "the portrait a transparent background, or the pose a portrait of its own"
            )
        turned = turn(self.anatomy, head, self.size)
        part = turned.moves(self.size)
        if part is None:
            return turned, self.picture
        left, top, right, bottom = part
        x, y = turned.back(*part)
        across, down = places(part)
        moved = (x != across) | (y != down)
        neutral = self.picture.copy()
        part_of = whole_pixels(neutral[top:bottom, left:right])
        if behind is None:
            np.copyto(part_of, np.uint32(0), where=moved)
            moved &= _figure_at(covers(self.picture, 1), x, y)
        for rows, columns in strips(moved):
            strip = rows, columns
            colours = sample(self.premultiplied, x[strip], y[strip])
            if behind is not None:
                at = shifted(rows, top), shifted(columns, left)
                share = sample_share(behind.share, x[strip], y[strip])
                moved[strip] &= before(behind, colours, share, at)
            straight = unpremultiply(colours)
            np.copyto(part_of[strip], whole_pixels(straight), where=moved[strip])
        return turned, neutral


def _figure_at(figure: Mask, x: Floats, y: Floats) -> Mask:
    """Where a picture is perhaps not clear, at some places: in the columns of its figure's part.

    Beside a figure on nothing there is two thirds as much to sample.
    """
    height, width = figure.shape
    ends = float(y.min()), float(y.max())
    top, bottom = (int(min(max(at, 0), height - 1)) for at in ends)
    columns = np.flatnonzero(figure[max(top - _AROUND, 0) : bottom + _AROUND + 1].any(axis=0))
    if not columns.size:
        return np.zeros(x.shape, bool)
    # beyond an edge of the picture is its edge's own colour
    left = columns[0] - _AROUND if columns[0] > 0 else -np.inf
    right = columns[-1] + _AROUND if columns[-1] < width - 1 else np.inf
    found: Mask = (x > left) & (x < right)
    return found


_AROUND = 3
"""pixels: so far from a place no colour counts for it"""


_POSES_BYTES = 200_000_000
_RIGS: Memo[Rig] = Memo(2)


def rig(
    pictures: Callable[[], Sequence[Pixels]],
    names: tuple[Hashable, ...],
    face: Face,
    size: tuple[int, int],
) -> Rig:
    """The rig of a portrait: made once, and kept while the last few portraits are in use.

    `pictures`: the portrait, and what lies over it if given; they are fetched only for a rig that
    is not kept. `names`: what tells them from others.
    """

    def made() -> Rig:
        portrait, *over = pictures()
        return Rig(portrait, face, size, *over)

    return _RIGS.get((names, face, size), made)


def name(picture: Pixels) -> Hashable:
    """What tells a picture from others, where nothing else names it."""
    data = picture.data if picture.flags.c_contiguous else picture.tobytes()
    return sha256(data).digest(), picture.shape

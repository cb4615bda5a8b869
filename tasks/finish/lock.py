"""Only the face from the take, everything else from the reference, bit for bit.

The join lies wholly inside the region. On its way in, the take first takes the reference's colours
along the seam (a smooth layer of what is missing there, laid over all of the face), then fades in.
"""

from dataclasses import dataclass
from typing import cast

import cv2
import numpy as np

from tasks.character.settings import Seam
from tasks.finish.alpha import (
    OPAQUE,
    Floats,
    Mask,
    Pixels,
    bands,
    overlaid,
    straight,
    within_alpha,
)
from tasks.finish.reference import Reference, faded
from tasks.finish.region import depths
from tasks.pictures.alpha import covers, each_channel

_MOST_LEVELS = 40.0
"""differences along the seam beyond this are not of colour but of drawing"""
_SEAM = 0.75
"""how much of the take shows, at the most, where its colours are held against the reference's"""
_RIM_PX = 3
"""how near to the edge of the figure, in px of a 1024 wide picture, nothing is taken from a take
that has lost its transparency: the background shows there"""


@dataclass(frozen=True, slots=True)
class Join:
    """How a face is joined to its reference."""

    width_px: float
    """how far the fade reaches into the region"""
    seam: Seam
    bare: bool
    """the take has lost its transparency: then the reference's silhouette stays, whatever the take
    shows there"""


def lock(face: Floats, reference: Reference, join: Join) -> Pixels:
    """The reference with the take's face in it.

    `face` is the aligned take within `reference.where`, premultiplied; it is written over.
    """
    where, below = reference.where, reference.face
    fade = reference.fade(join.width_px)
    own = reference.picture[where]
    if join.bare:
        fade = faded(fade.part * _within(own, reference.picture.shape[1]), below)
        alpha = cv2.extractChannel(below, 3)
        face = face * each_channel(alpha / OPAQUE)
        face[..., 3] = alpha
    layer = None
    if join.seam == "gradient":
        layer = _missing(face, below, fade.part, cast(Mask, reference.region)[where])
    for rows in bands(face):
        part = face[rows]
        if layer is not None:
            _add(layer[rows], part)
        part *= fade.share[rows]
        part += fade.rest[rows]
    mixed = straight(face)
    locked = reference.picture.copy()
    # a colour that nobody can see stays that of the reference
    inside = (fade.part > 0) & (covers(mixed, 1) | covers(own, 1))
    overlaid(locked[where], mixed, inside)
    return locked


def _within(reference: Pixels, width: int) -> Floats:
    """0 at the edge of the figure, 1 well within it."""
    opaque = (reference[..., 3] == OPAQUE).astype(np.uint8)
    if opaque.all():
        return np.ones(opaque.shape, np.float32)
    depth = depths(opaque)
    rim = max(1.5, _RIM_PX * width / 1024)
    shares: Floats = np.clip((depth - rim) / rim, 0, 1)
    return shares


def _missing(face: Floats, below: Floats, part: Floats, region: Mask) -> Floats:
    """What the take lacks of the reference's colours along the seam, and less and less inwards.

    It is spread smoothly over the face: the membrane of gradient-domain cloning, by way of smaller
    and smaller pictures, without its noise. The fourth channel means nothing.
    """
    seam = np.flatnonzero((region > 0) & (part < _SEAM))
    one, other = (each.reshape(-1, 4).take(seam, axis=0) for each in (face, below))
    # what is drawn differently is not told by the mean of a few pixels; of many it is
    lacks = np.clip(other - one, -_MOST_LEVELS, _MOST_LEVELS)
    lacks[:, 3] = 1
    opaque = np.minimum(one[:, 3], other[:, 3]) > OPAQUE - 1
    missing = np.zeros_like(face)
    missing.reshape(-1, 4)[seam[opaque]] = lacks[opaque]
    return _spread(missing)


def _add(layer: Floats, face: Floats) -> None:
    """Lay colours over a face, in place, as much as it is opaque; the layer is written over."""
    layer *= each_channel(cv2.extractChannel(face, 3) / OPAQUE)
    layer[..., 3] = 0
    face += layer
    within_alpha(face)


_FINEST = 4
"""the layer is no finer than this many halvings: 16 px"""


def _spread(values: Floats) -> Floats:
    """Known values spread over all the rest, smoothly; the fourth channel is how known each is, and
    the others are already times that."""
    size = values.shape[1::-1]
    stack = [values]
    while min(stack[-1].shape[:2]) > 2:
        stack.append(cast(Floats, cv2.pyrDown(stack[-1], borderType=cv2.BORDER_REPLICATE)))
    spread: Floats | None = None
    for level in reversed(stack[min(_FINEST, len(stack) - 1) :]):
        weight = each_channel(cv2.extractChannel(level, 3))
        here = level / np.maximum(weight, 1e-6)
        sure = np.minimum(weight * 8, 1)
        if spread is None:
            spread = here * sure
        else:
            above = cv2.resize(spread, level.shape[1::-1], interpolation=cv2.INTER_LINEAR)
            spread = here * sure + above * (1 - sure)
    return cast(Floats, cv2.resize(cast(Floats, spread), size, interpolation=cv2.INTER_CUBIC))

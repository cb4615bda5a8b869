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
    each_channel,
    overlaid,
    straight,
    within_alpha,
)
from tasks.finish.reference import Reference, faded
from tasks.finish.region import depths

_MOST_LEVELS = 40.0
"""differences along the seam beyond this are not of colour but of drawing"""
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
    if join.seam == "gradient":
        face = _levelled(face, below, fade.part, cast(Mask, reference.region)[where])
    face *= fade.share
    face += fade.rest
    mixed = straight(face)
    locked = reference.picture.copy()
    # a colour that nobody can see stays that of the reference
    inside = (fade.part > 0) & ((mixed[..., 3] > 0) | (own[..., 3] > 0))
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


def _levelled(face: Floats, below: Floats, part: Floats, region: Mask) -> Floats:
    """The take with the reference's colours along the seam, and less and less of them inwards.

    What is missing along the seam is spread smoothly over the face: the membrane of gradient-domain
    cloning, by way of smaller and smaller pictures, without its noise.
    """
    opaque = (face[..., 3] > OPAQUE - 1) & (below[..., 3] > OPAQUE - 1)
    ring = (region > 0) & (part < 0.75) & opaque
    missing = below - face
    np.clip(missing, -_MOST_LEVELS, _MOST_LEVELS, out=missing)
    # what is drawn differently is not told by the mean of a few pixels; of many it is
    known = ring.astype(np.float32)
    missing *= each_channel(known)
    missing[..., 3] = known
    layer = _spread(missing)
    layer *= each_channel(cv2.extractChannel(face, 3) / OPAQUE)
    layer[..., 3] = 0
    layer += face
    return within_alpha(layer)


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

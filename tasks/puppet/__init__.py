"""The puppet: a portrait moved by blend-shape weights and head angles, without any model.

A frame is one smooth displacement field, sampled once, and what a warp alone cannot show:
eyeballs and the inside of the mouth. All of it is a pure function of the arguments.

Start reading at `rig`. Pure pixels. May import: pictures and below.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from tasks.character.face import Face, FaceError, Head, complete
from tasks.puppet.anatomy import SIDES
from tasks.puppet.drawing import draw
from tasks.puppet.lips import OPENERS
from tasks.puppet.rig import rig as rig_of

__all__ = ["SHOWN", "FaceError", "complete", "limits", "render", "unshown"]

SHOWN: frozenset[str] = frozenset(
    {
        *("browInnerUp", "cheekPuff", "jawOpen", "mouthClose", "mouthFunnel", "mouthPucker"),
        *("mouthRollLower", "mouthRollUpper", "mouthShrugLower", "mouthShrugUpper"),
        *(
            f"{name}{side}"
            for side in SIDES
            for name in (
                *("browDown", "browOuterUp", "cheekSquint", "noseSneer"),
                *("eyeBlink", "eyeSquint", "eyeWide"),
                *("eyeLookDown", "eyeLookIn", "eyeLookOut", "eyeLookUp"),
                *("jaw", "mouth", "mouthDimple", "mouthFrown", "mouthLowerDown", "mouthPress"),
                *("mouthSmile", "mouthStretch", "mouthUpperUp"),
            )
        ),
    }
)
"""the ARKit blend shapes that the puppet can show"""


def render(
    portrait: NDArray[np.uint8],
    face: Face,
    weights: Mapping[str, float],
    head: Head,
    size: tuple[int, int],
) -> NDArray[np.uint8]:
    """Draw one frame of a portrait.

    `portrait` is (height, width, 4), RGBA with straight alpha, and so is the answer, at `size`
    (width, height): the portrait is fitted into it, centred, with a transparent margin.
    `weights` go from 0 to 1 (what is beyond is taken as the nearer end); those that are not
    `SHOWN` have no effect. With no weight above 0 and the head straight, at its own size, the
    portrait comes back to the bit.

    The same arguments give the same bytes, from any thread. The first frame of a portrait
    costs more: what all its frames share is kept for the next.

    Raises FaceError when the eyes or the mouth are not among the landmarks, and TurnError when
    the head is to be turned that cannot be told from an opaque background.
    """
    return draw(portrait, face, weights, head, size)


def unshown(weights: Mapping[str, float]) -> tuple[str, ...]:
    """The names, sorted, of the weights above 0 that the puppet cannot show."""
    return tuple(
        sorted(name for name, weight in weights.items() if weight > 0 and name not in SHOWN)
    )


def limits(
    portrait: NDArray[np.uint8], face: Face, weights: Mapping[str, float], size: tuple[int, int]
) -> tuple[str, ...]:
    """What of these weights this portrait does not let the puppet show, a line for each reason."""
    ready = rig_of(portrait, face, size)
    asked = {name for name, weight in weights.items() if weight > 0}
    mouth = any(name.startswith(("mouth", "jawOpen")) for name in asked)
    brows = any(name.startswith("brow") for name in asked)
    found = []
    if mouth and ready.mouth.is_open:
        found.append("the portrait's mouth is open: it is moved as it is, and does not close")
    if ready.mouth.moustache and asked & OPENERS:
        found.append("no teeth are drawn under the portrait's moustache")
    if brows and len(ready.layers.brows) < len(SIDES):
        found.append("a brow that lies under the portrait's hair is not moved")
    return tuple(found)

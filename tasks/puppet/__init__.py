"""The puppet: a portrait moved by blend-shape weights and head angles, without any model.

A frame is one smooth displacement field, sampled once, and what a warp alone cannot show:
eyeballs and the inside of the mouth. All of it is a pure function of the arguments.

Start reading at `rig`. Pure pixels. May import: pictures and below.
"""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from tasks.character.face import Face, FaceError, Head, complete
from tasks.puppet.anatomy import SIDES
from tasks.puppet.drawing import draw
from tasks.puppet.lips import OPENERS
from tasks.puppet.rig import name
from tasks.puppet.rig import rig as rig_of
from tasks.puppet.skin import make_tables

__all__ = ["SHOWN", "FaceError", "Puppet", "complete", "make_tables", "render", "unshown"]

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


class Puppet:
    """One portrait at one size, and how to move it. Cheap to make: what its frames share is kept.

    `portrait` is (height, width, 4), RGBA with straight alpha, and so is every frame, at `size`
    (width, height): the portrait is fitted into it, centred, with a transparent margin. `over`, a
    picture of the portrait's proportions, is white where something lies over the face; without it
    that is found.

    Raises FaceError when the eyes or the mouth are not among the landmarks, and when `over` is not
    of the portrait's proportions, or nowhere white.
    """

    def __init__(
        self,
        portrait: NDArray[np.uint8],
        face: Face,
        size: tuple[int, int],
        over: NDArray[np.uint8] | None = None,
    ) -> None:
        pictures = [portrait] if over is None else [portrait, over]
        self.rig = rig_of(lambda: pictures, tuple(map(name, pictures)), face, size)

    @classmethod
    def named(
        cls,
        names: tuple[str, ...],
        load: Callable[[], Sequence[NDArray[np.uint8]]],
        face: Face,
        size: tuple[int, int],
    ) -> "Puppet":
        """The puppet of pictures that have names already: the portrait, and `over` if given.

        They are loaded only where what their frames share is not kept: to load and digest a
        portrait takes an eighth of a frame.
        """
        made = cls.__new__(cls)
        made.rig = rig_of(load, names, face, size)
        return made

    def draw(self, weights: Mapping[str, float], head: Head) -> NDArray[np.uint8]:
        """Draw one frame.

        `weights` go from 0 to 1 (what is beyond is taken as the nearer end); those that are not
        `SHOWN` have no effect. With no weight above 0 and the head straight, at its own size, the
        portrait comes back to the bit. The same arguments give the same bytes, from any thread.

        Raises TurnError when the head is to be turned that cannot be told from an opaque
        background.
        """
        return draw(self.rig, weights, head)

    def packed(self, frame: NDArray[np.uint8], head: Head) -> bytes:
        """A frame at that head as PNG; what it shares with the neutral one is packed once."""
        return self.rig.pose(head).packer.pack(frame)

    def limits(self, weights: Mapping[str, float]) -> tuple[str, ...]:
        """What of these weights this portrait does not let it show, a line for each reason."""
        ready = self.rig
        asked = {name for name, weight in weights.items() if weight > 0}
        mouth = any(name.startswith(("mouth", "jawOpen")) for name in asked)
        brows = any(name.startswith("brow") for name in asked)
        eyes = any(name.startswith("eye") for name in asked)
        found = []
        if eyes and "shut" in ready.layers.kinds.values():
            found.append("an eye that the portrait shows shut stays shut")
        if mouth and ready.mouth.is_open:
            found.append("the portrait's mouth is open: it is moved as it is, and does not close")
        if ready.mouth.moustache and asked & OPENERS:
            found.append("no teeth are drawn under the portrait's moustache")
        if brows and len(ready.layers.brows) < len(SIDES):
            found.append("a brow that lies under the portrait's hair is not moved")
        return tuple(found)


def render(
    portrait: NDArray[np.uint8],
    face: Face,
    weights: Mapping[str, float],
    head: Head,
    size: tuple[int, int],
) -> NDArray[np.uint8]:
    """One frame of a portrait: see `Puppet`, and its `draw`."""
    return Puppet(portrait, face, size).draw(weights, head)


def unshown(weights: Mapping[str, float]) -> tuple[str, ...]:
    """The names, sorted, of the weights above 0 that the puppet cannot show."""
    return tuple(
        sorted(name for name, weight in weights.items() if weight > 0 and name not in SHOWN)
    )

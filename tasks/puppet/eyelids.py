"""The eyelids: their edges, how far they have gone, and the skin that they carry along.

A lid's edge is carried whole, with its lashes; behind it the skin stretches, as far as the brow
or the cheek. What lies between the edges is the eyeball's.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from tasks.character.face import Point
from tasks.puppet.anatomy import EyeShape
from tasks.puppet.over import BESIDE
from tasks.puppet.raster import Box, Floats, settled, smooth
from tasks.puppet.socket import Slack, Socket

MOVERS = (
    *("eyeBlink", "eyeWide", "eyeSquint"),
    *("eyeLookUp", "eyeLookDown", "eyeLookIn", "eyeLookOut"),
)
"""the weights (less their side) that move an eye's lids or iris"""

MEET = 0.8
"""where the lids meet: this share of the way from the upper edge to the lower"""


@dataclass(frozen=True, slots=True)
class Lids:
    """One eye of one frame."""

    socket: Socket
    upper: float
    """how far the upper lid has gone: 0 at rest, 1 where the lids meet, below 0 raised"""
    lower: float
    """how far the lower lid has gone, likewise"""
    look: Point
    """how far the iris has gone, in pixels along the eye's axes"""

    def move(self, x: Floats, y: Floats) -> "Lidded":
        """Look up where each pixel (x, y) of the moved lids lies in the resting ones."""
        eye, socket = self.socket.shape, self.socket
        along, v = eye.axes.locals(x, y)
        s = along / np.float32(eye.half)
        top, bottom = socket.edges.at(s)
        tall = np.maximum(bottom - top, 0)
        fallen = _travel(tall, MEET * self.upper, eye.height, socket.above)
        risen = _travel(tall, (1 - MEET) * self.lower, eye.height, socket.below)
        below_upper, above_lower = v - top - fallen, bottom - risen - v
        upper = -fallen * socket.above.carried(-below_upper, fallen)
        lower = risen * socket.below.carried(-above_lower, risen)
        rim = np.minimum(np.float32(0.03 * eye.height), 0.1 * tall)
        upper -= rim * _behind(min(2 * abs(self.upper), 1.0), -below_upper / (4 * rim + 1))
        lower += rim * _behind(min(2 * abs(self.lower), 1.0), -above_lower / (4 * rim + 1))
        nearer = below_upper < above_lower
        return Lidded(
            *self._sampled(x, y, np.where(nearer, upper, lower)),
            *self._sampled(x, y, np.where(nearer, lower, upper)),
            s,
            below_upper,
            above_lower,
        )

    def _sampled(self, x: Floats, y: Floats, way: Floats) -> tuple[Floats, Floats]:
        dx, dy = self.socket.shape.axes.turn(np.zeros_like(way), settled(way))
        return x + dx, y + dy

    def eyeball(self, x: Floats, y: Floats) -> tuple[Floats, Floats]:
        """Look up where each pixel (x, y) of the moved eyeball lies in the resting one."""
        eye, (across, down) = self.socket.shape, self.look
        along, v = eye.axes.locals(x, y)
        radius = np.float32(eye.iris_radius)
        far = np.hypot(along - (eye.iris[0] + across), v - (eye.iris[1] + down)) / radius
        # the iris keeps its shape; the white about it gives way
        with_iris = 1 - np.float32(0.6) * smooth((far - 1.15) / 1.6)
        dx, dy = eye.axes.turn(across * with_iris, down * with_iris)
        return x - dx, y - dy

    @property
    def stirred(self) -> float:
        """How far the eyeball shows what the portrait hides, 0..1."""
        looked = max(abs(self.look[0]), abs(self.look[1])) / self.socket.shape.iris_radius
        return min(4 * max(looked, -self.upper, -self.lower), 1.0)

    def box(self) -> Box:
        """Left, top, right, bottom along the eye's axes of all that moves."""
        eye, socket = self.socket.shape, self.socket
        wide = BESIDE * eye.half
        top = eye.upper[1] - socket.above.reach - 2
        return -eye.half - wide, top, eye.half + wide, eye.lower[1] + socket.below.reach + 2


@dataclass(frozen=True, slots=True)
class Lidded:
    """What `Lids.move` finds for each pixel."""

    x: Floats
    """on the nearer lid"""
    y: Floats
    other_x: Floats
    """on the other lid"""
    other_y: Floats
    s: Floats
    """along the eye, -1 and 1 at its corners"""
    below_upper: Floats
    """how far below the upper lid's edge, in pixels"""
    above_lower: Floats
    """how far above the lower lid's edge, in pixels"""


def _travel(tall: Floats, share: float, height: float, skin: Slack) -> Floats:
    """How far an edge goes at each place: a share of the opening there; below 0 it opens up."""
    if share >= 0:
        return tall * np.float32(share)
    # an edge that is pulled back goes almost as far at its ends: a round eye, not a pointed one
    broad = tall * (2 - np.minimum(tall / np.float32(height), 1))
    raised: Floats = np.maximum(broad * np.float32(share), -skin.most_raised)
    return raised


def _behind(moved: float, depth: Floats) -> Floats:
    """How much further back to look at an edge that is drawn softly, once it has moved.

    None of the eye that was beside the edge may go along with it.
    """
    return np.float32(moved) * smooth(1 - depth)


def lids(socket: Socket, side: str, weights: Mapping[str, float]) -> Lids | None:
    """The lids and the look that the weights ask of one eye; None when they leave it alone."""
    pull = {name: weights.get(f"{name}{side}", 0.0) for name in MOVERS}
    if not any(pull.values()):
        return None
    blink, squint, down = pull["eyeBlink"], pull["eyeSquint"], pull["eyeLookDown"]
    raised = 0.34 * pull["eyeWide"] + 0.12 * pull["eyeLookUp"]
    lowered = 1 - (1 - blink) * (1 - 0.3 * squint) * (1 - 0.3 * down)
    widened = 0.7 * pull["eyeWide"] + 0.3 * down
    lifted = 1 - (1 - blink) * (1 - squint)
    return Lids(
        socket=socket,
        upper=lowered - raised * (1 - blink),
        lower=lifted - widened * (1 - lifted),
        look=_look(socket.shape, pull),
    )


def _look(eye: EyeShape, pull: Mapping[str, float]) -> Point:
    across = eye.inwards * (pull["eyeLookIn"] - pull["eyeLookOut"])
    down = pull["eyeLookDown"] - pull["eyeLookUp"]
    return across * min(0.8 * eye.iris_radius, 0.5 * eye.half), down * 0.3 * eye.height

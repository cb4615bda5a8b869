"""The moving parts of a face, taken from frames that are there: an open mouth, shut eyes.

Frames of one pose are the same outside the face, so that the mouth of one and the eyes of another
can stand in one picture: the face is parted across the nose, and both fade into each other there.
"""

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tasks.character.character import NEUTRAL
from tasks.character.face import Point
from tasks.exports.cast import Cast
from tasks.exports.eyes import with_eyes_of
from tasks.exports.face_place import FacePlace, face_place
from tasks.exports.mouths import Mouths, named
from tasks.exports.pixels import Pixels, pixels_of

_OPEN, _SHUT = 0.2, 0.6
"""from which weight of jawOpen a mouth is open, and from which of eyeBlink an eye is shut"""
_RAISED = ("browInnerUp", "browOuterUpLeft", "browOuterUpRight")
_FADE = 0.15
"""how far the fade reaches, as a part of the way from eyes to mouth"""

Weights = Mapping[str, float]
Share = NDArray[np.float32]
"""(height, width): a part for each pixel of a picture, 0..1"""


def opening(weights: Weights) -> float:
    """How far the mouth is open: 0..1."""
    return weights.get("jawOpen", 0.0)


def blinking(weights: Weights) -> float:
    """How far both eyes are shut: 0..1."""
    return min(weights.get("eyeBlinkLeft", 0.0), weights.get("eyeBlinkRight", 0.0))


class Parts:
    """The moving parts of a cast's faces, of any expression at any pose."""

    def __init__(self, cast: Cast) -> None:
        """Raises `Mistake` where an option names an expression that is not there."""
        self._cast = cast
        self.speaking = named(cast, "talk") or _best(cast, opening, _OPEN)
        """the expression that lends its open mouth; None where no expression's is"""
        self.shut = named(cast, "blink") or _best(cast, blinking, _SHUT)
        """the expression that lends its shut eyes; None where no expression's are"""
        self.mouths = Mouths(cast, self.speaking)

    def four(self, expression: str, pose: str) -> dict[str, Pixels]:
        """`closed`, `open`, `closed_blink`, `open_blink` of an expression at a pose.

        A part that the expression has itself stays its own (laughing is open already); one that no
        expression has is left out.
        """
        cast, base = self._cast, self._own(expression, pose)
        states = {"closed": base}
        rest, speaking = self._lent(NEUTRAL, pose), self._lent(self._mouth_for(expression), pose)
        if opening(cast.expression(expression).blendshapes) >= _OPEN:
            states["open"] = base
            if rest is not None:
                states["closed"] = joined(cast, pose, eyes=base, mouth=rest)
        elif speaking is not None:
            states["open"] = joined(cast, pose, eyes=base, mouth=speaking)
        shut = self.blinked(expression, pose)
        if shut is not None:
            for state, pixels in list(states.items()):
                states[f"{state}_blink"] = joined(cast, pose, eyes=shut, mouth=pixels)
        return states

    def spoken(self, pose: str) -> dict[str, Path]:
        """The pictures of all mouth shapes of a pose, in any mood, by their paths."""
        moods = (self.mouths.shown(name, pose) for name in self._cast.at_pose(pose))
        return {str(path): path for shown in moods for path in shown.values()}

    def blinked(self, expression: str, pose: str) -> Pixels | None:
        """A frame with its eyes shut, and its brows as they are; None where nothing shows that."""
        frame = self._own(expression, pose)
        if blinking(self._cast.expression(expression).blendshapes) >= _SHUT:
            return frame
        if not self._cast.settings.options.get("blink"):
            twin = self._lent(self.mouths.shut_twin(expression), pose)
            if twin is not None:
                return joined(self._cast, pose, eyes=twin, mouth=frame)
        shut = self._lent(self.shut, pose)
        place = face_place(self._cast, pose, (frame.shape[1], frame.shape[0]))
        if shut is None or place is None:
            return None
        return with_eyes_of(shut, frame, place, self._raised(expression))

    def _raised(self, expression: str) -> float:
        """How far its brows are higher than those of the frame that lends shut eyes, 0..1."""
        own, other = (
            max(self._cast.expression(name).blendshapes.get(brow, 0.0) for brow in _RAISED)
            for name in (expression, self.shut or NEUTRAL)
        )
        return min(1.0, max(0.0, own - other))

    def _mouth_for(self, expression: str) -> str | None:
        """Whose open mouth an expression gets: of one that has its eyes and brows, if there is."""
        if self.speaking is None or self._cast.settings.options.get("talk"):
            return self.speaking
        return self.mouths.with_mouth(self.speaking, expression) or self.speaking

    def _own(self, expression: str, pose: str) -> Pixels:
        return pixels_of(self._cast.frames[expression, pose])

    def _lent(self, expression: str | None, pose: str) -> Pixels | None:
        path = self._cast.frames.get((expression, pose)) if expression else None
        return None if path is None else pixels_of(path)


def _best(cast: Cast, how_far: Callable[[Weights], float], least: float) -> str | None:
    """The expression that does that and as little else as can be."""
    names = [name for name in cast.expressions if name != NEUTRAL]
    weights = {name: cast.expression(name).blendshapes for name in names}
    able = [name for name in names if how_far(weights[name]) >= least]
    return min(able, key=lambda name: _else(weights[name], how_far), default=None)


def _else(weights: Weights, how_far: Callable[[Weights], float]) -> float:
    """How much an expression does beside that."""
    return sum(weights.values()) - how_far(weights)


def joined(cast: Cast, pose: str, *, eyes: Pixels, mouth: Pixels) -> Pixels:
    """The upper part of one frame above the lower part of another, both of one pose."""
    if eyes.shape != mouth.shape:
        return mouth
    share = lower_share(cast, pose, (eyes.shape[1], eyes.shape[0]))
    made = np.where((share >= 1)[..., None], mouth, eyes)
    rows = np.flatnonzero(((share > 0) & (share < 1)).any(axis=1))
    if rows.size:
        band = slice(int(rows[0]), int(rows[-1]) + 1)
        made[band] = _faded(eyes[band], mouth[band], share[band])
    return made


def _faded(upper: Pixels, lower: Pixels, share: Share) -> Pixels:
    """One picture fading into another; what is the same in both stays so."""
    part = share[..., None]
    mixed = _premultiplied(upper) * (1 - part) + _premultiplied(lower) * part
    alpha = mixed[..., 3:]
    mixed[..., :3] = np.where(alpha > 0, mixed[..., :3] * 255 / np.maximum(alpha, 1), 0)
    made: Pixels = np.round(mixed).clip(0, 255).astype(np.uint8)
    same = (upper == lower).all(axis=2)
    made[same] = upper[same]
    return made


def _premultiplied(pixels: Pixels) -> NDArray[np.float32]:
    floats = pixels.astype(np.float32)
    floats[..., :3] *= floats[..., 3:] / 255
    return floats


def lower_share(cast: Cast, pose: str, size_px: tuple[int, int]) -> Share:
    """How much of the lower picture each pixel shows, 0..1: none at the eyes, all at the mouth."""
    width, height = size_px
    eyes, mouth = (width / 2, 0.4 * height), (width / 2, 0.53 * height)
    place = face_place(cast, pose, size_px)
    if place is not None:
        eyes, mouth = _eyes_and_mouth(place)
    down = np.subtract(mouth, eyes)
    far = float(np.hypot(*down))
    down /= far
    y, x = np.ogrid[:height, :width]
    along = (x - eyes[0]) * down[0] + (y - eyes[1]) * down[1]
    part = ((along - far / 2) / max(_FADE * far, 1.0) / 2 + 0.5).clip(0, 1).astype(np.float32)
    smooth: Share = part * part * (3 - 2 * part)
    return smooth


def _eyes_and_mouth(place: FacePlace) -> tuple[Point, Point]:
    """The middle between the eyes, and a place below it, half of the way to which both meet."""
    face = place.face
    points = [
        place.pixel(point)
        for eye in (face.left_eye, face.right_eye)
        if eye
        for point in (eye.inner, eye.outer)
    ]
    eyes = (sum(x for x, _ in points) / len(points), sum(y for _, y in points) / len(points))
    # the mouth's own movement begins below the nose
    nose = place.pixel(face.nose_base)
    return eyes, (2 * nose[0] - eyes[0], 2 * nose[1] - eyes[1])

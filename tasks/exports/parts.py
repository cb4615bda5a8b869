"""The moving parts of a face, taken from frames that are there: an open mouth, shut eyes.

Frames of one pose are the same outside the face, so that the mouth of one and the eyes of another
can stand in one picture: the face is parted across the nose, and both fade into each other there.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tasks.character.character import NEUTRAL
from tasks.character.face import complete
from tasks.exports.cast import Cast
from tasks.exports.pixels import Pixels, pixels_of

_OPEN, _SHUT = 0.2, 0.6
"""from which weight of jawOpen a mouth is open, and from which of eyeBlink an eye is shut"""
_FADE = 0.15
"""how far the fade reaches, as a part of the way from eyes to mouth"""

Weights = Mapping[str, float]
Rows = NDArray[np.float32]
"""(height,): a part for each row of a picture, 0..1"""


def opening(weights: Weights) -> float:
    """How far the mouth is open: 0..1."""
    return weights.get("jawOpen", 0.0)


def blinking(weights: Weights) -> float:
    """How far both eyes are shut: 0..1."""
    return min(weights.get("eyeBlinkLeft", 0.0), weights.get("eyeBlinkRight", 0.0))


@dataclass(frozen=True)
class Parts:
    """Which expressions lend the mouth and the eyes."""

    speaking: str | None
    """its mouth is open; None where no expression's is"""
    shut: str | None
    """its eyes are shut; None where no expression's are"""


def parts_of(cast: Cast) -> Parts:
    """The expressions that lend an open mouth and shut eyes, unless the options name others."""
    options = cast.settings.options
    return Parts(
        options.get("talk") or _best(cast, opening, _OPEN),
        options.get("blink") or _best(cast, blinking, _SHUT),
    )


def _best(cast: Cast, how_far: Callable[[Weights], float], least: float) -> str | None:
    """The expression that does that and as little else as can be."""
    names = [name for name in cast.expressions if name != NEUTRAL]
    weights = {name: cast.expression(name).blendshapes for name in names}
    able = [name for name in names if how_far(weights[name]) >= least]
    return min(able, key=lambda name: _else(weights[name], how_far), default=None)


def _else(weights: Weights, how_far: Callable[[Weights], float]) -> float:
    """How much an expression does beside that."""
    return sum(weights.values()) - how_far(weights)


def four(cast: Cast, expression: str, pose: str) -> dict[str, Pixels]:
    """`closed`, `open`, `closed_blink`, `open_blink` of an expression at a pose.

    A part that the expression has itself stays its own (laughing is open already); one that no
    expression has is left out.
    """
    own = cast.expression(expression).blendshapes
    parts, base = parts_of(cast), pixels_of(cast.frames[expression, pose])
    states = {"closed": base}
    mouth = _lent(cast, parts.speaking, pose)
    if opening(own) >= _OPEN:
        states["open"] = base
        rest = _lent(cast, NEUTRAL, pose)
        if rest is not None:
            states["closed"] = joined(cast, eyes=base, mouth=rest)
    elif mouth is not None:
        states["open"] = joined(cast, eyes=base, mouth=mouth)
    eyes = base if blinking(own) >= _SHUT else _lent(cast, parts.shut, pose)
    if eyes is not None:
        for state in list(states):
            states[f"{state}_blink"] = joined(cast, eyes=eyes, mouth=states[state])
    return states


def _lent(cast: Cast, expression: str | None, pose: str) -> Pixels | None:
    path = cast.frames.get((expression, pose)) if expression else None
    return None if path is None else pixels_of(path)


def joined(cast: Cast, *, eyes: Pixels, mouth: Pixels) -> Pixels:
    """The upper part of one frame above the lower part of another, both of one pose."""
    if eyes.shape != mouth.shape:
        return mouth
    share = _share(cast, eyes.shape[0])
    made = np.where((share >= 1)[:, None, None], mouth, eyes)
    between = np.flatnonzero((share > 0) & (share < 1))
    if between.size:
        rows = slice(int(between[0]), int(between[-1]) + 1)
        made[rows] = _faded(eyes[rows], mouth[rows], share[rows])
    return made


def _faded(upper: Pixels, lower: Pixels, share: Rows) -> Pixels:
    """One picture fading into another from row to row; what is the same in both stays so."""
    part = share[:, None, None]
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


def _share(cast: Cast, height: int) -> Rows:
    """How much of the lower picture each row shows, 0..1."""
    face = cast.character.face
    eyes_y, mouth_y = 0.4, 0.53
    if face.left_eye and face.right_eye and face.mouth:
        whole = complete(face, 1.0)
        corners = (face.left_eye.inner, face.left_eye.outer, face.right_eye.inner)
        eyes_y = sum(y for _, y in (*corners, face.right_eye.outer)) / 4
        mouth_y = (face.mouth.left[1] + face.mouth.right[1]) / 2
        if whole.nose_base:
            # the mouth's own movement begins below the nose
            mouth_y = 2 * whole.nose_base[1] - eyes_y if whole.nose_base[1] > eyes_y else mouth_y
    middle, fade = (eyes_y + mouth_y) / 2 * height, _FADE * (mouth_y - eyes_y) * height
    rows = (np.arange(height, dtype=np.float32) - middle) / max(fade, 1.0) / 2 + 0.5
    part = rows.clip(0, 1)
    smooth: Rows = part * part * (3 - 2 * part)
    return smooth

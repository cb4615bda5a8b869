"""The colours that a portrait lends to what it does not show: a mouth, teeth, lashes."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from tasks.puppet.anatomy import Anatomy, EyeShape
from tasks.puppet.raster import Floats, Pixels

SOLID = 200
"""alpha: what is thinner than this has not the whole colour"""
Colour = Floats
"""(3,) RGB, 0..255"""


@dataclass(frozen=True, slots=True)
class Palette:
    """What `mouth` paints with."""

    throat: Colour
    tongue: Colour
    teeth: Colour


def palette(picture: Pixels, face: Anatomy) -> Palette:
    """Pick the colours from the face's own skin, lips, eyes and lines."""
    mouth, unit = face.mouth, face.unit
    skin = _typical(_around(picture, face, (0.0, 0.62 * unit), 0.1 * unit))
    lip_y = mouth.centre[1] + 0.5 * mouth.lower
    lip = _typical(_around(picture, face, (mouth.centre[0], lip_y), max(0.4 * mouth.lower, 1.0)))
    ink = np.min([darkest(picture, face, eye) for eye in face.eyes.values()], axis=0)
    white = np.max([_white(picture, face, eye) for eye in face.eyes.values()], axis=0)
    warm = 0.55 * lip + 0.45 * skin * np.array([0.95, 0.6, 0.58], np.float32)
    throat = np.maximum(0.33 * warm * np.array([1.0, 0.72, 0.74], np.float32), 0.7 * ink)
    if white.sum() < skin.sum():
        # eyes without a white say nothing of teeth
        white = 0.4 * skin + 0.6 * PAPER
    found = Palette(
        throat=throat.astype(np.float32),
        tongue=(0.8 * warm).astype(np.float32),
        teeth=(0.5 * white + 0.5 * np.array([250, 246, 236])).astype(np.float32),
    )
    return _greyed(found) if _is_grey(picture, face) else found


PAPER = np.array([255, 255, 255], np.float32)
GREY = 10.0
"""how far apart red, green and blue are at most, on average, in a face without colour"""


def _is_grey(picture: Pixels, face: Anatomy) -> bool:
    """Whether the face is drawn in tones of one colour, as in pencil or ink."""
    red, green, blue, alpha = cv2.split(
        _square(picture, face, (0.0, 0.5 * face.unit), face.half_width)
    )
    apart = cv2.max(cv2.max(red, green), blue) - cv2.min(cv2.min(red, green), blue)
    found = apart[alpha > SOLID].astype(np.float32)
    return not len(found) or float(found.mean()) < GREY


def _greyed(found: Palette) -> Palette:
    def grey(colour: Colour) -> Colour:
        return np.full(3, colour @ np.array([0.299, 0.587, 0.114], np.float32), np.float32)

    return Palette(grey(found.throat), grey(found.tongue), grey(found.teeth))


def _square(picture: Pixels, face: Anatomy, at: tuple[float, float], radius: float) -> Pixels:
    """The part of a picture in a square about a point of the face's axes."""
    x, y = face.axes.picture(at)
    left, top = max(int(x - radius), 0), max(int(y - radius), 0)
    return picture[top : int(y + radius) + 1, left : int(x + radius) + 1]


def _around(picture: Pixels, face: Anatomy, at: tuple[float, float], radius: float) -> Floats:
    """The colours (n, 3) of the opaque pixels in such a square."""
    found = _square(picture, face, at, radius).reshape(-1, 4)
    found = found[found[:, 3] > SOLID]
    return found[:, :3].astype(np.float32) if len(found) else np.full((1, 3), 128, np.float32)


def _typical(colours: Floats) -> Colour:
    return np.median(colours, axis=0).astype(np.float32)


def darkest(picture: Pixels, face: Anatomy, eye: EyeShape) -> Colour:
    """The colour of the darkest twentieth about an eye: lashes, pupil."""
    colours = _about_eye(picture, face, eye)
    order = _by_light(colours)
    return _mean(colours[order[: max(len(order) // 20, 1)]])


def _white(picture: Pixels, face: Anatomy, eye: EyeShape) -> Colour:
    """The colour of the brightest tenth within an eye."""
    colours = _about_eye(picture, face, eye, part=0.7)
    order = _by_light(colours)
    return _mean(colours[order[-max(len(order) // 10, 1) :]])


def _by_light(colours: Floats) -> NDArray[np.intp]:
    """The order of some colours, the darkest first."""
    light = colours[:, 0] + colours[:, 1] + colours[:, 2]
    # whole numbers of 16 bits are sorted by counting: many times as quick
    return np.argsort(light.astype(np.uint16), kind="stable")


def _mean(colours: Floats) -> Colour:
    mean: Colour = colours.mean(axis=0, dtype=np.float32)
    return mean


def _about_eye(picture: Pixels, face: Anatomy, eye: EyeShape, part: float = 1.0) -> Floats:
    middle = face.axes.local(eye.axes.picture((0.0, (eye.upper[1] + eye.lower[1]) / 2)))
    return _around(picture, face, middle, max(part * eye.half, 1.0))

"""What the portrait's mouth is like: closed or open, under a moustache, along which line."""

from dataclasses import dataclass

import numpy as np

from tasks.character.face import Point
from tasks.puppet.anatomy import Anatomy, Axes, MouthShape
from tasks.puppet.raster import Floats, Mask, Pixels, colours_at
from tasks.puppet.skin import UNLIKE, to_lab

ROWS, COLUMNS = 41, 41
DARK, PALE = 0.5, 78
"""lightness: as a part of the skin's, what is dark in a mouth; from where on teeth are white"""
FILLED = 0.45
"""how much of what is between the lips' outer edges a throat and teeth fill in an open mouth"""
TEETH = 0.55
"""how much of the middle between the lips teeth fill that are shown"""
THIN = 0.3
"""of the lips' height, how much a line where they meet takes at most"""
MOUSTACHE = 0.45
"""how much of the upper lip's skin is hidden under one"""
STEEP = 0.45
"""how far aside, in halves of the mouth, its line is looked for"""


@dataclass(frozen=True, slots=True, eq=False)
class MouthLook:
    """A mouth as the portrait has it."""

    is_open: bool
    moustache: bool
    line: Floats | None
    """(COLUMNS,) how far below the parabola through the landmarks the line where the lips meet is
    drawn, in pixels, from s = -1 to s = 1; None where it is drawn along it"""


def mouth_look(picture: Pixels, face: Anatomy, skin: Floats) -> MouthLook:
    """Look at the mouth of a portrait; `skin`: its usual colour, CIELAB."""
    mouth = face.mouth
    inside = _patch(picture, face, -mouth.upper, mouth.lower)
    gap = max(mouth.centre[1] - face.nose[1] - mouth.upper, 0.2 * mouth.half)
    lip = _patch(picture, face, -mouth.upper - 0.5 * gap, -mouth.upper - 0.05 * gap)
    # a muzzle is as pale as teeth are, all around
    white = (
        _pale(inside, skin) if _pale(lip, skin).mean() < 0.5 else np.zeros(inside.shape[:2], bool)
    )
    is_open = mouth.upper + mouth.lower > 0.3 * mouth.half and _filled(inside, white, skin)
    unlike = np.linalg.norm((lip - skin) * np.array([0.7, 1, 1], np.float32), axis=-1)
    hidden = float((unlike[:, np.abs(_across()) < 0.8] > UNLIKE).mean())
    line = None if is_open else _drawn_line(picture, face)
    return MouthLook(is_open, hidden > MOUSTACHE, line)


def rest_line(mouth: MouthShape) -> tuple[Axes, Point]:
    """The chord through the corners, and the place and height of the line's lowest point on it."""
    chord = Axes.through(mouth.right, mouth.left)
    middle = chord.local(mouth.centre)
    at = middle[0] / mouth.half
    return chord, (at, middle[1] / (1 - at * at))


def _across() -> Floats:
    found: Floats = np.linspace(-1, 1, COLUMNS, dtype=np.float32)
    return found


def _patch(picture: Pixels, face: Anatomy, top: float, bottom: float) -> Floats:
    """The colours (ROWS, COLUMNS, 3), CIELAB, along the mouth's line from above it to below."""
    mouth, s = face.mouth, _across()
    chord, (_, rise) = rest_line(mouth)
    v = np.linspace(top, bottom, ROWS, dtype=np.float32)[:, None] + np.float32(rise) * (1 - s * s)
    along = np.broadcast_to(s * np.float32(mouth.half), v.shape)
    dx, dy = chord.turn(along, v)
    x, y = face.axes.turn(dx + np.float32(chord.x), dy + np.float32(chord.y))
    spots = (x + face.axes.x).astype(np.float32), (y + face.axes.y).astype(np.float32)
    return to_lab(colours_at(picture, *spots))


def _pale(colours: Floats, skin: Floats) -> Mask:
    """Where teeth might be: white, and not the skin's white."""
    chroma = np.hypot(colours[..., 1], colours[..., 2])
    unlike = np.linalg.norm(colours - skin, axis=-1) > UNLIKE
    found: Mask = (colours[..., 0] > PALE) & (chroma < 16) & unlike
    return found


def _filled(inside: Floats, white: Mask, skin: Floats) -> bool:
    """Whether a throat or teeth are seen between the lips' outer edges."""
    middle = np.abs(_across()) < 0.6
    light, pale = inside[:, middle, 0], white[:, middle]
    dark = light < DARK * skin[0]
    if pale[ROWS // 3 : -(ROWS // 3)].mean() > TEETH:
        return True
    rows = np.median(light, axis=1)
    inked = rows < (rows.min() + np.quantile(rows, 0.75)) / 2
    lines = int((np.diff(inked.astype(int), prepend=0) == 1).sum())
    # closed lips have one line, where they meet; an open mouth is outlined at both its edges
    if lines == 1 and inked.mean() < THIN:
        return False
    third = ROWS // 3
    outlined = lines > 1 and inked[:third].any() and inked[-third:].any()
    outlined &= not inked[third:-third].any()
    return bool((dark | pale).mean() > FILLED or outlined)


def _drawn_line(picture: Pixels, face: Anatomy) -> Floats | None:
    """Where the mouth's line is drawn, when that is not along the landmarks."""
    reach = STEEP * face.mouth.half
    light = _patch(picture, face, -reach, reach)[..., 0]
    dark = np.maximum(np.median(light, axis=0) - light, 0)
    # the corners are given
    dark[:, [0, -1]] = 0
    path = _steadiest(dark)
    own = float(dark[path, np.arange(COLUMNS)][2:-2].mean())
    given = float(dark[ROWS // 2 - 1 : ROWS // 2 + 2].max(axis=0)[2:-2].mean())
    if own < 15 or own < 1.5 * given:
        return None
    drawn: Floats = ((path - ROWS // 2) * np.float32(2 * reach / (ROWS - 1))).astype(np.float32)
    return drawn


def _steadiest(dark: Floats) -> Floats:
    """The row of the darkest path from corner to corner that has no leap (dynamic programming)."""
    rows = np.arange(ROWS)
    step = np.abs(rows[:, None] - rows[None]) * np.float32(2.0)
    step[step > 8] = 1e6
    total = np.where(rows == ROWS // 2, np.float32(0), np.float32(1e6))
    came = np.zeros((COLUMNS, ROWS), int)
    for column in range(1, COLUMNS):
        cost = total[None] + step
        came[column] = cost.argmin(axis=1)
        total = cost.min(axis=1) - dark[:, column]
    path = np.zeros(COLUMNS, int)
    path[-1] = ROWS // 2
    for column in range(COLUMNS - 1, 0, -1):
        path[column - 1] = came[column][path[column]]
    return path

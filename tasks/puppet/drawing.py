"""One frame: the weights turned into fields, the fields into pixels."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from tasks.character.face import Head
from tasks.pictures.alpha import premultiply, whole_pixels
from tasks.puppet.anatomy import SIDES, Axes
from tasks.puppet.backdrop import before
from tasks.puppet.dot_eye import DotEye
from tasks.puppet.eye import Eye
from tasks.puppet.eyelids import Lids, lids
from tasks.puppet.layers import Layers
from tasks.puppet.lips import Lips, Parted, lips, parting
from tasks.puppet.mouth import paint
from tasks.puppet.painted_eye import PaintedEye
from tasks.puppet.raster import (
    Box,
    Cut,
    Floats,
    Mask,
    Pixels,
    around,
    extent,
    sample,
    sample_share,
    shifted,
    spots,
    strips,
    to_bytes,
    unpremultiply,
)
from tasks.puppet.rig import Rig
from tasks.puppet.tissue import Way
from tasks.puppet.turn import Turn


def draw(ready: Rig, weights: Mapping[str, float], head: Head) -> Pixels:
    """See `tasks.puppet.Puppet.draw`."""
    pose = ready.pose(head)
    frame = pose.neutral.copy()
    asked = {name: min(max(float(weight), 0.0), 1.0) for name, weight in weights.items()}
    expression = Expression.of(ready, {name: weight for name, weight in asked.items() if weight})
    if expression is not None:
        expression.onto(frame, ready, pose.turn)
    return frame


class Painter(Protocol):
    """An eye of one frame."""

    @property
    def cut(self) -> Cut:
        """The part of the frame's part that it is painted in."""

    def paint(self, colours: Pixels, changed: Mask, picture: Pixels, /) -> None:
        """Paint it over the colours of a part of the frame, and mark what it changes."""


@dataclass(frozen=True, slots=True)
class Expression:
    """What the weights do to one face."""

    way: Way
    lips: Lips | None
    lids: dict[str, Lids]
    box: Box
    """of the straight picture: all that changes"""

    @classmethod
    def of(cls, ready: Rig, weights: Mapping[str, float]) -> "Expression | None":
        """The expression of these weights; None when they change nothing."""
        face, way = ready.anatomy, ready.tissue.way(weights)
        parted = parting(face, weights, ready.mouth)
        mouth = lips(face, way, parted, ready.mouth) if parted else None
        found = {
            side: lids(ready.sockets[side], side, weights)
            for side in SIDES
            if ready.layers.kinds[side] != "shut"
        }
        eyes = {side: one for side, one in found.items() if one}
        boxes = [way.box] if way.box else []
        boxes += [_pictured(mouth.axes, mouth.box())] if mouth else []
        boxes += [_pictured(one.socket.shape.axes, one.box()) for one in eyes.values()]
        return cls(way, mouth, eyes, around(boxes)) if boxes else None

    def onto(self, frame: Pixels, ready: Rig, turned: Turn) -> None:
        """Draw the expression over the neutral face of a pose."""
        part = turned.covers(self.box, ready.size)
        if part is None:
            return
        left, top, right, bottom = part
        from_x, from_y = turned.back(*part)
        x, y = from_x.copy(), from_y.copy()
        mouth = self._part_lips(x, y)
        dx, dy = self.way.at(x, y)
        x -= dx
        y -= dy
        eyes = self._move_lids(x, y, ready.layers)
        changed = (x != from_x) | (y != from_y)
        seen = changed.copy()
        for cut in (*(eye.cut for eye in eyes), *([mouth[0]] if mouth else [])):
            seen[cut] = True  # what is painted there is mixed with what lies below
        colours = np.zeros((*x.shape, 4), np.uint8)
        for strip in strips(seen):
            colours[strip] = sample(ready.layers.under, x[strip], y[strip])
        for eye in eyes:
            eye.paint(colours, changed, ready.layers.under)
        if mouth is not None and self.lips is not None and not self.lips.parting.is_open:
            cut, parted = mouth
            paint(colours[cut], changed[cut], self.lips, parted, (ready.palette, ready.grain))
        below = frame[top:bottom, left:right]
        for rows, columns in strips(changed):
            strip = rows, columns
            if ready.backdrop is not None and not ready.backdrop.unclear:
                # keeps the background still beside what moves
                at = shifted(rows, top), shifted(columns, left)
                share = sample_share(ready.backdrop.share, x[strip], y[strip])
                changed[strip] &= before(ready.backdrop, colours[strip], share, at)
            if ready.layers.over is not None:
                over = sample_share(ready.layers.over, from_x[strip], from_y[strip])
                _keep_over(colours[strip], changed[strip], below[strip], over)
            straight = unpremultiply(colours[strip])
            np.copyto(whole_pixels(below[strip]), whole_pixels(straight), where=changed[strip])

    def _part_lips(self, x: Floats, y: Floats) -> tuple[Cut, Parted] | None:
        if self.lips is None:
            return None
        cut = _cut(self.lips.axes, self.lips.box(), x, y)
        if cut is None:
            return None
        parted = self.lips.part(x[cut], y[cut])
        x[cut], y[cut] = parted.x, parted.y
        return cut, parted

    def _move_lids(self, x: Floats, y: Floats, apart: Layers) -> list[Painter]:
        eyes: list[Painter] = []
        for side, one in self.lids.items():
            cut = _cut(one.socket.shape.axes, one.box(), x, y)
            if cut is None:
                continue
            at = x[cut].copy(), y[cut].copy()
            painted = apart.eyes.get(side)
            if painted and apart.kinds[side] == "dot":
                eyes.append(DotEye(cut, one, painted, *at))
                continue
            if painted:
                eyes.append(PaintedEye(cut, one, painted, *at, one.eyeball(*at)))
                continue
            lidded = one.move(*at)
            x[cut], y[cut] = lidded.x, lidded.y
            eyes.append(Eye(cut, one, lidded, *at))
        return eyes


def _keep_over(colours: Pixels, changed: Mask, below: Pixels, over: Floats) -> None:
    """Put what lies over the face back over (premultiplied) colours that have changed.

    `below` is the resting face of the pose, with straight alpha; `over` the share of each pixel.
    """
    changed &= over < 1
    edge = changed & (over > 0)
    rows, columns = spots(edge)
    if not rows.size:
        return
    share = over[rows, columns][:, None]
    rest = premultiply(below[rows, columns][None])[0].astype(np.float32)
    colours[rows, columns] = to_bytes(colours[rows, columns] * (1 - share) + rest * share)


def _pictured(axes: Axes, box: Box) -> Box:
    """The box in the picture that holds a box along some axes."""
    left, top, right, bottom = box
    corners = [axes.picture((x, y)) for x in (left, right) for y in (top, bottom)]
    return around((x, y, x, y) for x, y in corners)


def _cut(axes: Axes, box: Box, x: Floats, y: Floats) -> Cut | None:
    """The rows and columns that hold every pixel whose place lies in a box along some axes."""
    step = 4
    along, across = axes.locals(x[::step, ::step], y[::step, ::step])
    left, top, right, bottom = box
    slack = 2 * step
    inside = (along > left - slack) & (along < right + slack)
    inside &= (across > top - slack) & (across < bottom + slack)
    found = extent(inside)
    if found is None:
        return None
    rows, columns = (slice(part.start * step, part.stop * step) for part in found)
    return rows, columns

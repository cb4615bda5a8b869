"""The mouth of a drawing, and eyes that are drawn shut: marks on skin of one colour.

The mesh has learned where real faces have them. A drawn mouth is often smaller, or beside that
place; and a line in place of an eye is an eye that is shut.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from tasks.landmarks.networks import Floats
from tasks.landmarks.skin_seen import Skin

_UNIT = 120
"""samples from eye to eye"""
_LEFT, _TOP, _WIDE, _TALL = 1.6, 1.0, 3.2, 3.4
"""the part of the picture that is looked at, from the middle between the eyes, in their distance"""
_GAP = (15, 5)
"""what is so near, across and down, is one mark"""
_FAINT = 0.4
"""how much less unlike skin than a mark the faint parts of one are"""
_NONE = 9.0
"""levels of Lab in which skin of one colour may differ"""
_LEAST_MOUTH, _LEAST_EYE = 0.11, 0.16
"""the width of a mouth and of a shut eye at least, in the distance from eye to eye"""
_LEAST_BROW, _BROW_OFF = 0.16, 0.4
"""the width of a brow at least, and how far it may lie from the mesh's; in the same measure"""
_ASIDE, _ALONG = 0.5, 0.42
"""how far a mouth may lie from where the mesh has it"""
_OFF = 0.1
"""how far its corners may be from the mesh's and be the same"""
_LINE = 0.25
"""what is thinner than this, in its width, is a line"""
_THIN, _NEAR = 0.09, 0.3
"""how thick the line of a shut eye is at most, and how far from the mesh's eye; in the distance
from eye to eye"""


@dataclass(frozen=True, slots=True)
class MouthMark:
    """A mouth as it is drawn, in pixels of the picture; left and right are the picture's."""

    left: Floats
    right: Floats
    centre: Floats
    upper: Floats | None
    """None where the mouth is a line"""
    lower: Floats | None


@dataclass(frozen=True, slots=True)
class _Mark:
    rows: NDArray[np.int64]
    columns: NDArray[np.int64]

    @property
    def box(self) -> tuple[int, int, int, int]:
        """Left, top, right, bottom."""
        return (
            *(int(self.columns.min()), int(self.rows.min())),
            *(int(self.columns.max()) + 1, int(self.rows.max()) + 1),
        )

    @property
    def width(self) -> int:
        left, _, right, _ = self.box
        return right - left

    def end(self, at: int) -> Floats:
        """The middle of what it has in the columns next to one."""
        near = np.abs(self.columns - at) <= max(1, round(0.03 * self.width))
        return np.array([at, self.rows[near].mean()])

    def span(self, at: float) -> tuple[float, float] | None:
        """The first and last row about a column."""
        near = np.abs(self.columns - at) <= max(1, round(0.03 * self.width))
        if not near.any():
            return None
        return float(self.rows[near].min()), float(self.rows[near].max() + 1)


class Marks:
    """All that is no skin about a face, upright, with the eyes at one size."""

    def __init__(self, picture: NDArray[np.uint8], right_eye: Floats, left_eye: Floats, skin: Skin):
        across = (left_eye - right_eye) / _UNIT
        self._axes = np.array([[across[0], -across[1]], [across[1], across[0]]])
        self._middle = (left_eye + right_eye) / 2
        size = (round(_WIDE * _UNIT), round(_TALL * _UNIT))
        matrix = np.column_stack([self._axes, self._placed(np.zeros(2))])
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        colours = np.ascontiguousarray(picture[..., :3])
        part = cv2.warpAffine(
            colours, matrix, size, flags=flags, borderMode=cv2.BORDER_CONSTANT, borderValue=(0,) * 3
        )
        lab = cv2.cvtColor(np.asarray(part, np.uint8), cv2.COLOR_RGB2LAB).astype(np.float32)
        unlike = np.linalg.norm(lab - skin.lab, axis=2)
        brush = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, _GAP)
        strong = (unlike > skin.unlike).astype(np.uint8)
        faint = (unlike > max(_FAINT * skin.unlike, _NONE)).astype(np.uint8)
        # a line that fades is followed to its ends, but a blush about it is not
        near = cv2.dilate(strong, brush) & faint
        self._other = cv2.morphologyEx(strong | near, cv2.MORPH_CLOSE, brush)

    def mouth(self, left: Floats, right: Floats, nose: Floats) -> MouthMark | None:
        """The mouth, where the mesh has its corners (the picture's left and right) somewhere
        else; None where it has them there, or none is seen."""
        given = [self._seen(corner) for corner in (left, right)]
        best = self._mouth_at(given, float(self._seen(nose)[1]))
        if best is None:
            return None
        ends = [best.end(best.box[0]), best.end(best.box[2] - 1)]
        off = max(np.hypot(*(end - corner)) for end, corner in zip(ends, given, strict=True))
        return self._mouth(best, ends) if off > _OFF * _UNIT else None

    def has_mouth(self, left: Floats, right: Floats, nose: Floats) -> bool:
        """Whether there is a mark near where the mesh has the corners of a mouth."""
        given = [self._seen(corner) for corner in (left, right)]
        return self._mouth_at(given, float(self._seen(nose)[1])) is not None

    def _mouth_at(self, given: list[Floats], nose: float) -> _Mark | None:
        middle = (given[0] + given[1]) / 2
        reach = np.array([_ASIDE + 0.35, _ALONG + 0.1]) * _UNIT
        top = max(nose - 0.12 * _UNIT, middle[1] - reach[1])
        window = (middle[0] - reach[0], top, middle[0] + reach[0], middle[1] + reach[1])
        best, most = None, -1.0
        for mark in self._within(window):
            low, high, far, deep = mark.box
            off = (np.array([low + far, high + deep]) / 2 - middle) / _UNIT
            score = mark.width / _UNIT - 0.9 * abs(off[0]) - 1.3 * abs(off[1])
            near = abs(off[0]) < _ASIDE and abs(off[1]) < _ALONG
            if mark.width > _LEAST_MOUTH * _UNIT and near and score > most:
                best, most = mark, score
        return best

    def _mouth(self, mark: _Mark, ends: list[Floats]) -> MouthMark | None:
        x = float(ends[0][0] + ends[1][0]) / 2
        span = mark.span(x)
        if span is None:
            return None
        top, bottom = span
        left, right = (self._placed(end) for end in ends)
        centre = self._placed(np.array([x, (top + bottom) / 2]))
        if bottom - top < _LINE * mark.width:
            return MouthMark(left, right, centre, None, None)
        edges = (self._placed(np.array([x, edge])) for edge in span)
        return MouthMark(left, right, centre, *edges)

    def brow(self, meshed: Floats, upper_lid: Floats) -> tuple[Floats, Floats, Floats] | None:
        """The line above an eye: its end at the picture's left, its middle and its other end; None
        where none stands alone. `meshed`: the middle of the mesh's brow."""
        at, lid = self._seen(meshed), self._seen(upper_lid)
        reach = 0.5 * _UNIT
        window = (lid[0] - reach, lid[1] - 0.6 * _UNIT, lid[0] + reach, lid[1] + 0.02 * _UNIT)
        best, most = None, -1.0
        for mark in self._within(window):
            left, top, right, bottom = mark.box
            off = np.hypot((left + right) / 2 - at[0], (top + bottom) / 2 - at[1]) / _UNIT
            wide = mark.width / _UNIT
            score = min(wide, 0.4) - 0.7 * float(off)
            long = wide > _LEAST_BROW and bottom - top < 0.8 * mark.width
            if long and off < _BROW_OFF and score > most:
                best, most = mark, score
        if best is None:
            return None
        left, _, right, _ = best.box
        ends = (best.end(left), best.end((left + right - 1) // 2), best.end(right - 1))
        first, middle, last = (self._placed(end) for end in ends)
        return first, middle, last

    def shut_eye(self, middle: Floats) -> tuple[Floats, Floats] | None:
        """The ends of the line that an eye is, at the picture's left and right; None where there
        is an eye that is open, or none."""
        at = self._seen(middle)
        reach = 0.46 * _UNIT
        window = (at[0] - reach, at[1] - 0.36 * _UNIT, at[0] + reach, at[1] + 0.4 * _UNIT)
        best, least = None, _NEAR * _UNIT
        for mark in self._within(window):
            left, top, right, bottom = mark.box
            off = float(np.hypot((left + right) / 2 - at[0], (top + bottom) / 2 - at[1]))
            if off < least and mark.width > 0.05 * _UNIT:
                best, least = mark, off
        if best is None or best.width < _LEAST_EYE * _UNIT:
            return None
        spans = [best.span(x) for x in np.linspace(best.box[0] + 2, best.box[2] - 3, 9)]
        tall = [bottom - top for top, bottom in filter(None, spans)]
        if not tall or np.quantile(tall, 0.8) > _THIN * _UNIT:
            return None
        return self._placed(best.end(best.box[0])), self._placed(best.end(best.box[2] - 1))

    def _within(self, window: tuple[float, float, float, float]) -> list[_Mark]:
        """The marks that lie wholly in a window."""
        height, width = self._other.shape
        left, right = (int(np.clip(round(x), 0, width)) for x in window[::2])
        top, bottom = (int(np.clip(round(y), 0, height)) for y in window[1::2])
        part = self._other[top:bottom, left:right]
        if min(part.shape) < 4:
            return []
        _, names = cv2.connectedComponents(part, connectivity=8)
        edge = {*names[0], *names[-1], *names[:, 0], *names[:, -1]}
        found = []
        for name in range(1, int(names.max()) + 1):
            if name not in edge:
                rows, columns = np.nonzero(names == name)
                found.append(_Mark(rows + top, columns + left))
        return found

    def _placed(self, at: Floats) -> Floats:
        """A place among the marks in the picture."""
        return np.asarray(self._middle + self._axes @ (at - np.array([_LEFT, _TOP]) * _UNIT))

    def _seen(self, at: Floats) -> Floats:
        """A place of the picture among the marks."""
        away = np.linalg.solve(self._axes, at - self._middle)
        return np.asarray(away + np.array([_LEFT, _TOP]) * _UNIT)

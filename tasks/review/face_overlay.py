"""Painting landmarks on a portrait, with their names beside it, and the region of the face."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from math import dist
from typing import Any

from PIL import Image, ImageDraw, ImageFont

from tasks.character.face import Face, Point
from tasks.pictures.picture import fit

_HEIGHT_PX, _MARGIN_PX, _LINE_PX = 1200, 250, 21
_PAPER, _INK = (250, 249, 247), (40, 40, 44)
_GIVEN, _DERIVED = (200, 30, 70), (30, 110, 200)
_LEAD = (150, 150, 155)
_REGION = (20, 140, 70)
_LEGEND_PX = 176
_DASH_PX = 9
_ROOM = 0.15
"""around the landmarks, as a part of the larger side of what they cover"""
_LARGE = 0.7
"""of a side: a face that with its room takes more is shown with all of the portrait"""


@dataclass(frozen=True, slots=True)
class Mark:
    """One named landmark."""

    name: str
    """as in the config: `left_eye.inner`"""
    point: Point
    given: bool
    """stands in the config; else it was derived"""


def marks(given: Face, whole: Face) -> list[Mark]:
    """Every landmark of `whole`; those that are in `given` are marked so."""
    known = dict(_points(given, ""))
    return [Mark(name, point, name in known) for name, point in _points(whole, "")]


def _points(part: Any, prefix: str) -> Iterator[tuple[str, Point]]:
    for field in fields(part):
        value = getattr(part, field.name)
        name = f"{prefix}{field.name}"
        if is_dataclass(value):
            yield from _points(value, f"{name}.")
        elif isinstance(value, tuple) and value and isinstance(value[0], tuple):
            yield from ((f"{name}[{index}]", point) for index, point in enumerate(value))
        elif isinstance(value, tuple):
            yield name, (float(value[0]), float(value[1]))


def overlay(
    portrait: Image.Image, given: Face, whole: Face, edges: Sequence[Sequence[Point]] = ()
) -> Image.Image:
    """The portrait, 1200 pixels high, with the landmarks on it and their names on both sides.

    Where the face is small in it, only the part around the face is shown.
    Names stand on the side of the picture that their points are on: the character's left on the
    right. Red is given, blue derived; dashed and green are `edges`, closed lines around what
    comes from a take (x and y 0..1 of the portrait).
    """
    view = _view(portrait, [mark.point for mark in marks(given, whole)])
    if view is not None:
        portrait = portrait.crop(view.box)
        given, whole, edges = (_moved(part, view) for part in (given, whole, edges))
    scale = _HEIGHT_PX / portrait.height
    size = (max(1, round(portrait.width * scale)), _HEIGHT_PX)
    sheet = Image.new("RGB", (size[0] + 2 * _MARGIN_PX, _HEIGHT_PX), _PAPER)
    small = fit(portrait, size)
    sheet.paste(small, (_MARGIN_PX, 0), small)
    draw = ImageDraw.Draw(sheet)
    for edge_of_region in edges:
        _dashed(draw, [_place(point, size) for point in edge_of_region])
    _rings(draw, whole, size)
    found = marks(given, whole)
    edge = [mark for mark in found if mark.name.startswith("outline[")]
    # One name is enough for all points of the outline.
    named = [mark for mark in found if mark not in edge]
    named += [replace(mark, name="outline") for mark in edge[:1]]
    middle = sum(mark.point[0] for mark in found) / len(found) if found else 0.5
    left = [mark for mark in named if mark.point[0] < middle - 0.005]
    right = [mark for mark in named if mark.point[0] >= middle - 0.005]
    _labels(draw, left, size, at_left=True)
    _labels(draw, right, size, at_left=False)
    _outline(draw, edge, size)
    for mark in found:
        _dot(draw, _place(mark.point, size), mark)
    _legend(draw, sheet.height - _LEGEND_PX, region=bool(edges))
    return sheet


@dataclass(frozen=True, slots=True)
class _View:
    """A part of the portrait: where it lies, in pixels, and in 0..1."""

    box: tuple[int, int, int, int]
    corner: Point
    share: tuple[float, float]


def _view(portrait: Image.Image, points: Sequence[Point]) -> _View | None:
    """What to show of a portrait so that a small face is large; None: all of it."""
    if not points:
        return None
    (left, right), (top, bottom) = ((min(axis), max(axis)) for axis in zip(*points, strict=True))
    room = _ROOM * max((right - left) * portrait.width, (bottom - top) * portrait.height)
    width, height = portrait.size
    box = (
        max(0, round(left * width - room)),
        max(0, round(top * height - room)),
        min(width, round(right * width + room)),
        min(height, round(bottom * height + room)),
    )
    seen = (box[2] - box[0]) / width, (box[3] - box[1]) / height
    if min(seen) <= 0 or max(seen) > _LARGE:
        return None
    return _View(box, (box[0] / width, box[1] / height), seen)


def _moved(part: Any, view: _View) -> Any:
    """Landmarks of the portrait as those of a part of it."""
    if isinstance(part, float):
        return part / view.share[0]
    if is_dataclass(part) and not isinstance(part, type):
        kept = {each.name: getattr(part, each.name) for each in fields(part)}
        return replace(part, **{name: _moved(value, view) for name, value in kept.items()})
    if isinstance(part, (tuple, list)) and part and not isinstance(part[0], (tuple, list)):
        return tuple((v - c) / s for v, c, s in zip(part, view.corner, view.share, strict=True))
    return tuple(_moved(each, view) for each in part) if isinstance(part, (tuple, list)) else part


def _place(point: Point, size: tuple[int, int]) -> tuple[float, float]:
    return _MARGIN_PX + point[0] * size[0], point[1] * size[1]


def _dot(draw: ImageDraw.ImageDraw, at: tuple[float, float], mark: Mark) -> None:
    colour = _GIVEN if mark.given else _DERIVED
    box = (at[0] - 4, at[1] - 4, at[0] + 4, at[1] + 4)
    draw.ellipse(box, fill=colour if mark.given else None, outline=colour, width=2)


def _outline(draw: ImageDraw.ImageDraw, points: Sequence[Mark], size: tuple[int, int]) -> None:
    """The line from temple to temple."""
    if points:
        places = [_place(mark.point, size) for mark in points]
        draw.line(places, fill=_GIVEN if points[0].given else _DERIVED, width=1)


def _dashed(draw: ImageDraw.ImageDraw, points: Sequence[tuple[float, float]]) -> None:
    """A closed line through points that lie close together, in dashes."""
    gone_px = 0.0
    for here, there in zip(points, [*points[1:], *points[:1]], strict=True):
        if int(gone_px / _DASH_PX) % 2 == 0:
            draw.line((here, there), fill=_REGION, width=3)
        gone_px += dist(here, there)


def _rings(draw: ImageDraw.ImageDraw, whole: Face, size: tuple[int, int]) -> None:
    """The size of each iris, where it is known."""
    for eye in (whole.left_eye, whole.right_eye):
        if eye and eye.iris and eye.iris_radius:
            x, y = _place(eye.iris, size)
            radius = eye.iris_radius * size[0]
            box = (x - radius, y - radius, x + radius, y + radius)
            draw.ellipse(box, outline=_DERIVED, width=1)


def _labels(
    draw: ImageDraw.ImageDraw, found: Sequence[Mark], size: tuple[int, int], *, at_left: bool
) -> None:
    """Names in one column, as near to the height of their points as they can be."""
    font = ImageFont.load_default(15)
    ordered = sorted(found, key=lambda mark: mark.point[1])
    heights = spread([mark.point[1] * size[1] for mark in ordered])
    for mark, y in zip(ordered, heights, strict=True):
        colour = _GIVEN if mark.given else _DERIVED
        at = _place(mark.point, size)
        width = font.getlength(mark.name)
        x = _MARGIN_PX - 14 - width if at_left else _MARGIN_PX + size[0] + 14
        edge = x + width + 3 if at_left else x - 3
        draw.line((at, (edge, y)), fill=_LEAD, width=1)
        draw.text((x, y - 9), mark.name, colour, font)


def spread(heights: Sequence[float]) -> list[float]:
    """Rising heights moved apart to a line's height at least, each as little as may be, in px."""
    placed: list[list[float]] = []  # runs of lines without a gap: [sum of wishes, lines]
    for number, height in enumerate(heights):
        placed.append([height - number * _LINE_PX, 1])
        while len(placed) > 1 and _mean(placed[-2]) > _mean(placed[-1]):
            total, lines = placed.pop()
            placed[-1][0] += total
            placed[-1][1] += lines
    starts = [_mean(run) for run in placed for _ in range(int(run[1]))]
    return [start + number * _LINE_PX for number, start in enumerate(starts)]


def _mean(run: Sequence[float]) -> float:
    return run[0] / run[1]


def _legend(draw: ImageDraw.ImageDraw, top: int, *, region: bool) -> None:
    """At the foot: beside it are no names but the chin's."""
    font = ImageFont.load_default(15)
    draw.text((12, top), "in the config", _GIVEN, font)
    draw.text((12, top + 22), "derived", _DERIVED, font)
    draw.text((12, top + 50), "left and right are\nthe character's own", _INK, font)
    if region:
        said = "within the dashes is the face:\nthat comes from a take,\nthe rest from the neutral"
        draw.text((12, top + 100), said, _REGION, font)

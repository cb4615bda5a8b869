"""The contact sheet for paper: pages of A4, with title, legend, date and page numbers."""

import datetime
import io
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from PIL import Image, ImageDraw, ImageFont

from tasks.ground.ids import costume_of
from tasks.ground.wording import OWN_OUTFIT
from tasks.pictures.own_picture import MARK
from tasks.review.contact_sheet import (
    FAILED,
    FAINT,
    FLAGGED,
    INK,
    Cell,
    Faces,
    aspect_of,
    mark,
    shortened,
    thumbnails,
)

DPI = 200
_PAGE = (2338, 1654)
"""A4 across, in px"""
_MARGIN, _GAP, _HEAD, _FOOT, _POSE = 90, 14, 120, 60, 44
_TALLEST, _SMALLEST = 290, 150
_TITLE, _TEXT, _SMALL = 44, 26, 22
PRODUCER = MARK
_LEGEND = (
    (FLAGGED, "flagged: look at it"),
    (FAILED, "failed in this run"),
    (FAINT, "not there yet"),
)
_Cells = Mapping[tuple[str, str], Cell]


@dataclass(frozen=True, slots=True)
class _Grid:
    """How a page is filled; sizes in px."""

    cell: tuple[int, int]
    label: int
    """the width of the expressions' names"""
    poses: int
    """columns of one block"""
    rows: int
    """of one block"""
    blocks: int
    """side by side"""

    @property
    def block(self) -> int:
        """The width of a block, with the space to the next."""
        return self.label + self.poses * (self.cell[0] + _GAP) + 2 * _GAP

    def place(self, index: int, column: int) -> tuple[int, int]:
        """The top left corner of a cell: of the page's `index`-th expression, at a pose."""
        block, row = divmod(index, self.rows)
        x = _MARGIN + block * self.block + self.label + column * (self.cell[0] + _GAP)
        return x, _MARGIN + _HEAD + _POSE + row * (self.cell[1] + _GAP)


@dataclass(frozen=True, slots=True)
class _Part:
    """What one page shows."""

    expressions: Sequence[str]
    poses: Sequence[str]
    cells: _Cells


def pdf(
    title: str, cells: _Cells, day: datetime.date, faces: Faces = MappingProxyType({})
) -> bytes:
    """The sheet as a PDF of as many pages as it takes; each costume begins a new one.

    `cells` by expression and pose, in their order; `day`: that of the newest frame; `faces`: the
    part of a frame that is shown large in a corner of its cell.
    """
    pages = list(_pages(title, cells, day, faces))
    buffer, when = io.BytesIO(), datetime.datetime.combine(day, datetime.time()).timetuple()
    pages[0].save(
        buffer,
        "PDF",
        save_all=True,
        append_images=pages[1:],
        resolution=DPI,
        quality=90,
        title=title,
        producer=PRODUCER,
        creationDate=when,
        modDate=when,
    )
    return buffer.getvalue()


def _pages(title: str, cells: _Cells, day: datetime.date, faces: Faces) -> Iterator[Image.Image]:
    expressions = list(dict.fromkeys(expression for expression, _ in cells))
    poses = list(dict.fromkeys(pose for _, pose in cells))
    there = sum(cell.path.is_file() for cell in cells.values())
    heading = f"{title}: {there} of {len(expressions) * len(poses)} frames, {day.isoformat()}"
    costumes: dict[str, list[str]] = {}
    for name in expressions:
        costumes.setdefault(costume_of(name)[0], []).append(name)
    grid = grid_of(max(costumes.values(), key=len), len(poses), aspect_of(cells))
    groups = [poses[at : at + grid.poses] for at in range(0, len(poses), grid.poses)]
    most = grid.rows * grid.blocks
    parts = [
        names[at : at + most] for names in costumes.values() for at in range(0, len(names), most)
    ]
    count = len(groups) * len(parts)
    shares = ((group, names) for group in groups for names in parts)
    for number, (group, names) in enumerate(shares, 1):
        wanted = {(e, p): cells[e, p] for e in names for p in group if (e, p) in cells}
        costume = costume_of(names[0])[0] or OWN_OUTFIT
        said = f"{heading}; {costume}" if len(costumes) > 1 else heading
        page = _framed(said, f"page {number} of {count}")
        _fill(page, grid, _Part(names, group, wanted), faces)
        yield page


def grid_of(expressions: Sequence[str], poses: int, aspect: float) -> _Grid:
    """The largest cells with which all poses fit side by side, else the smallest that may be.

    Where there is room for more than one block, expressions go on in the next.
    """
    font = ImageFont.load_default(_TEXT)
    label = 24 + min(420, max(round(font.getlength(name)) for name in expressions))
    width = _PAGE[0] - 2 * _MARGIN
    height = _PAGE[1] - 2 * _MARGIN - _HEAD - _FOOT - _POSE
    across = (width - label) // poses - _GAP
    tall = min(_TALLEST, max(_SMALLEST, round(across / aspect)))
    cell = (max(40, round(tall * aspect)), tall)
    columns = max(1, min(poses, (width - label) // (cell[0] + _GAP)))
    grid = _Grid(cell, label, columns, max(1, height // (tall + _GAP)), 1)
    blocks = max(1, (width + 2 * _GAP) // grid.block)
    needed = math.ceil(len(expressions) / grid.rows)
    return _Grid(cell, label, columns, grid.rows, min(blocks, needed))


def _framed(heading: str, foot: str) -> Image.Image:
    """An empty page with what stands above and below."""
    page = Image.new("RGB", _PAGE, (255, 255, 255))
    draw = ImageDraw.Draw(page)
    draw.text((_MARGIN, _MARGIN), heading, INK, ImageFont.load_default(_TITLE))
    font, x, y = ImageFont.load_default(_SMALL), _MARGIN, _PAGE[1] - _MARGIN - 26
    for colour, says in _LEGEND:
        draw.rectangle((x, y, x + 22, y + 22), outline=colour, width=4)
        draw.text((x + 34, y - 3), says, INK, font)
        x += 34 + round(font.getlength(says)) + 48
    draw.text((_PAGE[0] - _MARGIN - font.getlength(foot), y - 3), foot, FAINT, font)
    return page


def _fill(page: Image.Image, grid: _Grid, part: _Part, faces: Faces) -> None:
    draw, font = ImageDraw.Draw(page), ImageFont.load_default(_TEXT)
    small = thumbnails(part.cells, grid.cell, faces)
    for index, name in enumerate(part.expressions):
        x, y = grid.place(index, 0)
        said = shortened(costume_of(name)[1], grid.label - 12, font)
        draw.text((x - grid.label, y + grid.cell[1] // 2 - 16), said, INK, font)
        for column, pose in enumerate(part.poses):
            at = grid.place(index, column)
            if index % grid.rows == 0:
                draw.text((at[0], at[1] - 36), shortened(pose, grid.cell[0], font), FAINT, font)
            if (name, pose) in small:
                page.paste(small[name, pose], at)
            mark(draw, at, grid.cell, part.cells.get((name, pose)), there=(name, pose) in small)

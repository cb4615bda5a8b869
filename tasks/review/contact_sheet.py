"""Laying out and painting the contact sheet."""

import math
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from tasks.ground.boxes import inner_box
from tasks.ground.errors import Mistake
from tasks.pictures.decode import PICTURES
from tasks.pictures.picture import read

_PAPER, INK, FAINT = (250, 249, 247), (40, 40, 44), (150, 150, 155)
FAILED, FLAGGED = (190, 40, 40), (196, 120, 0)
_LEGEND = ((FLAGGED, "flagged"), (FAILED, "failed"), (FAINT, "missing"))
_CHECKS = ((232, 232, 230), (244, 244, 242))
_GAP_PX, _LABEL_PX, _TITLE_PX = 8, 22, 44
_TALLEST_PX, _SMALLEST_PX, _MOST_PIXELS = 240, 40, 36_000_000
_WANTED_ASPECT = 1.25
_CUT = (0.24, 0.33, 0.15)
"""how much of a face's picture is left out at either side, above and below, in the inset"""
_INSET = 0.68
"""the side of the face's inset, as a part of the shorter side of a cell"""
FaceBox = tuple[float, float, float, float]
"""left, top, right and bottom, 0..1 of the frame"""


@dataclass(frozen=True, slots=True)
class Cell:
    """One place on the sheet."""

    path: Path
    failed: bool
    """its frame could not be drawn in this run"""
    flags: str = ""
    """what a person should look at, a word or two"""


@dataclass(frozen=True, slots=True)
class Layout:
    """Where everything goes; sizes in pixels. Rows fill one block after another, side by side."""

    cell: tuple[int, int]
    rows: int
    """of one block"""
    blocks: int
    columns: int
    """poses: columns of one block"""
    label_width: int

    @property
    def block_width(self) -> int:
        """The row labels and the columns of a block, and the space to the next."""
        return self.label_width + self.columns * (self.cell[0] + _GAP_PX) + 2 * _GAP_PX

    @property
    def size(self) -> tuple[int, int]:
        """The whole sheet."""
        height = _TITLE_PX + _LABEL_PX + self.rows * (self.cell[1] + _GAP_PX) + _GAP_PX
        return self.blocks * self.block_width + _GAP_PX, height

    def place(self, row: int, column: int) -> tuple[int, int]:
        """The top left corner of a cell."""
        block, row_in_block = divmod(row, self.rows)
        x = _GAP_PX + block * self.block_width + self.label_width
        y = _TITLE_PX + _LABEL_PX + row_in_block * (self.cell[1] + _GAP_PX)
        return x + column * (self.cell[0] + _GAP_PX), y


def lay_out(rows: int, columns: int, aspect: float, label_width: int) -> Layout:
    """The largest cells whose sheet stays handy, in as many blocks as make it look like a page.

    `aspect`: width over height of a frame.
    """
    for height in range(_TALLEST_PX, _SMALLEST_PX - 1, -20):
        cell = (max(24, round(height * aspect)), height)
        options = (
            Layout(cell, math.ceil(rows / blocks), blocks, columns, label_width)
            for blocks in range(1, rows + 1)
            if math.ceil(rows / math.ceil(rows / blocks)) == blocks
        )
        best = min(options, key=_unlike_a_page)
        if best.size[0] * best.size[1] <= _MOST_PIXELS:
            return best
    return best


def _unlike_a_page(layout: Layout) -> float:
    width, height = layout.size
    return abs(math.log(width / height / _WANTED_ASPECT))


def compose(
    title: str, cells: Mapping[tuple[str, str], Cell], face: FaceBox | None = None, day: str = ""
) -> Image.Image:
    """The sheet of `cells`, by expression and pose, in their order.

    `day`: that of the newest frame; `face`: the part of a frame that is shown large in a corner of
    its cell; None: no such inset.
    """
    expressions = list(dict.fromkeys(expression for expression, _ in cells))
    poses = list(dict.fromkeys(pose for _, pose in cells))
    font = ImageFont.load_default(13)
    label_width = 10 + max(round(font.getlength(name)) for name in expressions)
    layout = lay_out(len(expressions), len(poses), aspect_of(cells), label_width)
    sheet = Image.new("RGB", layout.size, _PAPER)
    draw = ImageDraw.Draw(sheet)
    frames = len([cell for cell in cells.values() if cell.path.is_file()])
    heading = f"{title}: {frames} of {len(expressions) * len(poses)} frames"
    heading = f"{heading}, {day}" if day else heading
    draw.text((_GAP_PX, _GAP_PX), heading, INK, ImageFont.load_default(20))
    _paint_legend(draw, layout.size[0], round(ImageFont.load_default(20).getlength(heading)))
    _paint_labels(draw, layout, expressions, poses, font)
    small = thumbnails(cells, layout.cell, face)
    for index, key in enumerate((name, pose) for name in expressions for pose in poses):
        at = layout.place(*divmod(index, len(poses)))
        if key in small:
            sheet.paste(small[key], at)
        mark(draw, at, layout.cell, cells.get(key), there=key in small)
    return sheet


def aspect_of(cells: Mapping[tuple[str, str], Cell]) -> float:
    """Width over height of the first frame that is there."""
    for cell in cells.values():
        if cell.path.is_file():
            try:
                with Image.open(cell.path, formats=PICTURES) as image:
                    return image.width / image.height
            except OSError:
                continue
    return 2 / 3


def thumbnails(
    cells: Mapping[tuple[str, str], Cell], size: tuple[int, int], face: FaceBox | None
) -> dict[tuple[str, str], Image.Image]:
    """The frames that can be read, small."""
    with ThreadPoolExecutor(4) as pool:
        made = pool.map(lambda cell: _thumbnail(cell.path, size, face), cells.values())
        return {key: image for key, image in zip(cells, made, strict=True) if image}


def _thumbnail(path: Path, size: tuple[int, int], face: FaceBox | None) -> Image.Image | None:
    try:
        frame = read(path)
    except Mistake:
        return None
    paper = _checked(size)
    _lay(paper, frame, (0, 0, *size))
    if face:
        left, top, right, bottom = _features(face)
        edges = (left * frame.width, top * frame.height, right * frame.width, bottom * frame.height)
        part = frame.crop(tuple(round(edge) for edge in edges))  # type: ignore[arg-type]
        side = round(_INSET * min(size))
        box = (size[0] - side, size[1] - side, side, side)
        paper.paste(_PAPER, (box[0] - 2, box[1] - 2, *size))
        _lay(paper, part, box)
    return paper


def _features(face: FaceBox) -> FaceBox:
    """The part of a face with its room that shows what moves."""
    left, top, right, bottom = face
    aside, above, below = (
        _CUT[0] * (right - left),
        _CUT[1] * (bottom - top),
        _CUT[2] * (bottom - top),
    )
    return left + aside, top + above, right - aside, bottom - below


def _lay(paper: Image.Image, frame: Image.Image, box: tuple[int, int, int, int]) -> None:
    """Put a picture, small and whole, into the middle of a box: left, top, width, height."""
    left, top, *inner = inner_box(frame.size, box[2:])
    small = frame.convert("RGBa").resize(
        (inner[0], inner[1]), Image.Resampling.BOX, reducing_gap=2.0
    )
    small = small.convert("RGBA")
    ground = _checked((inner[0], inner[1]))
    ground.paste(small, (0, 0), small)
    paper.paste(ground, (box[0] + left, box[1] + top))


def _checked(size: tuple[int, int], square: int = 8) -> Image.Image:
    """The chequered ground that shows what is transparent."""
    tile = Image.new("RGB", (2 * square, 2 * square), _CHECKS[0])
    tile.paste(_CHECKS[1], (0, 0, square, square))
    tile.paste(_CHECKS[1], (square, square, 2 * square, 2 * square))
    ground = Image.new("RGB", size)
    for x in range(0, size[0], 2 * square):
        for y in range(0, size[1], 2 * square):
            ground.paste(tile, (x, y))
    return ground


def _paint_legend(draw: ImageDraw.ImageDraw, width: int, taken: int) -> None:
    """What the frames around cells mean, at the right of the title where there is room."""
    font = ImageFont.load_default(13)
    wide = sum(26 + round(font.getlength(says)) + 16 for _, says in _LEGEND)
    x = width - _GAP_PX - wide
    for colour, says in _LEGEND if x > taken + 3 * _GAP_PX else ():
        draw.rectangle((x, 15, x + 12, 27), outline=colour, width=2)
        draw.text((x + 18, 13), says, FAINT, font)
        x += 26 + round(font.getlength(says)) + 16


def _paint_labels(
    draw: ImageDraw.ImageDraw,
    layout: Layout,
    expressions: list[str],
    poses: list[str],
    font: ImageFont.FreeTypeFont | ImageFont.ImageFont,
) -> None:
    for row, name in enumerate(expressions):
        x, y = layout.place(row, 0)
        draw.text((x - layout.label_width, y + layout.cell[1] // 2 - 8), name, INK, font)
    for block in range(layout.blocks):
        for column, pose in enumerate(poses):
            x, y = layout.place(block * layout.rows, column)
            draw.text((x, y - 18), shortened(pose, layout.cell[0], font), FAINT, font)


def shortened(text: str, width: int, font: ImageFont.FreeTypeFont | ImageFont.ImageFont) -> str:
    """`text` cut to a width in pixels."""
    while len(text) > 1 and font.getlength(text) > width:
        text = text[:-2] + "…" if text.endswith("…") else text[:-1] + "…"
    return text


def mark(
    draw: ImageDraw.ImageDraw,
    at: tuple[int, int],
    size: tuple[int, int],
    cell: Cell | None,
    *,
    there: bool,
) -> None:
    """Frame a cell whose frame is not there, or is not what it should be, and say so in it."""
    if cell and cell.failed:
        word, colour = "failed", FAILED
    elif not there:
        word, colour = "missing", FAINT
    elif cell and cell.flags:
        word, colour = cell.flags, FLAGGED
    else:
        return
    right, bottom = at[0] + size[0] - 1, at[1] + size[1] - 1
    draw.rectangle((*at, right, bottom), outline=colour, width=1 if colour == FAINT else 2)
    font = ImageFont.load_default(13)
    draw.text((at[0] + 5, at[1] + 3), shortened(word, size[0] - 4, font), colour, font)

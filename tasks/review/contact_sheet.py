"""Laying out and painting the contact sheet."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import MappingProxyType

from PIL import Image, ImageDraw, ImageFont

from tasks.ground.boxes import inner_box
from tasks.ground.errors import Mistake
from tasks.ground.ids import costume_of
from tasks.ground.wording import OWN_OUTFIT
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
Key = tuple[str, str]
"""the expression, before it its costume, and the pose of a cell"""
Faces = Mapping[str, FaceBox]
"""by costume, what is shown large"""


@dataclass(frozen=True, slots=True)
class Cell:
    """One place on the sheet."""

    path: Path
    failed: bool
    """its frame could not be drawn in this run"""
    flags: str = ""
    """what a person should look at, a word or two"""
    seen: tuple[int, ...] = ()
    """its frame's time and size; nothing where there is none, or where nobody looked"""


@dataclass(frozen=True, slots=True)
class Layout:
    """Where everything goes; sizes in pixels. Rows fill one block after another, side by side;
    the costumes' rows are as many, and no block has those of two."""

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


def lay_out(rows: int, columns: int, aspect: float, label_width: int, costumes: int = 1) -> Layout:
    """The largest cells whose sheet stays handy, in as many blocks as make it look like a page.

    `aspect`: width over height of a frame; `costumes`: among how many the rows are shared out.
    """
    height = _TALLEST_PX
    while True:
        cell = (max(24, round(height * aspect)), height)
        options = (
            Layout(cell, math.ceil(rows / blocks), blocks, columns, label_width)
            for blocks in range(1, rows + 1)
            if math.ceil(rows / math.ceil(rows / blocks)) == blocks
            and (costumes == 1 or rows // costumes % math.ceil(rows / blocks) == 0)
        )
        best = min(options, key=_unlike_a_page)
        if best.size[0] * best.size[1] <= _MOST_PIXELS or height - 20 < _SMALLEST_PX:
            return best
        height -= 20


def _unlike_a_page(layout: Layout) -> float:
    width, height = layout.size
    return abs(math.log(width / height / _WANTED_ASPECT))


class Sheet:
    """What the contact sheet shows, and how it is painted: band by band, each by itself.

    `cells`: by expression and pose, in their order; `day`: that of the newest frame; `faces`: the
    part of a frame that is shown large in a corner of its cell, where there is such an inset.
    """

    def __init__(
        self,
        title: str,
        cells: Mapping[Key, Cell],
        faces: Faces = MappingProxyType({}),
        day: str = "",
    ) -> None:
        self.cells, self._faces = cells, faces
        self._expressions = list(dict.fromkeys(expression for expression, _ in cells))
        self._poses = list(dict.fromkeys(pose for _, pose in cells))
        there = sum(bool(cell.seen) or cell.path.is_file() for cell in cells.values())
        heading = f"{title}: {there} of {len(self._expressions) * len(self._poses)} frames"
        self._heading = f"{heading}, {day}" if day else heading
        self._font = ImageFont.load_default(13)
        costumes = Counter(costume_of(name)[0] for name in self._expressions)
        self._in_blocks = len(costumes) > 1 and len(set(costumes.values())) == 1
        names = [self._label(name) for name in self._expressions]
        names += [costume or OWN_OUTFIT for costume in costumes if self._in_blocks]
        label_width = 10 + max(round(self._font.getlength(name)) for name in names)
        self.layout = lay_out(
            len(self._expressions),
            len(self._poses),
            aspect_of(cells),
            label_width,
            len(costumes) if self._in_blocks else 1,
        )

    @property
    def looks(self) -> list[object]:
        """What decides, beside the cells themselves, how the rows look."""
        layout, faces = self.layout, sorted(self._faces.items())
        return [self._expressions, self._poses, layout.cell, layout.rows, faces]

    @property
    def row_px(self) -> int:
        """How high the band of a row is."""
        return self.layout.cell[1] + _GAP_PX

    def keys(self, row: int) -> list[Key]:
        """The cells of one row of every block."""
        names = self._expressions[row :: self.layout.rows]
        return [(name, pose) for name in names for pose in self._poses]

    def head(self) -> Image.Image:
        """The topmost band: title, legend, and the names of the poses."""
        layout, font = self.layout, ImageFont.load_default(20)
        band, draw = self._blank(_TITLE_PX + _LABEL_PX)
        draw.text((_GAP_PX, _GAP_PX), self._heading, INK, font)
        _paint_legend(draw, band.width, round(font.getlength(self._heading)))
        for block in range(layout.blocks):
            if self._in_blocks:
                x, y = layout.place(block * layout.rows, 0)
                costume, _ = costume_of(self._expressions[block * layout.rows])
                at = (x - layout.label_width, y - 18)
                draw.text(at, costume or OWN_OUTFIT, INK, self._font, stroke_width=0.3)
            for column, pose in enumerate(self._poses):
                x, y = layout.place(block * layout.rows, column)
                text = shortened(pose, layout.cell[0], self._font)
                draw.text((x, y - 18), text, FAINT, self._font)
        return band

    def row(self, row: int) -> tuple[Image.Image, set[Key]]:
        """The band of one row of cells, and those whose frame is shown."""
        band, draw = self._blank(self.row_px)
        for name in self._expressions[row :: self.layout.rows]:
            x = self._left(name, self._poses[0]) - self.layout.label_width
            draw.text((x, self.layout.cell[1] // 2 - 8), self._label(name), INK, self._font)
        return band, self.repaint(band, self.keys(row))

    def repaint(self, band: Image.Image, keys: Iterable[Key]) -> set[Key]:
        """Paint some cells of a row's band anew; those whose frame is shown."""
        draw, shown = ImageDraw.Draw(band), set()
        for key in keys:
            left = self._left(*key)
            # The word in a mark may end within the gap.
            band.paste(_PAPER, (left, 0, left + self.layout.cell[0] + _GAP_PX, band.height))
            cell = self.cells.get(key)
            face = self._faces.get(costume_of(key[0])[0])
            small = _thumbnail(cell.path, self.layout.cell, face) if cell else None
            if small:
                band.paste(small, (left, 0))
                shown.add(key)
            mark(draw, (left, 0), self.layout.cell, cell, there=small is not None)
        return shown

    def foot(self) -> Image.Image:
        """The last band: the edge."""
        return self._blank(_GAP_PX)[0]

    def _label(self, name: str) -> str:
        """What a row is called: where its block says the costume, without that."""
        return costume_of(name)[1] if self._in_blocks else name

    def _blank(self, height: int) -> tuple[Image.Image, ImageDraw.ImageDraw]:
        band = Image.new("RGB", (self.layout.size[0], height), _PAPER)
        return band, ImageDraw.Draw(band)

    def _left(self, expression: str, pose: str) -> int:
        """Where a cell begins."""
        row, column = self._rows[expression], self._columns[pose]
        return self.layout.place(row, column)[0]

    @cached_property
    def _rows(self) -> dict[str, int]:
        return {name: row for row, name in enumerate(self._expressions)}

    @cached_property
    def _columns(self) -> dict[str, int]:
        return {pose: column for column, pose in enumerate(self._poses)}


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
    cells: Mapping[Key, Cell], size: tuple[int, int], faces: Faces
) -> dict[Key, Image.Image]:
    """The frames that can be read, small."""

    def made(key: Key) -> Image.Image | None:
        return _thumbnail(cells[key].path, size, faces.get(costume_of(key[0])[0]))

    with ThreadPoolExecutor(4) as pool:
        images = pool.map(made, cells)
        return {key: image for key, image in zip(cells, images, strict=True) if image}


def _thumbnail(path: Path, size: tuple[int, int], face: FaceBox | None) -> Image.Image | None:
    try:
        frame = read(path)
    except Mistake:
        return None
    paper = _checked(size)
    _lay(paper, frame, (0, 0, *size))
    if face:
        left, top, right, bottom = _features(face)
        wide, high = frame.size
        edges = (round(left * wide), round(top * high), round(right * wide), round(bottom * high))
        part = frame.crop(edges)
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
    wide, high = size
    dark, light = (bytes(colour) * square for colour in _CHECKS)
    across, down = wide // (2 * square) + 1, high // (2 * square) + 1
    rows = [((one + other) * across)[: 3 * wide] for one, other in ((light, dark), (dark, light))]
    pixels = b"".join(row * square for row in rows) * down
    return Image.frombytes("RGB", size, pixels[: 3 * wide * high])


def _paint_legend(draw: ImageDraw.ImageDraw, width: int, taken: int) -> None:
    """What the frames around cells mean, at the right of the title where there is room."""
    font = ImageFont.load_default(13)
    wide = sum(26 + round(font.getlength(says)) + 16 for _, says in _LEGEND)
    x = width - _GAP_PX - wide
    for colour, says in _LEGEND if x > taken + 3 * _GAP_PX else ():
        draw.rectangle((x, 15, x + 12, 27), outline=colour, width=2)
        draw.text((x + 18, 13), says, FAINT, font)
        x += 26 + round(font.getlength(says)) + 16


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

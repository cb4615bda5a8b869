"""The contact sheet for paper: pages that hold everything once, and say what it is."""

import datetime
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from tasks.review.contact_sheet import Cell
from tasks.review.print_sheet import _PAGE, _pages, grid_of, pdf
from tests.conftest import Folder

DAY = datetime.date(2026, 11, 27)


def cells_of(folder: Path, expressions: int, poses: int) -> dict[tuple[str, str], Cell]:
    path = folder / "frame.png"
    Image.new("RGBA", (40, 60), (200, 60, 60, 255)).save(path)
    names = [f"mood_{number}" for number in range(expressions)]
    return {(name, f"pose_{at}"): Cell(path, failed=False) for name in names for at in range(poses)}


@settings(deadline=None, max_examples=60)
@given(st.integers(1, 60), st.integers(1, 12), st.floats(0.4, 2.5))
def test_every_cell_lies_on_the_page_and_none_on_another(count: int, poses: int, aspect: float):
    grid = grid_of([f"mood_{number}" for number in range(count)], poses, aspect)
    boxes = set()
    for index in range(min(count, grid.rows * grid.blocks)):
        for column in range(grid.poses):
            x, y = grid.place(index, column)
            assert 0 <= x <= _PAGE[0] - grid.cell[0]
            assert 0 <= y <= _PAGE[1] - grid.cell[1] - 90
            boxes.add((x, y))
    assert len(boxes) == min(count, grid.rows * grid.blocks) * grid.poses


def test_large_sets_take_as_many_pages_as_they_need(tmp_path: Path):
    few = pdf("boy", cells_of(tmp_path, 3, 2), DAY)
    many = pdf("boy", cells_of(tmp_path, 40, 11), DAY)
    assert few.startswith(b"%PDF-")
    pages = [len(re.findall(rb"/Type /Page\b(?!s)", data)) for data in (few, many)]
    assert pages[0] == 1
    assert pages[1] > 4


def test_the_same_frames_give_the_same_file(tmp_path: Path):
    cells = cells_of(tmp_path, 3, 2)
    assert pdf("boy", cells, DAY) == pdf("boy", cells, DAY)


def reds(page: Image.Image) -> int:
    """How many pixels of a small copy have the colour of the frames."""
    pixels = np.asarray(page.resize((234, 165))).astype(int)
    return int(np.count_nonzero(pixels[..., 0] > pixels[..., 1] + 90))


def test_each_frame_is_painted_once(tmp_path: Path):
    cells, red = cells_of(tmp_path, 5, 3), 0
    for page in _pages("boy", cells, DAY, {}):
        red += reds(page)
    alone = reds(next(iter(_pages("boy", cells_of(tmp_path, 1, 1), DAY, {}))))
    assert red == pytest.approx(15 * alone, rel=0.2)


def test_doit_makes_it_beside_the_picture_and_sets_aside_what_is_not_ours(free: Folder):
    free.doit()
    own = free.path / "frames" / "sheet.pdf"
    own.write_bytes(b"%PDF-1.4 somebody's own")
    ran = free.doit("sheet", "format=pdf")
    assert ran.code == 0, ran.text
    assert "Contact sheet: frames/sheet.pdf" in ran.out
    assert own.read_bytes().startswith(b"%PDF-")
    (aside,) = (free.path / "frames" / "set_aside").glob("sheet*.pdf")
    assert b"somebody's own" in aside.read_bytes()
    assert (free.path / "frames" / "sheet.png").is_file()
    assert free.doit("-a", "sheet", "format=pdf").code == 0
    assert len(list((free.path / "frames" / "set_aside").glob("*"))) == 1

"""The contact sheet: what is where on it, and what it looks like."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from tasks.review import contact_sheet
from tasks.review.contact_sheet import Cell, Layout, Sheet, lay_out

quick = settings(deadline=None, max_examples=40)
FAILED, FAINT = contact_sheet.FAILED, contact_sheet.FAINT


def boxes(layout: Layout, rows: int) -> list[tuple[int, int, int, int]]:
    """The left, top, right and bottom of every cell."""
    places = [layout.place(row, column) for row in range(rows) for column in range(layout.columns)]
    return [(x, y, x + layout.cell[0], y + layout.cell[1]) for x, y in places]


@quick
@given(st.integers(1, 40), st.integers(1, 7), st.floats(0.3, 3), st.integers(20, 200))
def test_no_cell_lies_on_another_on_a_label_or_over_the_edge(rows, columns, aspect, label_width):
    layout = lay_out(rows, columns, aspect, label_width)
    found = boxes(layout, rows)
    width, height = layout.size
    assert len(found) == rows * columns
    taken = np.zeros((height, width), bool)
    for left, top, right, bottom in found:
        assert left >= 0
        assert right <= width
        assert bottom <= height
        assert not taken[top:bottom, left:right].any()
        taken[top:bottom, left:right] = True
    for row in range(rows):
        left, top = layout.place(row, 0)
        assert not taken[top : top + layout.cell[1], left - layout.label_width : left].any()


@quick
@given(st.integers(1, 400), st.integers(1, 12))
def test_a_sheet_is_never_too_large_to_open(rows, columns):
    layout = lay_out(rows, columns, 2 / 3, 100)
    width, height = layout.size
    smallest = layout.cell[1] == contact_sheet._SMALLEST_PX
    assert width * height <= contact_sheet._MOST_PIXELS or smallest
    assert layout.rows * layout.blocks >= rows
    assert layout.rows * (layout.blocks - 1) < rows


def test_expressions_go_down_and_poses_across():
    layout = lay_out(2, 3, 2 / 3, 50)
    first, below, right = layout.place(0, 0), layout.place(1, 0), layout.place(0, 1)
    assert layout.blocks == 1
    assert below[0] == first[0]
    assert below[1] > first[1]
    assert right[1] == first[1]
    assert right[0] > first[0]


def test_many_expressions_at_one_pose_stand_in_blocks_side_by_side():
    layout = lay_out(24, 1, 2 / 3, 80)
    width, height = layout.size
    assert layout.blocks > 1
    assert 0.6 < width / height < 2.5


def test_few_frames_are_shown_as_large_as_they_can_be():
    assert lay_out(2, 2, 2 / 3, 50).cell == (160, 240)


# The picture


def cells_of(folder: Path) -> dict[tuple[str, str], Cell]:
    """Two expressions at two poses: a red, a green and a blue frame, and one that is missing."""
    cells = {}
    for name, colour in {"sad": ("red", "lime"), "happy_big": ("blue", None)}.items():
        for pose, fill in zip(("center", "up"), colour, strict=True):
            path = folder / f"{name}__{pose}.png"
            if fill:
                Image.new("RGBA", (20, 30), fill).save(path)
            cells[name, pose] = Cell(path, failed=False)
    return cells


def compose(title: str, cells: dict[tuple[str, str], Cell], face=None) -> Image.Image:
    """The whole sheet: its bands, one below the other."""
    sheet = Sheet(title, cells, {"": face} if face else {})
    rows = [sheet.row(number)[0] for number in range(sheet.layout.rows)]
    whole = Image.new("RGB", sheet.layout.size)
    top = 0
    for band in (sheet.head(), *rows, sheet.foot()):
        whole.paste(band, (0, top))
        top += band.height
    assert top == whole.height
    return whole


def layout_of(cells: dict[tuple[str, str], Cell]) -> Layout:
    """The layout that the sheet of these cells has."""
    return Sheet("fox", cells).layout


def cell_of(sheet: Image.Image, layout: Layout, row: int, column: int) -> np.ndarray:
    x, y = layout.place(row, column)
    return np.asarray(sheet.crop((x, y, x + layout.cell[0], y + layout.cell[1])))


def has_colour(pixels: np.ndarray, colour: tuple[int, int, int]) -> bool:
    return bool((pixels == colour).all(axis=-1).any())


def test_each_frame_is_shown_in_its_row_and_column(tmp_path: Path):
    cells = cells_of(tmp_path)
    sheet, layout = compose("fox", cells), layout_of(cells)
    assert sheet.size == layout.size
    middle = (layout.cell[1] // 2, layout.cell[0] // 2)
    assert cell_of(sheet, layout, 0, 0)[middle].tolist() == [255, 0, 0]
    assert cell_of(sheet, layout, 0, 1)[middle].tolist() == [0, 255, 0]
    assert cell_of(sheet, layout, 1, 0)[middle].tolist() == [0, 0, 255]


def test_a_missing_frame_is_marked_and_the_others_are_not(tmp_path: Path):
    cells = cells_of(tmp_path)
    sheet, layout = compose("fox", cells), layout_of(cells)
    missing = cell_of(sheet, layout, 1, 1)
    for edge in (missing[0], missing[-1], missing[:, 0], missing[:, -1]):
        assert (edge == FAINT).all()
    assert (missing[2:20, 4:80] != contact_sheet._PAPER).any()  # the word
    for row, column in ((0, 0), (0, 1), (1, 0)):
        assert not has_colour(cell_of(sheet, layout, row, column), FAINT)


@pytest.mark.parametrize("drawn_before", [True, False])
def test_a_failed_frame_is_marked_even_where_an_older_one_is_there(tmp_path, drawn_before: bool):
    cells = cells_of(tmp_path)
    cells["sad", "center"] = Cell(cells["sad", "center"].path, failed=True)
    if not drawn_before:
        cells["sad", "center"].path.unlink()
    sheet, layout = compose("fox", cells), layout_of(cells)
    failed = cell_of(sheet, layout, 0, 0)
    for edge in (failed[:2], failed[-2:], failed[:, :2], failed[:, -2:]):
        assert (edge == FAILED).all()
    assert has_colour(failed, (255, 0, 0)) == drawn_before
    assert not has_colour(cell_of(sheet, layout, 0, 1), FAILED)


def test_a_frame_that_cannot_be_read_is_marked_and_stops_nothing(tmp_path: Path):
    cells = cells_of(tmp_path)
    cells["sad", "center"].path.write_bytes(b"\x89PNG half of it")
    sheet, layout = compose("fox", cells), layout_of(cells)
    assert has_colour(cell_of(sheet, layout, 0, 0), FAINT)
    assert has_colour(cell_of(sheet, layout, 0, 1), (0, 255, 0))


def test_a_sheet_without_any_frame_is_all_marks(tmp_path: Path):
    cells = {("sad", "center"): Cell(tmp_path / "no.png", failed=False)}
    sheet, layout = compose("fox", cells), layout_of(cells)
    assert has_colour(cell_of(sheet, layout, 0, 0), FAINT)


def test_what_is_transparent_shows_the_chequered_ground(tmp_path: Path):
    path = tmp_path / "a.png"
    image = Image.new("RGBA", (20, 30))
    image.paste("red", (0, 0, 20, 10))
    image.save(path)
    cells = {("sad", "center"): Cell(path, failed=False)}
    pixels = cell_of(compose("fox", cells), layout_of(cells), 0, 0)
    below = pixels[pixels.shape[0] // 2 :]
    assert {tuple(colour) for colour in below.reshape(-1, 3).tolist()} == set(contact_sheet._CHECKS)


def test_rows_and_columns_are_labelled(tmp_path: Path):
    cells = cells_of(tmp_path)
    sheet, layout = compose("fox", cells), layout_of(cells)
    pixels = np.asarray(sheet)
    for row in range(2):
        x, y = layout.place(row, 0)
        label = pixels[y : y + layout.cell[1], x - layout.label_width : x - 4]
        assert (label != contact_sheet._PAPER).any()
    for column in range(2):
        x, y = layout.place(0, column)
        assert (pixels[y - 20 : y - 2, x : x + layout.cell[0]] != contact_sheet._PAPER).any()


def test_the_heading_tells_how_many_frames_are_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    said = []
    real = contact_sheet.ImageDraw.ImageDraw.text

    def watched(draw, at, text: str, *arguments) -> None:
        said.append(text)
        real(draw, at, text, *arguments)

    monkeypatch.setattr(contact_sheet.ImageDraw.ImageDraw, "text", watched)
    compose("fox", cells_of(tmp_path))
    assert "fox: 3 of 4 frames" in said
    assert {"sad", "happy_big", "center", "up", "missing"} < set(said)
    assert "failed" not in said


def test_the_same_frames_give_the_same_sheet(tmp_path: Path):
    cells = cells_of(tmp_path)
    assert np.array_equal(compose("fox", cells), compose("fox", cells))


def test_a_long_label_is_cut_to_its_column():
    font = contact_sheet.ImageFont.load_default(13)
    short = contact_sheet.shortened("tilt_left_small_and_then_some", 60, font)
    assert short.startswith("tilt")
    assert short.endswith("…")
    assert font.getlength(short) <= 60
    assert contact_sheet.shortened("up", 60, font) == "up"


def test_a_small_face_is_shown_large_in_a_corner_of_its_cell(tmp_path: Path):
    frame = Image.new("RGB", (400, 600), (90, 120, 200))
    frame.paste((250, 60, 40), (180, 60, 220, 100))
    frame.save(tmp_path / "a.png")
    cells = {("sad", "center"): Cell(tmp_path / "a.png", failed=False)}
    layout = layout_of(cells)

    def red(face):
        cell = cell_of(compose("fox", cells, face), layout, 0, 0)
        return np.asarray(cell).astype(int)[..., 0] > 200

    plain, shown = red(None), red((0.45, 0.1, 0.55, 1 / 6))
    corner = np.s_[plain.shape[0] // 2 :, plain.shape[1] // 2 :]
    assert not plain[corner].any()
    assert shown[corner].mean() > 0.5
    assert shown[: plain.shape[0] // 4].any()


def test_a_block_has_the_rows_of_one_costume(tmp_path: Path):
    costumes = ("", "red/", "blue/")
    names = [f"{costume}mood_{number}" for costume in costumes for number in range(5)]
    cells = {(name, pose): Cell(tmp_path, failed=False) for name in names for pose in "ab"}
    sheet = Sheet("fox", cells)
    layout = sheet.layout
    assert layout.rows in {1, 5}
    for block in range(layout.blocks):
        rows = names[block * layout.rows : (block + 1) * layout.rows]
        assert len({name.rpartition("/")[0] for name in rows}) == 1
    assert sorted(key for row in range(layout.rows) for key in sheet.keys(row)) == sorted(cells)


def test_a_small_face_is_shown_where_it_is_in_its_costume(tmp_path: Path):
    image = Image.new("RGBA", (100, 150), "blue")
    image.paste("red", (0, 0, 50, 150))
    image.save(tmp_path / "frame.png")
    names = ("sad", "summer/sad")
    cells = {(name, "center"): Cell(tmp_path / "frame.png", failed=False) for name in names}
    faces = {"": (0.0, 0.0, 0.4, 0.4), "summer": (0.6, 0.0, 1.0, 0.4)}
    sheet = Sheet("fox", cells, faces)
    seen = []
    for name in names:
        left, width, height = sheet._left(name, "center"), *sheet.layout.cell
        band = sheet.row(sheet._rows[name] % sheet.layout.rows)[0]
        inset = round(0.34 * min(width, height))
        seen.append(band.getpixel((left + width - inset, height - inset)))
    assert seen == [(255, 0, 0), (0, 0, 255)]

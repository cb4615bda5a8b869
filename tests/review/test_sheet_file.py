"""The contact sheet's file: painted anew where something changed, and the same as a whole one."""

import os
import random
from dataclasses import replace
from functools import cache
from itertools import count
from pathlib import Path

import pytest
from PIL import Image

from tasks.ground.files import stamp
from tasks.review import contact_sheet, sheet_file
from tasks.review.contact_sheet import Cell, Key, Sheet

COLOURS = ("red", "lime", "blue", "white", "black")
PROGRAM = cache(sheet_file.program)
EXPRESSIONS, POSES = tuple(f"look_{number}" for number in range(7)), ("center", "up")


class World:
    """Frames, their sheet, and the record beside it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.marked: dict[Key, Cell] = {}
        self.day = "2026-01-01"
        self.clock = count(1)
        for name in EXPRESSIONS:
            for pose in POSES:
                self.draw((name, pose), "blue")

    def path(self, key: Key) -> Path:
        return self.folder / f"{key[0]}__{key[1]}.png"

    def draw(self, key: Key, colour: str, size: tuple[int, int] = (20, 30)) -> None:
        path = self.path(key)
        Image.new("RGBA", size, colour).save(path)
        # A clock that stands still for a moment would give two pictures of one size one stamp.
        at_ns = next(self.clock) * 10**9
        os.utime(path, ns=(at_ns, at_ns))

    def sheet(self) -> Sheet:
        keys = [(name, pose) for name in EXPRESSIONS for pose in POSES]
        cells = {
            key: replace(
                self.marked.get(key, Cell(Path(), failed=False)),
                path=self.path(key),
                seen=stamp(self.path(key)) or (),
            )
            for key in keys
        }
        return Sheet("fox", cells, {}, self.day)

    def paint(self) -> bytes:
        """As a run does it."""
        path, record = self.folder / "sheet.png", self.folder / "record.json"
        made = sheet_file.paint(self.sheet(), path, sheet_file.read_record(record))
        path.write_bytes(made.data)
        sheet_file.keep(record, made.record)
        return made.data

    def whole(self) -> bytes:
        return sheet_file.paint(self.sheet(), self.folder / "nothing.png", {}).data


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    # the program stays what it is while a test runs
    monkeypatch.setattr(sheet_file, "program", PROGRAM)
    return World(tmp_path)


@pytest.fixture
def looked_at(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the frames that are read."""
    names: list[str] = []
    real = contact_sheet._thumbnail

    def watched(path: Path, *arguments):
        names.append(path.stem)
        return real(path, *arguments)

    monkeypatch.setattr(contact_sheet, "_thumbnail", watched)
    return names


@pytest.mark.parametrize("seed", range(8))
def test_what_is_painted_bit_by_bit_is_what_is_painted_at_once(world: World, seed: int):
    chance = random.Random(seed)  # noqa: S311 - a test that can be repeated
    world.paint()
    for _ in range(12):
        for _ in range(chance.randrange(4)):
            key = (chance.choice(EXPRESSIONS), chance.choice(POSES))
            match chance.randrange(6):
                case 0:
                    world.path(key).unlink(missing_ok=True)
                case 1:
                    world.path(key).write_bytes(b"\x89PNG half of it" * chance.randrange(1, 5))
                case 2:
                    mark = Cell(Path(), failed=chance.random() < 0.5, flags="wwwwwwwwww wwwwwww")
                    world.marked[key] = mark
                case 3:
                    world.marked.pop(key, None)
                case _:
                    world.draw(key, chance.choice(COLOURS), (20, chance.randrange(30, 34)))
        world.day = chance.choice(("", "2026-01-02"))
        assert world.paint() == world.whole()


def test_only_the_frame_that_changed_is_read(world: World, looked_at: list[str]):
    world.paint()
    assert len(looked_at) == len(EXPRESSIONS) * len(POSES)
    looked_at.clear()
    world.draw(("look_3", "up"), "red", (21, 30))
    world.paint()
    assert looked_at == ["look_3__up"]
    looked_at.clear()
    world.paint()
    assert looked_at == []


def test_a_frame_that_could_not_be_read_is_looked_at_again(world: World, looked_at: list[str]):
    world.path(("look_1", "up")).write_bytes(b"\x89PNG half of it")
    world.paint()
    looked_at.clear()
    world.paint()
    assert looked_at == ["look_1__up"]


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"looks": 1}', None])
def test_with_a_damaged_record_all_is_painted(world: World, looked_at: list[str], text):
    world.paint()
    looked_at.clear()
    record = world.folder / "record.json"
    if text is None:
        text = record.read_text().replace('"rows":[[', '"rows":[["one more",')
    record.write_text(text)
    assert world.paint() == world.whole()
    assert len(looked_at) >= len(EXPRESSIONS) * len(POSES)


def test_beside_another_sheet_all_is_painted(world: World, looked_at: list[str]):
    world.paint()
    looked_at.clear()
    Image.new("RGB", (40, 40), "red").save(world.folder / "sheet.png")
    assert world.paint() == world.whole()
    assert len(looked_at) >= len(EXPRESSIONS) * len(POSES)

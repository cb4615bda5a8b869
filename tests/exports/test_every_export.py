"""What holds for every export of the table: names of every kind, exact pixels, its own folder."""

import json
import re
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

from tasks.exports.table import EXPORTS, OF_TIMELINES
from tests.conftest import Folder, small_config
from tests.exports.every import TIMELINE, listing, made, odd_project
from tests.exports.test_exports import pixels, seen
from tests.harness.once import made_once

At = tuple[str, str]
Back = Iterator[tuple[At, Any]]
"""frames as an export gives them back: (expression, pose), pixels"""
ODD = re.compile(r'[<>:"|?*\x00-\x1f\x7f\\]|[. ]$|(?:^|/)\.\.?(?:/|$)')
"""what a file's name may not hold on some system"""


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    """The project with every export; what else was in it stays as it was."""

    def make(path: Path) -> None:
        folder = odd_project(path)
        before = outside(folder)
        ran = folder.doit("exports", timeout_s=300)
        assert ran.code == 0, ran.text
        assert outside(folder) == before

    return Folder(made_once(tmp_path_factory, "every", "odd", make), {})


def outside(folder: Folder) -> dict[str, bytes]:
    """All files but those of exports, of timelines and of the program's own state."""
    files = (path for path in folder.path.parent.rglob("*") if path.is_file())
    ours = ("frames/exports/", "frames/timelines/", "frames/review/", "/.doit")
    return {
        str(path): path.read_bytes()
        for path in files
        if not any(part in path.as_posix() for part in ours)
    }


@pytest.mark.parametrize("name", EXPORTS)
def test_files_have_names_that_every_system_takes_and_lie_in_the_exports_folder(
    drawn: Folder, name: str
):
    files = listing(drawn, name)
    assert files
    assert not [place for place in files if any(ODD.search(part) for part in place.split("/"))]
    there = {path for path in made(drawn, name).rglob("*") if path.is_file()}
    assert there == {made(drawn, name) / place for place in [*files, "export.json"]}


def frames_of(folder: Folder, default_only: bool = False) -> Iterator[At]:
    for path in sorted(folder.frames.glob("*.png")):
        expression, pose = path.stem.split("__")
        if not default_only or pose == "center":
            yield expression, pose


def of_sillytavern(folder: Folder) -> Back:
    with zipfile.ZipFile(next(made(folder, "sillytavern").glob("*.zip"))) as archive:
        whole = {path.read_bytes(): path.stem.split("__") for path in folder.frames.glob("*.png")}
        for name in archive.namelist():
            expression, pose = whole[archive.read(name)]  # the frame's very bytes
            yield (expression, pose), pixels(archive.read(name))


def of_renpy(folder: Folder) -> Back:
    """Every file among the images is a frame; which one, its bytes say."""
    whole = {path.read_bytes(): path.stem.split("__") for path in folder.frames.glob("*.png")}
    for path in made(folder, "renpy").glob("game/images/*/*.png"):
        if not path.name.startswith("side "):
            expression, pose = whole[path.read_bytes()]
            yield (expression, pose), pixels(path)


def of_atlas(folder: Folder) -> Back:
    for path in made(folder, "atlas").glob("*.json"):
        document = json.loads(path.read_bytes())
        if path.name == "export.json" or "aseprite" in path.name:
            continue
        sheet = pixels(path.with_suffix(".png"))
        for name, frame in document["frames"].items():
            if "/" not in name:
                expression, pose = name.split("__")
                spots = (frame["frame"], frame["spriteSourceSize"], frame["sourceSize"])
                yield (expression, pose), placed(sheet, *spots)


def placed(sheet: Any, at: dict[str, int], inside: dict[str, int], whole: dict[str, int]) -> Any:
    back = np.zeros((whole["h"], whole["w"], 4), np.uint8)
    part = sheet[at["y"] : at["y"] + at["h"], at["x"] : at["x"] + at["w"]]
    back[inside["y"] : inside["y"] + inside["h"], inside["x"] : inside["x"] + inside["w"]] = part
    return back


def of_godot(folder: Folder) -> Back:
    path = next(made(folder, "godot").glob("*.tres"))
    text = path.read_text("utf-8")
    images = dict(re.findall(r'path="res://[^"]*/([^"/]+)" id="(\d+)"', text))
    sheets = {number: pixels(path.parent / image) for image, number in images.items()}
    parts = {}
    for block in text.split("[sub_resource ")[1:]:
        number = re.search(r'id="(a\d+)"', block)[1]
        sheet = sheets[re.search(r'ExtResource\("(\d+)"\)', block)[1]]
        x, y, w, h = map(int, re.search(r"region = Rect2\(([^)]*)\)", block)[1].split(","))
        margin = re.search(r"margin = Rect2\(([^)]*)\)", block)
        left, top, right, bottom = map(int, margin[1].split(",")) if margin else (0, 0, 0, 0)
        spots = ({"x": x, "y": y, "w": w, "h": h}, {"x": left, "y": top, "w": w, "h": h})
        parts[number] = placed(sheet, *spots, {"w": w + right, "h": h + bottom})
    names = re.findall(r'SubResource\("(a\d+)"\)\n\}\],\n"loop": false,\n"name": &"([^"]*)"', text)
    assert len({name for _, name in names}) == len(names)
    for number, name in names:
        if name.count("__") == 1 and (folder.frames / f"{name}.png").is_file():
            expression, pose = name.split("__")
            yield (expression, pose), parts[number]


def of_openraster(folder: Folder) -> Back:
    for path in made(folder, "openraster").glob("*.ora"):
        layers = dict(layers_of(path))
        body = layers.pop("body")
        for name, above in layers.items():
            yield (name, path.stem), np.where(above[..., 3:] > 0, above, body)


def layers_of(path: Path) -> Iterator[tuple[str, Any]]:
    """The layers of an OpenRaster file by name, each on a picture of the whole size."""
    with zipfile.ZipFile(path) as archive:
        image = ElementTree.fromstring(archive.read("stack.xml"))  # noqa: S314 - our own
        for layer in image.iter("layer"):
            part = pixels(archive.read(layer.get("src")))
            whole = np.zeros((int(image.get("h")), int(image.get("w")), 4), np.uint8)
            x, y = int(layer.get("x")), int(layer.get("y"))
            whole[y : y + part.shape[0], x : x + part.shape[1]] = part
            yield layer.get("name"), whole


def of_pngtuber(folder: Folder) -> Back:
    """Of an expression whose mouth is shut, the picture with shut mouth and open eyes."""
    for expression, state in folder.config["expressions"].items():
        if state["mouth"] != "ah":
            yield (
                (expression, "center"),
                pixels(made(folder, "pngtuber") / f"{expression}_closed.png"),
            )


def of_zip(folder: Folder) -> Back:
    with zipfile.ZipFile(next(made(folder, "zip").glob("*.zip"))) as archive:
        for frame in json.loads(archive.read("manifest.json"))["frames"]:
            yield (frame["expression"], frame["pose"]), pixels(archive.read(frame["file"]))


GIVES_BACK: dict[str, Callable[[Folder], Back] | str] = {
    "sillytavern": of_sillytavern,
    "renpy": of_renpy,
    "atlas": of_atlas,
    "godot": of_godot,
    "openraster": of_openraster,
    "pngtuber": of_pngtuber,
    "stickers": "packed with loss, at the sizes of messengers",
    "otio": "names pictures, holds none",
    "rhubarb": "holds no pictures",
    "moho": "holds no pictures",
    "zip": of_zip,
}
SOME = {"sillytavern": 3, "pngtuber": 11}
"""what has not every frame: how many at least"""


@pytest.mark.parametrize("name", EXPORTS)
def test_every_frame_comes_back_to_the_bit(drawn: Folder, name: str):
    reader = GIVES_BACK[name]  # a new export says here how it is read back, or why not
    if isinstance(reader, str):
        return
    found: dict[At, Any] = {}
    for at, picture in reader(drawn):
        assert np.array_equal(seen(picture), seen(pixels(drawn.frame("__".join(at))))), at
        found[at] = picture
    if name in SOME:
        assert len(found) >= SOME[name]
    else:
        assert found.keys() == set(frames_of(drawn))


def test_what_moves_in_renpy_is_the_joined_frame_and_a_blink_keeps_the_brows(drawn: Folder):
    """Layers together are what the four pictures of a state show, which are joined as pixels."""
    script = next(made(drawn, "renpy").glob("game/*.rpy"))
    tag, text = script.stem, script.read_text("utf-8")
    own = re.search(rf"^layeredimage {tag} zorn:\n(.*?)\n\n", text, re.DOTALL | re.MULTILINE)[1]
    game, four = script.parent, made(drawn, "pngtuber")

    def layer(attribute: str) -> Any:
        return pixels(game / re.search(rf'attribute {attribute}:\n +"([^"]*)"', own)[1])

    frame = pixels(drawn.frame("Zorn__center"))
    shut = over(layer("eyes_shut"), frame)
    assert np.array_equal(seen(shut), seen(pixels(four / "Zorn_closed_blink.png")))
    other = (seen(shut) != seen(frame)).any(axis=2)
    assert other.any()
    assert not other[:32].any()  # the brows begin at row 30, the eyes lie at 38
    seam = int(re.search(r"Crop\(\(0, 0, \d+, (\d+)\)", own)[1])
    below = pixels(game / re.search(r'"(layers/[^"]*/below.png)"', own)[1])
    spoken = frame.copy()
    spoken[seam:] = below[seam:]
    spoken = over(layer("mouth_D"), spoken)
    apart = np.abs(spoken.astype(int) - pixels(four / "Zorn_open.png"))
    assert apart[frame[..., 3] == 255].max() <= 1


def over(above: Any, below: Any) -> Any:
    from PIL import Image

    both = Image.alpha_composite(Image.fromarray(below), Image.fromarray(above))
    return np.array(both)


def test_lip_sync_files_lie_where_the_plugin_looks(drawn: Folder):
    game = made(drawn, "renpy") / "game"
    tag = next(game.glob("*.rpy")).stem
    text = (game / "lip-sync-plugin" / "lip-sync-data" / tag / f"{TIMELINE}.txt").read_text()
    rows = [line.split("\t") for line in text.splitlines()]
    assert [(float(time), shape) for time, shape in rows][:2] == [(0.0, "X"), (0.4, "D")]
    assert f'define {tag}_lips = Character("{tag}")' in (game / f"{tag}.rpy").read_text("utf-8")


@pytest.fixture
def spoken(free: Folder) -> Folder:
    """Two timelines, and what is made of them."""
    config = small_config()
    config["generation"]["engine"] = "puppet"
    config["poses"] = ["center"]
    free.write_config(config)
    (free.path / "timelines").mkdir()
    (free.path / "timelines" / "hi.txt").write_text("0.00\tX\n0.40\tD\n0.70\tX\n")
    for name in ("one", "two"):
        (free.path / "timelines" / f"{name}.json").write_text('{"timing": "hi.txt"}')
    ran = free.doit(*(f"exports:{name}" for name in OF_TIMELINES))
    assert ran.code == 0, ran.text
    return free


def test_what_is_made_of_timelines_follows_them(spoken: Folder):
    exports = sorted(OF_TIMELINES)
    tasks = [f"exports:{name}" for name in exports]
    first = {name: listing(spoken, name) for name in exports}
    assert all({Path(place).stem for place in files} == {"one", "two"} for files in first.values())
    (spoken.path / "timelines" / "hi.txt").write_text("0.00\tX\n0.50\tD\n0.80\tX\n")
    ran = spoken.doit(*tasks)
    assert ran.code == 0, ran.text
    for name in exports:
        assert all(listing(spoken, name)[place] != first[name][place] for place in first[name])
    (spoken.path / "timelines" / "two.json").unlink()
    ran = spoken.doit(*tasks)
    assert ran.code == 0, ran.text
    for name in exports:
        left = {path.stem for path in made(spoken, name).iterdir()} - {"export"}
        assert left == {"one"}, name


def test_a_broken_timeline_costs_the_others_nothing(spoken: Folder):
    tasks = [f"exports:{name}" for name in (*sorted(OF_TIMELINES), "renpy")]
    (spoken.path / "timelines" / "bad.json").write_text('{"timing": "no-such-file.txt"}')
    (spoken.path / "timelines" / "new.json").write_text('{"timing": "hi.txt"}')
    ran = spoken.doit(*tasks)
    assert ran.code != 0
    for task in tasks:
        assert ran.text.count(f"Failed {task}: {task}: without bad, which") == 1, ran.text
    for name in OF_TIMELINES:
        stems = {Path(place).stem for place in listing(spoken, name)}
        assert stems == {"one", "two", "new"}, name
    cues = made(spoken, "renpy").glob("game/lip-sync-plugin/lip-sync-data/*/*.txt")
    assert {path.stem for path in cues} == {"one", "two", "new"}
    (spoken.path / "timelines" / "bad.json").unlink()
    assert spoken.doit(*tasks).code == 0

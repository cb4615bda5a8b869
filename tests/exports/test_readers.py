"""Exports read by the programs that they are for (CONTRIBUTING.md says what to install)."""

import functools
import http.server
import json
import os
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.conftest import ROOT, Folder
from tests.exports.every import made, odd_project
from tests.exports.test_every_export import layers_of
from tests.exports.test_exports import pixels, seen
from tests.harness.browser import browser, open_page
from tests.harness.renpy_run import RENPY, renpy

__all__ = ["browser"]

pytestmark = pytest.mark.readers


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    """A project with names of every kind, and every export."""
    folder = odd_project(tmp_path_factory.mktemp("readers") / "odd")
    ran = folder.doit("exports", timeout_s=300)
    assert ran.code == 0, ran.text
    return folder


@pytest.mark.skipif(not RENPY.is_file(), reason="needs: apt-get install renpy")
def test_renpy_shows_every_frame_by_its_name_and_has_no_complaint(drawn: Folder, tmp_path: Path):
    game = tmp_path / "game"
    shutil.copytree(made(drawn, "renpy") / "game", game)
    script = next(game.glob("*.rpy"))
    tag = script.stem
    images = sorted(path.stem for path in (game / "images" / tag).glob(f"{tag} *.png"))
    assert len(images) == len(drawn.config["expressions"]) * len(drawn.config["poses"])
    layered = re.findall(rf"^layeredimage ({tag} .*):$", script.read_text("utf-8"), re.MULTILINE)
    assert set(layered) <= set(images)
    moving = [f"{image} {more}" for image in layered for more in ("mouth_D", "mouth_X", "talking")]
    shown = [
        *images,
        *moving,
        *(f"{image} mouth_A eyes_shut" for image in layered if "shut" not in image),
    ]
    lines = "\n".join(f"    show {image}" for image in shown)
    (game / "script.rpy").write_text(
        f'define config.developer = False\nlabel start:\n{lines}\n    {tag} "Hello."\n'
        f"init 1500 python:\n    print('FOUND', sorted(renpy.list_images()))\n",
        "utf-8",
    )
    said = renpy(tmp_path, "lint", home=tmp_path / "home")
    assert "FOUND" in said, said[-3000:]
    found = next(line for line in said.splitlines() if line.startswith("FOUND"))
    assert all(f"'{image}'" in found for image in images)
    report = said[said.index("lint report") :]
    assert "Traceback" not in said
    complaints = [
        line for line in report.splitlines() if re.search(r"\.rpy:|^game/|The image", line)
    ]
    assert not complaints, report


NPM = ROOT / "node_modules"
KRITA, GODOT = shutil.which("krita"), shutil.which("godot3-server")


@pytest.fixture(scope="module")
def address(drawn: Folder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A page with Phaser and PixiJS, beside the atlas."""
    folder = tmp_path_factory.mktemp("page")
    shutil.copy(Path(__file__).with_name("game_page.html"), folder / "index.html")
    (folder / "npm").symlink_to(NPM)
    (folder / "atlas").symlink_to(made(drawn, "atlas"))

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), functools.partial(Quiet, directory=str(folder))
    )
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/index.html"
    server.shutdown()
    server.server_close()


def alike(shown: list[int], path: Path) -> None:
    """A picture as a page has it is a frame: exact where it is opaque, since a canvas keeps colours
    multiplied by their alpha."""
    frame = seen(pixels(path))
    back = np.array(shown, np.uint8).reshape(frame.shape)
    opaque = frame[..., 3] == 255
    assert np.array_equal(back[opaque], frame[opaque])
    assert np.array_equal(back[..., 3], frame[..., 3])


def sheet_of(drawn: Folder) -> tuple[str, dict[str, Any], list[str]]:
    """The atlas' name, its JSON, and the sprites that are keyframes."""
    path = next(
        p for p in made(drawn, "atlas").glob("*.json") if p.name[0] != "e" and "ase" not in p.name
    )
    document = json.loads(path.read_bytes())
    return path.stem, document, [name for name in document["frames"] if "/" not in name]


needs_npm = pytest.mark.skipif(
    not (NPM / "phaser").is_dir(), reason="needs: npm install --no-save phaser@4.2.1 pixi.js@8.22.0"
)


@needs_npm
def test_pixi_shows_every_frame_of_the_atlas(drawn: Folder, address: str, browser: Any):
    stem, document, names = sheet_of(drawn)
    page = open_page(browser, address)
    shown = page.evaluate("([stem, names]) => byPixi(stem, names)", [stem, names])
    assert not page.errors
    for name in names:
        alike(shown["pictures"][name], drawn.frame(name))
    assert shown["animations"] == document["animations"]


@needs_npm
def test_phaser_shows_every_frame_and_plays_every_tag(drawn: Folder, address: str, browser: Any):
    stem, document, names = sheet_of(drawn)
    size = document["frames"][names[0]]["sourceSize"]
    page = open_page(browser, address)
    call = "([stem, names, size]) => byPhaser(stem, names, size)"
    shown = page.evaluate(call, [stem, names, [size["w"], size["h"]]])
    assert not page.errors
    for name in names:
        alike(shown["pictures"][name], drawn.frame(name))
        alike(shown["pictures"][f"tag {name}"], drawn.frame(name))
    form = json.loads((made(drawn, "atlas") / f"{stem}.aseprite.json").read_bytes())
    assert shown["animations"].keys() == {tag["name"] for tag in form["meta"]["frameTags"]}
    for tag in form["meta"]["frameTags"]:
        numbers = [str(number) for number in range(tag["from"], tag["to"] + 1)]
        wanted = [[number, form["frames"][number]["duration"]] for number in numbers]
        assert shown["animations"][tag["name"]] == wanted, tag


@pytest.mark.skipif(not KRITA, reason="needs: apt-get install krita xvfb")
def test_krita_keeps_every_layer_and_what_it_saved_comes_back(drawn: Folder, tmp_path: Path):
    file = made(drawn, "openraster") / "center.ora"
    back, merged = tmp_path / "center.ora", tmp_path / "merged.png"
    for out in (back, merged):
        command = [
            "xvfb-run",
            "-a",
            "krita",
            "--nosplash",
            "--export",
            "--export-filename",
            out,
            file,
        ]
        home = {"HOME": str(tmp_path), "XDG_RUNTIME_DIR": str(tmp_path)}
        subprocess.run(
            command, env={**os.environ, **home}, check=True, capture_output=True, timeout=300
        )
    before, after = dict(layers_of(file)), dict(layers_of(back))
    assert list(before) == list(after)
    assert all(np.array_equal(seen(before[name]), seen(after[name])) for name in before)
    assert np.array_equal(seen(pixels(merged)), seen(pixels(drawn.frame("neutral__center"))))
    ran = drawn.doit("import_layers", str(back))
    assert ran.code == 0, ran.text
    assert "0 frames" in ran.out


@pytest.mark.skipif(not GODOT, reason="needs: apt-get install godot3-server")
def test_godot_makes_every_picture_whole_again(drawn: Folder, tmp_path: Path):
    """Godot 3 reads the older form of the same file: another spelling of names and numbers."""
    folder = made(drawn, "godot")
    stem = next(folder.glob("*.tres")).stem
    shutil.copytree(folder, tmp_path / stem)
    text = (folder / f"{stem}.tres").read_text("utf-8")
    count = text.count('"texture": SubResource')
    for new, old in (
        ("format=3", "format=2"),
        ('"Texture2D"', '"Texture"'),
        ('&"', '"'),
        (r'id="a?(\d+)"\]', r"id=\1]"),
        (r'(Ext|Sub)Resource\("a?(\d+)"\)', r"\1Resource( \2 )"),
        (r'\{\n"duration": [\d.]+,\n"texture": (SubResource\( \d+ \))\n\}', r"\1"),
    ):
        text = re.sub(new, old, text)
    (tmp_path / stem / f"{stem}.tres").write_text(text, "utf-8")
    (tmp_path / "project.godot").write_text("config_version=4\n")
    (tmp_path / "look.gd").write_text(
        "extends SceneTree\nfunc _init():\n"
        f'    var made = load("res://{stem}/{stem}.tres")\n'
        "    for name in made.get_animation_names():\n"
        "        for number in range(made.get_frame_count(name)):\n"
        '            print("SIZE ", made.get_frame(name, number).get_size())\n'
        "    quit()\n"
    )
    said = ""
    for arguments in (["--editor", "--quit"], ["-s", "look.gd"]):  # the first takes pictures in
        done = subprocess.run(
            [str(GODOT), "--path", str(tmp_path), *arguments],
            env={**os.environ, "HOME": str(tmp_path / "home")},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        said = done.stdout + done.stderr
    assert said.count("SIZE (64, 96)") == count, said

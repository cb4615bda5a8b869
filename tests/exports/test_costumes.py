"""Exports of a character with costumes: where each form has them, and that no frame is changed."""

import json
import re
import shutil
import zipfile
from pathlib import Path
from typing import Any

import pytest

from tasks.exports.output import Output, listed
from tasks.exports.table import BESIDE, EXPORTS, IN_FOLDERS, NONE
from tests.conftest import Folder, make_folder, small_config
from tests.end_to_end.test_costumes import dress
from tests.end_to_end.test_endpoints import paint_on
from tests.exports.test_exports import pixels, place, seen
from tests.harness.once import made_once
from tests.harness.renpy_run import RENPY, renpy


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    """A project with two costumes, one of them called as an expression is; one is not drawn."""
    return Folder(made_once(tmp_path_factory, "costumes", "ann", make), {})


def make(path: Path) -> None:
    folder = make_folder(path, {})
    config = small_config()
    config["generation"]["engine"] = "puppet"
    config["timelines"] = {"hi": {"timing": "hi.txt", "rate": "24", "costume": "summer"}}
    config["expressions"]["shut"] = {"mouth": "neutral", "eyes": "blink_closed"}
    config["exports"] = {"atlas": {"costumes": ["s*"]}}
    folder.write_config(config)
    (folder.path / "hi.txt").write_text("0.00\tX\n0.40\tD\n0.70\tB\n1.00\tX\n")
    dress(folder, "summer", "sad", "bare", poses=["center", "tilt_left_small"])
    tasks = [f"endpoints:{costume}*" for costume in ("[!b]", "summer/", "sad/")]
    ran = folder.doit(*tasks, "sequences:summer/cheer_up__center", "sequences:cheer_up__center")
    assert ran.code == 0, ran.text
    assert not (folder.path / "frames/bare").exists()
    assert folder.doit("timelines:hi:plan").code == 0
    ran = folder.doit("-s", *(f"exports:{name}" for name in EXPORTS if name not in OF_PLANS))
    assert ran.code == 0, ran.text


OF_PLANS = {name for name, row in EXPORTS.items() if row.costumes == NONE}


def frame(folder: Folder, costume: str, name: str) -> Path:
    return folder.path / "frames" / costume / "endpoints" / f"{name}.png"


@pytest.mark.parametrize("name", [n for n, row in EXPORTS.items() if row.costumes == IN_FOLDERS])
def test_a_costume_has_a_folder_with_all_that_the_own_portrait_has(made: Folder, name: str):
    files = set(listed(place(made, name)))
    costumes = ("summer", "sad")
    own = {file for file in files if file.partition("/")[0] not in costumes}
    assert own
    for costume in costumes:
        worn = {file.removeprefix(f"{costume}/") for file in files if file.startswith(costume)}
        assert {each.replace(f"_{costume}.", ".") for each in worn} >= {
            each for each in own if "cheer_up" not in each
        }
    assert not any(file.startswith("bare/") for file in files)


def test_sillytavern_has_a_flat_zip_for_each_costume(made: Folder):
    for costume, name in (("", "ann.zip"), ("summer", "ann_summer.zip")):
        with zipfile.ZipFile(place(made, "sillytavern") / costume / name) as archive:
            names = archive.namelist()
            assert len(names) == len(set(names)) > 10
            assert all("/" not in each and each.endswith(".png") for each in names)
            sad = archive.read("sadness.png")
        assert (pixels(sad) == pixels(frame(made, costume, "sad__center"))).all()


def test_the_zip_has_every_outfit_in_one_manifest(made: Folder):
    with zipfile.ZipFile(place(made, "zip") / "ann.zip") as archive:
        document = json.loads(archive.read("manifest.json"))
        assert set(document["costumes"]) == {"summer", "sad"}
        assert sorted({one.get("costume", "") for one in document["frames"]}) == [
            *("", "sad", "summer")
        ]
        for one in document["frames"]:
            original = frame(made, one.get("costume", ""), f"{one['expression']}__{one['pose']}")
            assert (pixels(archive.read(one["file"])) == pixels(original)).all()
        assert {one.get("costume") for one in document["sequences"]} == {None, "summer"}
        for one in document["sequences"]:
            assert {each["file"] for each in one["frames"]} <= set(archive.namelist())


def test_renpy_has_a_costume_as_one_more_attribute(made: Folder):
    images = place(made, "renpy") / "game/images/ann"
    for costume, attribute in (("summer", "summer "), ("sad", "sad_2 "), ("", "")):
        for pose, more in (("center", ""), ("tilt_left_small", " tilt_left_small")):
            shown = images / f"ann {attribute}sad{more}.png"
            original = frame(made, costume, f"sad__{pose}")
            assert (seen(pixels(shown)) == seen(pixels(original))).all(), shown
    script = (place(made, "renpy") / "game/ann.rpy").read_text()
    assert "layeredimage ann_layers:" in script
    assert "layeredimage ann_layers summer:" in script
    assert script.count("define ann = Character(") == 1
    assert script.count("config.speaking_attribute") == 1
    defined = [line for line in script.splitlines() if line.startswith(("image ", "layeredimage "))]
    assert len(defined) == len(set(defined))


@pytest.mark.readers
@pytest.mark.skipif(not RENPY.is_file(), reason="needs: apt-get install renpy")
def test_renpy_shows_every_costume_by_its_name_and_has_no_complaint(made: Folder, tmp_path: Path):
    game = tmp_path / "game"
    shutil.copytree(place(made, "renpy") / "game", game)
    script = (game / "ann.rpy").read_text()
    images = sorted(path.stem for path in (game / "images/ann").glob("ann *.png"))
    layered = re.findall(r"^layeredimage (ann_layers.*):$", script, re.MULTILINE)
    assert len(layered) == 6
    shown = [*images, *(f"{image} happy_big" for image in layered), "ann summer sad eyes_shut"]
    lines = "\n".join(f"    show {image}" for image in shown)
    (game / "script.rpy").write_text(
        f"define config.developer = False\nlabel start:\n{lines}\n"
        "init 1500 python:\n    print('FOUND', sorted(renpy.list_images()))\n",
    )
    said = renpy(tmp_path, "lint", home=tmp_path / "home")
    found = next(line for line in said.splitlines() if line.startswith("FOUND"))
    assert all(f"'{image}'" in found for image in [*images, *layered])
    report = said[said.index("lint report") :]
    assert "Traceback" not in said
    assert not re.findall(r"(?m)^.*\.rpy:.*$|^game/.*$|^.*The image.*$", report), report


def test_godot_looks_for_the_sheets_in_the_costume_s_folder(made: Folder):
    text = (place(made, "godot") / "summer/ann.tres").read_text()
    assert 'path="res://ann/summer/ann_0.png"' in text


def test_what_was_painted_in_a_costume_comes_back_into_it(made: Folder):
    file = place(made, "openraster") / "summer/center.ora"
    ran = made.doit("import_layers", str(file), "costume=summer")
    assert ran.out == f"[i] 0 frames of {file} changed\n"
    ran = made.doit("import_layers", str(file), "costume=sumer")
    assert 'did you mean "summer"?' in ran.err


def test_only_the_costumes_that_are_asked_for_are_exported(made: Folder, tmp_path: Path):
    config = made.config
    before = json.dumps(config)
    try:
        config["exports"]["atlas"]["costumes"] = ["sum*"]
        made.write_config(config)
        assert made.doit("-s", "exports:atlas").code == 0
        folders = {file.partition("/")[0] for file in listed(place(made, "atlas")) if "/" in file}
        assert folders == {"summer"}
        config["exports"]["atlas"]["costumes"] = ["sumer"]
        made.write_config(config)
        assert (
            'costumes: nothing is named "sumer"; did you mean "summer"?'
            in made.doit("-s", "exports:atlas").out
        )
    finally:
        made.write_config(json.loads(before))


def test_outfits_are_cropped_to_the_figure_alike(made: Folder):
    config: dict[str, Any] = made.config
    before, wider = json.dumps(config), frame(made, "summer", "sad__center")
    untouched = wider.read_bytes()
    try:
        paint_on(wider)
        config["exports"] = {"renpy": {"crop": "figure"}}
        made.write_config(config)
        assert made.doit("-s", "exports:renpy").code == 0
        images = place(made, "renpy") / "game/images/ann"
        shapes = {pixels(images / f"ann {worn}sad.png").shape for worn in ("", "summer ")}
        assert len(shapes) == 1
    finally:
        wider.write_bytes(untouched)
        made.write_config(json.loads(before))


def test_a_timeline_shows_the_costume_that_it_names(made: Folder):
    ran = made.doit("timelines:hi:plan", "timelines:hi:frames")
    assert ran.code == 0, ran.text
    plan = json.loads((made.path / "frames/timelines/hi/plan.json").read_text())
    assert all(place.startswith("summer/") for place in plan["pictures"])
    first = min((made.path / "frames/timelines/hi/frames").glob("*.png"))
    assert first.read_bytes() == frame(made, "summer", "neutral__center").read_bytes()
    planned = json.loads(made.doit("plan", "--json", "timelines:hi").out)
    assert {one["costume"] for one in planned["frames"]} <= {"summer"}
    config = made.config
    config["timelines"]["hi"]["costume"] = "sumer"
    made.write_config(config)
    ran = made.doit("timelines:hi:plan")
    assert 'timeline hi: there is no costume "sumer"; did you mean "summer"?' in ran.out
    config["timelines"]["hi"]["costume"] = "summer"
    made.write_config(config)


def test_a_folder_of_an_output_is_that_output_below_it(tmp_path: Path):
    with Output(tmp_path / "out") as out:
        out.text("a.txt", "a")
        inner = out.within("red")
        inner.text("a.txt", "b")
        assert inner.places == ("a.txt",)
        assert inner.read("a.txt") == b"b"
        assert out.places == ("a.txt", "red/a.txt")
        out.commit("kind", [])
    assert (tmp_path / "out/red/a.txt").read_text() == "b"
    assert (tmp_path / "out/a.txt").read_text() == "a"


def test_every_export_says_where_costumes_are():
    assert {row.costumes for row in EXPORTS.values()} == {BESIDE, IN_FOLDERS, NONE}

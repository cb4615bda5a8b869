"""Exports: what each form holds, and that the frames come through to the bit."""

import contextlib
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import opentimelineio as otio
import pytest
from openfacefx.importers import import_cues
from PIL import Image

from tasks.character.export import ExportSettings
from tasks.exports.labels import LABELS
from tasks.exports.names import file_name, word
from tasks.exports.output import LISTING, Output, listed, withdraw
from tasks.exports.pixels import View, mirrored, resized
from tasks.exports.sheets import Packing, _packed
from tasks.exports.table import EXPORTS, load
from tasks.ground.errors import Mistake
from tasks.timelines.readers import read
from tests.conftest import Folder, make_folder, small_config
from tests.harness.once import made_once


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    """A project with every export made once."""
    return Folder(made_once(tmp_path_factory, "exports", "ann", make), {})


def make(path: Path) -> None:
    folder = make_folder(path, {})
    config = small_config()
    config["generation"]["engine"] = "puppet"
    config["expressions"] |= {
        "wink.ed-up": {"mouth": "smile_soft", "eyes": "neutral", "brows": "raise"},
        "shut": {"mouth": "neutral", "eyes": "blink_closed", "brows": "neutral"},
        "ah": {"mouth": "ah", "eyes": "neutral", "brows": "neutral"},
        "with": {"mouth": "frown", "eyes": "wide", "brows": "furrow"},
    }
    config["exports"] = {
        "sillytavern": {"options": {"labels": {"pride": None, "joy": "happy_big"}}},
        "stickers": {"crop": "none"},
        "godot": {"flip": True, "poses": ["tilt_left_small"], "metadata": False},
    }
    config["timelines"] = {"hi": {"timing": "hi.txt", "rate": "24"}}
    (folder.path / "hi.txt").write_text("0.00\tX\n0.40\tD\n0.70\tB\n1.00\tX\n")
    folder.write_config(config)
    ran = folder.doit("endpoints", "sequences:cheer_up__center", "exports")
    assert ran.code == 0, ran.text


def place(folder: Folder, name: str) -> Path:
    return folder.path / "frames" / "exports" / name


def pixels(data: bytes | Path) -> Any:
    with Image.open(io.BytesIO(data) if isinstance(data, bytes) else data) as image:
        return np.array(image.convert("RGBA"))


def seen(array: Any) -> Any:
    """What can be seen: no colour where all is transparent."""
    out = array.copy()
    out[out[..., 3] == 0] = 0
    return out


def test_every_export_of_the_table_lists_what_it_wrote_and_nothing_is_made_twice(made: Folder):
    for name in EXPORTS:
        files = listed(place(made, name))
        assert files, name
        for file in files:
            assert (place(made, name) / file).is_file(), file
    before = {path: path.stat().st_mtime_ns for path in place(made, "").rglob("*")}
    again = made.doit("exports")
    assert again.code == 0, again.text
    assert before == {path: path.stat().st_mtime_ns for path in place(made, "").rglob("*")}


def test_an_export_whose_file_was_lost_is_made_again(made: Folder):
    lost = place(made, "zip") / "ann.zip"
    whole = lost.read_bytes()
    lost.unlink()
    assert made.doit("exports:zip").code == 0
    assert lost.read_bytes() == whole


def test_sillytavern_labels_are_those_of_its_own_rule(made: Folder):
    import re

    archive = zipfile.ZipFile(place(made, "sillytavern") / "ann.zip")
    names = archive.namelist()
    assert len(names) == len({name.lower() for name in names})
    labels = {re.match(r"^(.+?)(?:[-\\.].*?)?$", Path(name).stem.lower())[1] for name in names}
    assert labels <= set(LABELS)
    assert "pride" not in labels
    assert {"joy", "sadness", "neutral"} <= labels
    assert archive.read("joy.png") == made.frame("happy_big__center").read_bytes()


def test_a_moving_sprite_blinks_without_loss_and_an_option_that_is_none_is_said(made: Folder):
    config = made.config
    try:
        changed = {**config["exports"], "sillytavern": {"options": {"moving": True}}}
        made.write_config({**config, "exports": changed})
        ran = made.doit("exports:sillytavern")
        assert ran.code == 0, ran.text
        with Image.open(place(made, "sillytavern") / "joy.webp") as moving:
            assert moving.n_frames == 6
            frames = []
            for number in range(2):
                moving.seek(number)
                frames.append(np.array(moving.convert("RGBA")))
        assert np.array_equal(seen(frames[0]), seen(pixels(made.frame("happy_big__center"))))
        four = place(made, "pngtuber") / "happy_big_open_blink.png"
        assert np.array_equal(seen(frames[1]), seen(pixels(four)))
        assert not (place(made, "sillytavern") / "joy.png").exists()
        changed = {**config["exports"], "atlas": {"options": {"paddings": 1}}}
        made.write_config({**config, "exports": changed})
        ran = made.doit("exports:atlas")
        assert ran.code != 0
        assert 'options: "paddings" is none of this export; did you mean "padding"' in ran.text
    finally:
        made.write_config(config)
        assert made.doit("exports").code == 0


def test_the_zip_is_read_as_the_docs_say(made: Folder, capsys: pytest.CaptureFixture[str]):
    page = (Path(__file__).parents[2] / "docs" / "exports.md").read_text("utf-8")
    [example] = [part for part in page.split("```python\n")[1:] if "manifest" in part]
    code = example.split("```")[0].replace(
        "frames/exports/zip/boy.zip", str(place(made, "zip") / "ann.zip")
    )
    exec(compile(code, "docs/exports.md", "exec"), {})  # noqa: S102 - our own page
    said = capsys.readouterr().out.splitlines()
    size = made.frame("sad__center").stat().st_size
    assert f"sad center puppet {size}" in said


def test_renpy_images_are_named_so_that_the_default_pose_needs_no_attribute(made: Folder):
    images = place(made, "renpy") / "game" / "images" / "ann"
    assert (images / "ann happy_big.png").read_bytes() == made.frame(
        "happy_big__center"
    ).read_bytes()
    assert (images / "ann happy_big tilt_left_small.png").is_file()
    # a word of the language, and signs that an attribute cannot have
    assert (images / "ann with_.png").is_file()
    assert (images / "ann wink_ed-up.png").is_file()
    script = (place(made, "renpy") / "game" / "ann.rpy").read_text()
    assert 'define ann = Character("ann", image="ann")' in script
    assert "layeredimage ann sad:" in script
    assert "        attribute talking:" in script


def test_the_layers_of_renpy_together_are_the_frame(made: Folder):
    layers = place(made, "renpy") / "game" / "layers" / "ann" / "center"
    body, face = Image.open(layers / "body.png"), Image.open(layers / "face sad.png")
    together = np.array(Image.alpha_composite(body.convert("RGBA"), face.convert("RGBA")))
    assert np.array_equal(seen(together), seen(pixels(made.frame("sad__center"))))


def test_the_atlas_gives_every_frame_back_to_the_bit(made: Folder):
    folder = place(made, "atlas")
    document = json.loads((folder / "ann.json").read_text())
    sheet = pixels(folder / "ann.png")
    assert document["meta"]["size"] == {"w": sheet.shape[1], "h": sheet.shape[0]}
    assert document["animations"]["cheer_up__center"][0] == "cheer_up__center/000"
    for name, frame in document["frames"].items():
        if "/" in name:
            continue
        at, inside, whole = frame["frame"], frame["spriteSourceSize"], frame["sourceSize"]
        back = np.zeros((whole["h"], whole["w"], 4), np.uint8)
        part = sheet[at["y"] : at["y"] + at["h"], at["x"] : at["x"] + at["w"]]
        back[inside["y"] : inside["y"] + inside["h"], inside["x"] : inside["x"] + inside["w"]] = (
            part
        )
        assert np.array_equal(seen(back), seen(pixels(made.frame(name)))), name


def test_aseprite_tags_are_ranges_of_numbered_frames(made: Folder):
    document = json.loads((place(made, "atlas") / "ann.aseprite.json").read_text())
    count = len(document["frames"])
    assert list(document["frames"]) == [str(number) for number in range(count)]
    tags = {tag["name"]: tag for tag in document["meta"]["frameTags"]}
    cheer = tags["cheer_up__center"]
    assert cheer["to"] - cheer["from"] == 4
    assert max(tag["to"] for tag in tags.values()) == count - 1
    assert document["frames"][str(cheer["from"])]["duration"] > 0


def test_godot_regions_and_margins_make_the_whole_size(made: Folder):
    text = (place(made, "godot") / "ann.tres").read_text()
    assert text.startswith('[gd_resource type="SpriteFrames" load_steps=')
    assert '"name": &"sad__tilt_right_small"' in text  # mirrored, left is right
    assert 'path="res://ann/ann_0.png"' in text
    assert b"Request key" not in (place(made, "godot") / "ann_0.png").read_bytes()


def test_openraster_comes_back_as_work_by_hand(made: Folder, tmp_path: Path):
    file = place(made, "openraster") / "center.ora"
    archive = zipfile.ZipFile(file)
    first = archive.infolist()[0]
    assert (first.filename, first.compress_type) == ("mimetype", zipfile.ZIP_STORED)
    unchanged = made.doit("import_layers", str(file))
    assert "0 frames" in unchanged.out, unchanged.text
    painted = tmp_path / "center.ora"
    with zipfile.ZipFile(painted, "w") as out:
        for name in archive.namelist():
            data = archive.read(name)
            if name == "data/face0001.png":
                drawn = pixels(data)
                drawn[2:5, 2:5] = (255, 0, 0, 255)
                buffer = io.BytesIO()
                Image.fromarray(drawn).save(buffer, "PNG")
                data = buffer.getvalue()
            out.writestr(name, data)
    before = made.frame("sad__center").read_bytes()
    try:
        ran = made.doit("import_layers", str(painted))
        assert ran.code == 0, ran.text
        assert "sad__center" in ran.out
        red = pixels(made.frame("sad__center")) == (255, 0, 0, 255)
        assert red.all(axis=2).sum() == 9
        assert next((made.frames / "set_aside").glob("sad__center*")).read_bytes() == before
        kept = made.doit("endpoints:sad__center")
        assert made.frame("sad__center").read_bytes() != before, kept.text
    finally:
        made.frame("sad__center").write_bytes(before)


def test_what_is_no_openraster_is_one_line(made: Folder):
    (made.path / "center.ora").write_bytes(b"PK\x03\x04 not whole")
    ran = made.doit("import_layers", "center.ora")
    assert ran.code == 3
    assert len(ran.err.strip().splitlines()) == 1, ran.err
    (made.path / "center.ora").unlink()


def test_four_pictures_a_state_differ_by_mouth_and_eyes(made: Folder):
    folder = place(made, "pngtuber")
    four = {
        state: pixels(folder / f"sad_{state}.png")
        for state in ("closed", "open", "closed_blink", "open_blink")
    }
    assert np.array_equal(four["closed"], pixels(made.frame("sad__center")))
    upper, lower = slice(0, 44), slice(54, 96)  # the eyes lie at row 38, the mouth at row 58
    assert np.array_equal(four["open"][upper], four["closed"][upper])
    assert not np.array_equal(four["open"][lower], four["closed"][lower])
    assert np.array_equal(four["closed_blink"][lower], four["closed"][lower])
    assert not np.array_equal(four["open_blink"][upper], four["open"][upper])
    avatar = json.loads((folder / "ann.save").read_text())
    assert {sprite["showTalk"] for sprite in avatar.values()} == {1, 2}
    assert {sprite["showBlink"] for sprite in avatar.values()} == {1, 2}
    assert json.loads(avatar["0"]["costumeLayers"])[0] == 1


def test_stickers_are_within_the_sizes(made: Folder):
    folder = place(made, "stickers")
    for name, side, most in (("telegram", 512, 512), ("discord", 320, 512), ("whatsapp", 512, 100)):
        for path in (folder / name).iterdir():
            if path.suffix == ".webm":
                assert path.stat().st_size <= 256 * 1024
                continue
            with Image.open(path) as image:
                assert max(image.size) == side
                moving = getattr(image, "is_animated", False)
            assert path.stat().st_size <= (500 if moving and name == "whatsapp" else most) * 1024


def test_the_zip_says_what_is_in_it(made: Folder):
    archive = zipfile.ZipFile(place(made, "zip") / "ann.zip")
    document = json.loads(archive.read("manifest.json"))
    for frame in document["frames"]:
        name = f"{frame['expression']}__{frame['pose']}"
        assert archive.read(frame["file"]) == made.frame(name).read_bytes()
        assert frame["engine"] in {"puppet", "base"}
    assert [one["name"] for one in document["sequences"]] == ["cheer_up__center"]
    assert {one["file"] for one in document["sequences"][0]["frames"]} <= set(archive.namelist())


def test_what_a_killed_export_put_in_place_is_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    folder = tmp_path / "out"

    def export(content: bytes, *, killed: bool = False) -> None:
        write, documents = Output._list, list[Any]()

        def listing(out: Output, document: dict[str, Any]) -> None:
            documents.append(document)
            if killed and len(documents) == 2:
                raise KeyboardInterrupt
            write(out, document)

        with monkeypatch.context() as patched, Output(folder) as out:
            patched.setattr(Output, "_list", listing)
            out.add("a.zip", content)
            out.add(f"{content.decode()}.txt", content)
            with contextlib.suppress(KeyboardInterrupt):
                out.commit("zip", ())

    export(b"one")
    export(b"two", killed=True)
    assert (folder / "a.zip").read_bytes() == b"two"
    export(b"three")
    assert sorted(path.name for path in folder.iterdir()) == ["a.zip", LISTING, "three.txt"]
    assert (folder / "a.zip").read_bytes() == b"three"
    assert set(json.loads((folder / LISTING).read_bytes())) == {"export", "files", "notes"}


def test_a_strangers_file_is_set_aside_and_no_place_leaves_the_folder(tmp_path: Path):
    folder = tmp_path / "zip"
    folder.mkdir()
    (folder / "a.png").write_bytes(b"somebody's")
    with Output(folder) as out:
        out.add("a.png", b"ours")
        for wrong in ("../a.png", "/a.png", "a\\b.png", "", "x/../../a"):
            with pytest.raises(Mistake):
                out.add(wrong, b"")
        with pytest.raises(Mistake, match="one file"):
            out.add("A.png", b"")
        out.commit("zip", [])
    assert (folder / "a.png").read_bytes() == b"ours"
    assert next((folder / "set_aside").iterdir()).read_bytes() == b"somebody's"
    (folder / "a.png").write_bytes(b"painted on")
    withdraw(folder)
    assert (folder / "a.png").read_bytes() == b"painted on"
    assert not (folder / LISTING).exists()


def test_an_earlier_exports_files_go_when_they_are_no_longer_made(tmp_path: Path):
    for name in ("one.png", "two.png"):
        with Output(tmp_path / "x") as out:
            out.add(name, name.encode())
            out.commit("x", [])
    assert sorted(path.name for path in (tmp_path / "x").iterdir()) == [LISTING, "two.png"]
    assert not list(tmp_path.glob(".*"))


def test_scaling_averages_light():
    stripes = np.zeros((8, 8, 4), np.uint8)
    stripes[..., 3] = 255
    stripes[:, ::2, :3] = 255
    # half of the light of white is 188 of 255, not 128
    assert abs(int(resized(stripes, (4, 4))[1, 1, 0]) - 188) <= 1
    edge = np.zeros((4, 4, 4), np.uint8)
    edge[:, :1] = (200, 100, 50, 255)
    assert tuple(resized(edge, (2, 4))[0, 0, :3]) == (200, 100, 50)


def test_a_view_crops_and_mirrors():
    picture = np.arange(4 * 6 * 4, dtype=np.uint8).reshape(4, 6, 4)
    shown = View((1, 1, 4, 3), flip=True).of(picture)
    assert np.array_equal(shown, picture[1:3, 1:4][:, ::-1])
    assert mirrored("tilt_left_small") == "tilt_right_small"


def test_two_thousand_pictures_go_on_sheets_below_the_limit_without_overlap():
    rng = np.random.default_rng(1)
    sizes = [(int(w), int(h)) for w, h in rng.integers(40, 110, (2000, 2))]
    places, sheets = _packed(sizes, Packing(padding=2, max_size=2048))
    assert len(sheets) > 1
    taken = [np.zeros((height, width), np.uint8) for width, height in sheets]
    for (width, height), (sheet, left, top) in zip(sizes, places, strict=True):
        taken[sheet][top : top + height, left : left + width] += 1
    assert all(max(size) <= 2048 for size in sheets)
    assert max(int(sheet.max()) for sheet in taken) == 1
    assert sum(int(sheet.sum()) for sheet in taken) == sum(w * h for w, h in sizes)


def test_names_are_safe_in_scripts_and_file_systems():
    assert file_name("Ann / Bob") == "Ann_Bob"
    assert file_name("..") == "character"
    assert word("7 Änn") == "c_7__nn"


def test_an_unknown_export_says_what_was_meant():
    with pytest.raises(Mistake, match='did you mean "renpy"'):
        load("rennpy")
    assert ExportSettings().crop == "none"


def test_cues_of_every_timeline_are_those_of_its_plan(made: Folder):
    rows = (place(made, "rhubarb") / "hi.tsv").read_text().splitlines()
    assert rows == ["0.00\tX", "0.40\tD", "0.70\tB", "1.00\tX"]
    switch = (place(made, "moho") / "hi.dat").read_text().splitlines()
    assert switch == ["MohoSwitch1", "1 X", "10 D", "17 B", "25 X", "26 X"]
    for path in (place(made, "rhubarb") / "hi.tsv", place(made, "moho") / "hi.dat"):
        assert import_cues(str(path), **({"fps": 24.0} if path.suffix == ".dat" else {}))
    heard = read((place(made, "rhubarb") / "hi.tsv").read_bytes(), "hi.tsv")
    assert heard.duration_us == 1_000_000


def test_an_edit_leads_to_the_pictures_of_its_timeline(made: Folder):
    path = place(made, "otio") / "hi.otio"
    media = otio.adapters.read_from_file(str(path)).video_tracks()[0][0].media_reference
    folder = (path.parent / media.target_url_base).resolve()
    assert folder == (made.path / "frames" / "timelines" / "hi" / "frames").resolve()
    listing = json.loads((place(made, "otio") / LISTING).read_bytes())
    assert "timelines:hi:frames" in listing["notes"][0]


def test_a_project_without_timelines_has_no_exports_of_them_unless_asked(tmp_path: Path):
    folder = make_folder(tmp_path / "mute", {})
    assert "exports:rhubarb" not in folder.doit("list", "--all").text
    config = small_config()
    config["generation"]["engine"] = "puppet"
    config["exports"] = {"rhubarb": {}}
    folder.write_config(config)
    ran = folder.doit("exports:rhubarb")
    assert ran.code != 0
    assert "there is no timeline: describe one" in ran.text

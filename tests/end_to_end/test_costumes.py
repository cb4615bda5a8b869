"""Costumes: the same expressions from several portraits, by every command that names frames."""

import json
import shutil
from pathlib import Path
from typing import Any

from PIL import Image, ImageOps

from tests.conftest import Folder, portrait
from tests.end_to_end.test_endpoints import paint_on
from tests.harness.images_server import ImagesServer

NAMES = ("neutral__center", "sad__center", "happy_big__center")
SAD = "summer/sad__center"


def dress(folder: Folder, *names: str, **parts: Any) -> None:
    """Give the character costumes; each portrait has another colour of skin."""
    costumes = {}
    for number, name in enumerate(names or ("summer",), 1):
        costumes[name] = f"frames/base/{name}.png"
        red, green, blue, alpha = portrait().split()
        fewer = ImageOps.posterize(red, max(1, 4 - number))
        image = Image.merge("RGBA", (fewer, green, blue, alpha))
        image.save(folder.path / costumes[name])
    folder.write_config({**folder.config, "poses": ["center"], "costumes": costumes, **parts})


def frame(folder: Folder, name: str) -> Path:
    costume, _, rest = name.rpartition("/")
    return folder.path / "frames" / costume / "endpoints" / f"{rest}.png"


def plain_plan(folder: Folder, *words: str) -> dict[str, Any]:
    ran = folder.doit("plan", "--json", *words)
    assert ran.code == 0, ran.text
    read: dict[str, Any] = json.loads(ran.out)
    return read


def test_doit_alone_draws_every_costume_and_what_was_there_stays_as_it_is(free: Folder):
    free.write_config({**free.config, "poses": ["center"]})
    assert free.doit().code == 0
    before = free.frame_bytes()
    times = {path: path.stat().st_mtime_ns for path in free.frames.iterdir()}
    dress(free, "summer", "winter")
    ran = free.doit()
    assert ran.code == 0, ran.text
    assert "[✓] summer/sad -> frames/summer/endpoints/sad__center.png" in ran.out
    assert free.frame_bytes() == before
    assert {path: path.stat().st_mtime_ns for path in free.frames.iterdir()} == times
    for name in NAMES:
        three = {frame(free, f"{costume}{name}").read_bytes() for costume in
                 ("", "summer/", "winter/")}  # fmt: skip
        assert len(three) == 3
    assert "nothing to draw" in free.doit("plan").out
    assert not list(free.path.glob("frames/*/set_aside"))


def test_a_costume_is_selected_by_pattern_path_and_name(free: Folder):
    dress(free, "summer", "winter", base_paths=[{"id": "up", "start": "sad", "end": "happy_big"}])
    listed = free.doit("list", "--all", "--quiet").out.split()
    assert f"endpoints:{SAD}" in listed
    assert "sequences:summer/up" in listed
    document = plain_plan(free, "endpoints:summer/*")
    assert {one["frame"] for one in document["frames"]} == {f"summer/{name}" for name in NAMES}
    assert {one["costume"] for one in document["frames"]} == {"summer"}
    assert free.doit(f"endpoints:{SAD}").code == 0
    assert frame(free, SAD).is_file()
    assert free.doit("frames/winter/endpoints/sad__center.png").code == 0
    assert frame(free, "winter/sad__center").is_file()
    assert not free.frames.exists()
    ran = free.doit("endpoints:sumer/sad__center")
    assert f'did you mean "endpoints:{SAD}"?' in ran.err
    assert free.doit("forget", "endpoints:summer/*").code == 0
    assert free.doit("ignore", f"endpoints:{SAD}").code == 0


def test_the_sequences_of_a_costume_have_manifests_and_films_of_their_own(free: Folder):
    dress(free, base_paths=[{"id": "up", "start": "sad", "end": "happy_big", "max_depth": 1}])
    ran = free.doit("sequences:summer/up", "previews:summer/up__center")
    assert ran.code == 0, ran.text
    folder = free.path / "frames/summer/sequences/up__center"
    assert {path.name for path in folder.iterdir()} == {
        *("000.png", "050.png", "100.png", "manifest.json")
    }
    assert (folder / "000.png").read_bytes() == frame(free, SAD).read_bytes()
    assert (free.path / "frames/previews/summer/up__center.webp").is_file()
    assert not (free.path / "frames/sequences").exists()


def test_orphans_are_found_costume_by_costume_also_of_one_that_is_gone(free: Folder):
    path = {"id": "up", "start": "sad", "end": "happy_big", "max_depth": 1}
    dress(free, "summer", "winter", base_paths=[path])
    assert free.doit("endpoints", "sequences").code == 0
    assert json.loads(free.doit("orphans", "--json").out)["keyframes"] == []
    paint_on(frame(free, "winter/neutral__center"))
    dress(free, "summer", base_paths=[{**path, "max_depth": 0}])
    listed = json.loads(free.doit("orphans", "--json").out)
    assert listed["keyframes"] == [
        "frames/winter/endpoints/happy_big__center.png",
        "frames/winter/endpoints/sad__center.png",
    ]
    files = [f"frames/winter/sequences/up__center/{at}.png" for at in ("000", "050", "100")]
    others = ["frames/sequences/up__center/050.png", "frames/summer/sequences/up__center/050.png"]
    assert {*files, *others} <= set(listed["sequences"])
    assert free.doit("orphans", "clean=yes").code == 0
    assert not any((free.path / each).exists() for each in listed["sequences"])
    assert not (free.path / "frames/winter/sequences/up__center").exists()
    assert (free.path / "frames/summer/sequences/up__center/000.png").is_file()
    assert all((free.path / each).exists() for each in listed["keyframes"])


def test_takes_of_costumes_are_paid_picked_approved_and_counted_by_name(
    paid: Folder, server: ImagesServer
):
    paid.write_config({**paid.config, "poses": ["center"]})
    assert paid.doit().code == 0
    before = paid.frame_bytes()
    calls = len(server.calls)
    dress(paid)
    ran = paid.doit("plan")
    assert "[i] summer: 2 to draw for about $0.48" in ran.out
    assert "(own portrait)" not in ran.out
    assert paid.doit().code == 0
    assert len(server.calls) == calls + 2
    assert paid.frame_bytes() == before

    assert paid.doit("retake", "-f", SAD).code == 0
    ran = paid.doit("pick", "-f", SAD, "-t", "2")
    assert f"[=] {SAD} -> frames/summer/endpoints/sad__center.png (take 2 of 2" in ran.out
    assert set(json.loads((paid.path / "takes.json").read_text())) == {SAD}
    assert paid.doit("approve", "-f", "endpoints:summer/*").code == 0
    assert "approved and stays" in paid.doit("pick", "-f", SAD, "-t", "1").err
    assert paid.doit("reject", "-f", SAD).code == 0

    ran = paid.doit("costs")
    assert "by costume\n" in ran.out
    rows = json.loads(paid.doit("costs", "--json").out)
    assert rows["by_costume"]["summer"]["calls"] == 3
    assert rows["by_expression"]["sad"]["calls"] == 3

    # What is deleted comes back from the one store.
    shutil.rmtree(paid.path / "frames/summer")
    paid.forget()
    assert paid.doit().code == 0
    assert len(server.calls) == calls + 3
    assert paid.doit("check", "endpoints:summer/*").code == 0


def test_a_neutral_of_a_costume_is_approved_by_its_own_name(paid: Folder, server: ImagesServer):
    generation = {**paid.config["generation"], "approve_neutral": True}
    poses = ["center", "tilt_left_small"]
    dress(paid, poses=poses, generation=generation)
    ran = paid.doit("endpoints:summer/sad__tilt_left_small")
    assert ran.code != 0
    assert "summer/neutral__tilt_left_small" in ran.out
    assert paid.doit("approve", "-f", "summer/neutral__tilt_left_small").code == 0
    assert paid.doit("endpoints:summer/sad__tilt_left_small").code == 0


def test_the_sheet_and_the_page_have_every_costume_and_follow_it(free: Folder):
    dress(free, "summer", "winter")
    assert free.doit().code == 0
    sheet = free.path / "frames/sheet.png"
    before = sheet.read_bytes()
    page = (free.path / "frames/review/index.html").read_text()
    assert '"costumes": ["", "summer", "winter"]' in page or '"costumes":["","summer"' in page
    paint_on(frame(free, SAD))
    assert free.doit().code == 0
    assert sheet.read_bytes() != before
    assert free.doit("sheet", "format=pdf").code == 0
    assert (free.path / "frames/sheet.pdf").is_file()


def test_landmarks_are_shown_of_the_costume_that_is_named(free: Folder):
    dress(free)
    ran = free.doit("face", "costume=summer")
    assert ran.out == "[i] Landmarks: frames/summer/face.png\n"
    assert free.doit("face").out == "[i] Landmarks: frames/face.png\n"
    pictures = [free.path / "frames" / name for name in ("summer/face.png", "face.png")]
    assert pictures[0].read_bytes() != pictures[1].read_bytes()
    ran = free.doit("face", "costume=sumer")
    assert ran.code != 0
    assert 'has no costume "sumer"; did you mean "summer"?' in ran.out


def test_a_look_at_the_machine_looks_at_every_portrait(free: Folder):
    dress(free)
    ran = free.doit("doctor")
    assert "frames/base/summer.png: 64x96 pixels" in ran.out
    assert "frames/base/neutral__center.png: 64x96 pixels" in ran.out


def test_two_outfits_of_one_portrait_and_words_are_paid_once(paid: Folder, server: ImagesServer):
    portraits = {"twin": "frames/base/neutral__center.png"}
    paid.write_config({**paid.config, "poses": ["center"], "costumes": portraits})
    ran = paid.doit()
    assert ran.code == 0, ran.text
    assert len(server.calls) == 2
    assert frame(paid, "twin/sad__center").is_file()

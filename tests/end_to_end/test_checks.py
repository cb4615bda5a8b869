"""Checks end to end: what is measured of frames, what is flagged, and what follows from that."""

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw

from tasks.character.settings import Thresholds
from tasks.graph.project import Project
from tasks.graph.variables import Variables
from tasks.review.checks import read_file
from tests.conftest import Folder, portrait
from tests.harness.finish_world import (
    HAPPY,
    SAD,
    TILTED,
    TILTED_SAD,
    Boy,
    Drawn,
    boy,
    change,
    drawn,
    drawn_once,
    paint_mask,
    picture,
    reply,
    texts_of,
    without_texts,
)
from tests.harness.images_server import Call, ImagesServer, Reply, answer_body, error_body

__all__ = ["boy", "drawn", "drawn_once"]

WEAK = Drawn(mouth=False)
SMALL = Drawn(size=(224, 336))
AMBER = (196, 120, 0)


def one_after_the_other(*how: Drawn) -> Any:
    """A server that draws like this the first time, like that the second; then as the last."""

    def draw(call: Call) -> Reply:
        return Reply(body=answer_body(picture(call, how[min(call.number, len(how)) - 1])))

    return draw


def checks(folder: Folder) -> dict[str, Any]:
    """checks.json, as data."""
    read: dict[str, Any] = json.loads((folder.path / "frames" / "checks.json").read_text())
    return read


def checked(folder: Folder, *arguments: str) -> dict[str, Any]:
    """What `doit check` says to programs."""
    ran = folder.doit("check", "--json", *arguments)
    assert ran.code == 0, ran.text
    read: dict[str, Any] = json.loads(ran.out)
    return read


def flagged(folder: Folder, *arguments: str) -> dict[str, list[str]]:
    """The kinds of flags that `doit check` finds, by frame, where there are any."""
    frames = checked(folder, *arguments)["frames"]
    return {name: sorted(found["flags"]) for name, found in frames.items() if found["flags"]}


def without_key(folder: Folder) -> None:
    """As on a machine that has no key; sizes are still those of an endpoint of one's own."""
    del folder.environment["OPENAI_API_KEY"]


def take_of(folder: Folder, name: str = SAD) -> str:
    """The take that a frame is made of."""
    return texts_of(folder.frame(name))["Take"]


def stored(folder: Folder, name: str = SAD) -> list[str]:
    """The takes of a frame's request, the earliest first."""
    key = texts_of(folder.frame(name))["Request key"]
    document = json.loads((folder.path / ".takes" / key[:2] / f"{key}.json").read_text())
    return [take["id"] for take in document["takes"]]


def picks(folder: Folder) -> dict[str, Any]:
    """takes.json, as data."""
    path = folder.path / "takes.json"
    read: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
    return read


# What is measured, and where it is kept


def test_figures_are_kept_in_the_frames_and_in_one_file(drawn: Boy):
    rows = checks(drawn)
    names = {SAD, HAPPY, TILTED_SAD, "happy_big__tilt_left_small"}
    assert set(rows) == names
    for name in names:
        kept = json.loads(texts_of(drawn.frame(name))["Checks"])
        figures = {n: value for n, value in kept["figures"].items() if n != "signature"}
        assert rows[name] == {"flags": kept["flags"], "figures": figures}
        assert figures["take_drift_px"] == pytest.approx(3.6, abs=0.05)  # 3 and 2 px aside
        assert figures["drift_px"] < 0.2
        assert figures["outside_ssim"] == 1
        assert figures["outside_max"] == 0
        assert figures["strength"] > Thresholds().strength
        assert len(kept["figures"]["signature"]) > 1000
    assert "Checks" not in texts_of(drawn.frame("neutral__center"))


def test_frames_that_the_config_no_longer_names_leave_the_file(drawn: Boy):
    config = drawn.config
    del config["expressions"]["happy_big"]
    config["poses"] = ["center"]
    drawn.write_config(config)
    drawn.doit("check")
    assert set(checks(drawn)) == {SAD}
    drawn.frame(SAD).unlink()
    drawn.doit("check")
    assert checks(drawn) == {}


def test_a_damaged_file_is_made_anew(drawn: Boy):
    before, file = checks(drawn), drawn.path / "frames" / "checks.json"
    project = Project(Variables(config=drawn.path / "expressions.json"), True, False)
    for left in ("", "{", "[]", "\ud83d".encode("utf-8", "surrogatepass").decode("latin-1")):
        file.write_text(left)
        assert read_file(project) == {}
    ran = drawn.doit("check", "pose=all")
    assert ran.code == 0, ran.text
    assert checks(drawn) == before


# What is said


def test_clean_takes_raise_no_flag(drawn: Boy):
    ran = drawn.doit("-a", "endpoints:sad__center")
    assert "flag" not in ran.out
    assert len(checks(drawn)) == 4
    ran = drawn.doit("check", "pose=all")
    assert ran.code == 0
    assert ran.out == "[i] Checks: 0 of 4 frames flagged\n"


SPOILT = {
    "weak": (WEAK, "the face hardly differs from neutral"),
    "size": (SMALL, "the take came as 224x336 pixels, not 256x384"),
    "cropped": (Drawn(cropped=True), "of the figure or its edges are cut off"),
    "outside": (Drawn(stripe=True), "it differs from the reference outside"),
    "alpha": (Drawn(scene=True), "of what should be transparent is covered"),
}


def test_each_spoilt_take_is_flagged_in_one_line_and_the_clean_one_is_not(
    boy: Boy, server: ImagesServer
):
    config = boy.config
    config["expressions"] |= {kind: {"prompt": f"the face {kind}"} for kind in SPOILT}
    config["finish"] = {"lock": False}
    boy.write_config(config)

    def draw(call: Call) -> Reply:
        words = call.fields["prompt"]
        how = next((how for kind, (how, _) in SPOILT.items() if f"the face {kind}" in words), None)
        return Reply(body=answer_body(picture(call, how or Drawn())))

    server.reply = draw
    ran = boy.doit("budget=none")
    assert ran.code == 0, ran.text
    lines = [line for line in ran.out.splitlines() if line.startswith("[?] Look at ")]
    rows = checks(boy)
    for kind, (_, said) in SPOILT.items():
        [line] = [line for line in lines if line.startswith(f"[?] Look at {kind}__center: ")]
        assert said in line
        assert kind in rows[f"{kind}__center"]["flags"]
    assert (
        "frames flagged; doit check budget=none endpoints sequences lists all,"
        " doit retake budget=none -f NAME draws another" in ran.out
    )
    assert set(rows[SAD]["flags"]) <= {"alike"}


def test_two_expressions_that_look_the_same_are_flagged_both(boy: Boy, server: ImagesServer):
    config = boy.config
    config["expressions"]["gloomy"] = {"mouth": "frown", "eyes": "wide"}
    boy.write_config(config)
    ran = boy.doit()
    assert "Look at sad__center: it looks like gloomy__center" in ran.out
    assert flagged(boy) == {SAD: ["alike"], "gloomy__center": ["alike"]}
    # the twin is seen also when only one of them is new
    ran = boy.doit("-a", "endpoints:sad__center")
    assert "Look at sad__center: it looks like gloomy__center" in ran.out
    assert set(checks(boy)["gloomy__center"]["flags"]) == {"alike"}


def test_check_says_how_many_of_each_kind_and_what_is_not_there(boy: Boy, server: ImagesServer):
    server.reply = reply(WEAK)
    boy.doit("endpoints:sad__center")
    ran = boy.doit("check")
    assert ran.code == 0
    *flags, total = ran.out.splitlines()
    assert [line.split(":")[0] for line in flags] == ["weak     sad__center"]
    assert total == "[i] Checks: 1 of 1 frame flagged (1 weak); 1 not there yet"
    document = json.loads(boy.doit("check", "format=json").out)
    assert document["flagged"] == 1
    assert document["missing"] == [HAPPY]
    assert document["not_measured"] == {}
    assert set(document["frames"][SAD]) == {"flags", "figures"}
    assert "signature" not in document["frames"][SAD]["figures"]


def test_strict_makes_flags_failures_and_checking_needs_no_key(boy: Boy, server: ImagesServer):
    server.reply = reply(WEAK)
    assert boy.doit("strict=yes", "endpoints:sad__center").code == 1
    without_key(boy)
    before = boy.frame_bytes()
    ran = boy.doit("check", "strict=yes", "endpoints:sad__center")
    assert ran.code == 1
    assert ran.out.startswith("weak     sad__center: the face hardly differs from neutral")
    assert len(server.calls) == 1
    assert boy.frame_bytes() == before


def test_drafts_are_measured_as_they_are(boy: Boy):
    without_key(boy)
    boy.doit("engine=puppet", "endpoints")
    document = checked(boy, "pose=all")
    assert set(document["frames"]) == {SAD, HAPPY, TILTED_SAD, "happy_big__tilt_left_small"}
    for name in (SAD, HAPPY):
        figures = document["frames"][name]["figures"]
        assert figures["drift_px"] < 0.5
        assert figures["take_ssim"] > 0.95
    assert document["flagged"] == 0


def test_a_draft_without_its_neutral_is_named_and_the_rest_is_measured(drawn: Boy):
    for name in (TILTED_SAD, SAD):
        without_texts(drawn.frame(name), "Checks")
    drawn.frame(TILTED).unlink()
    ran = drawn.doit("check", "pose=all", "strict=yes")
    assert ran.code == 1
    assert f"[!] Not measured: {TILTED_SAD}: frames/endpoints/{TILTED}.png is not" in ran.out
    assert "[i] Checks: 0 of 3 frames flagged" in ran.out


def test_work_by_hand_is_measured_as_it_is(drawn: Boy):
    image = Image.open(drawn.frame(SAD))
    image.load()
    ImageDraw.Draw(image).rectangle((60, 320, 200, 360), fill=(200, 30, 30, 255))
    image.save(drawn.frame(SAD))
    Image.new("RGBA", image.size, (9, 9, 9, 255)).save(drawn.frame(HAPPY))
    assert flagged(drawn) == {SAD: ["outside"], HAPPY: ["blank"]}


def test_a_mask_with_nothing_white_is_said_by_check_in_one_line(drawn: Boy):
    without_texts(drawn.frame(SAD), "Checks")
    paint_mask(drawn, (0.3, 0.3, 0.7, 0.7), tone=10)
    change(drawn, "finish", face_mask="mask.png")
    ran = drawn.doit("check")
    assert ran.code == 0, ran.text
    assert "[!] Not measured: sad__center: finish.face_mask: nothing in mask.png is" in ran.out


# Thresholds


def test_other_thresholds_flag_without_a_call_and_without_measuring(
    drawn: Boy, server: ImagesServer
):
    frames, calls = drawn.frame_bytes(), len(server.calls)
    strength = checks(drawn)[SAD]["figures"]["strength"]
    change(drawn, "checks", strength=strength + 1)
    assert flagged(drawn) == {SAD: ["weak"]}
    assert checks(drawn)[SAD]["flags"]
    assert not checks(drawn)[HAPPY]["flags"]
    assert "Reused: 3" in drawn.doit().out
    assert drawn.frame_bytes() == frames
    assert len(server.calls) == calls


# The mark on the sheet


def _amber(folder: Folder) -> int:
    """How many pixels of the sheet have the colour of the mark."""
    with Image.open(folder.path / "frames" / "sheet.png") as sheet:
        pixels = np.asarray(sheet.convert("RGB"))
    return int(np.count_nonzero((pixels == AMBER).all(axis=2)))


def test_a_flagged_frame_is_marked_on_the_sheet(drawn: Boy, server: ImagesServer):
    legend = _amber(drawn)
    server.reply = reply(WEAK)
    drawn.doit("-a", "endpoints:sad__center", "sheet")
    assert _amber(drawn) > legend + 300
    change(drawn, "checks", strength=0)
    drawn.doit()
    assert _amber(drawn) == legend


# Taking flagged frames again


def test_a_flagged_frame_is_drawn_again_until_it_is_good(boy: Boy, server: ImagesServer):
    change(boy, "generation", auto_retake=3)
    server.reply = one_after_the_other(SMALL, WEAK, Drawn())
    ran = boy.doit("endpoints:sad__center")
    assert ran.code == 0, ran.text
    assert len(server.calls) == 3
    assert "[?]" not in ran.out
    assert "Spent $0.57" in ran.out
    takes = stored(boy)
    assert len(takes) == 3
    assert take_of(boy) == takes[-1]


def test_no_more_are_asked_for_than_allowed_and_the_best_is_in_use(boy: Boy, server: ImagesServer):
    change(boy, "generation", auto_retake=2)
    both = Drawn(mouth=False, size=(224, 336))
    server.reply = one_after_the_other(both, WEAK, replace(both, shift_px=(0, 1)))
    ran = boy.doit("endpoints:sad__center")
    assert len(server.calls) == 3
    assert "[?] Look at sad__center: the face hardly differs" in ran.out
    takes = stored(boy)
    assert take_of(boy) == takes[1]
    assert picks(boy)[SAD]["take"] == takes[1]
    before = boy.frame(SAD).read_bytes()
    # the choice stands: without frames, without database, without another call
    boy.frame(SAD).unlink()
    boy.forget()
    assert boy.doit("endpoints:sad__center").code == 0
    assert boy.frame(SAD).read_bytes() == before
    assert len(server.calls) == 3


def test_the_budget_ends_it_and_what_there_is_is_used(boy: Boy, server: ImagesServer):
    change(boy, "generation", auto_retake=5)
    server.reply = one_after_the_other(SMALL, WEAK)
    ran = boy.doit("budget=0.5", "endpoints:sad__center")
    assert ran.code == 0, ran.text
    assert len(server.calls) == 2
    assert "sad__center is flagged, and has no new take (" in ran.out
    assert "[✓] sad" in ran.out
    assert boy.frame(SAD).is_file()
    assert "Spent $0.38" in ran.out


def test_a_failure_while_drawing_again_leaves_the_take_that_there_is(
    boy: Boy, server: ImagesServer
):
    change(boy, "generation", auto_retake=2)
    server.reply = lambda call: (
        Reply(body=answer_body(picture(call, WEAK)))
        if call.number == 1
        else Reply(400, error_body("no"))
    )
    ran = boy.doit("endpoints:sad__center")
    assert ran.code == 0, ran.text
    assert boy.frame(SAD).is_file()
    assert len(server.calls) == 2
    assert "is flagged, and has no new take" in ran.out


def test_a_forced_new_take_that_is_flagged_is_drawn_again_too(drawn: Boy, server: ImagesServer):
    change(drawn, "generation", auto_retake=4)
    server.reply = one_after_the_other(WEAK, Drawn(shift_px=(1, 1)))
    assert drawn.doit("-a", "endpoints:sad__center", "endpoints:happy_big__center").code == 0
    # one of them got the weak take and one more, the other a good one at once
    assert len(server.calls) == 3
    assert take_of(drawn) == stored(drawn)[-1]
    assert picks(drawn) == {}


def test_switching_it_on_draws_nothing(boy: Boy, server: ImagesServer):
    server.reply = reply(WEAK)
    boy.doit("endpoints:sad__center")
    change(boy, "generation", auto_retake=3)
    boy.doit("endpoints:sad__center")
    assert len(server.calls) == 1


def test_a_draft_whose_eyes_stay_open_is_flagged(free: Folder):
    large = (256, 384)
    portrait(large).save(free.path / "frames/base/neutral__center.png")
    config = free.config
    config["generation"] = {**config.get("generation", {}), "size": "256x384"}
    for side, (inner, outer) in {"left": (0.56, 0.74), "right": (0.44, 0.26)}.items():
        middle = (inner + outer) / 2
        config["face"][f"{side}_eye"] = {
            "inner": [inner, 0.4],
            "outer": [outer, 0.4],
            "upper_lid": [middle, 0.365],
            "lower_lid": [middle, 0.435],
        }
    config["expressions"]["wink"] = {"eyes": "blink_closed"}
    free.write_config(config)
    assert free.doit("endpoints:wink__center", "endpoints:neutral__center").code == 0
    assert "0 of 1 frame flagged" in free.doit("check", "endpoints:wink__center").out
    with Image.open(free.frame("neutral__center")) as neutral:  # without its texts: as by hand
        Image.fromarray(np.asarray(neutral)).save(free.frame("wink__center"))
    ran = free.doit("check", "endpoints:wink__center", "strict=yes")
    assert "eye      wink__center: an eye that should be shut shows" in ran.out
    assert ran.code == 1
    # page and sheet show it until the frame changes
    sheet, page = free.path / "frames/sheet.png", free.path / "frames/review/index.html"
    assert free.doit("sheet", "review").code == 0
    assert "an eye that should be shut" in page.read_text()
    flagged_sheet = sheet.read_bytes()
    assert free.doit("check", "endpoints:sad__center").code == 0
    assert free.doit("sheet", "review").code == 0
    assert "an eye that should be shut" in page.read_text()
    assert sheet.read_bytes() == flagged_sheet
    free.frame("wink__center").unlink()
    assert free.doit("endpoints:wink__center", "sheet", "review").code == 0
    assert "an eye that should be shut" not in page.read_text()
    assert sheet.read_bytes() != flagged_sheet


def test_what_was_flagged_by_other_thresholds_or_in_a_damaged_file_is_not_shown(free: Folder):
    free.write_config(free.config | {"checks": {"strength": 200}})
    assert free.doit("endpoints:*__center").code == 0
    assert " weak)" in free.doit("check").out
    page, looks = free.path / "frames/review/index.html", free.path / "frames/looks.json"

    def shows() -> bool:
        assert free.doit("review").code == 0
        return "hardly differs from neutral" in page.read_text()

    assert shows()
    free.write_config(free.config | {"checks": {"strength": 190}})
    assert not shows()
    assert free.doit("check").code == 0
    assert shows()
    looks.write_text("{damaged")
    assert not shows()
    assert free.doit("check").code == 0
    assert shows()
    # what lay there is set aside, as any file that is not of this program
    aside = [path for path in looks.parent.rglob("looks*") if path.is_file() and path != looks]
    assert [path.read_text() for path in aside] == ["{damaged"]

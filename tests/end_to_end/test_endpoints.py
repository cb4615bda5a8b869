"""The main job, end to end: the real doit command, and an endpoint on a real socket."""

import base64
import copy
import io
import json
import re
import shutil
import signal
import time
from pathlib import Path

import pytest
from PIL import Image

from tests.conftest import SIZE, Folder, kill, portrait, small_config
from tests.harness.images_server import KEY, Call, ImagesServer, Reply, answer_body, error_body

AT_CENTER = {"neutral__center", "sad__center", "happy_big__center"}
ALL = AT_CENTER | {f"{name.split('__')[0]}__tilt_left_small" for name in AT_CENTER}


def paint_on(path: Path) -> bytes:
    """Change a frame as an artist would, in a program that keeps its texts; the new bytes."""
    with Image.open(path) as image:
        image.load()
        texts = dict(image.text)
    image.putpixel((5, 5), (255, 0, 0, 255))
    from PIL.PngImagePlugin import PngInfo

    info = PngInfo()
    for name, text in texts.items():
        info.add_itxt(name, text)
    image.save(path, pnginfo=info)
    return path.read_bytes()


def built(folder: Folder) -> dict[str, bytes]:
    """All that was built, but the page."""
    frames = folder.path / "frames"
    return {path.name: path.read_bytes() for path in frames.rglob("*") if path.is_file()}


def test_doit_alone_draws_the_default_pose_and_names_the_sheet(paid: Folder, server: ImagesServer):
    ran = paid.doit()
    assert ran.code == 0, ran.text
    assert set(paid.frame_bytes()) == AT_CENTER
    assert (paid.path / "frames" / "sheet.png").is_file()
    assert ran.out.splitlines()[-2:] == [
        "[i] Contact sheet: frames/sheet.png",
        "[i] Review: frames/review/index.html",
    ]
    assert len(server.calls) == 2  # neutral is the base image


def test_the_lines_of_a_piped_run_are_those_of_the_old_script(paid: Folder):
    lines = paid.doit("-n", "2").out.splitlines()
    assert lines[0] == "[i] Engine: openai (OPENAI_API_KEY is set)"
    assert lines[1].startswith("[i] Plan: 1 from the base image, 2 to draw for about $")
    assert lines[2] == "[i] Generating 2 expressions with 2 workers..."
    assert "[✓] sad -> frames/endpoints/sad__center.png" in lines
    assert "[i] Done. Success: 2, Failed: 0, Reused: 1" in lines


def test_the_request_is_of_the_documented_form(paid: Folder, server: ImagesServer):
    assert paid.doit().code == 0
    call = server.calls[0]
    assert call.problems == ()
    assert call.fields["model"] == "gpt-image-2.5-sunburst"
    assert call.fields["size"] == "64x96"
    assert call.fields["quality"] == "high"
    assert call.fields["background"] == "transparent"
    assert "input_fidelity" not in call.fields
    assert call.pictures == ((paid.path / "frames/base/neutral__center.png").read_bytes(),)


def test_the_second_run_draws_nothing_and_calls_nothing(paid: Folder, server: ImagesServer):
    paid.doit("endpoints", "sheet")
    before, calls = paid.frame_bytes(), len(server.calls)
    ran = paid.doit("endpoints", "sheet")
    assert ran.code == 0
    assert len(server.calls) == calls
    assert paid.frame_bytes() == before
    assert "✓" not in ran.out
    assert "Generating" not in ran.out


def test_every_expression_of_a_pose_is_drawn_from_the_neutral_of_that_pose(
    paid: Folder, server: ImagesServer
):
    assert paid.doit("endpoints").code == 0
    assert set(paid.frame_bytes()) == ALL
    tilted = [call for call in server.calls if "tilted" in call.fields["prompt"]]
    turned = [c for c in tilted if "change only how the head is held" in c.fields["prompt"]]
    assert len(turned) == 1
    assert turned[0].pictures == ((paid.path / "frames/base/neutral__center.png").read_bytes(),)
    neutral = paid.frame("neutral__tilt_left_small").read_bytes()
    others = [call for call in tilted if call is not turned[0]]
    assert [call.pictures for call in others] == [(neutral,), (neutral,)]


def test_editing_one_expression_redraws_one_frame_at_each_of_its_poses(
    paid: Folder, server: ImagesServer
):
    paid.doit("endpoints")
    before, calls = paid.frame_bytes(), len(server.calls)
    config = paid.config
    config["expressions"]["sad"]["eyes"] = "wide"
    paid.write_config(config)
    paid.doit("endpoints")
    after = paid.frame_bytes()
    changed = {name for name in after if after[name] != before[name]}
    assert changed == {"sad__center", "sad__tilt_left_small"}
    assert len(server.calls) == calls + 2


def test_editing_the_words_of_a_pose_redraws_the_frames_at_that_pose(
    paid: Folder, server: ImagesServer
):
    paid.doit("endpoints")
    before = paid.frame_bytes()
    config = paid.config
    config["poses"] = {"center": "", "tilt_left_small": "the head tilted left, a lot"}
    paid.write_config(config)
    paid.doit("endpoints")
    after = paid.frame_bytes()
    changed = {name for name in after if after[name] != before[name]}
    assert changed == ALL - AT_CENTER
    assert len(server.calls) == 8


def test_editing_the_character_s_words_redraws_all(paid: Folder, server: ImagesServer):
    paid.doit("endpoints")
    calls = len(server.calls)
    paid.write_config({**paid.config, "character": "somebody else"})
    paid.doit("endpoints")
    assert len(server.calls) == 2 * calls


def test_reformatting_reordering_and_spelling_out_defaults_redraws_none(
    paid: Folder, server: ImagesServer
):
    paid.doit("endpoints")
    before, calls = paid.frame_bytes(), len(server.calls)
    config = paid.config
    expressions = {
        name: dict(reversed(expression.items()))
        for name, expression in reversed(config["expressions"].items())
    }
    spelled = {
        **dict(reversed(config.items())),
        "axes": dict(reversed(config["axes"].items())),
        "expressions": expressions,
        "generation": {**config["generation"], "quality": "high", "include_neutral": False},
    }
    spelled["expressions"]["sad"]["blendshapes"] = {}
    paid.write_config(spelled, indent=7)
    ran = paid.doit("endpoints")
    assert ran.code == 0, ran.text
    assert "Reused: 6" in ran.out
    assert len(server.calls) == calls
    assert paid.frame_bytes() == before


def test_going_back_to_an_earlier_config_restores_frames_without_a_call(
    paid: Folder, server: ImagesServer
):
    earlier = paid.config
    paid.doit()
    before = paid.frame_bytes()
    later = copy.deepcopy(earlier)
    later["expressions"]["sad"]["prompt"] = "with a tear"
    paid.write_config(later)
    paid.doit()
    assert paid.frame_bytes() != before
    calls = len(server.calls)
    paid.write_config(earlier)
    ran = paid.doit()
    assert paid.frame_bytes() == before
    assert len(server.calls) == calls
    assert "[=] sad -> frames/endpoints/sad__center.png (from the take store)" in ran.out
    assert "[✓]" not in ran.out


def test_a_frame_that_a_killed_run_made_of_another_config_does_not_stay(
    paid: Folder, server: ImagesServer
):
    earlier = paid.config
    paid.doit("endpoints", "sheet")
    before, calls = built(paid), len(server.calls)
    record = (paid.path / ".doit.db.json").read_bytes()
    later = copy.deepcopy(earlier)
    later["expressions"]["sad"]["prompt"] = "with a tear"
    paid.write_config(later)
    paid.doit("endpoints", "sheet")
    assert built(paid) != before
    (paid.path / ".doit.db.json").write_bytes(record)  # as where the run was killed
    paid.write_config(earlier)
    assert "1 from the take store" in (plan := paid.doit("plan", "endpoints:sad__center").out)
    assert "it is not the file that was recorded" in plan
    info = paid.doit("info", "endpoints:sad__center").out
    assert "evaluate to false:\n    - the file is the one that was recorded" in info
    paid.doit("endpoints", "sheet")
    assert built(paid) == before
    assert len(server.calls) == calls + 2
    assert "Reused: 6" in paid.doit("endpoints").out


def test_figures_that_a_killed_run_did_not_keep_are_kept_by_the_next(
    paid: Folder, server: ImagesServer
):
    paid.doit("endpoints", "sheet")
    checks, database = paid.path / "frames" / "checks.json", paid.path / ".doit.db.json"
    before = checks.read_bytes()
    database.unlink()  # what was drawn is recorded after its figures are kept
    checks.unlink()
    assert "Look at" not in paid.doit("endpoints").out
    assert checks.read_bytes() == before
    rows = json.loads(before)
    rows["sad__center"]["figures"]["contrast"] = 1.0
    checks.write_text(json.dumps(rows))
    database.unlink()
    paid.doit("endpoints")
    assert checks.read_bytes() == before


def test_a_deleted_frame_is_restored_without_a_call(paid: Folder, server: ImagesServer):
    paid.doit()
    before, calls = paid.frame_bytes(), len(server.calls)
    paid.frame("sad__center").unlink()
    paid.doit()
    assert paid.frame_bytes() == before
    assert len(server.calls) == calls


def test_without_database_and_frames_all_is_restored_without_a_call(
    paid: Folder, server: ImagesServer
):
    paid.doit("endpoints")
    before, calls = paid.frame_bytes(), len(server.calls)
    paid.forget()
    shutil.rmtree(paid.frames)
    paid.doit("endpoints")
    assert paid.frame_bytes() == before
    assert len(server.calls) == calls


def test_a_fresh_clone_with_frames_alone_adopts_them(paid: Folder, server: ImagesServer):
    paid.doit("endpoints")
    calls = len(server.calls)
    paid.forget()
    shutil.rmtree(paid.path / ".takes")
    times = {path: path.stat().st_mtime_ns for path in paid.frames.glob("*.png")}
    ran = paid.doit("endpoints")
    assert "Success: 0, Failed: 0, Reused: 6" in ran.out
    assert len(server.calls) == calls
    assert {path: path.stat().st_mtime_ns for path in paid.frames.glob("*.png")} == times


def test_a_touched_portrait_redraws_nothing_and_a_changed_one_all(
    paid: Folder, server: ImagesServer
):
    paid.doit("endpoints")
    calls = len(server.calls)
    base = paid.path / "frames" / "base" / "neutral__center.png"
    base.touch()
    paid.doit("endpoints")
    assert len(server.calls) == calls
    changed = portrait()
    changed.putpixel((32, 40), (1, 2, 3, 255))
    changed.save(base)
    paid.doit("endpoints")
    assert len(server.calls) == 2 * calls


def test_a_portrait_saved_anew_with_the_same_pixels_is_not_paid_for_again(
    paid: Folder, server: ImagesServer
):
    paid.doit("endpoints")
    calls = len(server.calls)
    portrait().save(paid.path / "frames" / "base" / "neutral__center.png", compress_level=0)
    paid.doit("endpoints")
    assert len(server.calls) == calls


def test_no_call_is_made_twice_for_an_answer_that_arrived_before_a_kill(
    paid: Folder, server: ImagesServer
):
    config = paid.config
    for number in range(8):
        config["expressions"][f"extra_{number}"] = {"prompt": f"face number {number}"}
    paid.write_config(config)
    server.reply = lambda call: Reply(delay_s=0 if call.number <= 3 else 30)
    process = paid.start("-n", "4")
    try:
        wait_for(lambda: len(list((paid.path / ".takes").glob("??/*.png"))) == 3)
    finally:
        kill(process)
        process.communicate()
    arrived = {call.fields["prompt"] for call in server.calls[:3]}
    server.reply = lambda _call: Reply()
    before = len(server.calls)
    assert paid.doit("-n", "4").code == 0
    again = [call.fields["prompt"] for call in server.calls[before:]]
    assert len(again) == 10 - 3
    assert not arrived & set(again)


def wait_for(condition, timeout_s: float = 20) -> None:
    """Wait until a condition holds."""
    until = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < until, "it did not come to pass"
        time.sleep(0.02)


def test_a_hand_edited_frame_survives_an_edit_of_its_config(paid: Folder, server: ImagesServer):
    paid.doit()
    edited = paint_on(paid.frame("sad__center"))
    config = paid.config
    config["expressions"]["sad"]["eyes"] = "wide"
    paid.write_config(config)
    calls = len(server.calls)
    ran = paid.doit()
    assert paid.frame("sad__center").read_bytes() == edited
    assert len(server.calls) == calls
    assert "[=] Kept sad: frames/endpoints/sad__center.png was made or changed by hand" in ran.out
    assert "Kept: 1" in ran.out


def test_a_hand_edited_frame_is_named_by_the_next_run(paid: Folder, server: ImagesServer):
    paid.doit()
    edited = paint_on(paid.frame("sad__center"))
    calls = len(server.calls)
    for _ in range(2):
        ran = paid.doit()
        assert paid.frame("sad__center").read_bytes() == edited
    assert len(server.calls) == calls
    assert ran.code == 0


def test_a_frame_that_was_drawn_elsewhere_is_kept_and_used(paid: Folder, server: ImagesServer):
    paid.frames.mkdir(parents=True)
    own = paid.frame("neutral__tilt_left_small")
    portrait().rotate(8).save(own)
    before = own.read_bytes()
    ran = paid.doit("endpoints:*__tilt_left_small")
    assert ran.code == 0
    assert own.read_bytes() == before
    assert [call.pictures for call in server.calls] == [(before,), (before,)]


def test_forcing_a_hand_edited_frame_moves_it_aside(paid: Folder, server: ImagesServer):
    paid.doit()
    edited = paint_on(paid.frame("sad__center"))
    calls = len(server.calls)
    assert paid.doit("-a", "endpoints:sad__center").code == 0
    assert len(server.calls) == calls + 1
    assert paid.frame("sad__center").read_bytes() != edited
    assert (paid.frames / "set_aside" / "sad__center.1.png").read_bytes() == edited


def test_forcing_one_frame_makes_exactly_one_call_and_keeps_the_old_take(
    paid: Folder, server: ImagesServer
):
    paid.doit("endpoints")
    before, calls = paid.frame_bytes(), len(server.calls)
    takes = set((paid.path / ".takes").glob("??/*.png"))
    ran = paid.doit("-a", "endpoints:sad__tilt_left_small")
    assert ran.code == 0
    assert "[i] Generating 1 expression with" in ran.out
    after = paid.frame_bytes()
    assert len(server.calls) == calls + 1
    assert {n for n in after if after[n] != before[n]} == {"sad__tilt_left_small"}
    assert takes < set((paid.path / ".takes").glob("??/*.png"))
    assert paid.doit("endpoints").out.count("✓") == 0
    assert paid.frame_bytes() == after


def test_bare_forcing_takes_the_default_tasks(paid: Folder, server: ImagesServer):
    paid.doit()
    calls = len(server.calls)
    assert paid.doit("-a").code == 0
    assert len(server.calls) == calls + 2


def test_a_draft_never_takes_the_place_of_a_final(paid: Folder, server: ImagesServer):
    paid.doit()
    finals, environment = paid.frame_bytes(), paid.environment
    config = paid.config
    config["expressions"]["sad"]["eyes"] = "wide"
    config["expressions"]["new"] = {"mouth": "frown"}
    paid.write_config(config)
    paid.environment = {}
    config["generation"]["size"] = "64x96"
    keyless = paid.doit("engine=puppet")
    assert keyless.code == 0, keyless.text
    now = paid.frame_bytes()
    assert {name: now[name] for name in finals} == finals
    assert "new__center" in now
    assert "[i] Kept 2 finals" in keyless.out
    paid.environment = environment
    calls = len(server.calls)
    paid.doit()
    assert len(server.calls) == calls + 2  # sad, whose words changed, and new, a draft until now
    assert paid.frame_bytes()["happy_big__center"] == finals["happy_big__center"]


def test_one_bad_frame_of_eight_leaves_seven_and_is_retried_alone(
    paid: Folder, server: ImagesServer
):
    config = paid.config
    config["expressions"] = {f"e{number}": {"prompt": f"face {number}"} for number in range(8)}
    config["base_paths"] = []
    paid.write_config(config)
    refuse = Reply(400, error_body("Your request was rejected.", "moderation_blocked"))
    server.reply = lambda call: refuse if "face 3" in call.fields["prompt"] else Reply()
    ran = paid.doit()
    assert ran.code != 0
    assert len(paid.frame_bytes()) == 7
    assert "[!] Failed e3: refused by the endpoint's content rules" in ran.out
    assert "[i] Done. Success: 7, Failed: 1" in ran.out
    assert (paid.path / "frames" / "sheet.png").is_file()
    server.reply = lambda _call: Reply()
    unsent = paid.doit()
    assert "[!] Failed e3: not sent again: refused by the endpoint's content rules" in unsent.out
    assert len(server.calls) == 8
    again = paid.doit("-a", "endpoints:e3__center", "sheet")
    assert len(server.calls) == 9
    assert "Success: 1, Failed: 0" in again.out
    again = paid.doit()
    assert again.code == 0
    assert len(server.calls) == 9
    assert "Success: 0, Failed: 0, Reused: 8" in again.out


def test_a_failed_neutral_fails_its_pose_and_no_other(paid: Folder, server: ImagesServer):
    server.reply = lambda call: (
        Reply(400, error_body("no")) if "only how the head" in call.fields["prompt"] else Reply()
    )
    ran = paid.doit("endpoints")
    assert ran.code != 0
    assert set(paid.frame_bytes()) == AT_CENTER
    assert "[!] Failed sad__tilt_left_small: neutral__tilt_left_small, which it is" in ran.out
    assert "Success: 2, Failed: 3, Reused: 1" in ran.out


NONSENSE = {
    "not base64": (json.dumps({"data": [{"b64_json": "%%%"}]}).encode(), "is not base64"),
    "broken JSON": (b'{"data": [', "is no picture's JSON"),
    "empty data": (b'{"data": []}', "holds no image data"),
    "no picture": (answer_body(b"hello"), "no whole picture"),
    "wrong size": (answer_body(b""), "is 32x32 pixels, not 64x96"),
    "blank": (answer_body(b""), "is blank"),
    "cut short": (answer_body(b""), "no whole picture"),
    "without its end": (answer_body(b""), "the end of its PNG is missing"),
}


@pytest.mark.parametrize("kind", NONSENSE)
def test_an_answer_that_is_no_picture_fails_with_a_clear_line_and_is_kept(
    paid: Folder, server: ImagesServer, tmp_path: Path, kind: str
):
    body, said = NONSENSE[kind]
    scratch = tmp_path / "x.png"
    if kind == "wrong size":
        portrait((32, 32)).save(scratch)
    elif kind == "blank":
        Image.new("RGBA", SIZE, (9, 9, 9, 255)).save(scratch)
    elif kind == "cut short":
        portrait().save(scratch)
        scratch.write_bytes(scratch.read_bytes()[:-90])
    elif kind == "without its end":
        portrait().save(scratch)
        scratch.write_bytes(scratch.read_bytes()[:-12])
    if scratch.is_file():
        body = answer_body(scratch.read_bytes())
    server.reply = lambda _call: Reply(body=body)
    paid.write_config({**paid.config, "finish": {"size": False}})
    ran = paid.doit("endpoints:sad__center")
    assert ran.code != 0
    assert "Traceback" not in ran.text
    failed = next(line for line in ran.out.splitlines() if line.startswith("[!] Failed sad:"))
    assert said in failed
    kept = [p for p in (paid.path / ".takes" / "rejected").iterdir() if p.suffix != ".txt"]
    assert len(kept) == 1
    assert str(kept[0].relative_to(paid.path)) in failed
    assert not paid.frame("sad__center").exists()
    server.reply = lambda _call: Reply()
    assert paid.doit("endpoints:sad__center").code == 0


REFUSALS = {
    "no key": (Reply(401, error_body(f"Incorrect API key: {KEY}")), "check OPENAI_API_KEY"),
    "quota": (Reply(429, error_body("quota", "insufficient_quota")), "no credit left"),
    "rate": (Reply(429, error_body("slow down", "rate_limit_exceeded")), "rate limit"),
    "model": (Reply(404, error_body("no such model")), "does not know this model"),
    "html": (Reply(502, b"<html><body>Bad gateway</body></html>"), "is in trouble (502"),
    "cut off": (Reply(cut_off=True), "broke off"),
}


@pytest.mark.parametrize("kind", REFUSALS)
def test_every_refusal_says_in_one_line_what_to_do(paid: Folder, server: ImagesServer, kind: str):
    reply, said = REFUSALS[kind]
    server.reply = lambda _call: reply
    ran = paid.doit("endpoints:sad__center")
    assert ran.code != 0
    assert "Traceback" not in ran.text
    failed = next(line for line in ran.out.splitlines() if line.startswith("[!] Failed sad:"))
    assert said in failed
    assert KEY not in ran.text
    assert len(server.calls) == 1


def png_text() -> str:
    """A picture as answers have it."""
    buffer = io.BytesIO()
    portrait().save(buffer, "PNG")
    return base64.b64encode(buffer.getvalue()).decode()


ECHOES = {
    "counts and id": Reply(
        body=json.dumps(
            {"data": [{"b64_json": png_text()}], "usage": {"said": KEY, KEY: {"x": KEY}}}
        ).encode(),
        headers={"x-request-id": f"req-{KEY}"},
    ),
    "no picture": Reply(body=json.dumps({"data": [], "key": KEY}).encode()),
    "refused, escaped": Reply(
        400, ('{"error": {"message": "' + "".join(f"\\u{ord(c):04x}" for c in KEY) + '"}}').encode()
    ),
    "refused, in markup": Reply(403, f"<h1>no {KEY[:9]}<b>{KEY[9:]}</b></h1>".encode()),
    "refused, in part": Reply(429, error_body(f"key ...{KEY[-14:]} is over its limit")),
}


@pytest.mark.parametrize("kind", ECHOES)
def test_a_key_that_a_server_repeats_reaches_neither_a_file_nor_the_screen(
    paid: Folder, server: ImagesServer, kind: str
):
    config = paid.config
    config["generation"]["max_retries"] = 0
    paid.write_config(config)
    server.reply = lambda _call: ECHOES[kind]
    said = [paid.doit("endpoints:sad__center"), paid.doit("costs", "--json"), paid.doit("takes")]
    texts = [ran.text for ran in said]
    texts += [p.read_bytes().decode("latin-1") for p in paid.path.rglob("*") if p.is_file()]
    for text in texts:
        assert KEY not in text
        assert KEY[-14:] not in text


def test_a_server_that_drew_nothing_is_asked_again(paid: Folder, server: ImagesServer):
    config = paid.config
    config["generation"]["max_retries"] = 2
    paid.write_config(config)
    busy = Reply(429, error_body("slow down"), headers={"retry-after-ms": "20"})
    server.reply = lambda call: busy if call.number <= 2 else Reply()
    assert paid.doit("endpoints:sad__center").code == 0
    assert len(server.calls) == 3


def test_an_endpoint_that_cannot_be_reached_is_said_in_one_line(paid: Folder):
    paid.environment["OPENAI_BASE_URL"] = "http://127.0.0.1:9/v1"
    ran = paid.doit("endpoints:sad__center")
    assert ran.code != 0
    said = "[!] Failed sad: cannot reach 127.0.0.1:9 (Connection refused): check the network"
    assert f"{said}, or OPENAI_BASE_URL" in ran.out


def test_workers_draw_side_by_side(paid: Folder, server: ImagesServer):
    config = paid.config
    for number in range(8):
        config["expressions"][f"extra_{number}"] = {"prompt": f"face number {number}"}
    paid.write_config(config)
    server.reply = lambda _call: Reply(delay_s=0.3)
    assert paid.doit("-n", "5").code == 0
    assert server.most_at_once == 5


def test_two_expressions_that_ask_for_the_same_are_bought_once(paid: Folder, server: ImagesServer):
    config = paid.config
    config["expressions"]["also_sad"] = dict(config["expressions"]["sad"])
    paid.write_config(config)
    server.reply = lambda _call: Reply(delay_s=0.3)
    paid.doit()
    assert len(server.calls) == 2
    with (
        Image.open(paid.frame("sad__center")) as one,
        Image.open(paid.frame("also_sad__center")) as other,
    ):
        assert one.tobytes() == other.tobytes()


def test_two_runs_at_once_buy_each_picture_once(paid: Folder, server: ImagesServer):
    server.reply = lambda _call: Reply(delay_s=0.5)
    runs = [paid.start("-n", "4") for _ in range(2)]
    for run in runs:
        run.communicate(timeout=60)
        assert run.returncode == 0
    assert len(server.calls) == 2


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_the_first_interrupt_waits_for_what_is_paid_for(
    paid: Folder, server: ImagesServer, number: int
):
    config = paid.config
    for extra in range(8):
        config["expressions"][f"extra_{extra}"] = {"prompt": f"face number {extra}"}
    paid.write_config(config)
    server.reply = lambda _call: Reply(delay_s=1.5)
    process = paid.start("-n", "2")
    wait_for(lambda: len(server.calls) == 2)
    kill(process, number)
    out, err = process.communicate(timeout=60)
    assert process.returncode != 0
    assert len(server.calls) == 2
    assert "Stopping: no new picture is begun. Waiting for 2 pictures being drawn" in err
    assert re.search(r"Waited [12] s for 2 pictures, so that nothing paid for is lost", err)
    assert "Success: 2, Failed: 0" in out
    assert len(list((paid.path / ".takes").glob("??/*.png"))) == 2


def test_the_key_is_in_no_output_and_in_no_file(paid: Folder, server: ImagesServer):
    server.reply = lambda call: (
        Reply(401, error_body(f"Incorrect API key provided: {KEY}."))
        if call.number == 1
        else Reply()
    )
    said = paid.doit("-v", "2", "endpoints").text + paid.doit("endpoints").text
    assert KEY not in said
    assert KEY[3:] not in said
    for path in paid.path.rglob("*"):
        if path.is_file():
            assert KEY.encode() not in path.read_bytes(), path


def test_the_store_keeps_the_answer_bit_for_bit(paid: Folder, server: ImagesServer):
    answers: dict[str, bytes] = {}

    def reply(call: Call) -> Reply:
        scratch = paid.path / f"{call.number}.png"
        image = portrait()
        image.putpixel((1, call.number), (call.number, 2, 3, 255))
        image.save(scratch, compress_level=3)
        answers[call.fields["prompt"]] = scratch.read_bytes()
        return Reply(body=answer_body(answers[call.fields["prompt"]]))

    server.reply = reply
    paid.doit()
    takes = {path.read_bytes() for path in (paid.path / ".takes").glob("??/*.png")}
    assert takes == set(answers.values())


def test_frames_say_where_they_came_from(paid: Folder):
    paid.doit()
    with Image.open(paid.frame("sad__center")) as image:
        image.load()
        texts = image.text
    assert texts["Engine"] == "openai"
    assert texts["Model"] == "gpt-image-2.5-sunburst"
    assert "the corners of the mouth turned down" in texts["Prompt"]
    assert len(texts["Request key"]) == 64
    take = texts["Take"]
    assert len(list((paid.path / ".takes").glob(f"??/{texts['Request key']}.{take}.png"))) == 1
    source = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
    assert source in texts["XML:com.adobe.xmp"]


def test_without_a_key_the_puppet_draws_drafts_the_same_every_time(free: Folder):
    ran = free.doit("-n", "1", "endpoints")
    assert ran.code == 0, ran.text
    assert set(free.frame_bytes()) == ALL
    assert ran.out.splitlines()[0] == "[i] Engine: puppet (as asked for)"
    before = free.frame_bytes()
    assert len(set(before.values())) == len(ALL)
    shutil.rmtree(free.frames)
    assert free.doit("-n", "8", "endpoints").code == 0
    assert free.frame_bytes() == before
    assert not (free.path / ".takes").exists()


def test_a_run_without_key_says_why_it_draws_drafts(free: Folder):
    config = free.config
    config["generation"] = {"size": "1024x1024"}
    free.write_config(config)
    first = free.doit("endpoints:sad__center").out.splitlines()[0]
    assert first == "[i] Engine: puppet (free drafts, since OPENAI_API_KEY is not set)"


def test_a_character_without_landmarks_is_told_what_the_puppet_needs(free: Folder):
    config = free.config
    del config["face"]
    free.write_config(config)
    ran = free.doit()
    assert ran.code != 0
    (failed,) = [line for line in ran.out.splitlines() if line.startswith("[!] ")]
    assert "eye" in failed
    assert "mouth" in failed
    assert "Traceback" not in ran.text


def test_a_pose_s_own_portrait_is_its_neutral(paid: Folder, server: ImagesServer):
    own = portrait().rotate(10)
    own.save(paid.path / "frames" / "base" / "tilted.png")
    config = paid.config
    config["poses"] = {
        "center": "",
        "tilt_left_small": {"base_image": "frames/base/tilted.png"},
    }
    paid.write_config(config)
    assert paid.doit("endpoints").code == 0
    assert len(server.calls) == 4
    with Image.open(paid.frame("neutral__tilt_left_small")) as frame:
        assert frame.convert("RGBA").tobytes() == own.tobytes()


def test_include_neutral_draws_the_neutral_too(paid: Folder, server: ImagesServer):
    assert paid.doit("include_neutral=yes").code == 0
    assert len(server.calls) == 3


def test_the_sheet_is_rebuilt_when_a_frame_of_another_pose_comes(paid: Folder):
    paid.doit()
    first = (paid.path / "frames" / "sheet.png").read_bytes()
    paid.doit("endpoints")
    assert (paid.path / "frames" / "sheet.png").read_bytes() == first
    ran = paid.doit()
    assert "Success: 0, Failed: 0, Reused: 3" in ran.out
    assert (paid.path / "frames" / "sheet.png").read_bytes() != first


def test_a_bare_clean_deletes_no_paid_frame(paid: Folder):
    paid.doit()
    before = paid.frame_bytes()
    paid.doit("clean")
    paid.doit("clean", "endpoints")
    assert paid.frame_bytes() == before
    assert not (paid.path / "frames" / "sheet.png").exists()


def test_listing_shows_what_would_be_redrawn_and_info_why(paid: Folder):
    paid.doit("endpoints")
    config = small_config()
    config["expressions"]["sad"]["eyes"] = "wide"
    paid.write_config(config)
    listed = paid.doit("list", "--all", "--status", "--deps").out
    assert "R endpoints:sad__center" in listed
    assert "U endpoints:happy_big__center" in listed
    assert " -  expressions.json" in listed
    assert " -  frames/base/neutral__center.png" in listed
    info = paid.doit("info", "endpoints:sad__center").out
    assert "The following file dependencies have changed:\n    - expressions.json" in info


def test_the_endpoint_without_a_key_is_said_in_one_line(paid: Folder, server: ImagesServer):
    del paid.environment["OPENAI_API_KEY"]
    ran = paid.doit("engine=openai", "endpoints:sad__center")
    assert ran.code != 0
    assert "[!] Failed sad: OPENAI_API_KEY is not set: export it, or draw free drafts" in ran.out
    assert server.calls == []


def test_what_an_artist_saves_while_a_call_is_under_way_is_not_lost(
    paid: Folder, server: ImagesServer
):
    paid.doit()
    own = paid.path / "own.png"
    portrait().rotate(3).save(own)

    def reply(_call: Call) -> Reply:
        shutil.copy(own, paid.frame("sad__center"))
        return Reply()

    server.reply = reply
    assert paid.doit("-a", "endpoints:sad__center").code == 0
    aside = paid.frames / "set_aside" / "sad__center.1.png"
    assert aside.read_bytes() == own.read_bytes()

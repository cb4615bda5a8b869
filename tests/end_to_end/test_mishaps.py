"""What goes wrong around a run: full disks, closed pipes, edits at the wrong time, odd files."""

import base64
import json
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest
from PIL import Image

from tests.conftest import Folder, kill, portrait
from tests.end_to_end.test_endpoints import wait_for
from tests.harness.images_server import KEY, Call, ImagesServer, Reply, error_body


def takes(folder: Folder) -> list[Path]:
    """The pictures in the take store."""
    return list((folder.path / ".takes").glob("??/*.png"))


def png(path: Path) -> bytes:
    """A sound answer."""
    portrait().save(path)
    return path.read_bytes()


def test_where_takes_cannot_be_kept_nothing_is_bought(paid: Folder, server: ImagesServer):
    (paid.path / ".takes").write_text("in the way")
    ran = paid.doit()
    assert ran.code != 0
    assert "Traceback" not in ran.text
    assert server.calls == []


def test_after_a_take_that_could_not_be_kept_no_more_calls_are_made(
    paid: Folder, server: ImagesServer
):
    def reply(_call: Call) -> Reply:
        for number in range(256):
            shelf = paid.path / ".takes" / f"{number:02x}"
            if shelf.is_dir():  # that it can be written was tried before the call
                shutil.rmtree(shelf)
            shelf.touch()
        return Reply()

    server.reply = reply
    ran = paid.doit("-n", "1")
    assert ran.code != 0
    assert "Traceback" not in ran.text
    assert len(server.calls) == 1
    failed = next(line for line in ran.out.splitlines() if line.startswith("[!] Failed"))
    assert "no more calls are made" in failed
    rescued = Path(failed.split(" is in ")[1].split(", and")[0])
    with Image.open(rescued) as picture:
        assert picture.size == (64, 96)
    shutil.rmtree(rescued.parent)
    assert "Not attempted: 1" in ran.out


def test_a_closed_pipe_loses_no_paid_picture(paid: Folder, server: ImagesServer):
    server.reply = lambda _call: Reply(delay_s=0.7)
    process = paid.start("-n", "4", "endpoints")
    assert process.stdout is not None
    process.stdout.readline()
    process.stdout.close()
    assert process.stderr is not None
    said = process.stderr.read()
    process.wait(timeout=60)
    assert len(takes(paid)) == len(server.calls) == 5
    assert "Traceback" not in said


def test_a_portrait_saved_during_a_call_is_noticed(paid: Folder, server: ImagesServer):
    base = paid.path / "frames" / "base" / "neutral__center.png"

    def reply(_call: Call) -> Reply:
        changed = portrait()
        changed.putpixel((3, 3), (9, 9, 9, 255))
        changed.save(base)
        return Reply()

    server.reply = reply
    ran = paid.doit("endpoints:sad__center")
    assert ran.code != 0
    assert "was changed while it was drawn from; run the same again" in ran.out
    server.reply = lambda _call: Reply()
    assert paid.doit("endpoints:sad__center").code == 0
    assert len(server.calls) == 2
    assert "Reused: 1" in paid.doit("endpoints:sad__center").out


def test_an_interrupt_ends_the_wait_for_another_try(paid: Folder, server: ImagesServer):
    config = paid.config
    config["generation"]["max_retries"] = 4
    paid.write_config(config)
    server.reply = lambda _call: Reply(429, error_body("slow down"), headers={"retry-after": "20"})
    process = paid.start("-n", "1", "endpoints:sad__center")
    wait_for(lambda: len(server.calls) == 1)
    time.sleep(0.3)
    started = time.monotonic()
    kill(process, signal.SIGINT)
    process.communicate(timeout=30)
    assert time.monotonic() - started < 10
    assert len(server.calls) == 1
    assert process.returncode != 0


def test_a_picture_of_the_artist_s_where_the_sheet_goes_is_set_aside(free: Folder):
    own = free.path / "frames" / "sheet.png"
    portrait().save(own)
    before = own.read_bytes()
    free.doit("clean")
    assert own.read_bytes() == before
    assert free.doit().code == 0
    assert (free.path / "frames" / "set_aside" / "sheet.1.png").read_bytes() == before
    free.doit("-a", "sheet")
    assert len(list((free.path / "frames" / "set_aside").iterdir())) == 1


def test_forcing_without_a_key_puts_no_draft_over_a_final(paid: Folder):
    paid.doit()
    finals = paid.frame_bytes()
    paid.environment = {}
    ran = paid.doit("-a", "engine=puppet")
    now = paid.frame_bytes()
    assert now["sad__center"] == finals["sad__center"]
    assert now["happy_big__center"] == finals["happy_big__center"]
    assert "Kept 2 finals" in ran.out


def test_forcing_uses_what_the_frame_is_made_from_as_it_is(paid: Folder, server: ImagesServer):
    paid.doit("endpoints")
    neutral = paid.frame("neutral__tilt_left_small").read_bytes()
    calls = len(server.calls)
    config = paid.config
    config["poses"] = {"center": "", "tilt_left_small": "tilted left, a lot"}
    paid.write_config(config)
    assert paid.doit("-a", "endpoints:sad__tilt_left_small").code == 0
    assert len(server.calls) == calls + 1
    assert paid.frame("neutral__tilt_left_small").read_bytes() == neutral


def test_a_file_that_is_no_picture_is_moved_aside_and_named(paid: Folder):
    paid.frames.mkdir(parents=True)
    paid.frame("sad__center").write_text("<svg/>")
    ran = paid.doit()
    assert ran.code == 0
    aside = "frames/endpoints/set_aside/sad__center.1.png"
    assert f"[i] moved what lay at frames/endpoints/sad__center.png to {aside}" in ran.out
    assert (paid.path / aside).read_text() == "<svg/>"


def test_a_folder_where_a_frame_goes_is_said_in_one_line(paid: Folder):
    paid.frame("sad__center").mkdir(parents=True)
    ran = paid.doit()
    assert "[!] Failed sad: frames/endpoints/sad__center.png is a folder" in ran.out
    assert "Traceback" not in ran.text


@pytest.mark.parametrize("kind", ["lines", "data address", "odd usage", "object"])
def test_a_sound_picture_in_odd_wrapping_is_taken(
    paid: Folder, server: ImagesServer, tmp_path: Path, kind: str
):
    picture = png(tmp_path / "x.png")
    encoded = base64.encodebytes(picture).decode() if kind == "lines" else ""
    encoded = encoded or base64.b64encode(picture).decode()
    entry = {"b64_json": f"data:image/png;base64,{encoded}" if kind == "data address" else encoded}
    document = {"data": entry if kind == "object" else [entry], "usage": 5}
    server.reply = lambda _call: Reply(body=json.dumps(document).encode())
    assert paid.doit("endpoints:sad__center").code == 0
    assert [path.read_bytes() for path in takes(paid)] == [picture]


def test_the_announced_number_counts_frames_whose_neutral_will_change(
    paid: Folder, server: ImagesServer
):
    paid.doit("pose=all")
    calls = len(server.calls)
    changed = portrait()
    changed.putpixel((3, 3), (9, 9, 9, 255))
    changed.save(paid.path / "frames" / "base" / "neutral__center.png")
    ran = paid.doit("pose=all")
    assert len(server.calls) == calls + 5
    assert "[i] Generating 5 frames with" in ran.out


def test_a_damaged_take_is_named_and_drawn_anew(paid: Folder, server: ImagesServer):
    paid.doit("endpoints:sad__center")
    take = takes(paid)[0]
    take.write_bytes(take.read_bytes()[:50])
    paid.frame("sad__center").unlink()
    ran = paid.doit("endpoints:sad__center")
    assert ran.code == 0
    assert "[i] a take of sad__center was damaged" in ran.out
    assert len(server.calls) == 2


@pytest.mark.parametrize("content", ['{"takes": [{"id": "a", "file": 5, "drawn_at": "x"}]}', ""])
def test_an_odd_json_in_the_store_is_passed_over(paid: Folder, server: ImagesServer, content: str):
    paid.doit("endpoints:sad__center")
    listed = next((paid.path / ".takes").glob("??/*.json"))
    if content:
        listed.write_text(content)
    else:
        listed.unlink()
        listed.mkdir()
    paid.frame("sad__center").unlink()
    assert paid.doit("endpoints:sad__center").code == 0
    assert len(server.calls) == 1


def test_the_sheet_of_one_run_over_all_poses_has_them_all(free: Folder):
    assert free.doit("endpoints", "sheet").code == 0
    sheet = (free.path / "frames" / "sheet.png").read_bytes()
    with Image.open(free.path / "frames" / "sheet.png") as picture:
        width = picture.width
    assert free.doit("sheet").code == 0
    assert (free.path / "frames" / "sheet.png").read_bytes() == sheet
    shutil.rmtree(free.path / "frames" / "endpoints")
    free.doit()
    with Image.open(free.path / "frames" / "sheet.png") as picture:
        assert picture.width < width


KEYS = {
    "“quoted”": "OPENAI_API_KEY holds spaces, line ends or letters",
    "two words": "OPENAI_API_KEY holds spaces, line ends or letters",
}


@pytest.mark.parametrize("key", KEYS)
def test_a_key_that_cannot_be_one_is_said_and_not_shown(paid: Folder, key: str):
    paid.environment["OPENAI_API_KEY"] = key
    ran = paid.doit("endpoints:sad__center")
    assert f"[!] Failed sad: {KEYS[key]}" in ran.out
    assert key not in ran.text


def test_space_around_the_key_does_not_matter(paid: Folder):
    paid.environment["OPENAI_API_KEY"] = f" {KEY}\n"
    assert paid.doit("endpoints:sad__center").code == 0


def test_an_address_without_http_is_said_before_anything_is_sent(paid: Folder):
    paid.environment["OPENAI_BASE_URL"] = "localhost:8080/v1"
    ran = paid.doit("endpoints:sad__center")
    assert "must begin with http:// or https://" in ran.out
    assert "billed" not in ran.out


def test_a_portrait_that_is_built_here_is_a_mistake(free: Folder):
    config = free.config
    config["poses"] = {
        "center": "",
        "tilt_left_small": {"base_image": "frames/endpoints/neutral__tilt_left_small.png"},
    }
    free.write_config(config)
    ran = free.doit()
    assert ran.code == 3
    assert "base_image of tilt_left_small is frames/endpoints/neutral__tilt" in ran.err
    assert "which is built here" in ran.err


def test_a_prompt_that_no_model_takes_is_a_mistake(paid: Folder):
    config = paid.config
    config["character"] = "a" * 8000
    config["axes"] = {
        axis: {"neutral": "b" * 8000, "x": f"{axis[0]}" * 8000} for axis in config["axes"]
    }
    config["expressions"] = {"sad": dict.fromkeys(config["axes"], "x") | {"prompt": "c" * 8000}}
    config["base_paths"] = []
    paid.write_config(config)
    ran = paid.doit()
    assert ran.code == 3
    assert "models take 32,000" in ran.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("-o", "/nonexistent/x"), "-o /nonexistent/x: No such file or directory"),
        (("outdir=expressions.json",), "expressions.json"),
        (("base_image=" + "x" * 300 + ".png",), "is not there"),
    ],
)
def test_a_path_that_cannot_be_is_said_without_a_traceback(
    free: Folder, arguments: tuple[str, ...], said: str
):
    ran = free.doit(*arguments)
    assert ran.code != 0
    assert said in ran.text
    assert "Traceback" not in ran.text


def test_a_number_beyond_all_numbers_is_a_mistake_with_its_place(free: Folder):
    text = (free.path / "expressions.json").read_text()
    (free.path / "expressions.json").write_text(text.replace("0.57", "1" + "0" * 400, 1))
    ran = free.doit()
    assert ran.code == 3
    assert "line 1, column" in ran.err
    assert "Traceback" not in ran.text


def test_a_doit_that_does_not_know_our_commands_builds_nothing(free: Folder, tmp_path: Path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    command = [*free.command(), "-f", str(free.path / "dodo.py")]
    ran = subprocess.run(command, cwd=elsewhere, capture_output=True, text=True, check=False)
    assert ran.returncode == 3
    (line,) = ran.stderr.splitlines()
    assert f"cd {free.path} and start it there" in line
    assert not free.frame_bytes()

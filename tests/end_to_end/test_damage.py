"""Files that are damaged, or somebody else's: each costs itself, and a line says what to do."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import Folder
from tests.harness.images_server import ImagesServer


def no_traceback(text: str) -> bool:
    return "Traceback" not in text and "bug in" not in text


def test_a_damaged_choice_costs_its_own_frame_and_a_file_that_is_no_json_the_run(free: Folder):
    chosen = free.path / "takes.json"
    chosen.write_text(json.dumps({"sad__center": {"take": 5}, "\0": {"take": "x"}}))
    ran = free.doit()
    assert ran.code == 1
    assert ran.text.count("is damaged") == 1
    assert 'the entry "sad__center" is damaged' in ran.text
    assert sorted(free.frame_bytes()) == ["happy_big__center", "neutral__center"]
    chosen.write_text("<<<<<<< HEAD")
    for command in ("list", "costs"):
        assert free.doit(command).code == 0
    ran = free.doit()
    assert ran.code == 3
    assert "takes.json cannot be read" in ran.text
    chosen.unlink()
    assert free.doit().code == 0
    assert free.frame("sad__center").exists()


@pytest.mark.parametrize("damage", ["requests", "[[[[", "folder"])
def test_damaged_state_of_batches_is_one_line(paid: Folder, damage: str):
    batches = paid.path / ".takes" / "batches"
    batches.mkdir(parents=True)
    path = batches / f"{'a' * 16}.json"
    if damage == "folder":
        path.mkdir()
    else:
        path.write_text(damage)
    for words in ((), ("batch",)):
        ran = paid.doit(*words)
        assert ran.code == 3
        assert no_traceback(ran.text)
        assert f"{path.name} cannot be read" in ran.text
    assert path.exists()


def foreign(path: Path) -> Path:
    """Somebody else's file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"somebody's")
    return path


def set_aside_from(path: Path) -> bytes:
    """What was set aside of a path, the first time."""
    return (path.parent / "set_aside" / f"{path.stem}.1{path.suffix}").read_bytes()


@pytest.fixture
def small(free: Folder) -> Folder:
    """Two frames, and the sequence between them."""
    config = free.config
    config["poses"] = ["center"]
    config["expressions"] = {name: config["expressions"][name] for name in ("neutral", "sad")}
    config["base_paths"] = [{"id": "down", "start": "neutral", "end": "sad", "max_depth": 1}]
    free.write_config(config)
    return free


def test_what_is_somebody_elses_at_any_target_is_set_aside_and_named(small: Folder):
    frames = small.path / "frames"
    theirs = [
        foreign(frames / place)
        for place in (
            *("sheet.png", "face.png", "review/index.html", "review/page.css"),
            *("sequences/down__center/manifest.json", "previews/down__center.webp"),
            "exports/zip/export.json",
        )
    ]
    ran = small.doit("endpoints", "sheet", "face", "sequences", "previews", "review", "exports:zip")
    assert ran.code == 0, ran.text
    for path in theirs[:-1]:
        assert path.read_bytes() != b"somebody's"
        assert set_aside_from(path) == b"somebody's"
        assert f"Moved what lay at {path.relative_to(small.path)}" in ran.text
    again = small.doit("endpoints", "sheet", "face", "sequences", "previews", "review")
    assert "Moved" not in again.text
    assert len(list(frames.glob("**/set_aside/*"))) <= len(theirs)


@pytest.mark.parametrize("damage", ["", "{", "[1]", '{"frames": [{"t": 0, "file": "../../x"}]}'])
def test_what_is_free_is_made_anew_where_it_is_not_what_was_written(small: Folder, damage: str):
    targets = ("endpoints", "sequences", "sheet", "previews")
    assert small.doit(*targets).code == 0
    frames = small.path / "frames"
    manifest = frames / "sequences" / "down__center" / "manifest.json"
    before = {
        path: path.read_bytes()
        for path in (manifest, frames / "previews" / "down__center.webp", frames / "sheet.png")
    }
    for path in before:
        path.write_text(damage)
    assert small.doit(*targets).code == 0
    assert {path: path.read_bytes() for path in before} == before


@pytest.mark.parametrize("damage", ["", "{", "[1]", '{"sad__center": 5}', '{"x": {"flags": 1}}'])
def test_damaged_checks_are_made_anew_by_the_next_run(paid: Folder, damage: str):
    assert paid.doit().code == 0
    checks = paid.path / "frames" / "checks.json"
    before = checks.read_bytes()
    checks.write_text(damage)
    ran = paid.doit()
    assert ran.code == 0
    assert checks.read_bytes() == before
    assert "Moved what lay at" in ran.text


@pytest.mark.parametrize("value", [5, "x", [1], None, {"_values_:": 5}, {"_values_:": {"step": 5}}])
def test_a_database_with_other_values_is_looked_past(small: Folder, value: object):
    assert small.doit().code == 0
    database = small.path / ".doit.db.json"
    rows = json.loads(database.read_text())
    database.write_text(json.dumps(dict.fromkeys(rows, value)))
    for words in ((), ("list", "--status"), ("info", "sheet"), ("plan",)):
        ran = small.doit(*words)
        assert no_traceback(ran.text), words
        assert ran.code in {0, 1}


def test_a_pipe_at_a_frames_path_is_no_picture(small: Folder):
    small.frames.mkdir(parents=True)
    for name in ("neutral__center", "sad__center"):
        os.mkfifo(small.frame(name))
    ran = small.doit(timeout_s=60)
    assert ran.code == 0, ran.text
    assert small.frame("sad__center").is_file()


def test_where_no_frame_can_be_put_nothing_is_bought(paid: Folder, server: ImagesServer):
    (paid.path / "frames" / "endpoints").write_text("in the way")
    ran = paid.doit()
    assert ran.code != 0
    assert no_traceback(ran.text)
    assert server.calls == []
    assert "endpoints" in ran.text


@pytest.mark.parametrize("words", [("list",), ("plan",), ("help",)])
def test_an_output_that_nobody_can_read_is_no_traceback(small: Folder, words: tuple[str, ...]):
    command = [sys.executable, "-m", "doit", *words]
    with Path("/dev/full").open("w") as full:
        ran = subprocess.run(
            command, cwd=small.path, stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert ran.returncode == 3
    assert ran.stderr == "ERROR: the output cannot be written: No space left on device\n"
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "w") as gone:
        ran = subprocess.run(
            command, cwd=small.path, stdout=gone, stderr=subprocess.PIPE, text=True, check=False
        )
    assert (ran.returncode, ran.stderr) == (0, "")


def test_the_sheet_depends_on_the_frames_and_the_config_alone(paid: Folder, server: ImagesServer):
    assert paid.doit().code == 0
    sheet = paid.path / "frames" / "sheet.png"
    before = sheet.read_bytes()
    config = paid.config
    paid.write_config({**config, "expressions": {**config["expressions"], "sad": {"mouth": "ah"}}})
    paid.frame("happy_big__center").unlink()  # it comes from the store
    assert paid.doit("budget=0").code == 1
    assert sheet.read_bytes() != before  # what failed is marked
    paid.write_config(config)
    assert paid.doit().code == 0
    assert sheet.read_bytes() == before


def test_a_sheet_of_which_one_frame_changed_is_that_of_a_fresh_run(free: Folder):
    assert free.doit("sheet").code == 0
    sheet, record = free.path / "frames" / "sheet.png", free.path / ".doit.sheet.json"
    before = sheet.read_bytes()
    config = free.config
    free.write_config({**config, "expressions": {**config["expressions"], "sad": {"mouth": "ah"}}})
    assert free.doit("sheet").code == 0
    after = sheet.read_bytes()
    assert after != before
    record.unlink()
    assert free.doit("-a", "sheet").code == 0
    assert sheet.read_bytes() == after


def test_where_no_file_may_be_as_large_as_a_picture_nothing_is_bought(
    paid: Folder, server: ImagesServer
):
    limited = ["bash", "-c", 'ulimit -f 300; exec "$0" "$@"', *paid.command()]
    environment = {**os.environ, **server.environment()}
    ran = subprocess.run(
        [*limited, "endpoints:sad__center"],
        cwd=paid.path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 1, ran.stdout
    assert "ulimit -f" in ran.stdout
    assert server.calls == []

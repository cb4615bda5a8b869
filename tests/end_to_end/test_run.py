"""The command line: what is refused, what is said, and what a run leaves out."""

import os
import pty
import re
import select
import subprocess
import sys

import pytest

from tests.conftest import Folder, small_config
from tests.harness.images_server import ImagesServer, Reply


def test_a_mistyped_variable_is_an_error_with_the_nearest_name(free: Folder):
    ran = free.doit("outdri=x")
    assert ran.code == 3
    assert 'there is no variable outdri; did you mean "outdir"?' in ran.err
    assert "Traceback" not in ran.text
    assert not free.frames.exists()


@pytest.mark.parametrize(
    ("argument", "said"),
    [
        ("pose=tilt_left", 'has no pose "tilt_left"; did you mean "tilt_left_small"?'),
        ("size=huge", 'size=huge on the command line: "huge" must be width x height'),
        ("engine=pupet", 'did you mean "puppet"?'),
        ("include_neutral=maybe", '"maybe" is neither yes nor no'),
        ("config=expression.json", 'did you mean "expressions.json"?'),
        ("base_image=frames/base/neutral_center.png", 'mean "frames/base/neutral__center.png"?'),
        ("quality=", "quality= has no value"),
    ],
)
def test_a_wrong_value_is_an_error_before_anything_is_drawn(free: Folder, argument: str, said: str):
    ran = free.doit(argument)
    assert ran.code == 3
    assert said in ran.err
    assert "Traceback" not in ran.text
    assert not free.frames.exists()


def test_a_mistake_in_the_config_has_its_line_and_exit_code_3(free: Folder):
    config = small_config()
    config["expressions"]["sad"]["mouth"] = "smile_sof"
    config["generation"] = {"engine": "puppet", "modle": "x"}
    free.write_config(config, indent=1)
    ran = free.doit()
    assert ran.code == 3
    text = (free.path / "expressions.json").read_text().splitlines()
    line = next(number for number, row in enumerate(text, 1) if "smile_sof" in row and ":" in row)
    assert "expressions.json: 2 mistakes" in ran.err
    assert f"line {line}, column" in ran.err
    assert 'did you mean "smile_soft"?' in ran.err
    assert 'did you mean "model"?' in ran.err
    assert "Traceback" not in ran.text
    assert not free.frames.exists()


def test_a_task_that_is_not_there_is_an_error_with_the_nearest_name(free: Folder):
    ran = free.doit("endpoints:sda__center")
    assert ran.code == 3
    assert 'did you mean "endpoints:sad__center"?' in ran.err


def test_a_pattern_that_matches_nothing_is_an_error(free: Folder):
    ran = free.doit("endpoints:*__tilt_lfet_small")
    assert ran.code == 3
    assert "there is no task" in ran.err


def test_options_after_a_task_are_explained(free: Folder):
    ran = free.doit("endpoints", "-n", "2")
    assert ran.code == 3
    assert "options of doit go before the names of tasks" in ran.err


@pytest.mark.parametrize("workers", ["65", "-1"])
def test_more_workers_than_allowed_are_refused(free: Folder, workers: str):
    ran = free.doit("-n", workers)
    assert ran.code == 3
    assert "from 0 to 64 workers" in ran.err


def test_sixty_four_workers_and_none_at_all_both_work(free: Folder):
    assert free.doit("-n", "64").code == 0
    assert free.doit("-n", "0", "-a").code == 0


def test_processes_are_refused_with_the_reason(free: Folder):
    ran = free.doit("-P", "process")
    assert ran.code == 3
    assert "drawn in threads" in ran.err


def test_a_variable_draws_another_pose_or_all(free: Folder):
    assert free.doit("pose=tilt_left_small").code == 0
    assert {name.split("__")[1] for name in free.frame_bytes()} == {"tilt_left_small"}
    assert free.doit("pose=all").code == 0
    assert len(free.frame_bytes()) == 6


def test_frames_in_another_folder_and_size_leave_the_first_ones_alone(free: Folder):
    free.doit()
    before = free.frame_bytes()
    assert free.doit("outdir=elsewhere/big", "size=128x192").code == 0
    assert free.frame_bytes() == before
    assert len(list((free.path / "elsewhere" / "big").glob("*__*.png"))) == 3
    assert (free.path / "elsewhere" / "big" / "sheet.png").is_file()
    ran = free.doit()
    assert "Success: 0" in ran.out
    assert free.frame_bytes() == before


def test_switching_between_two_configs_for_one_folder_never_leaves_the_wrong_frames(free: Folder):
    free.doit()
    first = free.frame_bytes()
    other = small_config()
    other["expressions"]["sad"]["mouth"] = "ah"
    (free.path / "other.json").write_text((free.path / "expressions.json").read_text())
    config = free.config
    config["expressions"]["sad"]["mouth"] = "ah"
    free.write_config(config)
    free.doit()
    assert free.frame_bytes() != first
    assert free.doit("config=other.json").code == 0
    assert free.frame_bytes() == first


def test_a_character_in_another_folder_keeps_its_frames_there(free: Folder):
    other = free.path / "cast" / "twin"
    (other / "frames" / "base").mkdir(parents=True)
    base = "frames/base/neutral__center.png"
    (other / base).write_bytes((free.path / base).read_bytes())
    (other / "expressions.json").write_text((free.path / "expressions.json").read_text())
    assert free.doit("config=cast/twin/expressions.json").code == 0
    assert len(list((other / "frames" / "endpoints").glob("*.png"))) == 3
    assert not free.frames.exists()


def test_prompts_are_printed_without_key_or_network(free: Folder):
    ran = free.doit("prompts", "endpoints:*__tilt_left_small")
    assert ran.code == 0, ran.text
    assert "# sad__tilt_left_small\nEdit this portrait: change only the facial" in ran.out
    assert "# neutral__tilt_left_small\nEdit this portrait: change only how the head" in ran.out
    assert "# sad__center" not in ran.out
    assert not free.frames.exists()


def test_prompts_alone_are_those_of_the_default_pose(free: Folder):
    ran = free.doit("prompts")
    assert "# sad__center" in ran.out
    assert "# neutral__center\n(the base image itself; nothing is drawn)" in ran.out
    assert "tilt" not in ran.out


def test_prompts_name_a_task_that_was_probably_meant(free: Folder):
    ran = free.doit("prompts", "endpoints:sda__center")
    assert ran.code == 3
    assert 'did you mean "endpoints:sad__center"?' in ran.err


def test_words_that_the_puppet_does_not_read_are_said_once(free: Folder):
    config = free.config
    for name in ("one", "two"):
        config["expressions"][name] = {"prompt": f"as number {name} of the cast"}
    config["expressions"]["angry"] = {"prompt": "furious"}
    free.write_config(config)
    ran = free.doit()
    (line,) = [line for line in ran.out.splitlines() if "have only words" in line]
    assert line.startswith("[!] one, two: 2 expressions have only words")
    assert free.frame("angry__center").read_bytes() != free.frame("neutral__center").read_bytes()
    assert "only words" not in free.doit().out


DRAWING_ROOMS = {"engines", "batch", "puppet", "finish", "morph", "landmarks"}
"""rooms of which a run that draws nothing loads no module"""


def loaded_by_a_run(folder: Folder, *words: str) -> list[str]:
    """The modules that a process of its own has loaded after `doit`, and OpenBLAS's threads."""
    code = (
        "import os, sys; from doit.doit_cmd import DoitMain; code = DoitMain().run(sys.argv[1:]);"
        "print('loaded:', *sys.modules, 'threads=' + os.environ['OPENBLAS_NUM_THREADS']);"
        "sys.exit(code)"
    )
    environment = {k: v for k, v in os.environ.items() if k != "OPENBLAS_NUM_THREADS"}
    ran = subprocess.run(
        [sys.executable, "-c", code, *words],
        cwd=folder.path,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return ran.stdout.partition("loaded: ")[2].split()


def test_a_run_of_drafts_loads_what_drafts_need(free: Folder):
    loaded = loaded_by_a_run(free, "endpoints")
    assert free.frame("sad__center").exists()
    assert {"cv2", "tasks.puppet", "threads=1"} <= set(loaded)
    assert "openai" not in loaded
    assert not {name for name in loaded if name.startswith(("tasks.morph", "tasks.finish.steps"))}
    page = loaded_by_a_run(free, "review")
    assert "PIL.WebPImagePlugin" in page
    assert "PIL.PdfImagePlugin" not in page


def test_a_no_op_run_loads_no_room_that_draws_and_none_of_the_heavy_packages(free: Folder):
    free.doit()
    loaded = loaded_by_a_run(free)
    assert not {"openai", "PIL", "numpy", "cv2", "pydantic", "rich"} & set(loaded)
    rooms = {name.split(".")[1] for name in loaded if name.startswith("tasks.")}
    assert {"running", "targets", "graph"} <= rooms
    assert not rooms & DRAWING_ROOMS
    # What became of a frame is said by its step; deciding and drawing are further in.
    assert {name for name in loaded if name.startswith("tasks.build.")} == {"tasks.build.step"}
    page = {"tasks.review.page", "tasks.review.page.seen"}
    assert {name for name in loaded if name.startswith("tasks.review.")} == page


def test_a_damaged_database_is_no_obstacle(free: Folder):
    free.doit()
    before = free.frame_bytes()
    (free.path / ".doit.db.json").write_text('{"endpoints:sad__center": {"_val')
    (free.path / ".doit.graph.json").write_text("{")
    ran = free.doit()
    assert ran.code == 0
    assert "Success: 0, Failed: 0, Reused: 3" in ran.out
    assert free.frame_bytes() == before


def test_an_ignored_frame_is_left_alone(free: Folder):
    assert free.doit("ignore", "endpoints:sad__center").code == 0
    ran = free.doit()
    assert "Ignored sad" in ran.out
    assert not free.frame("sad__center").exists()


def test_output_goes_to_a_file_where_asked(free: Folder):
    assert free.doit("-o", "log.txt").code == 0
    assert "[✓] sad" in (free.path / "log.txt").read_text(encoding="utf-8")


def test_a_terminal_that_knows_no_check_mark_is_no_obstacle(free: Folder):
    free.environment["PYTHONIOENCODING"] = "ascii"
    ran = free.doit()
    assert ran.code == 0
    assert "[ok] sad -> frames/endpoints/sad__center.png" in ran.out


def test_json_output_for_programs_still_works(free: Folder):
    ran = free.doit("-r", "json")
    assert ran.code == 0
    assert '"name": "endpoints:sad__center", "result": "success"' in ran.out


def test_a_terminal_shows_a_bar_and_one_line_a_frame(paid: Folder, server: ImagesServer):
    server.reply = lambda _call: Reply(delay_s=0.2)
    text = in_terminal(paid)
    assert "[✓] sad -> frames/endpoints/sad__center.png" in text
    assert "3/3" in text
    assert "[i] Done. Success: 2, Failed: 0, Reused: 1" in text


def in_terminal(folder: Folder) -> str:
    """What `doit` writes to a terminal of 100 columns."""
    leader, follower = pty.openpty()
    environment = {**os.environ, **folder.environment, "TERM": "xterm-256color", "COLUMNS": "100"}
    process = subprocess.Popen(
        [sys.executable, "-m", "doit"],
        cwd=folder.path,
        env=environment,
        stdin=follower,
        stdout=follower,
        stderr=follower,
    )
    os.close(follower)
    written = bytearray()
    while True:
        ready, _, _ = select.select([leader], [], [], 30)
        assert ready, "the terminal fell silent"
        try:
            chunk = os.read(leader, 65536)
        except OSError:  # how Linux says that the other end is closed
            break
        if not chunk:
            break
        written += chunk
    os.close(leader)
    assert process.wait(timeout=10) == 0
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", written.decode())


def test_a_weight_that_the_puppet_cannot_show_is_named_once(free: Folder):
    config = free.config
    for name in ("sad", "happy_big"):
        config["expressions"][name]["blendshapes"] = {"tongueOut": 0.5}
    free.write_config(config)
    ran = free.doit()
    assert ran.code == 0
    assert ran.out.count("[i] the puppet cannot show tongueOut") == 1

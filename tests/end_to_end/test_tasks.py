"""doit's own commands about tasks, as a person types them."""

import pytest

from tests.conftest import Folder


@pytest.mark.parametrize(
    "words",
    [
        ("info", "NO_SUCH_TASK"),
        ("info", "endpoints:x*"),
        ("info", "endpoints:*"),
        ("list", "endpoints:x*"),
        ("forget", "nobody"),
        ("ignore", "nobody"),
        ("dumpdb",),
        ("run", "--backend", "sqlite3"),
        ("list", "--backend", "sqlite3"),
    ],
)
def test_what_means_nothing_is_an_error_of_one_line(free: Folder, words: tuple[str, ...]):
    ran = free.doit(*words)
    assert ran.code != 0
    assert ran.text.startswith("ERROR: ")
    assert ran.text.count("\n") == 1


def test_list_forget_and_ignore_take_the_patterns_of_run(free: Folder):
    listed = free.doit("list", "endpoints:sad*").out.split()
    assert listed == ["endpoints:sad__center", "endpoints:sad__tilt_left_small"]
    assert free.doit("forget", "endpoints:sad*").out.count("forgetting endpoints:sad__") == 2
    assert "forgetting sheet\n" in free.doit("forget").out
    info = free.doit("info", str(free.frame("sad__center").relative_to(free.path)))
    assert "endpoints:sad__center" in info.out


def test_ignoring_a_frame_leaves_the_sheet_and_the_database_can_be_shown(free: Folder):
    assert free.doit("ignore", "endpoints:sad*center").out == "ignoring endpoints:sad__center\n"
    ran = free.doit()
    assert ran.code == 0
    assert "Ignored sad" in ran.out
    assert "Ignored sheet" not in ran.out
    assert (free.path / "frames" / "sheet.png").is_file()
    assert "endpoints:happy_big__center -> {" in free.doit("dumpdb").out


def test_help_of_run_tells_the_defaults_of_this_project(free: Folder):
    helped = free.doit("help", "run").out
    assert "number of subprocesses [default: 4]" in helped
    assert "[default: whole-file]" in helped

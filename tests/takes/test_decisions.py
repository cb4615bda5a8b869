"""Decisions in takes.json, beside the picks."""

from pathlib import Path

from tasks.takes.decisions import accept, approve, read_decisions, reject
from tasks.takes.picks import PICKS_FILE, Pick, change_picks, read_picks


def test_picks_and_decisions_of_a_frame_leave_each_other_alone(tmp_path: Path):
    pick = Pick("a" * 12, "k", "k")
    approve(tmp_path, ["sad__center"], approved=True)
    change_picks(tmp_path, {"sad__center": pick})
    reject(tmp_path, {"angry__center": "b" * 12}, "less")
    assert read_picks(tmp_path) == {"sad__center": pick}
    assert read_decisions(tmp_path)["sad__center"].approved
    assert read_decisions(tmp_path)["angry__center"].rejected == {"b" * 12: "less"}
    change_picks(tmp_path, {"sad__center": None})
    assert read_decisions(tmp_path)["sad__center"].approved


def test_what_is_taken_back_leaves_nothing_behind(tmp_path: Path):
    approve(tmp_path, ["sad__center"], approved=True)
    reject(tmp_path, {"sad__center": "b" * 12}, "less")
    assert not read_decisions(tmp_path)["sad__center"].approved
    accept(tmp_path, {"sad__center": "b" * 12})
    assert read_decisions(tmp_path) == {}
    assert not (tmp_path / PICKS_FILE).exists()

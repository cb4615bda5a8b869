"""Files that are damaged, or somebody else's: each costs itself, and a line says what to do."""

import json

import pytest

from tests.conftest import Folder


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

"""doit's database as one JSON file."""

import json
from pathlib import Path

import pytest
from doit.dependency import Dependency

from tasks.running.database import Database
from tasks.running.freshness import SliceChecker


def open_at(path: Path) -> Database:
    return Database(str(path), None)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / ".doit.db.json"


def test_what_was_set_is_there_when_it_is_opened_again(path: Path):
    database = open_at(path)
    database.set("t", "_values_:", {"step": "drawn"})
    database.set("t", "deps:", ("a", "b"))
    database.set("u", "Zoë.png", "digest")
    database.dump()
    again = open_at(path)
    assert again.get("t", "_values_:") == {"step": "drawn"}
    assert again.row("t") == {"_values_:": {"step": "drawn"}, "deps:": ["a", "b"]}
    assert again.get("u", "Zoë.png") == "digest"


def test_a_result_that_is_kept_as_values_too_is_kept_as_a_digest(path: Path):
    database = open_at(path)
    kept = []
    for values in ({"step": "drawn"}, {"step": "drawn"}, {"step": "restored"}):
        database.set("t", "result:", values)
        kept.append(database.get("t", "result:"))
    assert kept[0] == kept[1] != kept[2]
    assert all(isinstance(result, str) for result in kept)
    database.set("t", "result:", "of doit's own making")
    assert database.get("t", "result:") == "of doit's own making"


def test_what_nobody_set_is_none(path: Path):
    database = open_at(path)
    database.set("t", "a", 1)
    assert database.get("t", "b") is None
    assert database.get("u", "a") is None
    assert database.row("u") == {}
    assert database.in_("t")
    assert not database.in_("u")


def test_one_task_or_all_can_be_forgotten(path: Path):
    database = open_at(path)
    for name in ("t", "u", "v"):
        database.set(name, "a", 1)
    database.dump()
    database.remove("no such task")
    database.remove("t")
    database.dump()
    assert [open_at(path).in_(name) for name in ("t", "u", "v")] == [False, True, True]
    database.remove_all()
    database.dump()
    assert json.loads(path.read_bytes()) == {}


@pytest.mark.parametrize(
    "damage",
    [b"", b'{"t": {"a"', b"\xff\xfe\x00", b"[]", b"3", b"null", b'{"t": 3}', b'{"t": ["a"]}'],
)
def test_a_damaged_file_is_an_empty_database_that_can_be_written(path: Path, damage: bytes):
    path.write_bytes(damage)
    database = open_at(path)
    assert not database.in_("t")
    assert database.get("t", "a") is None
    database.set("t", "a", 1)
    database.dump()
    assert open_at(path).get("t", "a") == 1


def test_nothing_is_written_where_nothing_changed(path: Path):
    database = open_at(path)
    database.get("t", "a")
    database.dump()
    assert not path.exists()
    database.set("t", "a", 1)
    database.dump()
    path.write_bytes(b"as it was")
    database.remove("no such task")
    database.dump()
    assert path.read_bytes() == b"as it was"


def test_it_is_written_whole_or_not_at_all_and_that_is_said(
    path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    database = open_at(path)
    database.set("t", "a", 1)
    database.dump()

    def full(*_arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    database.set("t", "a", 2)
    database.dump()
    assert capsys.readouterr().err == f"[!] {path} cannot be written: No space left on device\n"
    assert open_at(path).get("t", "a") == 1
    assert [file.name for file in path.parent.iterdir()] == [path.name]
    monkeypatch.undo()
    database.dump()
    assert open_at(path).get("t", "a") == 2


def test_doit_takes_it_as_a_backend(path: Path):
    database = Dependency(Database, str(path), SliceChecker)
    assert database.get_values("t") == {}
    database._set("t", "ignore:", "1")
    database.close()
    assert open_at(path).get("t", "ignore:") == "1"

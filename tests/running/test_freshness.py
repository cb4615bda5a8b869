"""What makes a task out of date."""

import hashlib
import os
from pathlib import Path

import pytest
from doit.dependency import Dependency
from doit.globals import Globals
from doit.task import Task

from tasks.running.database import Database
from tasks.running.freshness import ConfigSlice, SliceChecker


@pytest.fixture
def hashed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every file that is hashed from here on."""
    names: list[str] = []
    real = hashlib.file_digest

    def counted(file, *arguments):
        names.append(Path(file.name).name)
        return real(file, *arguments)

    monkeypatch.setattr(hashlib, "file_digest", counted)
    return names


class Runs:
    """Runs of doit over one database, one after another."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self._folder = folder
        self._monkeypatch = monkeypatch

    def next(self, *tasks: Task, **how: bool) -> list[str]:
        """The names of the tasks that a run found out of date; they then succeed."""
        database = Dependency(Database, str(self._folder / "db.json"), SliceChecker)
        self._monkeypatch.setattr(Globals, "dep_manager", database)
        found = [t.name for t in tasks if database.get_status(t, {}).status != "up-to-date"]
        for task in tasks:
            if task.name in found:
                database.save_success(task)
        database.close()
        return found

    def why(self, task: Task) -> dict[str, list[str]]:
        """The reasons that `doit info` would name."""
        database = Dependency(Database, str(self._folder / "db.json"), SliceChecker)
        self._monkeypatch.setattr(Globals, "dep_manager", database)
        return dict(database.get_status(task, {}, get_log=True).reasons)


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Runs:
    return Runs(tmp_path, monkeypatch)


def task_of(name: str, *file_deps: str) -> Task:
    return Task(name, None, file_dep=list(file_deps))


def touch_at(path: Path, time_s: int) -> None:
    os.utime(path, (time_s, time_s))


@pytest.fixture
def portrait(tmp_path: Path) -> Path:
    path = tmp_path / "portrait.png"
    path.write_bytes(b"pixels")
    touch_at(path, 1_000)
    return path


# The slice of a config


def test_a_slice_is_the_config_s_path_wherever_doit_shows_it():
    part = ConfigSlice("fox/expressions.json", "d1")
    assert part == "fox/expressions.json"
    assert {part: 1}["fox/expressions.json"] == 1
    assert f"{part}" == "fox/expressions.json"
    assert Task("t", None, file_dep=[part]).file_dep.pop().digest == "d1"


def test_only_the_task_whose_slice_changed_is_out_of_date(runs: Runs):
    def tasks(*digests: str) -> list[Task]:
        return [
            task_of(f"t{number}", ConfigSlice("expressions.json", digest))
            for number, digest in enumerate(digests)
        ]

    assert runs.next(*tasks("a", "b", "c")) == ["t0", "t1", "t2"]
    assert runs.next(*tasks("a", "b", "c")) == []
    assert runs.next(*tasks("a", "B", "c")) == ["t1"]
    assert runs.next(*tasks("a", "B", "c")) == []


def test_the_config_itself_is_never_read(runs: Runs, hashed: list[str]):
    task = task_of("t", ConfigSlice("/no/such/expressions.json", "a"))
    assert runs.next(task) == ["t"]
    assert runs.next(task) == []
    assert hashed == []


def test_the_config_is_named_as_the_reason(runs: Runs):
    runs.next(task_of("t", ConfigSlice("expressions.json", "a")))
    changed = task_of("t", ConfigSlice("expressions.json", "b"))
    assert runs.why(changed) == {"changed_file_dep": ["expressions.json"]}


# Files


def test_a_file_is_compared_by_its_content(runs: Runs, portrait: Path):
    task = task_of("t", str(portrait))
    assert runs.next(task) == ["t"]
    touch_at(portrait, 2_000)
    assert runs.next(task) == []
    portrait.write_bytes(b"pixelz")
    assert runs.next(task) == ["t"]
    portrait.write_bytes(b"pixels and more")
    assert runs.next(task) == ["t"]


def test_a_file_is_hashed_once_a_run_however_many_tasks_read_it(
    runs: Runs, portrait: Path, hashed: list[str]
):
    tasks = [task_of(f"t{number}", str(portrait)) for number in range(20)]
    assert len(runs.next(*tasks)) == 20
    assert hashed == ["portrait.png"]


def test_a_file_that_did_not_change_is_not_hashed_in_a_later_run(
    runs: Runs, portrait: Path, hashed: list[str]
):
    task = task_of("t", str(portrait))
    runs.next(task)
    runs.next(task)
    runs.next(task)
    assert len(hashed) == 1


def test_a_touched_file_is_hashed_in_the_next_run_and_in_none_after_it(
    runs: Runs, portrait: Path, hashed: list[str]
):
    tasks = [task_of(f"t{number}", str(portrait)) for number in range(3)]
    runs.next(*tasks)
    touch_at(portrait, 2_000)
    hashed.clear()
    assert runs.next(*tasks) == []
    assert len(hashed) == 1
    assert runs.next(*tasks) == []
    assert len(hashed) == 1


def test_a_file_of_another_size_at_the_same_time_is_hashed(runs: Runs, portrait: Path):
    task = task_of("t", str(portrait))
    runs.next(task)
    portrait.write_bytes(b"more pixels")
    touch_at(portrait, 1_000)
    assert runs.next(task) == ["t"]


def test_going_back_to_an_earlier_content_is_a_change(runs: Runs, portrait: Path):
    task = task_of("t", str(portrait))
    for content in (b"one", b"two", b"one"):
        portrait.write_bytes(content)
        assert runs.next(task) == ["t"]


def test_a_file_that_is_missing_is_doit_s_to_name(tmp_path: Path):
    with pytest.raises(FileNotFoundError):
        SliceChecker().info(str(tmp_path / "no.png"))

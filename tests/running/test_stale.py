"""What a run has to look at."""

from pathlib import Path

import pytest
from doit.dependency import Dependency
from doit.globals import Globals
from doit.task import Task

from tasks.running.database import Database
from tasks.running.freshness import ConfigSlice, SliceChecker
from tasks.running.stale import Pending


def nothing() -> None:
    """An action."""


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Dependency:
    made = Dependency(Database, str(tmp_path / "db.json"), SliceChecker)
    monkeypatch.setattr(Globals, "dep_manager", made)
    return made


def frame(name: str, *task_deps: str, part: str = "a") -> Task:
    """A task that reads a slice of a config."""
    slices = [ConfigSlice("expressions.json", part)]
    return Task(name, [(nothing, [])], file_dep=slices, task_dep=list(task_deps))


def group(name: str, *members: str) -> Task:
    return Task(name, None, task_dep=list(members), has_subtask=True)


def look(database: Dependency, *tasks: Task, done: str = "") -> tuple[Pending, dict[str, Task]]:
    """The tasks, those named in `done` recorded as they are."""
    by_name = {task.name: task for task in tasks}
    for name in done.split():
        database.save_success(by_name[name])
    return Pending(by_name, database), by_name


def test_what_never_ran_is_pending_and_what_is_recorded_is_not(database: Dependency):
    pending, _ = look(database, frame("a"), frame("b"), done="a")
    assert pending.names(["a", "b"]) == ["b"]


def test_what_depends_on_something_pending_is_pending(database: Dependency):
    pending, _ = look(
        database, frame("neutral"), frame("sad", "neutral"), frame("sheet", "sad"), done="sad sheet"
    )
    assert pending.names(["sheet", "sad", "neutral"]) == ["sheet", "sad", "neutral"]


def test_what_something_pending_depends_on_is_not_pending_for_that(database: Dependency):
    pending, _ = look(database, frame("neutral"), frame("sad", "neutral"), done="neutral")
    assert pending.names(["neutral", "sad"]) == ["sad"]


def test_a_change_in_one_slice_leaves_the_others_settled(database: Dependency):
    before = [frame(name, part=name) for name in "abc"]
    for task in before:
        database.save_success(task)
    after = [frame("a", part="a"), frame("b", part="changed"), frame("c", part="c")]
    pending = Pending({task.name: task for task in after}, database)
    assert pending.names("abc") == ["b"]
    assert [task.name for task in pending.all_pending()] == ["b"]
    assert [task.name for task in pending.settled()] == ["a", "c"]


def test_a_group_is_what_its_members_are(database: Dependency):
    pending, _ = look(
        database,
        group("all", "a", "b"),
        group("new", "a", "c"),
        group("none"),
        *(frame("a"), frame("b"), frame("c")),
        done="a b",
    )
    assert pending.names(["all", "new", "none"]) == ["new"]


def test_trimming_leaves_doit_only_what_is_pending(database: Dependency):
    pending, tasks = look(
        database, group("all", "a", "b", "c"), frame("a"), frame("b", "a"), frame("c"), done="a c"
    )
    selected = pending.names(["all"])
    pending.trim(selected)
    assert selected == ["all"]
    assert tasks["all"].task_dep == ["b"]
    assert tasks["b"].task_dep == []


def test_what_nobody_selected_is_not_looked_at(database: Dependency):
    pending, _ = look(database, frame("a"), frame("b"))
    pending.names(["a"])
    assert [task.name for task in pending.all_pending()] == ["a"]
    assert pending.settled() == []


def test_a_cycle_is_left_for_doit_to_name(database: Dependency):
    pending, _ = look(database, frame("a", "b"), frame("b", "a"), done="a b")
    assert pending.names(["a", "b"]) == ["a", "b"]


def test_a_chain_of_ten_thousand_is_no_hindrance(database: Dependency):
    tasks = [frame("t0"), *(frame(f"t{n}", f"t{n - 1}") for n in range(1, 10_000))]
    for task in tasks:
        database.save_success(task)
    pending = Pending({task.name: task for task in tasks}, database)
    assert pending.names(["t9999"]) == []
    assert len(pending.settled()) == 10_000


@pytest.mark.parametrize(
    "task",
    [
        Task("t", None, setup=["other"]),
        Task("t", None, calc_dep=["other"]),
        Task("t", None, teardown=[(nothing, [])]),
        Task("t", [(nothing, [])]),
        Task("t", [(nothing, [])], uptodate=[False]),
        Task("t", None, targets=["/no/such/target.png"], file_dep=[]),
    ],
    ids=["setup", "calc_dep", "teardown", "no dependency", "uptodate", "target missing"],
)
def test_what_doit_would_run_or_can_only_know_while_it_runs_is_pending(
    database: Dependency, task: Task
):
    pending, _ = look(database, task, frame("other"), done="t other")
    assert pending.is_pending("t")


def test_a_task_that_is_ignored_is_left_to_doit(database: Dependency):
    task = frame("a")
    pending, _ = look(database, task, done="a")
    database.ignore(task)
    assert pending.is_pending("a")

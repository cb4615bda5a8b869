"""A batch survives the end of its process at any instant, and nothing is bought twice."""

import itertools
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tasks.batch.flow import Batches, Limits
from tasks.batch.state import StateFolder
from tasks.requests.engine import EngineFailure, Fault
from tasks.spending.ledger import Ledger
from tasks.takes.store import TakeStore
from tests.conftest import ROOT
from tests.harness.batch_server import BatchServer
from tests.harness.batch_world import DirectService, World, item, world
from tests.harness.images_server import Reply

__all__ = ["world"]

ITEMS = [item("sad", 1), item("glad", 1), item("angry", 1, 2)]


class Killed(BaseException):
    """The process ends here."""


class Steps:
    """Counts what touches the disk or the endpoint, before and after, and ends at one of these."""

    def __init__(self, kill_at: int, lose: frozenset[int] = frozenset()) -> None:
        self.number = 0
        self._kill_at = kill_at
        self._lose = lose

    def step(self, *, remote: bool) -> None:
        """One instant at which the process may end, or a connection break."""
        self.number += 1
        if self.number >= self._kill_at:
            raise Killed
        if remote and self.number in self._lose:
            raise EngineFailure("the connection broke off", fault=Fault.UNCERTAIN)

    def around(self, call: Callable[..., Any], *, remote: bool = False) -> Callable[..., Any]:
        """`call`, with an instant before it and one after it."""

        def stepped(*args: Any, **kwargs: Any) -> Any:
            self.step(remote=remote)
            value = call(*args, **kwargs)
            if isinstance(value, Iterator):
                value = iter(list(value))
            self.step(remote=remote)
            return value

        return stepped


REMOTE = ("upload", "files", "delete_file", "create", "batches", "look", "lines")
ON_DISK = (
    (StateFolder, ("write", "write_requests", "remove")),
    (TakeStore, ("add",)),
    (Ledger, ("add",)),
)


class Runs:
    """One store and one endpoint, used by processes that are killed."""

    def __init__(self, folder: Path) -> None:
        self.server = BatchServer()
        self.world = World(folder, self.server)
        self.world.limits = Limits(requests=2, at_once=1)

    def process(self, steps: Steps) -> None:
        """A new process: takes in what is done, submits the rest; the endpoint draws; once more."""
        service = DirectService(self.server)
        for name in REMOTE:
            setattr(service, name, steps.around(getattr(service, name), remote=True))
        self.world.connect = lambda: service
        with pytest.MonkeyPatch.context() as patch:
            for owner, names in ON_DISK:
                for name in names:
                    patch.setattr(owner, name, steps.around(getattr(owner, name)))
            self._act(self.world.batches())

    def _act(self, batches: Batches) -> None:
        batches.fetch()
        batches.submit(ITEMS)
        self.server.run()
        batches.fetch()

    def killed_at(self, number: int, lose: frozenset[int] = frozenset()) -> bool:
        """Run a process until that instant; whether it came to it."""
        try:
            self.process(Steps(number, lose))
        except Killed:
            return True
        finally:
            self.world.later(minutes=2)
        return False

    def check(self) -> None:
        """After one more process everything was bought once, and is there once."""
        while self.killed_at(sys.maxsize) or self.world.batches().live():
            pass
        keys = {item.request.key for item in ITEMS}
        assert self.server.problems == []
        assert dict(self.server.drawn) == dict.fromkeys(keys, 1)
        assert self.world.takes(*ITEMS) == [1, 1, 1]
        assert sorted(entry.key for entry in self.world.entries()) == sorted(keys)
        assert self.server.uploads == []
        assert self.world.left_files() == set()


PARTS = 4


@pytest.fixture(autouse=True)
def quick_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that is killed loses nothing that is not on the disk yet: the system has it."""
    monkeypatch.setattr(os, "fsync", lambda _handle: None)


@pytest.mark.parametrize("part", range(PARTS))
def test_a_process_may_be_killed_between_any_two_steps(tmp_path: Path, part: int):
    for number in itertools.count(1 + part, PARTS):
        runs = Runs(tmp_path / str(number))
        killed = runs.killed_at(number)
        runs.check()
        if not killed:
            assert number > 60  # instants
            return


@given(
    kills=st.lists(st.integers(1, 60), max_size=4),
    lose=st.frozensets(st.integers(1, 80), max_size=3),
)
@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
def test_processes_may_be_killed_and_answers_lost_again_and_again(
    tmp_path_factory: pytest.TempPathFactory, kills: Sequence[int], lose: frozenset[int]
):
    runs = Runs(tmp_path_factory.mktemp("runs"))
    for number in kills:
        runs.killed_at(number, lose)
    runs.killed_at(sys.maxsize, lose)
    runs.check()


def test_a_call_that_arrives_after_it_was_given_up_creates_nothing(tmp_path: Path):
    runs = Runs(tmp_path)
    late: list[dict[str, Any]] = []
    create = runs.server.create

    def delayed(form: dict[str, Any]) -> Reply:
        late.append(form)
        raise Killed

    runs.server.create = delayed
    assert runs.killed_at(sys.maxsize)
    assert len(late) == 1
    runs.server.create = create
    batches = runs.world.batches()
    batches.fetch()
    assert batches.live() == {}
    assert create(late[0]).status == 400
    runs.check()


SCRIPT = """
import sys
from pathlib import Path
from tests.harness.batch_server import BatchServer
from tests.harness.batch_world import World
from tests.batch.test_kills import ITEMS
from tasks.batch.flow import Limits

world = World(Path(sys.argv[1]), None)
world.limits = Limits(requests=2)
batches = world.batches()
batches.fetch()
batches.submit(ITEMS)
batches.fetch()
"""


@pytest.mark.parametrize(
    ("at", "done"),
    [
        ("POST /batches", False),
        ("POST /batches", True),
        ("DELETE /files/", True),
    ],
)
def test_kill_9_while_the_endpoint_works_on_a_call(world: World, at: str, done: bool):
    from tests.harness.batch_server import Trouble

    reached, gone = threading.Event(), threading.Event()
    world.limits = Limits(requests=2)
    world.server.quick = True

    def hang(call: str) -> Trouble | None:
        if not call.startswith(at) or reached.is_set():
            return None
        if done and call.startswith("DELETE"):
            world.server.files.pop(call.rpartition("/")[2])
        reached.set()
        gone.wait(20)
        return None if done else Trouble(Reply(500))

    world.server.trouble = hang
    process = subprocess.Popen(
        [sys.executable, "-c", SCRIPT, str(world.store.folder.parent)],
        cwd=ROOT,
        env={**os.environ, **world.server.environment()},
    )
    assert reached.wait(20)
    os.kill(process.pid, signal.SIGKILL)
    process.wait(20)
    gone.set()
    for _ in range(4):
        world.later(minutes=2)
        world.batches().fetch()
        world.batches().submit(ITEMS)
    assert set(world.server.drawn.values()) == {1}
    assert world.takes(*ITEMS) == [1, 1, 1]
    assert sorted(e.key for e in world.entries()) == sorted(i.request.key for i in ITEMS)
    assert world.batches().live() == {}
    assert world.server.uploads == []

"""Locks: who waits is told for whom, and nobody waits for the dead."""

import subprocess
import sys
import threading
from pathlib import Path

from tasks.ground.locks import held
from tests.conftest import ROOT

_WITHOUT_LOCKS = """
import errno, fcntl, os, sys
def missing(*_): raise OSError(errno.ENOSYS, "Function not implemented")
fcntl.flock = missing
from pathlib import Path
from tasks.ground.locks import held
with held(Path(sys.argv[1]), print, patience_s=0.2):
    if len(sys.argv) > 2: os._exit(9)
    print("held")
"""


def without_locks(path: Path, *more: str) -> "subprocess.CompletedProcess[str]":
    """A process on a file system that has no locks of its own."""
    return subprocess.run(
        [sys.executable, "-c", _WITHOUT_LOCKS, str(path), *more],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def test_a_wait_is_said_with_whose_lock_it_is(tmp_path: Path):
    path, said, go = tmp_path / "locks" / "a.lock", [], threading.Event()

    def say(text: str) -> None:
        said.append(text)
        go.set()

    def wait() -> None:
        with held(path, say, patience_s=0.05):
            pass

    with held(path):
        other = threading.Thread(target=wait)
        other.start()
        assert go.wait(10)
    other.join(10)
    assert len(said) == 1
    assert str(path) in said[0]
    assert "has had it for" in said[0]


def test_a_lock_that_is_free_is_taken_without_a_word(tmp_path: Path):
    said: list[str] = []
    for _ in range(2):
        with held(tmp_path / "a.lock", said.append, patience_s=0):
            pass
    assert said == []


def test_without_locks_of_the_file_system_a_dead_owner_is_not_waited_for(tmp_path: Path):
    path = tmp_path / "a.lock"
    assert without_locks(path, "die").returncode == 9
    assert path.read_text()  # the dead one's
    ran = without_locks(path)
    assert ran.stdout.endswith("held\n")
    assert "warn" not in ran.stderr.lower()
    assert not path.exists()


def test_what_a_lock_of_the_file_system_left_is_no_lock_without_them(tmp_path: Path):
    path = tmp_path / "a.lock"
    with held(path):
        pass
    assert path.exists()
    ran = without_locks(path)
    assert ran.stdout.endswith("held\n")

"""Writing files whole, and moving aside what must not be lost."""

import os
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tasks.ground.files import read_file, set_aside, sweep_parts, write_whole


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("flush_to_disk", [False, True])
def test_a_file_is_written_with_the_folders_above_it(tmp_path: Path, flush_to_disk: bool):
    path = tmp_path / "a" / "b" / "frame.png"
    write_whole(path, b"new", flush_to_disk=flush_to_disk)
    assert path.read_bytes() == b"new"
    assert names_in(path.parent) == ["frame.png"]


def test_an_old_file_is_replaced(tmp_path: Path):
    path = tmp_path / "frame.png"
    path.write_bytes(b"an old and longer one")
    write_whole(path, b"new")
    assert path.read_bytes() == b"new"


def test_a_reader_meets_the_old_file_until_the_new_one_is_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    path = tmp_path / "frame.png"
    path.write_bytes(b"old")
    seen = []
    replace = Path.replace

    def watched(part: Path, target: Path) -> Path:
        seen.append((path.read_bytes(), part.read_bytes(), part.parent == path.parent))
        return replace(part, target)

    monkeypatch.setattr(Path, "replace", watched)
    write_whole(path, b"new")
    assert seen == [(b"old", b"new", True)]


def test_what_must_last_is_on_disk_before_it_has_its_name_and_then_the_name_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    path = tmp_path / "take.png"
    synced = []

    def watched(handle: int) -> None:
        status = os.fstat(handle)
        kind = "folder" if stat.S_ISDIR(status.st_mode) else status.st_size
        synced.append((kind, path.exists()))

    monkeypatch.setattr(os, "fsync", watched)
    write_whole(path, b"paid for", flush_to_disk=True)
    assert synced == [(len(b"paid for"), False), ("folder", True)]
    synced.clear()
    write_whole(path, b"free")
    assert synced == []


@pytest.mark.parametrize("failing", ["replace", "open"])
def test_a_failure_leaves_the_old_file_and_no_part(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: str
):
    path = tmp_path / "frame.png"
    path.write_bytes(b"old")

    def full(*_arguments):
        raise OSError("No space left on device")

    monkeypatch.setattr(Path, failing, full)
    with pytest.raises(OSError, match="No space left"):
        write_whole(path, b"new")
    monkeypatch.undo()
    assert path.read_bytes() == b"old"
    assert names_in(tmp_path) == ["frame.png"]


def test_a_flush_that_fails_leaves_the_old_file_and_no_part(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    path = tmp_path / "frame.png"
    path.write_bytes(b"old")

    def broken(_handle: int) -> None:
        raise OSError("Input/output error")

    monkeypatch.setattr(os, "fsync", broken)
    with pytest.raises(OSError, match="Input/output"):
        write_whole(path, b"new", flush_to_disk=True)
    monkeypatch.undo()
    assert path.read_bytes() == b"old"
    assert names_in(tmp_path) == ["frame.png"]


def test_threads_that_write_one_file_leave_one_of_theirs_whole(tmp_path: Path):
    path = tmp_path / "frame.png"
    contents = [bytes([65 + number]) * 200_000 for number in range(6)]
    threads = [threading.Thread(target=write_whole, args=(path, data)) for data in contents]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert path.read_bytes() in contents
    assert names_in(tmp_path) == ["frame.png"]


def test_what_is_set_aside_lies_in_a_folder_beside(tmp_path: Path):
    path = tmp_path / "sad__center.png"
    path.write_bytes(b"by hand")
    aside = set_aside(path)
    assert aside == tmp_path / "set_aside" / "sad__center.1.png"
    assert aside.read_bytes() == b"by hand"
    assert not path.exists()


def test_setting_aside_never_overwrites(tmp_path: Path):
    path = tmp_path / "sad__center.png"
    for content in (b"first", b"second", b"third"):
        path.write_bytes(content)
        set_aside(path)
    kept = [(tmp_path / "set_aside" / f"sad__center.{n}.png").read_bytes() for n in (1, 2, 3)]
    assert kept == [b"first", b"second", b"third"]


def test_two_processes_that_set_aside_at_once_lose_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    path = tmp_path / "sad.png"
    path.write_bytes(b"mine")
    folder = tmp_path / "set_aside"
    touch = Path.touch

    def other_was_quicker(target: Path, exist_ok: bool = True) -> None:
        if target.name == "sad.1.png":
            target.write_bytes(b"theirs")
        touch(target, exist_ok=exist_ok)

    monkeypatch.setattr(Path, "touch", other_was_quicker)
    assert set_aside(path) == folder / "sad.2.png"
    assert (folder / "sad.1.png").read_bytes() == b"theirs"
    assert (folder / "sad.2.png").read_bytes() == b"mine"


def test_a_file_system_without_links_is_no_hindrance(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def unsupported(*_arguments) -> None:
        raise PermissionError("Operation not permitted")

    monkeypatch.setattr(os, "link", unsupported)
    path = tmp_path / "sad.png"
    for content in (b"first", b"second"):
        path.write_bytes(content)
        set_aside(path)
    assert sorted(p.read_bytes() for p in (tmp_path / "set_aside").iterdir()) == [
        b"first",
        b"second",
    ]


def test_parts_of_dead_processes_are_swept_and_those_of_living_ones_stay(tmp_path: Path):
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    dead, alive = (tmp_path / f".a.png.{pid}-1.part" for pid in (child.pid, os.getpid()))
    other = tmp_path / ".mine.part"
    for path in (dead, alive, other):
        path.touch()
    sweep_parts([tmp_path, tmp_path / "missing"])
    assert not dead.exists()
    assert alive.exists()
    assert other.exists()


def test_a_pipe_a_device_and_a_far_too_large_file_are_not_read(tmp_path: Path):
    pipe, large = tmp_path / "pipe", tmp_path / "large"
    os.mkfifo(pipe)
    large.write_bytes(bytes(20))
    with pytest.raises(OSError, match="no file"):
        read_file(pipe)
    with pytest.raises(OSError, match="no file"):
        read_file(Path("/dev/zero"))
    with pytest.raises(OSError, match="larger"):
        read_file(large, 10)

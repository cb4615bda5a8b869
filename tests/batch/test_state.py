"""What is known of batches on disk."""

import json
import subprocess
import sys
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from tasks.batch.state import BatchState, KeptRequests, Phase, StateFolder
from tasks.batch.tools import age_text
from tasks.ground.errors import Mistake
from tasks.takes.store import KeptRequest
from tests.conftest import ROOT

SINCE = "2026-11-22T12:00:00.000+00:00"
STATE = BatchState("a" * 16, Phase.LIVE, "here", SINCE, {"k" * 64: ("sad__center",)}, batch="b")

PLAIN = {**asdict(STATE), "phase": "live"}
WRONG: list[dict[str, object]] = [
    {"name": "../../x"},
    {"since": "yesterday"},
    {"since": "2026-11-22T12:00:00"},
    {"frames": {"../x": ["sad"]}},
    {"frames": {"k" * 64: [1]}},
    {"pictures": [1]},
    {"pictures": {"a": "../../models/x"}},
    {"strays": ["\0"]},
    {"batch": "a\nb"},
    {"attempt": "x"},
]


@pytest.fixture
def folder(tmp_path: Path) -> StateFolder:
    return StateFolder(tmp_path)


def locked(folder: StateFolder):
    return folder.locked(lambda: None)


def test_a_state_comes_back_as_it_was(folder: StateFolder, tmp_path: Path):
    other = replace(STATE, name="b" * 16, since="2026-11-22T11:00:00+00:00", pictures={"s": "f"})
    for state in (STATE, other):
        folder.write(state)
    assert folder.states() == [other, STATE]
    assert StateFolder(tmp_path).states() == [other, STATE]
    folder.write(replace(STATE, phase=Phase.OVER))
    assert [state.phase for state in folder.states()] == [Phase.LIVE, Phase.OVER]
    folder.remove(other)
    assert len(folder.states()) == 1


def test_what_a_later_version_wrote_beside_is_passed_over(folder: StateFolder):
    folder.write(STATE)
    path = folder.path(STATE)
    path.write_text(json.dumps({**json.loads(path.read_text()), "mood": "good"}))
    assert folder.states() == [STATE]


@pytest.mark.parametrize(
    "text",
    [
        *("", "{", "[]", "{}", '{"phase": "mad"}', '{"phase": "live", "frames": 3}', "[" * 5000),
        *(json.dumps({**PLAIN, **wrong}) for wrong in WRONG),
    ],
)
def test_a_state_that_cannot_be_read_is_named(folder: StateFolder, text: str):
    folder.write(STATE)
    folder.path(STATE).write_text(text)
    with pytest.raises(Mistake, match=rf"{STATE.name}\.json cannot be read"):
        folder.states()


def test_nothing_outside_of_the_folder_is_deleted(folder: StateFolder, tmp_path: Path):
    beside = tmp_path / "x.json"
    beside.write_text("{}")
    folder.write(STATE)
    folder.path(STATE).write_text(json.dumps({**PLAIN, "name": "../x", "phase": "over"}))
    for name in ("d.requests", "d.upload", ".d.1-1.part", "d.json"):
        (folder.folder / name).mkdir()
    (folder.folder / "linked.requests").symlink_to(beside)
    with locked(folder), pytest.raises(Mistake):
        folder.states()
    assert beside.read_text() == "{}"


def test_a_disk_that_is_full_is_said(folder: StateFolder, monkeypatch: pytest.MonkeyPatch):
    def full(*_arguments: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(Mistake, match=r"cannot be written \(No space left"):
        folder.write(STATE)
    with pytest.raises(Mistake, match=r"cannot be written \(No space left"):
        folder.write_requests(STATE.name, [])


def test_requests_are_found_by_their_keys(folder: StateFolder):
    kept = [KeptRequest(f"{n:064d}", {"prompt": "té\u2028te", "n": n}, n or None) for n in range(3)]
    with locked(folder):
        folder.write_requests(STATE.name, kept)
        folder.write(STATE)
        read = folder.requests(STATE)
    assert [read[request.key] for request in kept] == kept
    assert read[kept[1].key].content() == {"prompt": "té\u2028te", "n": 1}
    assert read["x" * 64] == KeptRequest("x" * 64, {}, None)


def test_what_belongs_to_no_batch_is_swept_away(folder: StateFolder):
    with locked(folder):
        folder.write(STATE)
        folder.write_requests(STATE.name, [])
        folder.write_requests("c" * 16, [])
    (folder.folder / ".x.json.1-2.part").touch()
    with locked(folder):
        assert {path.name for path in folder.folder.iterdir()} == {
            "lock",
            f"{STATE.name}.json",
            f"{STATE.name}.requests",
        }


@pytest.mark.parametrize(
    ("age_s", "text"),
    [(0, "0 s"), (59.6, "60 s"), (119, "119 s"), (120, "2 min"), (7200, "2 h"), (3e5, "3 days")],
)
def test_ages_are_told_in_one_unit(age_s: float, text: str):
    assert age_text(age_s) == text


def test_looking_what_is_in_batches_loads_nothing_large():
    script = (
        "import sys; from tasks.batch import flow;"
        "print([m for m in ('openai', 'PIL', 'numpy', 'cv2', 'filelock') if m in sys.modules])"
    )
    ran = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert ran.stdout.strip() == "[]"


@pytest.mark.parametrize("damage", [b"\xff\xfe garbage\n", b"[[[[", None, b"%KEY {"])
def test_damaged_requests_of_a_batch_cost_their_words_and_no_more(
    tmp_path: Path, damage: bytes | None
):
    path = tmp_path / "x.requests"
    key = "ab" * 32
    if damage is None:
        path.mkdir()
    else:
        path.write_bytes(damage.replace(b"%KEY", key.encode()))
    assert KeptRequests(path)[key].content() == {}

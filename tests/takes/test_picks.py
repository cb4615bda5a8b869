"""takes.json: which take is picked, as a small file that teams commit."""

import json
import threading
from pathlib import Path

import pytest

from tasks.ground.errors import Mistake
from tasks.requests.request import InputPicture, Request
from tasks.takes import choices as choices_module
from tasks.takes.choices import ChoicesFile, read_choices
from tasks.takes.picks import Pick, Wanted, change_picks, read_picks, wanted_take
from tasks.takes.store import Take, TakeRecord, TakeStore

SAME = Pick("0123456789ab", "aa11", "aa11")
OTHER = Pick("ba9876543210", "bb22", "cc33")


def asked(prompt: str) -> Request:
    """A request of its own."""
    return Request("openai", (16, 24), (InputPicture("d", lambda: None, lambda: b""),), prompt)


nothing = ("", "")


def test_without_the_file_nothing_is_picked(tmp_path: Path):
    assert read_picks(tmp_path) == {}


def test_picks_are_read_back_sorted_and_easy_to_compare(tmp_path: Path):
    change_picks(tmp_path, {"sad__center": SAME})
    change_picks(tmp_path, {"angry__center": OTHER})
    assert read_picks(tmp_path) == {"angry__center": OTHER, "sad__center": SAME}
    assert (tmp_path / "takes.json").read_text() == (
        "{\n"
        '  "angry__center": {\n'
        '    "take": "ba9876543210",\n'
        '    "request": "bb22",\n'
        '    "stands_for": "cc33"\n'
        "  },\n"
        '  "sad__center": {\n'
        '    "take": "0123456789ab",\n'
        '    "request": "aa11"\n'
        "  }\n"
        "}\n"
    )


def test_a_pick_that_ends_leaves_no_trace_and_the_last_one_no_file(tmp_path: Path):
    change_picks(tmp_path, {"a": SAME, "b": OTHER})
    change_picks(tmp_path, {"a": None, "never_picked": None})
    assert read_picks(tmp_path) == {"b": OTHER}
    change_picks(tmp_path, {"b": None})
    assert not (tmp_path / "takes.json").exists()
    change_picks(tmp_path, {"b": None})


def test_the_same_pick_again_does_not_touch_the_file(tmp_path: Path):
    change_picks(tmp_path, {"a": SAME})
    path = tmp_path / "takes.json"
    path.write_text(path.read_text().replace("\n", "\r\n"), newline="")
    before = path.read_bytes()
    change_picks(tmp_path, {"a": SAME})
    assert path.read_bytes() == before


def test_picks_of_many_threads_are_all_kept(tmp_path: Path):
    threads = [
        threading.Thread(target=change_picks, args=(tmp_path, {f"mood_{n}__center": SAME}))
        for n in range(16)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len(read_picks(tmp_path)) == 16


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("<<<<<<< HEAD", "cannot be read"),
        ("", "cannot be read"),
        ("[" * 100_000, "cannot be read"),
        ("[]", "must be an object of frames"),
    ],
)
def test_a_damaged_file_is_said_and_left_alone(tmp_path: Path, text: str, words: str):
    path = tmp_path / "takes.json"
    path.write_text(text)
    with pytest.raises(Mistake, match=words) as caught:
        read_picks(tmp_path)
    assert str(path) in str(caught.value)
    with pytest.raises(Mistake):
        change_picks(tmp_path, {"a": SAME})
    assert path.read_text() == text


@pytest.mark.parametrize(
    "entry",
    [
        5,
        {"take": "x"},
        {"take": 1, "request": "x"},
        {"take": "x", "request": "y", "stands_for": []},
        {"take": "../../x", "request": "y"},
        {"take": "x", "request": "\0"},
        {"approved": "yes"},
        {"rejected": [1]},
        {"rejected": {"../x": "less"}},
    ],
)
def test_a_damaged_entry_costs_its_own_frame(tmp_path: Path, entry: object):
    path = tmp_path / "takes.json"
    path.write_text(json.dumps({"glad": {"take": "x", "request": "y"}, "sad": entry}))
    choices = read_choices(tmp_path)
    assert read_picks(tmp_path) == {"glad": Pick("x", "y", "y")}
    assert list(choices.damaged) == ["sad"]
    assert str(path) in choices.damaged["sad"]
    assert "doit takes -f sad" in choices.damaged["sad"]
    change_picks(tmp_path, {"a": SAME})
    assert json.loads(path.read_text())["sad"] == entry
    change_picks(tmp_path, {"sad": SAME})  # a person picks anew
    assert read_picks(tmp_path)["sad"] == SAME


def test_what_else_stands_in_an_entry_is_no_mistake(tmp_path: Path):
    entry = {"take": "x", "request": "y", "note": "the better smile"}
    (tmp_path / "takes.json").write_text(json.dumps({"sad": entry}))
    assert read_picks(tmp_path) == {"sad": Pick("x", "y", "y")}


# Which take is wanted


@pytest.fixture
def store(tmp_path: Path) -> TakeStore:
    return TakeStore(tmp_path / ".takes")


def found(pick: Pick | None, store: TakeStore, key: str, on_disk: tuple[str, str]) -> Wanted:
    """The take that is wanted, from what is in the store."""
    keys = {key, pick.request if pick else key}
    records = {each: store.records(each) for each in keys}
    return wanted_take(pick, records, key, on_disk, store.folder)


def added(store: TakeStore, request: Request, *pictures: bytes) -> list[TakeRecord]:
    """Takes of a request."""
    return [store.add(request, Take(picture)) for picture in pictures]


def test_without_a_pick_it_is_the_newest_take(store: TakeStore):
    request = asked("a")
    assert found(None, store, request.key, nothing) == Wanted(request.key, None)
    added(store, request, b"1", b"2")
    newest = store.latest(request.key)
    assert found(None, store, request.key, nothing) == Wanted(request.key, newest)
    # A newer one that nobody asked for here does not take the place of the frame's own.
    first = store.records(request.key)[0]
    assert first != newest
    own = found(None, store, request.key, (request.key, first.id))
    assert own == Wanted(request.key, first)


def test_a_pick_goes_before_the_newest(store: TakeStore):
    request = asked("a")
    first, _ = added(store, request, b"1", b"2")
    for record in store.records(request.key):
        pick = Pick(record.id, request.key, request.key)
        assert found(pick, store, request.key, nothing) == Wanted(request.key, record)
    assert first in store.records(request.key)


def test_a_pick_holds_only_for_what_it_was_picked_for(store: TakeStore):
    now, before = asked("now"), asked("before")
    (old,), (new,) = added(store, before, b"1"), added(store, now, b"2")
    pick = Pick(old.id, before.key, now.key)
    assert found(pick, store, now.key, nothing) == Wanted(before.key, old)
    assert found(pick, store, before.key, nothing) == Wanted(before.key, old)
    lapsed = Pick(old.id, before.key, before.key)
    assert found(lapsed, store, now.key, nothing) == Wanted(now.key, new)


def test_a_picked_take_that_only_the_frame_holds_is_enough(store: TakeStore):
    request = asked("a")
    pick = Pick("0123456789ab", request.key, request.key)
    there = request.key, pick.take
    assert found(pick, store, request.key, there) == Wanted(request.key, None)


def test_a_picked_take_that_is_nowhere_is_a_mistake_and_no_other_is_taken(store: TakeStore):
    request = asked("a")
    added(store, request, b"1")
    pick = Pick("0123456789ab", request.key, request.key)
    with pytest.raises(Mistake, match=r"the take 0123456789ab that takes\.json picks for it"):
        found(pick, store, request.key, nothing)


def test_the_file_is_read_again_only_after_it_changed(tmp_path: Path, monkeypatch):
    read: list[Path] = []

    def counted(folder: Path) -> choices_module.Choices:
        read.append(folder)
        return read_choices(folder)

    monkeypatch.setattr(choices_module, "read_choices", counted)
    file = ChoicesFile(tmp_path)
    assert file.read().entries == {}
    assert read == []
    for take in ("x", "z"):  # of one length, in one tick of the clock
        change_picks(tmp_path, {"sad": Pick(take, "y", "y")})
        assert file.read().entries["sad"].take == take
        assert file.read() is file.read()
    assert len(read) == 2
    (tmp_path / "takes.json").write_text("no JSON")
    for _ in range(2):
        with pytest.raises(Mistake, match=r"takes\.json cannot be read"):
            file.read()
    (tmp_path / "takes.json").unlink()
    assert file.read().entries == {}

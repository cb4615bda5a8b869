"""The take store: every answer is kept under its request's key."""

import datetime
import hashlib
import json
import shutil
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from tasks.requests.request import InputPicture, Request
from tasks.takes.rejected import take_id
from tasks.takes.store import StoreFailure, Take, TakeStore

PNG, JPEG, WEBP = b"\x89PNG one", b"\xff\xd8\xff two", b"RIFFxxxxWEBP three"
SHOWN = InputPicture("p1", lambda: None, lambda: b"")
SAD = Request("openai", (64, 96), (SHOWN,), prompt="sad", model="m")
GLAD = replace(SAD, prompt="glad")


@pytest.fixture
def store(tmp_path: Path) -> TakeStore:
    return TakeStore(tmp_path / ".takes")


def files_of(store: TakeStore) -> set[str]:
    """Every file of the store but its locks, by its path in it."""
    found = (p.relative_to(store.folder) for p in store.folder.rglob("*") if p.is_file())
    return {path.as_posix() for path in found if path.parts[0] != "locks"}


def document_of(store: TakeStore, request: Request) -> Path:
    return store.folder / request.key[:2] / f"{request.key}.json"


def test_a_store_that_is_not_there_is_empty(store: TakeStore):
    assert store.records(SAD.key) == ()
    assert store.latest(SAD.key) is None
    assert not store.has(SAD.key, take_id(PNG))
    assert not store.folder.exists()


def test_a_take_is_kept_bit_for_bit_with_what_is_known_of_it(store: TakeStore):
    take = Take(PNG, latency_s=31.5, usage={"output_tokens": 6240}, answer_id="req_1")
    before = datetime.datetime.now(datetime.UTC)
    record = store.add(SAD, take)
    assert store.picture(SAD.key, record) == PNG
    assert store.records(SAD.key) == (record,) == (store.latest(SAD.key),)
    assert (record.latency_s, record.usage, record.answer_id) == (31.5, take.usage, "req_1")
    drawn = datetime.datetime.fromisoformat(record.drawn_at)
    assert abs(drawn - before) < datetime.timedelta(minutes=1)
    assert store.has(SAD.key, record.id)
    assert not store.has(GLAD.key, record.id)


def test_the_layout_is_one_file_a_take_and_one_json_a_request(store: TakeStore):
    store.add(SAD, Take(PNG))
    store.add(SAD, Take(JPEG))
    folder, digests = SAD.key[:2], [hashlib.sha256(p).hexdigest()[:12] for p in (PNG, JPEG)]
    assert files_of(store) == {
        f"{folder}/{SAD.key}.json",
        f"{folder}/{SAD.key}.{digests[0]}.png",
        f"{folder}/{SAD.key}.{digests[1]}.jpg",
    }
    document = json.loads(document_of(store, SAD).read_bytes())
    assert document["key"] == SAD.key
    assert document["request"] == json.loads(json.dumps(SAD.content()))
    assert [entry["id"] for entry in document["takes"]] == digests


@pytest.mark.parametrize(
    ("picture", "suffix"), [(PNG, ".png"), (JPEG, ".jpg"), (WEBP, ".webp"), (b"GIF89a", ".bin")]
)
def test_a_take_s_file_ends_in_what_it_is(store: TakeStore, picture: bytes, suffix: str):
    record = store.add(SAD, Take(picture))
    assert record.file.endswith(suffix)
    assert store.picture(SAD.key, store.latest(SAD.key)) == picture


def test_the_newest_take_is_the_latest_and_the_earlier_stays(store: TakeStore):
    first = store.add(SAD, Take(PNG))
    time.sleep(0.005)
    second = store.add(SAD, Take(JPEG))
    assert store.records(SAD.key) == (first, second)
    assert store.latest(SAD.key) == second
    assert store.picture(SAD.key, first) == PNG


def test_the_same_bytes_twice_are_one_take(store: TakeStore):
    store.add(SAD, Take(PNG))
    again = store.add(SAD, Take(PNG, answer_id="second"))
    assert store.records(SAD.key) == (again,)


def test_a_take_whose_picture_was_deleted_is_no_take(store: TakeStore):
    record = store.add(SAD, Take(PNG))
    (store.folder / SAD.key[:2] / record.file).unlink()
    assert store.records(SAD.key) == ()
    assert not store.has(SAD.key, record.id)


def test_copying_one_store_into_another_merges_them(store: TakeStore, tmp_path: Path):
    other = TakeStore(tmp_path / "other")
    mine, theirs = store.add(SAD, Take(PNG)), other.add(SAD, Take(JPEG))
    elsewhere = other.add(GLAD, Take(WEBP))
    shutil.copytree(other.folder, store.folder, dirs_exist_ok=True)
    assert {record.id for record in store.records(SAD.key)} == {mine.id, theirs.id}
    for record in store.records(SAD.key):
        assert take_id(store.picture(SAD.key, record)) == record.id
    assert store.records(GLAD.key) == (elsewhere,)


def test_a_take_that_no_json_names_is_found_by_its_name(store: TakeStore):
    record = store.add(SAD, Take(PNG))
    document_of(store, SAD).unlink()
    found = store.latest(SAD.key)
    assert (found.id, found.file) == (record.id, record.file)
    assert datetime.datetime.fromisoformat(found.drawn_at).tzinfo is not None
    assert store.picture(SAD.key, found) == PNG


def test_a_take_whose_process_ended_before_its_record_is_listed_with_its_frame(store: TakeStore):
    kept = store.add(SAD, Take(PNG, answer_id="first"), "sad__center")
    store.check_room(SAD, "sad__center")
    (document_of(store, SAD).parent / f"{SAD.key}.{take_id(JPEG)}.jpg").write_bytes(JPEG)
    (stored,) = store.requests()
    assert stored.content == SAD.content()
    assert kept in stored.takes
    both = {(take_id(PNG), "sad__center"), (take_id(JPEG), "sad__center")}
    assert {(take.id, take.frame) for take in stored.takes} == both
    store.add(SAD, Take(WEBP), "other__center")
    assert {(take.id, take.frame) for take in store.records(SAD.key)} > both


def test_a_request_that_was_noted_and_not_answered_is_none_with_takes(store: TakeStore):
    store.check_room(SAD, "sad__center")
    assert store.latest(SAD.key) is None
    assert list(store.requests()) == []


@pytest.mark.parametrize(
    "damage",
    [b"", b"{", b"\xff\xfe", b"[]", b"null", b"{}", b'{"takes": 3}', b'{"takes": [{"x": 1}]}'],
)
def test_a_damaged_json_loses_no_take(store: TakeStore, damage: bytes):
    record = store.add(SAD, Take(PNG))
    document_of(store, SAD).write_bytes(damage)
    assert [found.id for found in store.records(SAD.key)] == [record.id]
    store.add(SAD, Take(JPEG))
    assert {found.id for found in store.records(SAD.key)} == {take_id(PNG), take_id(JPEG)}


def test_adding_to_a_request_keeps_what_is_known_of_its_other_takes(store: TakeStore):
    store.add(SAD, Take(PNG, answer_id="first"))
    store.add(SAD, Take(JPEG, answer_id="second"))
    assert {record.answer_id for record in store.records(SAD.key)} == {"first", "second"}


def test_a_rejected_answer_is_kept_with_the_reason_and_is_no_take(store: TakeStore):
    path = store.rejected.keep(SAD.key, b"<html>busy</html>", "no picture")
    assert path.read_bytes() == b"<html>busy</html>"
    assert path.parent == store.folder / "rejected"
    assert path.with_suffix(".txt").read_text() == f"no picture\nrequest {SAD.key}\n"
    assert store.records(SAD.key) == ()


def test_a_withdrawn_take_is_moved_and_its_fellow_stays(store: TakeStore):
    bad, good = store.add(SAD, Take(PNG)), store.add(SAD, Take(JPEG))
    path = store.withdraw(SAD, bad, "blank")
    assert path.read_bytes() == PNG
    assert "blank" in path.with_suffix(".txt").read_text()
    assert store.records(SAD.key) == (good,)
    assert bad.file not in {Path(name).name for name in files_of(store)}


def test_no_file_is_ever_half_written(store: TakeStore, monkeypatch: pytest.MonkeyPatch):
    record = store.add(SAD, Take(PNG))
    kept = document_of(store, SAD).read_bytes()

    rename = Path.replace

    def full(path: Path, target: Path) -> None:
        if store.folder in path.parents:
            raise OSError(28, "No space left on device")
        rename(path, target)

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(StoreFailure, match="No space left") as failure:
        store.add(SAD, Take(JPEG))
    monkeypatch.undo()
    rescued = Path(str(failure.value).split(" is in ")[1].split(", and")[0])
    assert rescued.read_bytes() == JPEG
    shutil.rmtree(rescued.parent)
    assert files_of(store) == {f"{SAD.key[:2]}/{name}" for name in (record.file, f"{SAD.key}.json")}
    assert document_of(store, SAD).read_bytes() == kept


def test_the_picture_is_on_disk_before_anything_is_said_of_it(
    store: TakeStore, monkeypatch: pytest.MonkeyPatch
):
    from tasks.ground import json_file
    from tasks.takes import store as module

    written = []

    def write(path: Path, data: bytes, *, flush_to_disk: bool = False) -> None:
        written.append((path.suffix, flush_to_disk))

    for each in (module, json_file):
        monkeypatch.setattr(each, "write_whole", write)
    store.add(SAD, Take(PNG))
    assert written[0] == (".png", True)
    assert [suffix for suffix, _ in written] == [".png", ".json"]


def test_one_request_is_reserved_by_one_thread_at_a_time(store: TakeStore):
    inside, most, bought = [], [], []

    def buy() -> None:
        with TakeStore(store.folder).reserved(SAD.key):
            inside.append(1)
            most.append(len(inside))
            if store.latest(SAD.key) is None:
                time.sleep(0.05)
                bought.append(store.add(SAD, Take(PNG)))
            inside.pop()

    threads = [threading.Thread(target=buy) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len(bought) == 1
    assert most == [1, 1, 1, 1]


def test_two_requests_are_reserved_side_by_side(store: TakeStore):
    with store.reserved(SAD.key):
        entered = threading.Event()

        def other() -> None:
            with store.reserved(GLAD.key):
                entered.set()

        thread = threading.Thread(target=other)
        thread.start()
        assert entered.wait(10)
        thread.join(10)


def test_a_reservation_ends_with_a_failure(store: TakeStore):
    with pytest.raises(RuntimeError), store.reserved(SAD.key):
        raise RuntimeError
    with store.reserved(SAD.key):
        pass


def test_one_damaged_entry_hides_no_other_take(store: TakeStore):
    first, second = store.add(SAD, Take(PNG, answer_id="a")), store.add(SAD, Take(JPEG))
    path = document_of(store, SAD)
    document = json.loads(path.read_text())
    document["takes"][1]["latency_s"] = "quick"
    path.write_text(json.dumps(document))
    found = {record.id: record for record in store.records(SAD.key)}
    assert found.keys() == {first.id, second.id}  # the damaged one is found by its file's name
    assert found[first.id].answer_id == "a"


def test_a_refusal_is_remembered_until_the_request_is_answered(store: TakeStore):
    store.refusals.remember(SAD.key, "not this")
    assert store.refusals.said(SAD.key) == "not this"
    assert store.refusals.said(GLAD.key) is None
    store.add(SAD, Take(PNG))
    assert store.refusals.said(SAD.key) is None

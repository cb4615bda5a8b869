"""What must succeed after a call is tried before it; what was paid for comes home later."""

import tempfile
from pathlib import Path

import pytest

from tasks.requests.request import InputPicture, Request
from tasks.takes.store import StoreFailure, Take, TakeStore

PNG = b"\x89PNG one"
SAD = Request("openai", (64, 96), (InputPicture("p1", lambda: None, lambda: b""),), prompt="sad")


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> TakeStore:
    """A store whose requests' own folder is a file, although its locks can be written."""
    rescue = tmp_path / "tmp"
    rescue.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(rescue))
    store = TakeStore(tmp_path / ".takes")
    (store.folder / "locks").mkdir(parents=True)
    (store.folder / SAD.key[:2]).write_text("in the way")
    return store


def test_nothing_is_bought_where_the_takes_own_folder_cannot_be_written(store: TakeStore):
    with pytest.raises(StoreFailure, match="nothing was bought"):
        store.check_room(SAD)


def test_a_rescued_take_is_taken_in_by_a_later_run(store: TakeStore, tmp_path: Path):
    with pytest.raises(StoreFailure, match=" is in "):
        store.add(SAD, Take(PNG))
    with pytest.raises(StoreFailure):
        store.take_in_rescued()
    (store.folder / SAD.key[:2]).unlink()
    assert store.take_in_rescued() == 1
    record = store.latest(SAD.key)
    assert record
    assert store.picture(SAD.key, record) == PNG
    assert store.asked(SAD.key).content() == SAD.content()
    assert store.take_in_rescued() == 0
    assert not [path for path in (tmp_path / "tmp").rglob("*") if path.is_file()]


def test_a_file_that_was_planted_among_the_rescued_is_not_taken_in(store: TakeStore):
    with pytest.raises(StoreFailure):
        store.add(SAD, Take(PNG))
    (store.folder / SAD.key[:2]).unlink()
    picture = next(path for path in Path(tempfile.gettempdir()).rglob("*.png"))
    picture.write_bytes(b"\x89PNG other")
    assert store.take_in_rescued() == 0
    assert store.latest(SAD.key) is None

"""What `doit orphans clean=yes` may delete, and what it may not."""

from pathlib import Path

import pytest
from PIL import Image

from tasks.pictures.picture import pixels_digest, png_bytes
from tasks.sequences import removable
from tasks.sequences.removable import is_removable
from tasks.takes import frame
from tasks.takes.frame import Provenance
from tasks.takes.store import KeptRequest, Take, TakeStore

IMAGE = Image.new("RGBA", (8, 8), "red")


@pytest.fixture
def store(tmp_path: Path) -> TakeStore:
    return TakeStore(tmp_path / ".takes")


@pytest.fixture
def sequences(tmp_path: Path) -> Path:
    return tmp_path / "sequences"


def put(path: Path, engine: str = "puppet", key: str = "k" * 64, take: str = "") -> Path:
    """A frame as this program writes it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    origin = Provenance(key, take, engine, pixels_digest(IMAGE))
    path.write_bytes(frame.compose(png_bytes(IMAGE), IMAGE, origin))
    return path


def may_go(path: Path, sequences: Path, store: TakeStore) -> bool:
    return is_removable(path, sequences, {"blink"}, store)


def test_a_draft_in_the_folder_of_a_sequence_may_go(sequences: Path, store: TakeStore):
    assert may_go(put(sequences / "blink" / "050.png"), sequences, store)


def test_what_was_paid_for_may_go_only_where_its_take_is_stored(sequences: Path, store: TakeStore):
    path = put(sequences / "blink" / "050.png", "openai", take="t1")
    assert not may_go(path, sequences, store)
    record = store.add(KeptRequest("k" * 64, {}), Take(png_bytes(IMAGE)))
    assert may_go(put(path, "openai", take=record.id), sequences, store)


def test_a_picture_that_was_painted_on_stays(sequences: Path, store: TakeStore):
    path = put(sequences / "blink" / "050.png")
    with Image.open(path) as image:
        painted = image.copy()
    painted.putpixel((0, 0), (0, 0, 255, 255))
    painted.save(path)
    assert not may_go(path, sequences, store)


def test_a_folder_of_somebody_else_stays(
    sequences: Path, store: TakeStore, monkeypatch: pytest.MonkeyPatch
):
    path = put(sequences / "copied" / "050.png")
    assert not may_go(path, sequences, store)
    monkeypatch.setattr(removable, "is_manifest", lambda _folder: True)
    assert may_go(path, sequences, store)


@pytest.mark.parametrize("place", ["050.png", "blink/deep/050.png", "../endpoints/sad__up.png"])
def test_what_lies_elsewhere_stays(sequences: Path, store: TakeStore, place: str):
    assert not may_go(put(sequences / place), sequences, store)


def test_what_is_linked_to_stays(sequences: Path, store: TakeStore, tmp_path: Path):
    put(tmp_path / "art" / "050.png")
    sequences.mkdir()
    (sequences / "blink").symlink_to(tmp_path / "art")
    assert not may_go(sequences / "blink" / "050.png", sequences, store)


@pytest.mark.parametrize("text", ["", "{}", "[1]"])
def test_a_manifest_that_is_none_of_ours_stays(sequences: Path, store: TakeStore, text: str):
    path = put(sequences / "blink" / "000.png").with_name(removable.MANIFEST)
    path.write_text(text)
    assert not may_go(path, sequences, store)

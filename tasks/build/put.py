"""Putting a frame in its place, so that nothing that lies there and cannot be had again is lost."""

import tempfile
from dataclasses import dataclass
from pathlib import Path

from tasks.ground.files import set_aside
from tasks.takes import frame
from tasks.takes.frame import Existing, Frames, State
from tasks.takes.store import StoreFailure, TakeStore


@dataclass(frozen=True, slots=True)
class Place:
    """Where a frame goes, and what lies there."""

    path: Path
    frames: Frames

    def now(self) -> Existing:
        """What lies there now: a call takes half a minute, and artists do not wait for it."""
        return self.frames.at(self.path)


def check_place(path: Path) -> None:
    """That a frame can be put at `path`, before its picture is bought. Raises `StoreFailure`."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path.parent):
            pass
    except OSError as error:
        raise StoreFailure(
            f"{path.parent} cannot be written ({error.strerror}), where the frame has to go:"
            " nothing was bought"
        ) from error


def put(place: Place, data: bytes, store: TakeStore, notes: list[str]) -> None:
    """Put the new frame in its place; what would be lost by that is moved aside, and named."""
    if _is_only_copy(place.now(), store):
        notes.append(f"moved what lay at {place.path} to {set_aside(place.path)}")
    frame.write(place.path, data)


def _is_only_copy(existing: Existing, store: TakeStore) -> bool:
    """Whether what lies there cannot be had again: by hand, damaged, or paid for elsewhere."""
    if existing.state is State.MISSING:
        return False
    origin = existing.provenance
    if existing.state is not State.OURS or origin is None:
        return True
    return not origin.is_draft and not store.has(origin.request_key, origin.take)

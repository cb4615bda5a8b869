"""What is known of each batch, on disk, so that a process may end at any instant.

    .takes/batches/<name>.json        a batch: how far it is, and which requests are in it
    .takes/batches/<name>.requests    its requests, one a line, to file their answers under
    .takes/batches/<name>.upload      what is uploaded at the moment
    .takes/batches/lock               held by whoever changes any of this

A batch goes through these phases, and each is on disk before what it allows is done:

- preparing: pictures and requests are being uploaded. Nothing is bought yet; whoever finds it so
  deletes the uploads and lets the requests go.
- creating: the batch may have come to be. Whoever finds it so looks for its token at the provider.
- live: it has an id, and is looked at until it is over.
- over: all that came of it is in the store and in the ledger; uploads are still to be deleted.
"""

import contextlib
import datetime
import json
import re
from collections.abc import Callable, Generator, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from enum import Enum
from pathlib import Path

from tasks.ground import json_file
from tasks.ground.errors import Mistake
from tasks.ground.files import stamp, write_whole
from tasks.ground.json_file import UNREADABLE
from tasks.ground.locks import held
from tasks.ground.outside import clean
from tasks.takes.store import KeptRequest

BATCHES_FOLDER = "batches"
_STATE, _REQUESTS, _UPLOAD = ".json", ".requests", ".upload"
_KEY_LENGTH = 64
_KEY = re.compile(rf"[0-9a-z]{{{_KEY_LENGTH}}}")
_NAME = re.compile("[0-9a-f]{16}")


class Phase(Enum):
    """How far a batch is."""

    PREPARING = "preparing"
    CREATING = "creating"
    LIVE = "live"
    OVER = "over"


@dataclass(frozen=True, slots=True)
class BatchState:
    """One batch."""

    name: str
    """its own, of 16 hex digits; all that is uploaded for it carries it"""
    phase: Phase
    account: str
    """whose it is, and where"""
    since: str
    """when it was submitted: UTC, ISO 8601"""
    frames: Mapping[str, tuple[str, ...]]
    """the frames of each request key"""
    attempt: int = 1
    """how many times it was tried to create it"""
    batch: str = ""
    """the provider's id, once it is known"""
    pictures: Mapping[str, str] = field(default_factory=dict)
    """the file id of each picture that its requests show, by the SHA-256 of its bytes"""
    input_file: str = ""
    """the file id of its requests"""
    strays: tuple[str, ...] = ()
    """the ids of files that were found by their names"""

    def __post_init__(self) -> None:
        """Raises `ValueError`: what becomes a path, a moment or an address is one."""
        if not _NAME.fullmatch(self.name):
            raise ValueError("its name is none that this program gives")
        if not all(_KEY.fullmatch(key) for key in self.frames):
            raise ValueError("it has a request without a key")
        if datetime.datetime.fromisoformat(self.since).tzinfo is None:
            raise ValueError("since: must say its zone")
        if not all(word.isprintable() and ".." not in word for word in (self.batch, *self.uploads)):
            raise ValueError("it has an id that is none")

    @property
    def token(self) -> str:
        """What the batch is marked with at the provider; another one for each attempt."""
        return f"{self.name}-{self.attempt}"

    @property
    def upload_name(self) -> str:
        """How the names of its uploads begin."""
        return f"doit-{self.name}-"

    @property
    def uploads(self) -> tuple[str, ...]:
        """The ids of all files that were uploaded for it, as far as they are known."""
        ids = (*self.pictures.values(), self.input_file, *self.strays)
        return tuple(dict.fromkeys(file_id for file_id in ids if file_id))


class StateFolder:
    """The batches of one store. All that changes anything is done under `locked`."""

    def __init__(self, store: Path) -> None:
        self.folder = store / BATCHES_FOLDER
        self._read: dict[Path, tuple[tuple[int, int] | None, BatchState]] = {}

    @contextlib.contextmanager
    def locked(self, wait: Callable[[], None]) -> Generator[None]:
        """Hold all batches; `wait` is called before another process is waited for."""
        with held(self.folder / "lock", lambda _whose: wait(), patience_s=0):
            self._sweep()
            yield

    def states(self) -> list[BatchState]:
        """All batches, the earliest first. Raises `Mistake` where one cannot be read."""
        read = [self._state(path) for path in self.folder.glob(f"*{_STATE}")]
        return sorted((s for s in read if s), key=lambda state: (state.since, state.name))

    def write(self, state: BatchState) -> None:
        """Put a state on the disk. Raises `Mistake` where it does not take it."""
        document = {**asdict(state), "phase": state.phase.value}
        with writing(self.path(state)):
            json_file.write(self.path(state), document, flush_to_disk=True)
        self._read.pop(self.path(state), None)

    def remove(self, state: BatchState) -> None:
        """Forget a batch."""
        self.path(state).unlink(missing_ok=True)
        self._sweep()

    def path(self, state: BatchState) -> Path:
        """The file of a batch."""
        return self.folder / f"{state.name}{_STATE}"

    def upload_path(self, state: BatchState) -> Path:
        """Where the requests are put that are going to be uploaded."""
        return self.folder / f"{state.name}{_UPLOAD}"

    def write_requests(self, name: str, requests: Iterable[KeptRequest]) -> None:
        """Put a batch's requests on the disk, before its state."""
        path = self.folder / f"{name}{_REQUESTS}"
        with writing(path):
            write_whole(path, b"".join(map(_kept_line, requests)), flush_to_disk=True)

    def requests(self, state: BatchState) -> "KeptRequests":
        """A batch's requests."""
        return KeptRequests(self.folder / f"{state.name}{_REQUESTS}")

    def _state(self, path: Path) -> BatchState | None:
        """A state; None where it has just been removed."""
        seen = stamp(path)
        known = self._read.get(path)
        if known and seen and known[0] == seen:
            return known[1]
        try:
            state = json_file.typed(BatchState, json_file.read(path))
            if state.name != path.stem:  # a name is never a path to somewhere else
                raise ValueError(f"it is named {clean(state.name)}")
        except FileNotFoundError:
            return None
        except UNREADABLE as error:
            raise Mistake(
                f"{path} cannot be read ({clean(str(error))}): a batch that was paid for is in it;"
                " restore it, or delete it to give that batch up"
            ) from error
        self._read[path] = (seen, state)
        return state

    def _sweep(self) -> None:
        """Delete what belongs to no batch: its process ended before it had any use."""
        stray = [*self.folder.glob(f"*{_REQUESTS}"), *self.folder.glob(f"*{_UPLOAD}")]
        strays = [path for path in stray if not path.with_suffix(_STATE).exists()]
        for path in [*self.folder.glob(".*.part"), *strays]:
            with contextlib.suppress(OSError):  # a folder is nothing of ours
                path.unlink()


class KeptRequests:
    """A batch's requests on disk; only those that are asked for are read."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._begin: dict[str, int] = {}
        at = 0
        with contextlib.suppress(OSError), path.open("rb") as file:
            for line in file:
                self._begin[line[:_KEY_LENGTH].decode(errors="replace")] = at
                at += len(line)

    @property
    def estimate_usd(self) -> float:
        """What all of them were held to cost, as far as that is known."""
        return sum(self[key].estimate_usd or 0.0 for key in self._begin)

    def __getitem__(self, key: str) -> KeptRequest:
        """A request; without its content where that was lost: its picture is paid for."""
        if key not in self._begin:
            return KeptRequest(key, {}, None)
        try:
            with self._path.open("rb") as file:
                file.seek(self._begin[key])
                document = json.loads(file.readline()[_KEY_LENGTH:])
            kept = {"key": key, "asked": document["content"]}
            kept["estimate_usd"] = document["estimate_usd"]
            return json_file.typed(KeptRequest, kept)
        except UNREADABLE:
            return KeptRequest(key, {}, None)


def _kept_line(request: KeptRequest) -> bytes:
    document = {"content": request.content(), "estimate_usd": request.estimate_usd}
    return f"{request.key} {json.dumps(document, ensure_ascii=False)}\n".encode()


@contextlib.contextmanager
def writing(path: Path) -> Generator[None]:
    """Say of a disk that does not take a file that it does not."""
    try:
        yield
    except OSError as error:
        raise Mistake(f"{path} cannot be written ({error.strerror})") from error

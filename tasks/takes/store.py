"""The take store: every answer that an engine ever gave, bit for bit, under its request key.

    .takes/3f/3fa9…e1.json             the request, noted before it is sent, and what is known of
                                       each of its takes
    .takes/3f/3fa9…e1.<12 hex>.png     a take, named by the digest of its bytes
    .takes/3f/3fa9…e1.refused.json     that the endpoint's content rules forbid it, and its words
    .takes/ledger.jsonl                every call that was made (tasks.spending.ledger)
    .takes/rejected/…                  answers that were no usable picture, with the reason
    .takes/locks/…                     one lock a request that is being drawn; may be deleted

A take is named by its content, so that copying one store into another merges them: no file of
one means something else in the other. A take whose JSON went missing is found by its name.
"""

import contextlib
import datetime
import os
import shutil
from collections.abc import Generator, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from tasks.ground import json_file
from tasks.ground.errors import Mistake
from tasks.ground.files import utc_now, write_whole
from tasks.ground.json_file import UNREADABLE
from tasks.ground.locks import held
from tasks.pictures.kinds import ENDINGS, ending_of
from tasks.takes.refusals import REFUSED, Refusals
from tasks.takes.rejected import Rejected, take_id
from tasks.takes.rescue import rescued, taken_in

if TYPE_CHECKING:
    from PIL.Image import Image

    from tasks.pictures.picture import Pixels

_ENDINGS = (*ENDINGS, ".bin")
_ASKED_FOR = "asked_for"
"""names, in a request's JSON, the frame of a call that has not come back"""
_ROOM_BYTES = 32 * 2**20
"""how much the disk must have left before a picture is bought"""


@dataclass(frozen=True)
class Take:
    """One answer of an engine to one request, as it came."""

    picture: bytes = field(repr=False)
    """the file as the engine gave it: png, webp or jpeg"""
    latency_s: float | None = None
    usage: Mapping[str, Any] = field(default_factory=dict)
    """tokens as the endpoint counted them; empty where it did not"""
    answer_id: str = ""
    """the endpoint's own name for the call, for its support"""
    cost_usd: float | None = None
    """what it cost; None where nobody knows"""
    notes: tuple[str, ...] = ()
    """what the engine could not do as asked, for the person at the terminal"""
    image: "Image | Pixels | None" = field(default=None, repr=False, compare=False)
    """the picture decoded, where the engine had it so; what comes from elsewhere is checked"""
    call: str = ""
    """the ledger's name for the call that it came from"""


@dataclass(frozen=True)
class TakeRecord:
    """What the store knows of one take."""

    id: str
    file: str
    drawn_at: str
    """UTC, ISO 8601"""
    latency_s: float | None = None
    usage: Mapping[str, Any] = field(default_factory=dict)
    answer_id: str = ""
    cost_usd: float | None = None
    frame: str = ""
    """the frame that it was drawn for; others with the same request use it too"""
    call: str = ""
    """the ledger's name for the call that it came from"""

    @property
    def is_bare(self) -> bool:
        """Whether its file is all there is: its process ended before it could say more."""
        return not (self.call or self.usage or self.answer_id)


class Asked(Protocol):
    """What the store has to know of a request."""

    @property
    def key(self) -> str:
        """The request key."""

    def content(self) -> dict[str, Any]:
        """The request as plain data."""


@dataclass(frozen=True, slots=True)
class KeptRequest:
    """A request that was read back from disk."""

    key: str
    asked: Mapping[str, Any]
    """empty where it was lost: its picture is paid for"""
    estimate_usd: float | None = None
    """what it was held to cost, where that is kept too"""

    def content(self) -> dict[str, Any]:
        """The request as plain data."""
        return dict(self.asked)


@dataclass(frozen=True, slots=True)
class Stored:
    """A request that the store has takes of."""

    key: str
    content: Mapping[str, Any]
    takes: tuple[TakeRecord, ...]
    """the earliest first"""


class StoreFailure(Mistake):
    """A take that was paid for could not be put into the store; the text says where it is."""


class TakeStore:
    """The takes below one folder. Safe for several threads and processes at once."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.refusals = Refusals(folder)
        self.rejected = Rejected(folder)

    @contextlib.contextmanager
    def reserved(self, key: str) -> Generator[None]:
        """Hold the request: whoever else wants to draw it waits, and then finds its take."""
        with held(self.folder / "locks" / f"{key[:32]}.lock"):
            yield

    def records(self, key: str) -> tuple[TakeRecord, ...]:
        """The takes of a request, the earliest first."""
        present = self._names(key)
        here = [record for record in self._known(key, present) if record.file in present]
        return tuple(sorted(here, key=lambda record: (record.drawn_at, record.id)))

    def _known(self, key: str, present: set[str]) -> list[TakeRecord]:
        """The takes that the request's JSON names, present or not, and those that it does not."""
        document = json_file.read_or_none(self._list_path(key))
        document = document if isinstance(document, dict) else {}
        known = {record.file: record for record in _listed(key, document)}
        for name in present - set(known):
            if name.endswith(_ENDINGS):
                with contextlib.suppress(OSError, ValueError):  # it went, or is none of ours
                    frame = str(document.get(_ASKED_FOR, ""))
                    known[name] = _found(self._folder(key) / name, frame)
        return list(known.values())

    def _names(self, key: str) -> set[str]:
        """The files of a request. Not by `glob`, which takes ten times as long."""
        try:
            with os.scandir(self._folder(key)) as entries:
                return {entry.name for entry in entries if entry.name.startswith(f"{key}.")}
        except OSError:
            return set()

    def latest(self, key: str) -> TakeRecord | None:
        """The newest take of a request, or None."""
        records = self.records(key)
        return records[-1] if records else None

    def has(self, key: str, take_id: str) -> bool:
        """Whether that take of that request is here."""
        return any(record.id == take_id for record in self.records(key))

    def picture(self, key: str, record: TakeRecord) -> bytes:
        """A take's bytes, as the engine gave them."""
        return (self._folder(key) / record.file).read_bytes()

    def is_sound(self, key: str, record: TakeRecord) -> bool:
        """Whether a take has the bytes that it came with: its name is their digest."""
        try:
            return take_id(self.picture(key, record)) == record.id
        except OSError:
            return False

    def asked(self, key: str) -> Asked:
        """A request as the store keeps it. Raises `Mistake` where its JSON is not there."""
        try:
            return KeptRequest(key, dict(json_file.read(self._list_path(key))["request"]))
        except UNREADABLE as error:
            raise Mistake(
                f"{self._list_path(key)}, which says what was asked, cannot be read"
            ) from error

    def requests(self) -> Iterator[Stored]:
        """Every request that has takes here. Reads one small file for each."""
        for path in sorted(self.folder.glob("??/*.json")):
            if path.name.endswith((REFUSED, ".owed.json")):
                continue
            with contextlib.suppress(*UNREADABLE):
                content = json_file.read(path)["request"]
                records = self.records(path.stem)
                if records and isinstance(content, dict):
                    yield Stored(path.stem, content, records)

    def check_room(self, request: Asked, frame: str = "") -> None:
        """That a take can be kept, before it is bought. Raises `StoreFailure` where it cannot.

        Tried by noting what is asked, and for which frame: a process may end between a picture's
        arrival and its record, and a picture whose request nobody knows could not be listed.
        """
        try:
            with self.reserved(request.key):
                free = shutil.disk_usage(self.folder).free
                # Where the take goes: its folder may be another than the locks'.
                shelf = self._folder(request.key)
                shelf.mkdir(parents=True, exist_ok=True)
                list(shelf.iterdir())  # what cannot be read would be bought again
                known = self._known(request.key, self._names(request.key))
                self._write_list(request, known, frame)
        except OSError as error:
            raise StoreFailure(
                f"{error.filename or self.folder} cannot be written"
                f" ({error.strerror or error}): nothing was bought"
            ) from error
        largest = _largest_file()
        if largest is not None and largest < _ROOM_BYTES:
            raise StoreFailure(
                f"no file may be larger than {largest:,} bytes here (ulimit -f): lift that to some"
                f" {_ROOM_BYTES // 2**20} MB, so that a picture can be kept; nothing was bought"
            )
        if free < _ROOM_BYTES:
            raise StoreFailure(
                f"the disk of {self.folder} is full: free some {_ROOM_BYTES // 2**20} MB; nothing"
                " was bought"
            )

    def take_in_rescued(self) -> int:
        """Take in what an earlier run could keep nowhere else; how many takes. Raises `Mistake`."""

        def add(key: str, content: dict[str, Any], picture: bytes) -> None:
            self.add_alone(KeptRequest(key, content), Take(picture))

        return taken_in(self.folder, add)

    def _rescued(self, request: Asked, take: Take, error: OSError) -> str:
        return rescued(request.key, request.content(), take.picture, self.folder, error)

    def add_alone(self, request: Asked, take: Take, frame: str = "") -> TakeRecord:
        """As `add`, for whoever does not hold the request."""
        try:
            with self.reserved(request.key):
                return self.add(request, take, frame)
        except OSError as error:  # the lock itself; `add` raises none
            raise StoreFailure(self._rescued(request, take, error)) from error

    def add(self, request: Asked, take: Take, frame: str = "") -> TakeRecord:
        """Keep a take: the picture first, on disk, then what is known of it.

        `frame` is the one that it was drawn for. Raises `StoreFailure` where the disk does not
        take it.
        """
        try:
            return self._add(request, take, frame)
        except OSError as error:
            raise StoreFailure(self._rescued(request, take, error)) from error

    def _add(self, request: Asked, take: Take, frame: str) -> TakeRecord:
        name = take_id(take.picture)
        record = TakeRecord(
            id=name,
            file=f"{request.key}.{name}{ending_of(take.picture)}",
            drawn_at=utc_now(),
            latency_s=take.latency_s,
            usage=take.usage,
            answer_id=take.answer_id,
            cost_usd=take.cost_usd,
            frame=frame,
            call=take.call,
        )
        write_whole(self._folder(request.key) / record.file, take.picture, flush_to_disk=True)
        self._write_list(request, [*self._others(request.key, record), record])
        self.refusals.forget(request.key)
        return record

    def withdraw(self, request: Asked, record: TakeRecord, why: str) -> Path:
        """Move a take that turned out to be no usable picture out of the way; its new path."""
        file = self._folder(request.key) / record.file
        with contextlib.suppress(FileNotFoundError):  # another process was quicker
            self.rejected.keep(request.key, file.read_bytes(), why)
            file.unlink()
        self._write_list(request, self._others(request.key, record))
        return self.rejected.path(request.key, record.id, file.suffix)

    def _folder(self, key: str) -> Path:
        return self.folder / key[:2]

    def _list_path(self, key: str) -> Path:
        return self._folder(key) / f"{key}.json"

    def _others(self, key: str, record: TakeRecord) -> list[TakeRecord]:
        known = self._known(key, self._names(key))
        return [other for other in known if other.file != record.file]

    def _write_list(self, request: Asked, records: list[TakeRecord], asked_for: str = "") -> None:
        document = {
            "key": request.key,
            "request": request.content(),
            "takes": [asdict(record) for record in records],
        }
        asked = {_ASKED_FOR: asked_for} if asked_for else {}
        json_file.write(self._list_path(request.key), document | asked)


def _listed(key: str, document: Mapping[str, Any]) -> list[TakeRecord]:
    """The takes that a request's JSON names."""
    rows = document.get("takes")
    records = []
    for row in rows if isinstance(rows, list) else ():
        with contextlib.suppress(TypeError, ValueError):  # its file is found by its name
            record = json_file.typed(TakeRecord, row)
            if record.file in {f"{key}.{record.id}{ending}" for ending in _ENDINGS}:
                records.append(record)
    return records


def _found(file: Path, frame: str) -> TakeRecord:
    """A take that no JSON names: a copied file, or one whose process ended in that instant."""
    drawn = datetime.datetime.fromtimestamp(file.stat().st_mtime, datetime.UTC)
    return TakeRecord(
        id=file.stem.rsplit(".", 1)[-1],
        file=file.name,
        drawn_at=drawn.isoformat(timespec="milliseconds"),
        frame=frame,
    )


def _largest_file() -> int | None:
    """How large a file may be that this process writes, in bytes; None: any."""
    try:
        import resource
    except ImportError:  # no such limits on this system
        return None
    limit: int = resource.getrlimit(resource.RLIMIT_FSIZE)[0]
    return None if limit == resource.RLIM_INFINITY else limit

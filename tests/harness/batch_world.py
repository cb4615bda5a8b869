"""A take store with batches, and an endpoint for them, for tests: on a socket or without one."""

import datetime
import io
import json
import os
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tasks.batch.flow import Batches, Item, Limits
from tasks.engines.openai import client as client_module
from tasks.engines.openai.answers import take_of_document
from tasks.engines.openai.batches import open_batches
from tasks.requests.batches import BatchService, RemoteBatch, RemoteFile
from tasks.requests.engine import EngineFailure, EngineSettings, Fault
from tasks.requests.request import InputPicture, Request
from tasks.spending.estimate import Estimator
from tasks.spending.ledger import Ledger
from tasks.takes.store import Take, TakeStore
from tests.harness.batch_server import BatchServer
from tests.harness.images_server import KEY

MODEL = "gpt-image-2.5-sunburst"
HALF_USD = (100 * 5 + 400 * 8 + 6240 * 30) / 1e6 / 2
"""half of what the tokens that the server counts cost, by the table of prices"""


@lru_cache
def portrait_png(red: int) -> bytes:
    """A small picture in some colour."""
    buffer = io.BytesIO()
    Image.new("RGBA", (16, 24), (red, 90, 90, 255)).save(buffer, "PNG")
    return buffer.getvalue()


def picture(red: int, digest: str = "") -> InputPicture:
    """An input picture."""
    return InputPicture(digest or f"take:{red}", lambda: None, lambda: portrait_png(red))


def item(name: str, *reds: int, **more: Any) -> Item:
    """A request for one frame, made from portraits in these colours."""
    fields = {"prompt": f"a {name} face", "model": MODEL, "parameters": {"quality": "high"}}
    shown = tuple(picture(red) for red in reds or (1,))
    request = Request("openai", (16, 24), shown, **{**fields, **more})
    return Item(request, (f"{name}__center",), 0.1)


class World:
    """The state on disk and the endpoint; `batches` are those of a new process each time."""

    def __init__(self, folder: Path, server: BatchServer) -> None:
        self.store = TakeStore(folder / ".takes")
        self.server = server
        self.said: list[str] = []
        self.refused: dict[str, str] = {}
        self.waits_s: list[float] = []
        self.time = datetime.datetime(2026, 11, 22, 12, tzinfo=datetime.UTC)
        self.limits = Limits(at_once=1)
        self.settings = EngineSettings(timeout_s=5)
        self.connect: Callable[[], BatchService] = lambda: open_batches(self.settings)

    def batches(self, **more: Any) -> Batches:
        """As a process has them that has just begun."""
        tools = {
            "refused": self.refused.__setitem__,
            "pause": self._pause,
            "now": lambda: self.time,
            "limits": self.limits,
        }
        ledger = Ledger(self.store.folder)
        estimator = Estimator(ledger.entries())
        return Batches(
            self.store, ledger, estimator, self.connect, self.said.append, **tools | more
        )

    def _pause(self, seconds: float) -> bool:
        self.waits_s.append(seconds)
        self.time += datetime.timedelta(seconds=seconds)
        return True

    def later(self, **parts: float) -> None:
        """Let time pass."""
        self.time += datetime.timedelta(**parts)

    def entries(self) -> list[Any]:
        """The ledger's lines."""
        return Ledger(self.store.folder).entries()

    def takes(self, *items: Item) -> list[int]:
        """How many takes the store has of each."""
        return [len(self.store.records(i.request.key)) for i in items]

    def states(self) -> list[dict[str, Any]]:
        """The batches' files."""
        found = (self.store.folder / "batches").glob("*.json")
        return [json.loads(path.read_bytes()) for path in sorted(found)]

    def left_files(self) -> set[str]:
        """What lies in the batches' folder."""
        return {path.name for path in (self.store.folder / "batches").iterdir()} - {"lock"}

    def text(self) -> str:
        """All that was said."""
        return "\n".join(self.said)


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """A store, and an endpoint on a real socket."""
    with BatchServer() as server:
        for name, value in server.environment().items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(os, "fsync", lambda _handle: None)  # of no use to a test, and slow
        client_module._made.cache_clear()
        yield World(tmp_path, server)
        client_module._made.cache_clear()
        assert server.problems == []
        assert KEY not in "".join(
            path.read_text(errors="replace") for path in tmp_path.rglob("*") if path.is_file()
        )


class DirectService:
    """The endpoint without a socket between: quick enough for hundreds of runs in a test."""

    account = "here"

    def __init__(self, server: BatchServer) -> None:
        self._server = server

    def upload(self, name: str, data: bytes | Path, purpose: str) -> str:
        """Keep a file."""
        content = data if isinstance(data, bytes) else data.read_bytes()
        return self._server.add_file(name, purpose, content)

    def files(self) -> Iterator[RemoteFile]:
        """All files."""
        for stored in list(self._server.files.values()):
            yield RemoteFile(stored.id, stored.name)

    def delete_file(self, file_id: str) -> None:
        """Delete a file."""
        self._server.files.pop(file_id, None)

    def create(self, input_file: str, token: str) -> RemoteBatch:
        """Begin a batch."""
        form = {
            "input_file_id": input_file,
            "endpoint": "/v1/images/edits",
            "completion_window": "24h",
            "metadata": {"doit": token},
        }
        reply = self._server.create(form)
        if reply.status != 200:
            raise EngineFailure("no such file", fault=Fault.FINAL)
        return _remote(json.loads(reply.body or b""))

    def batches(self) -> Iterator[RemoteBatch]:
        """All batches."""
        for batch in list(self._server.batches.values()):
            yield _remote(batch.document())

    def look(self, batch_id: str) -> RemoteBatch | None:
        """One batch."""
        batch = self._server.batches.get(batch_id)
        return _remote(batch.document()) if batch else None

    def cancel(self, batch_id: str) -> RemoteBatch | None:
        """End a batch."""
        batch = self._server.batches[batch_id]
        batch.status = "cancelling"
        return _remote(batch.document())

    def lines(self, file_id: str) -> Iterator[bytes]:
        """The lines of a file."""
        yield from self._server.files[file_id].data.splitlines()

    def take(self, body: Mapping[str, Any], answer_id: str) -> Take:
        """The picture in an answer."""
        return take_of_document(body, None, answer_id, lambda _address: b"")

    def failure(self, status: int, body: Any) -> EngineFailure:
        """What an answer says."""
        return EngineFailure(str(body["error"]["message"]), fault=Fault.FINAL)


def _remote(document: Mapping[str, Any]) -> RemoteBatch:
    return RemoteBatch(
        document["id"],
        document["status"],
        document["metadata"]["doit"],
        document["input_file_id"],
        document["output_file_id"] or "",
        document["error_file_id"] or "",
        document["request_counts"]["completed"],
        document["request_counts"]["failed"],
    )

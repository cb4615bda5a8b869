"""A served page: `doit serve` in a folder, and requests that no browser would send."""

import http.client
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from signal import SIGTERM
from typing import Any
from urllib.parse import urlsplit

from tests.conftest import Folder, kill


@dataclass(frozen=True)
class Served:
    """Where a page is served."""

    address: str

    @property
    def origin(self) -> str:
        """What a browser says of requests of the page itself."""
        return self.address[: self.address.index("/", len("http://"))]

    def ask(
        self, path: str, sent: Any = None, *, headers: Mapping[str, str] | None = None
    ) -> tuple[int, bytes]:
        """The status and the body of an answer; `path` counts from the address, or is whole."""
        parts = urlsplit(self.address)
        connection = http.client.HTTPConnection(str(parts.hostname), int(parts.port or 0), 30)
        given = {} if sent is None else {"Origin": self.origin, "Content-Type": "application/json"}
        body = None if sent is None else json.dumps(sent).encode()
        target = path if path.startswith("/") else parts.path + path
        method = "GET" if sent is None else "POST"
        connection.request(method, target, body, {**given, **(headers or {})})
        answer = connection.getresponse()
        data = answer.read()
        connection.close()
        return answer.status, data

    def data(self) -> dict[str, Any]:
        """What the page shows."""
        found: dict[str, Any] = json.loads(self.ask("data.json")[1])
        return found

    def marks(self, name: str) -> list[str]:
        """The marks of a frame."""
        frames = {frame["name"]: frame for frame in self.data()["frames"]}
        return list(frames[name].get("marks", ()))


@contextmanager
def serving(folder: Folder, *words: str) -> Iterator[Served]:
    """`doit serve`, or other words that serve, until the block ends."""
    process = folder.start(*(words or ("serve",)))
    try:
        assert process.stdout is not None
        found = None
        while found is None:
            line = process.stdout.readline()
            assert line, process.communicate(timeout=20)
            found = re.search(r"http://127\.0\.0\.1:\d+/[\w-]+/", line)
        yield Served(found[0])
    finally:
        if process.poll() is None:
            kill(process, SIGTERM)
        process.communicate(timeout=30)

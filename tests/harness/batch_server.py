"""The images endpoint with files and batches, which checks what it is sent and fails as told.

Batches stand still until the test lets them go on, by `run`. What is drawn is counted by request
key, so that a test can tell whether anything was bought twice.
"""

import itertools
import json
import re
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from email.message import Message
from email.parser import BytesParser
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.harness.images_server import (
    FIELDS,
    Call,
    ImagesHandler,
    ImagesServer,
    Reply,
    answer_body,
    drawn,
    error_body,
    form_problems,
)

MOST_REQUESTS, MOST_BYTES = 50_000, 200 * 10**6
_OVER = {"completed", "expired", "cancelled", "failed"}


@dataclass
class StoredFile:
    """An uploaded file, or one of results."""

    id: str
    name: str
    purpose: str
    data: bytes = field(repr=False)
    expires_s: int | None = None

    def document(self) -> dict[str, Any]:
        """As the API describes it."""
        return {
            "id": self.id,
            "object": "file",
            "bytes": len(self.data),
            "created_at": 1,
            "filename": self.name,
            "purpose": self.purpose,
            "status": "processed",
        }


@dataclass
class StoredBatch:
    """A batch."""

    id: str
    input_file: str
    metadata: Mapping[str, str]
    keys: tuple[str, ...]
    status: str = "in_progress"
    output_file: str | None = None
    error_file: str | None = None
    completed: int = 0
    failed: int = 0
    errors: list[dict[str, Any]] = field(default_factory=list)

    def document(self) -> dict[str, Any]:
        """As the API describes it."""
        counts = {"total": len(self.keys), "completed": self.completed, "failed": self.failed}
        return {
            "id": self.id,
            "object": "batch",
            "endpoint": "/v1/images/edits",
            "completion_window": "24h",
            "created_at": 1,
            "input_file_id": self.input_file,
            "status": self.status,
            "output_file_id": self.output_file,
            "error_file_id": self.error_file,
            "metadata": dict(self.metadata),
            "errors": {"object": "list", "data": self.errors} if self.errors else None,
            "request_counts": counts,
        }


@dataclass(frozen=True)
class Wanted:
    """One request of a batch, as it is drawn."""

    key: str
    body: Mapping[str, Any]
    call: Call


@dataclass(frozen=True)
class Trouble:
    """What the server answers instead of what it should."""

    reply: Reply
    done: bool = False
    """the call is carried out all the same"""


def picture_answer(wanted: Wanted) -> tuple[int, Any]:
    """The status and body of a request that is drawn."""
    return 200, json.loads(answer_body(drawn(wanted.call)))


class BatchServer(ImagesServer):
    """The server, running while it is used as a context manager."""

    def __init__(self) -> None:
        super().__init__()
        self.files: dict[str, StoredFile] = {}
        self.batches: dict[str, StoredBatch] = {}
        self.pictures: dict[str, bytes] = {}
        """what is served below /pictures/"""
        self.log: list[str] = []
        """every call to files and batches: `POST /files`"""
        self.drawn: Counter[str] = Counter()
        """how many times each request key was drawn"""
        self.problems: list[str] = []
        """what the documented forms forbid of what was sent"""
        self.extra_fields: set[str] = set()
        self.trouble: Callable[[str], Trouble | None] = lambda _call: None
        """by the call as in `log`"""
        self.draw: Callable[[Wanted], tuple[int, Any]] = picture_answer
        self.quick = False
        """every batch is done when it is first looked at"""
        self.page = 0
        """how many entries a list has at the most; 0: as many as are asked for"""
        self._ids = itertools.count(1)

    def new_id(self, kind: str) -> str:
        """An id that nothing else has."""
        return f"{kind}{next(self._ids):06d}x{time.monotonic_ns():x}"

    @property
    def uploads(self) -> list[StoredFile]:
        """Files that are there and no results."""
        return [stored for stored in self.files.values() if stored.purpose != "batch_output"]

    def add_file(self, name: str, purpose: str, data: bytes, expires_s: int | None = None) -> str:
        """Keep a file."""
        file_id = self.new_id("file-")
        self.files[file_id] = StoredFile(file_id, name, purpose, data, expires_s)
        return file_id

    def create(self, form: Mapping[str, Any]) -> Reply:
        """Begin a batch, checked as the API does."""
        source = self.files.get(str(form.get("input_file_id")))
        if source is None or source.purpose != "batch":
            return Reply(400, error_body("no such input file"))
        self.problems += _create_problems(form)
        requests = [json.loads(line) for line in source.data.splitlines()]
        batch = StoredBatch(
            self.new_id("batch_"),
            source.id,
            form.get("metadata") or {},
            tuple(request["custom_id"] for request in requests),
        )
        self.problems += self._file_problems(source.data, requests)
        self.batches[batch.id] = batch
        return Reply(200, _json(batch.document()))

    def _file_problems(self, data: bytes, requests: Sequence[Mapping[str, Any]]) -> list[str]:
        keys = [request["custom_id"] for request in requests]
        problems = [f"{key} comes twice" for key, times in Counter(keys).items() if times > 1]
        problems += [f"{key} is too long" for key in keys if len(key) > 64]
        if len(requests) > MOST_REQUESTS or len(data) > MOST_BYTES:
            problems.append("too much for one file")
        if len({request["body"].get("model") for request in requests}) != 1:
            problems.append("more than one model")
        for request in requests:
            if set(request) != {"custom_id", "method", "url", "body"}:
                problems.append(f"a line has {sorted(request)}")
            if (request["method"], request["url"]) != ("POST", "/v1/images/edits"):
                problems.append(f"{request['method']} {request['url']}")
            problems += self._body_problems(request["body"])
        return problems

    def _body_problems(self, body: Mapping[str, Any]) -> list[str]:
        images = body.get("images")
        if not isinstance(images, list) or not 1 <= len(images) <= 16:
            return ["images is no list of 1 to 16"]
        problems = [f"an image has {sorted(i)}" for i in images if set(i) != {"file_id"}]
        fields = {n: v for n, v in body.items() if n != "images" and n not in self.extra_fields}
        problems += [f"{name} is no text" for name, v in fields.items() if not isinstance(v, str)]
        problems += [f"unknown field {name}" for name in fields if name not in FIELDS]
        shown = [self.files.get(image.get("file_id", "")) for image in images]
        if any(stored is None or stored.purpose != "vision" for stored in shown):
            return [*problems, "an image that is not there, or is for something else"]
        return problems + form_problems(fields, tuple(s.data for s in shown if s))

    def run(
        self, batch_id: str = "", *, most: int | None = None, status: str = "completed"
    ) -> None:
        """Draw the first `most` requests of a batch (of all) and end it with that status."""
        for batch in list(self.batches.values()):
            if batch_id in {"", batch.id} and batch.status not in _OVER:
                self._run(batch, most, status)

    def _run(self, batch: StoredBatch, most: int | None, status: str) -> None:
        requests = [json.loads(line) for line in self.files[batch.input_file].data.splitlines()]
        good, bad = [], []
        for number, request in enumerate(requests):
            key = request["custom_id"]
            head = {"id": f"batch_req_{key[:8]}", "custom_id": key}
            if most is not None and number >= most:
                error = {"code": f"batch_{status}", "message": f"This request was {status}."}
                bad.append({**head, "response": None, "error": error})
                continue
            answered, body = self.draw(self._wanted(number, request))
            response = {"status_code": answered, "request_id": f"req_{batch.id}_{number}"}
            ok = answered == 200
            self.drawn[key] += ok
            line = {**head, "response": {**response, "body": body}, "error": None}
            (good if ok else bad).append(line)
        batch.completed, batch.failed = len(good), len(bad)
        batch.output_file, batch.error_file = self._results(good), self._results(bad)
        batch.status = status

    def _results(self, lines: list[dict[str, Any]]) -> str | None:
        """A file of results, in another order than they were asked for."""
        data = b"".join(_json(line) + b"\n" for line in reversed(lines))
        return self.add_file("results.jsonl", "batch_output", data) if lines else None

    def _wanted(self, number: int, request: Mapping[str, Any]) -> Wanted:
        body = request["body"]
        pictures = tuple(self.files[image["file_id"]].data for image in body["images"])
        fields = {name: value for name, value in body.items() if name in FIELDS}
        call = Call(number, fields, pictures, (), time.monotonic())
        return Wanted(request["custom_id"], body, call)


class _Handler(ImagesHandler):
    @property
    def batch_server(self) -> BatchServer:
        assert isinstance(self.server.images, BatchServer)
        return self.server.images

    def do_GET(self) -> None:  # noqa: N802 - named by the base class
        """Look at something."""
        picture = self.batch_server.pictures.get(urlsplit(self.path).path)
        if picture is not None:
            self.send(Reply(200, picture, {"Content-Type": "image/png"}), {})
        else:
            self._serve(b"")

    def do_DELETE(self) -> None:  # noqa: N802 - named by the base class
        """Delete a file."""
        self._serve(b"")

    def do_POST(self) -> None:  # noqa: N802 - named by the base class
        """Upload, create, or cancel; or draw."""
        if self.path == "/v1/images/edits":
            super().do_POST()
        else:
            self._serve(self.rfile.read(int(self.headers.get("Content-Length") or 0)))

    def _serve(self, body: bytes) -> None:
        server = self.batch_server
        address = urlsplit(self.path)
        path = address.path.removeprefix("/v1")
        query = {name: values[-1] for name, values in parse_qs(address.query).items()}
        call = f"{self.command} {path}"
        server.log.append(call)
        trouble = server.trouble(call)
        if trouble is None or trouble.done:
            reply = self.access_problem() or self._reply(call, body, query)
        self.send(trouble.reply if trouble else reply, {"x-request-id": "req_batch"})

    def _reply(self, call: str, body: bytes, query: Mapping[str, str]) -> Reply:
        server = self.batch_server
        routes: dict[str, Callable[[str], Reply]] = {
            r"POST /files": lambda _: self._upload(body),
            r"GET /files": lambda _: self._list_files(query),
            r"DELETE /files/([^/]+)": self._delete,
            r"GET /files/([^/]+)/content": self._content,
            r"POST /batches": lambda _: server.create(json.loads(body)),
            r"GET /batches": lambda _: self._list_batches(query),
            r"GET /batches/([^/]+)": self._look,
            r"POST /batches/([^/]+)/cancel": self._cancel,
        }
        for pattern, answer in routes.items():
            match = re.fullmatch(pattern, call)
            if match:
                return answer(match[1] if match.groups() else "")
        return Reply(404, error_body(f"no such address: {call}"))

    def _upload(self, body: bytes) -> Reply:
        head = f"Content-Type: {self.headers['Content-Type']}\r\n\r\n".encode()
        fields: dict[str, str] = {}
        name, data = "", None
        for part in BytesParser().parsebytes(head + body).get_payload():
            assert isinstance(part, Message)
            payload = part.get_payload(decode=True)
            assert isinstance(payload, bytes)
            field_name = str(part.get_param("name", header="content-disposition"))
            if field_name == "file":
                name, data = str(part.get_filename()), payload
            else:
                fields[field_name] = payload.decode()
        server = self.batch_server
        server.problems += _upload_problems(name, data, fields)
        expires_s = int(fields.get("expires_after[seconds]", "0")) or None
        file_id = server.add_file(name, fields.get("purpose", ""), data or b"", expires_s)
        return Reply(200, _json(server.files[file_id].document()))

    def _list_files(self, query: Mapping[str, str]) -> Reply:
        purpose = query.get("purpose")
        found = [s for s in self.batch_server.files.values() if purpose in {None, s.purpose}]
        return self._page([stored.document() for stored in found], query)

    def _list_batches(self, query: Mapping[str, str]) -> Reply:
        newest_first = [b.document() for b in reversed(self.batch_server.batches.values())]
        return self._page(newest_first, query)

    def _page(self, documents: list[dict[str, Any]], query: Mapping[str, str]) -> Reply:
        ids = [document["id"] for document in documents]
        begin = ids.index(query["after"]) + 1 if query.get("after") in ids else 0
        most = self.batch_server.page or int(query.get("limit", "20"))
        page = documents[begin : begin + most]
        document = {
            "object": "list",
            "data": page,
            "first_id": page[0]["id"] if page else None,
            "last_id": page[-1]["id"] if page else None,
            "has_more": begin + most < len(documents),
        }
        return Reply(200, _json(document))

    def _delete(self, file_id: str) -> Reply:
        if self.batch_server.files.pop(file_id, None) is None:
            return Reply(404, error_body("no such file"))
        return Reply(200, _json({"id": file_id, "object": "file", "deleted": True}))

    def _content(self, file_id: str) -> Reply:
        stored = self.batch_server.files.get(file_id)
        if stored is None:
            return Reply(404, error_body("no such file"))
        return Reply(200, stored.data, {"Content-Type": "application/octet-stream"})

    def _look(self, batch_id: str) -> Reply:
        server = self.batch_server
        if server.quick:
            server.run(batch_id)
        batch = server.batches.get(batch_id)
        if batch is None:
            return Reply(404, error_body("no such batch"))
        return Reply(200, _json(batch.document()))

    def _cancel(self, batch_id: str) -> Reply:
        batch = self.batch_server.batches.get(batch_id)
        if batch is None:
            return Reply(404, error_body("no such batch"))
        if batch.status in _OVER:
            return Reply(409, error_body(f"cannot cancel a batch that is {batch.status}"))
        batch.status = "cancelling"
        return Reply(200, _json(batch.document()))


BatchServer.handler = _Handler


def _json(document: Mapping[str, Any]) -> bytes:
    return json.dumps(document, ensure_ascii=False).encode()


def _create_problems(form: Mapping[str, Any]) -> list[str]:
    known = {"input_file_id", "endpoint", "completion_window", "metadata"}
    problems = [f"unknown field {name}" for name in form if name not in known]
    if (form.get("endpoint"), form.get("completion_window")) != ("/v1/images/edits", "24h"):
        problems.append("endpoint or completion_window")
    metadata = form.get("metadata") or {}
    if len(metadata) > 16:
        problems.append("too much metadata")
    for name, value in metadata.items():
        if len(name) > 64 or not isinstance(value, str) or len(value) > 512:
            problems.append(f"metadata {name}")
    return problems


def _upload_problems(name: str, data: bytes | None, fields: Mapping[str, str]) -> list[str]:
    known = {"purpose", "expires_after[anchor]", "expires_after[seconds]"}
    problems = [f"unknown field {field_name}" for field_name in fields if field_name not in known]
    if data is None or not name:
        problems.append("no file")
    if fields.get("purpose") not in {"vision", "batch"}:
        problems.append(f"purpose {fields.get('purpose')}")
    if fields.get("purpose") == "batch" and not name.endswith(".jsonl"):
        problems.append(f"{name} is no .jsonl")
    if not 3600 <= int(fields.get("expires_after[seconds]", "3600")) <= 2_592_000:
        problems.append("expires_after")
    return problems

"""An images edit endpoint on a real socket, which checks what it is sent and fails as told.

It takes `POST /v1/images/edits` as multipart form, as the published form of the endpoint has it,
and draws: the first picture it was sent, tinted by the prompt, at the asked size. What it does
with each call can be said beforehand by a function of the call's number and form.
"""

import base64
import hashlib
import io
import json
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from email.message import Message
from email.parser import BytesParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from PIL import Image

KEY = "sk-test-0123456789abcdefSECRET"
NO_AUTHORITIES = {"SSL_CERT_FILE": "", "SSL_CERT_DIR": str(Path(__file__).parent)}
"""A folder in which no authority is: nothing here is encrypted, and to read all of those that the
machine trusts takes as long as the rest of a command."""

# The fields of the documented form, and what each takes (None: any text).
FIELDS: Mapping[str, tuple[str, ...] | None] = {
    "prompt": None,
    "model": None,
    "size": None,
    "quality": ("low", "medium", "high", "xhigh", "max", "auto"),
    "background": ("transparent", "opaque", "auto"),
    "input_fidelity": ("high", "low"),
}
REQUIRED = ("prompt", "model", "size", "image[]")


@dataclass(frozen=True)
class Call:
    """One request as it arrived."""

    number: int
    """counted from 1 over the life of the server"""
    fields: Mapping[str, str]
    pictures: tuple[bytes, ...]
    problems: tuple[str, ...]
    """what the documented form forbids"""
    arrived_s: float
    mask: bytes = b""
    """what tells where to edit; empty where none was sent"""


@dataclass(frozen=True)
class Reply:
    """What the server does with a call."""

    status: int = 200
    body: bytes | None = None
    """sent as it is; None: a drawn picture"""
    headers: Mapping[str, str] = field(default_factory=dict)
    delay_s: float = 0.0
    cut_off: bool = False
    """send half of the body, then close"""


def error_body(message: str, code: str | None = None) -> bytes:
    """An error as the API writes it."""
    return json.dumps({"error": {"message": message, "code": code, "type": "error"}}).encode()


def answer_body(picture: bytes) -> bytes:
    """A success as the API writes it."""
    usage = {
        "input_tokens": 500,
        "input_tokens_details": {"image_tokens": 400, "text_tokens": 100},
        "output_tokens": 6240,
        "total_tokens": 6740,
    }
    encoded = base64.b64encode(picture).decode()
    return json.dumps({"created": 1, "data": [{"b64_json": encoded}], "usage": usage}).encode()


class ImagesServer:
    """The server, running while it is used as a context manager."""

    handler: "type[ImagesHandler]"

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.reply: Callable[[Call], Reply] = lambda _call: Reply()
        self.most_at_once = 0
        self._at_once = 0
        self._lock = threading.Lock()
        self._httpd = _Httpd(("127.0.0.1", 0), self.handler)
        self._httpd.images = self

    @property
    def url(self) -> str:
        """What OPENAI_BASE_URL has to be."""
        return f"http://127.0.0.1:{self._httpd.server_address[1]}/v1"

    def environment(self) -> dict[str, str]:
        """The environment variables of a run that draws here."""
        return {"OPENAI_API_KEY": KEY, "OPENAI_BASE_URL": self.url, **NO_AUTHORITIES}

    def __enter__(self) -> "ImagesServer":
        threading.Thread(target=self._httpd.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._httpd.shutdown()
        self._httpd.server_close()

    def register(
        self, fields: Mapping[str, str], pictures: tuple[bytes, ...], mask: bytes = b""
    ) -> Call:
        """Note a call and check its form."""
        with self._lock:
            problems = (*form_problems(fields, pictures), *mask_problems(pictures, mask))
            call = Call(len(self.calls) + 1, fields, pictures, problems, time.monotonic(), mask)
            self.calls.append(call)
            return call

    def began(self) -> None:
        """A call is being worked on."""
        with self._lock:
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)

    def ended(self) -> None:
        """A call was answered, or cut off."""
        with self._lock:
            self._at_once -= 1


def form_problems(fields: Mapping[str, str], pictures: tuple[bytes, ...]) -> list[str]:
    """What the documented form forbids of a request."""
    there = {*fields, *(["image[]"] if pictures else [])}
    problems = [f"missing {name}" for name in REQUIRED if name not in there]
    problems += [f"unknown field {name}" for name in fields if name not in FIELDS]
    for name, allowed in FIELDS.items():
        if allowed and name in fields and fields[name] not in allowed:
            problems.append(f"{name}={fields[name]}")
    if len(fields.get("prompt", "")) > 32_000:
        problems.append("prompt too long")
    if "input_fidelity" in fields and not fields.get("model", "").startswith("gpt-image-1"):
        problems.append("input_fidelity is not for this model")
    return problems + [text for data in pictures for text in _picture_problems(data)]


def _picture_problems(data: bytes) -> list[str]:
    with Image.open(io.BytesIO(data)) as image:
        image.load()
        return [] if image.format in {"PNG", "WEBP", "JPEG"} else [f"picture is {image.format}"]


def mask_problems(pictures: tuple[bytes, ...], mask: bytes) -> list[str]:
    """What the documented form forbids of a mask: it is a PNG with alpha, of the first picture's
    size."""
    if not mask:
        return []
    with Image.open(io.BytesIO(mask)) as image, Image.open(io.BytesIO(pictures[0])) as first:
        plain = image.format == "PNG" and image.mode == "RGBA" and image.size == first.size
    return [] if plain else ["mask is no PNG with alpha of the picture's size"]


def drawn(call: Call) -> bytes:
    """The picture of a call: the first one sent, with a patch whose colour is the prompt's."""
    width, height = map(int, call.fields["size"].split("x"))
    with Image.open(io.BytesIO(call.pictures[0])) as sent:
        image = sent.convert("RGBA").resize((width, height))
    digest = hashlib.sha256(f"{call.fields['prompt']}{call.number}".encode()).digest()
    image.paste((digest[0], digest[1], digest[2], 255), (0, 0, width // 4, height // 4))
    buffer = io.BytesIO()
    image.save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()


class _Httpd(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    images: ImagesServer

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that are killed in a test leave broken connections: no news."""


class ImagesHandler(BaseHTTPRequestHandler):
    """Answers calls, one instance a connection."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # head and body are sent one after the other
    server: _Httpd

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - as in the base class
        """Nothing to the terminal of a test."""

    def do_POST(self) -> None:
        """Answer one call."""
        images = self.server.images
        body = self.rfile.read(int(self.headers["Content-Length"]))
        call = images.register(*_parse(self.headers["Content-Type"], body))
        images.began()
        try:
            self._answer(call, self._checked(call) or images.reply(call))
        finally:
            images.ended()

    def _checked(self, call: Call) -> Reply | None:
        if self.path != "/v1/images/edits":
            return Reply(404, error_body(f"no such address: {self.path}"))
        refused = self.access_problem()
        if refused:
            return refused
        return Reply(400, error_body("; ".join(call.problems))) if call.problems else None

    def access_problem(self) -> Reply | None:
        """What is answered to a call without the right key."""
        if self.headers["Authorization"] != f"Bearer {KEY}":
            said = self.headers["Authorization"]
            return Reply(401, error_body(f"Incorrect API key provided: {said}", "invalid_api_key"))
        return None

    def _answer(self, call: Call, reply: Reply) -> None:
        time.sleep(reply.delay_s)
        body = answer_body(drawn(call)) if reply.body is None else reply.body
        self.send(replace(reply, body=body), {"x-request-id": f"req_{call.number}"})

    def send(self, reply: Reply, more: Mapping[str, str]) -> None:
        """Send an answer with these headers beside its own."""
        body = reply.body or b""
        self.send_response(reply.status)
        headers = {"Content-Type": "application/json", "Content-Length": str(len(body))}
        for name, value in {**headers, **more, **reply.headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body[: len(body) // 2] if reply.cut_off else body)
        if reply.cut_off:
            self.wfile.flush()
            self.close_connection = True


ImagesServer.handler = ImagesHandler


def _parse(content_type: str, body: bytes) -> tuple[dict[str, str], tuple[bytes, ...], bytes]:
    """The fields, pictures and mask of a multipart form. Pictures without a media type do not
    count: the real endpoint refuses them."""
    head = f"Content-Type: {content_type}\r\n\r\n".encode()
    message = BytesParser().parsebytes(head + body)
    fields: dict[str, str] = {}
    pictures: list[bytes] = []
    mask = b""
    for part in message.get_payload():
        assert isinstance(part, Message)
        name = str(part.get_param("name", header="content-disposition"))
        payload = part.get_payload(decode=True)
        assert isinstance(payload, bytes)
        if name in {"image", "image[]"}:
            if part.get_content_type() in {"image/png", "image/webp", "image/jpeg"}:
                pictures.append(payload)
        elif name == "mask":
            mask = payload
        else:
            fields[name] = payload.decode("utf-8")
    return fields, tuple(pictures), mask

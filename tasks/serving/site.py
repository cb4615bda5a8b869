"""A small server for pages of this machine's own browser, on the standard library's."""

import contextlib
import hmac
import json
import secrets
import socket
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast
from urllib.parse import parse_qsl, unquote, urlsplit

from typing_extensions import override

from tasks.ground.errors import Mistake, line_of

LOOPBACK = "127.0.0.1"
_MOST_ASKED_BYTES = 2**24
"""of the largest thing that is sent, a timeline that is edited"""
_IDLE_S = 60
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:;"
        " style-src 'self' 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none';"
        " form-action 'none'"
    ),
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """What a page asks for."""

    query: Mapping[str, str] = field(default_factory=dict)
    document: Any = None
    """the JSON that it sent"""


@dataclass(frozen=True, slots=True)
class Answer:
    """What it is told."""

    body: bytes | Iterator[bytes]
    """an iterator is sent as it comes, until the page is gone"""
    kind: str = "text/plain; charset=utf-8"
    status: int = 200
    kept: bool = False
    """the browser may keep it for good: its address changes whenever it does"""


Route = Callable[[Asked], Answer]


def as_json(document: Any, status: int = 200) -> Answer:
    """An answer for scripts."""
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    return Answer(text.encode(errors="replace"), "application/json", status)


def refusal(status: int, why: str) -> Answer:
    """That something is not answered, and why."""
    return as_json({"error": why}, status)


class Site:
    """Routes below a random address, for this machine alone. Answers from many threads."""

    def __init__(self, port: int = 0) -> None:
        """`port` 0: any that is free. Raises `Mistake` where it cannot be had."""
        self.token = secrets.token_urlsafe(24)
        self._routes: dict[tuple[str, str], Route] = {}
        try:
            self._server = _Server((LOOPBACK, port), _Handler)
        except (OSError, OverflowError) as error:
            said = getattr(error, "strerror", None) or error
            raise Mistake(f"port {port}: {said}; leave it out to have any that is free") from error
        self._server.site = self
        self.port = self._server.server_address[1]

    @property
    def address(self) -> str:
        """What to open."""
        return f"http://{LOOPBACK}:{self.port}/{self.token}/"

    def get(self, path: str, route: Route) -> None:
        """Answer what is asked for at a path below the address."""
        self._routes["GET", path] = route

    def post(self, path: str, route: Route) -> None:
        """Answer what is sent there, JSON, from a page of this site."""
        self._routes["POST", path] = route

    def serve(self) -> None:
        """Answer until `close`."""
        self._server.serve_forever(poll_interval=0.2)

    def close(self) -> None:
        """Answer nothing more. Not to be called from the thread that serves."""
        self._server.shutdown()

    def release(self) -> None:
        """Give the port back."""
        self._server.server_close()

    def find(self, method: str, target: str, headers: Mapping[str, str]) -> "Route | Answer":
        """What answers a request; a refusal where nothing may."""
        parts = urlsplit(target)
        token, slash, path = parts.path.removeprefix("/").partition("/")
        problem = self._problem(method, path, headers)
        if problem:
            return refusal(403, problem)
        if not hmac.compare_digest(token.encode(), self.token.encode()):
            return refusal(404, "there is nothing here; open the address that doit printed")
        if not slash:
            return refusal(404, "the address ends with a slash")
        return self._routes.get((method, unquote(path))) or refusal(404, "there is no such page")

    def _problem(self, method: str, path: str, headers: Mapping[str, str]) -> str:
        """Why a request is none of this site's own pages; empty where it is."""
        hosts = {f"{name}:{self.port}" for name in (LOOPBACK, "localhost")}
        host, origin = headers.get("Host", ""), headers.get("Origin")
        if host not in hosts:  # a name of somebody else's that leads here
            return "this host is not served"
        if origin != f"http://{host}" and (method == "POST" or origin is not None):
            return "another page's requests are not answered"
        if path and headers.get("Sec-Fetch-Site", "same-origin") not in {"same-origin", "none"}:
            return "another page's requests are not answered"
        return ""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    site: Site

    @override
    def handle_error(self, request: Any, client_address: Any) -> None:
        """A page that goes away is no error; anything else is a bug."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = _IDLE_S

    def do_GET(self) -> None:
        """Answer a page's question."""
        self._answer({})

    def do_POST(self) -> None:
        """Do what a page sends, where it is one of ours."""
        self._answer(None)

    def _answer(self, document: Any) -> None:
        found = cast(_Server, self.server).site.find(self.command, self.path, _single(self.headers))
        if isinstance(found, Answer):
            self.close_connection = True  # what it sent was not read
            self._send(found)
            return
        query = dict(parse_qsl(urlsplit(self.path).query, keep_blank_values=True))
        try:
            document = self._sent() if document is None else document
            answer = found(Asked(query, document))
        except (Mistake, OSError) as error:
            answer = refusal(409, line_of(error))
        except Exception:  # a page must be told of a bug, too
            traceback.print_exc()
            answer = refusal(500, "this is a bug in the program; the terminal says where")
        self._send(answer)

    def _sent(self) -> Any:
        """The JSON that a page sent. Raises `Mistake`."""
        try:
            length = int(self.headers.get("Content-Length", ""))
        except ValueError:
            length = -1
        kind = self.headers.get_content_type()
        if not 0 <= length <= _MOST_ASKED_BYTES or kind != "application/json":
            self.close_connection = True
            raise Mistake(f"JSON of at most {_MOST_ASKED_BYTES} bytes is wanted")
        try:
            return json.loads(self.rfile.read(length))
        except (ValueError, RecursionError):
            raise Mistake("what was sent is no JSON") from None

    def _send(self, answer: Answer) -> None:
        whole = isinstance(answer.body, bytes)
        self.send_response(answer.status)
        headers = {**_HEADERS, "Content-Type": answer.kind}
        if answer.kept:
            headers["Cache-Control"] = "private, max-age=31536000, immutable"
        if isinstance(answer.body, bytes):
            headers["Content-Length"] = str(len(answer.body))
        if not whole or self.close_connection:
            headers["Connection"] = "close"
            self.close_connection = True
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        with contextlib.suppress(OSError):  # the page is gone
            for part in [answer.body] if isinstance(answer.body, bytes) else answer.body:
                self.wfile.write(part)
                self.wfile.flush()

    @override
    def log_message(self, format: str, *arguments: Any) -> None:
        """Nothing: a terminal is for what a person has to know."""

    @override
    def version_string(self) -> str:
        """No version of anything."""
        return "doit"

    @override
    def setup(self) -> None:
        """Small answers go at once."""
        super().setup()
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, True)


def _single(headers: Any) -> dict[str, str]:
    """The headers by name; of one that came twice, nothing that anybody could mean."""
    found: dict[str, str] = {}
    for name in ("Host", "Origin", "Sec-Fetch-Site"):
        values = headers.get_all(name) or []
        if values:
            found[name] = values[0] if len(values) == 1 else ""
    return found

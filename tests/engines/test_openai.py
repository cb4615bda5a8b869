"""What the endpoint does, through the real SDK and a real socket: faults, waits, and answers."""

import base64
import email.utils
import json
import socket
import struct
import textwrap
import threading
import time
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx2
import pytest

from tasks.engines.openai import client as client_module
from tasks.engines.openai import fetching, open_engine
from tasks.engines.openai.failures import asked_wait_s
from tasks.engines.openai.images import ImagesEngine
from tasks.requests.engine import EngineFailure, EngineSettings, Fault, ToFetch
from tasks.requests.request import InputPicture, Request
from tests.conftest import portrait
from tests.harness.images_server import (
    KEY,
    NO_AUTHORITIES,
    Call,
    ImagesHandler,
    ImagesServer,
    Reply,
    error_body,
)


def png() -> bytes:
    """A small picture."""
    from tasks.pictures.picture import png_bytes

    return png_bytes(portrait())


def request(picture: bytes = b"", **changes: object) -> Request:
    """One that the server takes."""
    sent = picture or png()
    return Request(
        "openai",
        (64, 96),
        (InputPicture("d", portrait, lambda: sent),),
        prompt="a fox",
        model="gpt-image-2.5-sunburst",
        parameters={"quality": "high"},
        **changes,
    )


@pytest.fixture(autouse=True)
def _own_client(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No client of another test, nor one for another; and no authorities, which take long."""
    for name in ("OPENAI_ORG_ID", "OPENAI_PROJECT_ID"):
        monkeypatch.delenv(name, raising=False)
    for name, value in NO_AUTHORITIES.items():
        monkeypatch.setenv(name, value)
    client_module._made.cache_clear()
    yield
    client_module._made.cache_clear()


def engine_at(
    url: str, monkeypatch: pytest.MonkeyPatch, timeout_s: float = 20, hosts: tuple[str, ...] = ()
) -> ImagesEngine:
    """The engine as a run has it."""
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("OPENAI_BASE_URL", url)
    return open_engine(EngineSettings(timeout_s, hosts))


def failure_of(engine: ImagesEngine, asked: Request | None = None) -> EngineFailure:
    """How a call fails."""
    with pytest.raises(EngineFailure) as caught:
        engine.draw(asked or request())
    assert "\n" not in str(caught.value)
    assert KEY not in str(caught.value)
    return caught.value


# Statuses

HTML = b"<html><head><title>503</title></head><body><h1>No server is available</h1></body></html>"
STATUSES: Mapping[str, tuple[Reply, Fault, str]] = {
    "400": (Reply(400, error_body("bad size")), Fault.FINAL, r"refuses the request \(400: bad"),
    "401": (Reply(401, error_body("no")), Fault.NO_ACCESS, r"check OPENAI_API_KEY \(401: no\)"),
    "403": (Reply(403, error_body("no")), Fault.SETTING, "may not use this model"),
    "404": (Reply(404, error_body("no")), Fault.SETTING, "does not know this model or address"),
    "408": (Reply(408, error_body("slow")), Fault.PUT_OFF, "408: slow"),
    "409": (Reply(409, error_body("busy")), Fault.PUT_OFF, "409: busy"),
    "422": (Reply(422, error_body("odd")), Fault.FINAL, "refuses the request"),
    "429": (
        Reply(429, error_body("slow down", "rate_limit_exceeded")),
        Fault.RATE,
        "rate limit is reached",
    ),
    "429 without words": (Reply(429, b""), Fault.RATE, "rate limit is reached"),
    "429 quota": (
        Reply(429, error_body("You exceeded your quota", "insufficient_quota")),
        Fault.NO_CREDIT,
        "no credit left: add some, then run doit again .You exceeded",
    ),
    "429 quota by type": (
        Reply(429, b'{"error": {"message": "x", "type": "insufficient_quota", "code": null}}'),
        Fault.NO_CREDIT,
        "no credit left",
    ),
    "400 billing": (
        Reply(400, error_body("Billing hard limit", "billing_hard_limit_reached")),
        Fault.NO_CREDIT,
        "no credit left",
    ),
    "429 billing": (
        Reply(429, error_body("not active", "billing_not_active")),
        Fault.NO_CREDIT,
        "no credit left",
    ),
    "400 moderation": (
        Reply(400, error_body("Your request was rejected", "moderation_blocked")),
        Fault.REFUSED,
        r"refused by the endpoint's content rules \(Your request was rejected\)",
    ),
    "500": (Reply(500, error_body("oh")), Fault.PUT_OFF, r"is in trouble \(500: oh\)"),
    "502 html": (Reply(502, HTML), Fault.PUT_OFF, "No server is available"),
    "503 html": (Reply(503, HTML), Fault.PUT_OFF, "No server is available"),
    "504 empty": (Reply(504, b""), Fault.PUT_OFF, "504"),
    "a list": (Reply(400, b"[1, 2]"), Fault.FINAL, "400"),
    "an odd code": (Reply(400, b'{"error": {"message": 5, "code": [1]}}'), Fault.FINAL, "400: 5"),
    "half a pair": (Reply(400, b'{"error": {"message": "a \\ud800 b"}}'), Fault.FINAL, "a . b"),
    "an echoed key": (Reply(401, error_body(f"bad key {KEY}")), Fault.NO_ACCESS, r"bad key \[key"),
}


@pytest.mark.parametrize("kind", STATUSES)
def test_every_status_has_its_fault_and_its_words(
    server: ImagesServer, monkeypatch: pytest.MonkeyPatch, kind: str
):
    reply, fault, words = STATUSES[kind]
    server.reply = lambda _call: reply
    failure = failure_of(engine_at(server.url, monkeypatch))
    assert failure.fault is fault
    assert failure.wait_s is None
    import re

    assert re.search(words, str(failure)), str(failure)
    assert len(server.calls) == 1  # the SDK's own retries are off
    str(failure).encode()


def test_a_call_that_succeeds_is_a_take_with_all_that_came(
    server: ImagesServer, monkeypatch: pytest.MonkeyPatch
):
    take = engine_at(server.url, monkeypatch).draw(request())
    assert take.picture.startswith(b"\x89PNG")
    assert take.usage["output_tokens"] == 6240
    assert take.answer_id == "req_1"
    assert 0 < take.latency_s < 20
    assert server.calls[0].problems == ()


# Connections


class Raw:
    """A server that speaks no HTTP: what it does with a connection is said by a function."""

    def __init__(self, serve) -> None:
        self.connections = 0
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._serve = serve
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}/v1"
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            self.connections += 1
            with connection:
                self._serve(connection)

    def close(self) -> None:
        self._socket.close()


def reset(connection: socket.socket) -> None:
    """Break the connection off, rudely."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def read_request(connection: socket.socket) -> None:
    """All of a request."""
    data = b""
    while b"\r\n\r\n" not in data:
        data += connection.recv(65536)
    head, _, body = data.partition(b"\r\n\r\n")
    lengths = [
        line.split(b":")[1] for line in head.lower().split(b"\r\n") if b"content-length" in line
    ]
    while len(body) < int(lengths[0]):
        body += connection.recv(65536)


def sent_then_reset(connection: socket.socket) -> None:
    read_request(connection)
    reset(connection)


def sent_then_closed(connection: socket.socket) -> None:
    read_request(connection)


def half_an_answer(connection: socket.socket) -> None:
    read_request(connection)
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + b'{"data": ')


def no_http(connection: socket.socket) -> None:
    read_request(connection)
    connection.sendall(b"SSH-2.0-OpenSSH_9\r\n\r\n")


@pytest.mark.parametrize("serve", [sent_then_reset, sent_then_closed, half_an_answer, no_http])
def test_what_breaks_off_after_it_was_sent_may_have_been_billed(
    monkeypatch: pytest.MonkeyPatch, serve
):
    raw = Raw(serve)
    failure = failure_of(engine_at(raw.url, monkeypatch))
    raw.close()
    assert failure.fault is Fault.UNCERTAIN
    assert "may have been drawn and billed" in str(failure)
    assert raw.connections == 1


def test_what_breaks_off_while_it_is_sent_was_not_billed(monkeypatch: pytest.MonkeyPatch):
    def serve(connection: socket.socket) -> None:
        connection.recv(1000)
        reset(connection)

    raw = Raw(serve)
    failure = failure_of(engine_at(raw.url, monkeypatch), request(picture=bytes(20_000_000)))
    raw.close()
    assert failure.fault is Fault.NOT_SENT
    assert "broke off before the request was sent" in str(failure)


def test_an_answer_before_the_request_is_sent_whole_is_heard(monkeypatch: pytest.MonkeyPatch):
    def serve(connection: socket.socket) -> None:
        connection.recv(1000)
        body = error_body("too large")
        head = f"HTTP/1.1 413 Too Large\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        connection.sendall(head.encode() + body)
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(1 << 20):
            pass

    raw = Raw(serve)
    failure = failure_of(engine_at(raw.url, monkeypatch), request(picture=bytes(20_000_000)))
    raw.close()
    assert failure.fault is Fault.FINAL
    assert "413: too large" in str(failure)


def test_silence_may_have_been_billed(server: ImagesServer, monkeypatch: pytest.MonkeyPatch):
    server.reply = lambda _call: Reply(delay_s=4)
    failure = failure_of(engine_at(server.url, monkeypatch, timeout_s=1))
    assert failure.fault is Fault.UNCERTAIN
    assert "no whole answer came within 1 s" in str(failure)
    assert len(server.calls) == 1


def test_a_cut_off_answer_may_have_been_billed(
    server: ImagesServer, monkeypatch: pytest.MonkeyPatch
):
    server.reply = lambda _call: Reply(cut_off=True)
    assert failure_of(engine_at(server.url, monkeypatch)).fault is Fault.UNCERTAIN


def test_where_nobody_listens_nothing_was_sent(monkeypatch: pytest.MonkeyPatch):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    for host in ("127.0.0.1", "localhost"):
        client_module._made.cache_clear()
        failure = failure_of(engine_at(f"http://{host}:{port}/v1", monkeypatch))
        assert failure.fault is Fault.NOT_SENT
        assert f"cannot reach {host}" in str(failure)


@pytest.mark.parametrize(
    ("key", "url", "words"),
    [
        ("", "http://h/v1", "OPENAI_API_KEY is not set"),
        ("“k”", "http://h/v1", "letters that no key has"),
        ("two words", "http://h/v1", "holds spaces"),
        ("k", "h/v1", "must begin with http"),
    ],
)
def test_what_could_never_be_sent_is_said_before(
    monkeypatch: pytest.MonkeyPatch, key: str, url: str, words: str
):
    engine = engine_at(url, monkeypatch)
    monkeypatch.setenv("OPENAI_API_KEY", key)
    failure = failure_of(engine)
    assert failure.fault is Fault.SETUP
    assert words in str(failure)


# Waits


def test_how_long_to_wait_comes_with_the_failure(
    server: ImagesServer, monkeypatch: pytest.MonkeyPatch
):
    server.reply = lambda _call: Reply(429, error_body("x"), headers={"retry-after-ms": "1500"})
    assert failure_of(engine_at(server.url, monkeypatch)).wait_s == 1.5


@pytest.mark.parametrize(
    ("headers", "wait_s"),
    [
        ({}, None),
        ({"retry-after-ms": "250"}, 0.25),
        ({"Retry-After": "3"}, 3.0),
        ({"Retry-After": "0.5"}, 0.5),
        ({"retry-after": "-5"}, 0.0),
        ({"retry-after": "0"}, 0.0),
        ({"retry-after": "9", "retry-after-ms": "8500"}, 8.5),
        ({"retry-after": "9", "retry-after-ms": "soon"}, 9.0),
        ({"retry-after": "9", "x-ratelimit-reset-requests": "40s"}, 9.0),
        ({"retry-after": "later"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "1e400"}, None),
        ({"retry-after": "Sun, 22 Nov 2020 10:00:00 GMT"}, 0.0),
        ({"x-ratelimit-reset-requests": "1s"}, 1.0),
        ({"x-ratelimit-reset-requests": "17ms"}, 0.017),
        ({"x-ratelimit-reset-requests": "6m0s"}, 360.0),
        ({"x-ratelimit-reset-requests": "1m12.5s"}, 72.5),
        ({"x-ratelimit-reset-requests": "1h2m3s"}, 3723.0),
        ({"x-ratelimit-reset-images": "12"}, 12.0),
        ({"x-ratelimit-reset-images": "1.5"}, 1.5),
        ({"x-ratelimit-reset-images": "1763800000"}, None),  # a date, perhaps
        ({"x-ratelimit-reset-requests": "tomorrow"}, None),
        ({"x-ratelimit-reset-requests": "..s"}, None),
        ({"X-RateLimit-Reset-Requests": "5s", "X-RateLimit-Remaining-Requests": "0"}, 5.0),
        (
            {
                "x-ratelimit-reset-requests": "2s",
                "x-ratelimit-remaining-requests": "0",
                "x-ratelimit-reset-tokens": "50s",
                "x-ratelimit-remaining-tokens": "9000",
            },
            2.0,
        ),
        ({"x-ratelimit-reset-requests": "2s", "x-ratelimit-reset-tokens": "5s"}, 5.0),
    ],
)
def test_how_long_the_server_asks_to_wait(headers: dict[str, str], wait_s: float | None):
    asked = asked_wait_s(httpx2.Headers(headers))
    assert asked == (None if wait_s is None else pytest.approx(wait_s))


def test_a_wait_until_a_date():
    date = email.utils.formatdate(time.time() + 30, usegmt=True)
    assert 28 < asked_wait_s(httpx2.Headers({"retry-after": date})) <= 30


# Answers


def answer(**entry: object) -> bytes:
    """A body with one picture in it."""
    return json.dumps({"data": [entry], "usage": {"output_tokens": 7}}).encode()


BAD_ANSWERS = {
    "broken JSON": (b'{"data": [{"b64_json": "iVBOR', "no picture's JSON", {}),
    "nothing": (b"", "no picture's JSON", {}),
    "deep": (b"[" * 200_000, "no picture's JSON", {}),
    "not UTF-8": (b"\xff\xfe\x00", "no picture's JSON", {}),
    "null": (b"null", "no image data", {}),
    "no data": (b'{"data": []}', "no image data", {}),
    "null data": (b'{"data": [null]}', "no image data", {}),
    "bad base64": (answer(b64_json="%%%not base64%%%"), "not base64", {"output_tokens": 7}),
    "cut base64": (answer(b64_json="abcde"), "not base64", {"output_tokens": 7}),
    "not ASCII": (answer(b64_json="ä" * 8), "not base64", {"output_tokens": 7}),
    "a number": (answer(b64_json=5), "no image data", {"output_tokens": 7}),
}


@pytest.mark.parametrize("kind", BAD_ANSWERS)
def test_an_answer_that_is_no_picture_is_billed_kept_and_not_asked_again(
    server: ImagesServer, monkeypatch: pytest.MonkeyPatch, kind: str
):
    body, words, usage = BAD_ANSWERS[kind]
    server.reply = lambda _call: Reply(body=body)
    failure = failure_of(engine_at(server.url, monkeypatch))
    assert failure.fault is Fault.UNUSABLE
    assert words in str(failure)
    assert failure.answer == body
    assert failure.usage == usage


def test_counts_that_no_file_can_hold_lose_no_picture(
    server: ImagesServer, monkeypatch: pytest.MonkeyPatch
):
    encoded = base64.b64encode(png()).decode()
    body = f'{{"data": [{{"b64_json": "{encoded}"}}], "usage": {{"x": "\\ud800"}}}}'
    server.reply = lambda _call: Reply(body=body.encode())
    take = engine_at(server.url, monkeypatch).draw(request())
    assert take.picture == png()
    assert take.usage == {"x": "?"}


@pytest.mark.parametrize("wrap", ["plain", "lines", "unpadded", "mark", "UTF-16"])
def test_a_picture_is_taken_however_its_text_is_wrapped(
    wrap: str, server: ImagesServer, monkeypatch: pytest.MonkeyPatch
):
    picture = png() + b"x" * ((1 - len(png())) % 3)  # so that there is padding to leave out
    encoded = base64.b64encode(picture).decode()
    assert encoded.endswith("=")
    texts = {"lines": "\n".join(textwrap.wrap(encoded, 76)), "unpadded": encoded.rstrip("=")}
    body = json.dumps({"data": [{"b64_json": texts.get(wrap, encoded)}]})
    coding = {"mark": "utf-8-sig", "UTF-16": "utf-16"}.get(wrap, "utf-8")
    server.reply = lambda _call: Reply(body=body.encode(coding))
    assert engine_at(server.url, monkeypatch).draw(request()).picture == picture


class FilesToo(ImagesServer):
    """An endpoint that answers with addresses of its own."""

    def __init__(self) -> None:
        self.handler = _FilesTooHandler
        super().__init__()
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.fails = 0


class _FilesTooHandler(ImagesHandler):
    def do_GET(self) -> None:  # noqa: N802 - as in the base
        own = self.server.images
        own.asked.append((self.path, dict(self.headers)))
        own.fails -= 1
        found = own.fails < 0
        self.send(Reply(200 if found else 404, png() if found else b"not yet"), {})


class Files(ThreadingHTTPServer):
    """A host of pictures, which notes what it is asked for."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _FilesHandler)
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.fails = 0
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    def url(self, path: str, host: str = "127.0.0.1") -> str:
        return f"http://{host}:{self.server_address[1]}{path}"


class _FilesHandler(BaseHTTPRequestHandler):
    server: Files

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as in the base
        """Nothing."""

    def do_GET(self) -> None:
        self.server.asked.append((self.path, dict(self.headers)))
        if self.path == "/moved":
            self.send_response(302)
            self.send_header("Location", self.server.url("/x.png"))
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        self.server.fails -= 1
        body = b"" if self.server.fails >= 0 else png()
        self.send_response(503 if self.server.fails >= 0 else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture
def files() -> Iterator[Files]:
    """Beside the endpoint, on another port of its host."""
    running = Files()
    yield running
    running.shutdown()
    running.server_close()


def owed_by(engine: ImagesEngine) -> ToFetch:
    """How a call fails whose picture was drawn, and does not come."""
    failure = failure_of(engine)
    assert isinstance(failure, ToFetch)
    assert failure.owed is not None
    assert failure.owed.usage == {"output_tokens": 7}
    return failure


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Between one look for a picture and the next."""
    monkeypatch.setattr(fetching, "_PAUSES_S", (0.0, 0.0, 0.0))


def test_an_answer_by_address_is_fetched_from_the_endpoint_itself_without_the_key(
    monkeypatch: pytest.MonkeyPatch,
):
    with FilesToo() as server:
        # The picture is paid for: it is asked for more than once. All of these are one host.
        server.fails = 2
        for host in ("127.0.0.1", "localhost"):
            url = server.url.replace("127.0.0.1", host).replace("/v1", "/x.png")
            server.reply = lambda _call, url=url: Reply(body=answer(url=url))
            client_module._made.cache_clear()
            assert engine_at(server.url, monkeypatch).draw(request()).picture == png()
        server.reply = lambda _call: Reply(body=answer(url="/x.png"))
        assert engine_at(server.url, monkeypatch).draw(request()).picture == png()
    assert [path for path, _ in server.asked] == ["/x.png"] * 5
    assert all(KEY not in str(headers) for _, headers in server.asked)
    assert len(server.calls) == 3


@pytest.mark.parametrize("hosts", [("LocalHost",), ("localhost:{port}",)])
def test_an_answer_by_address_of_another_host_is_owed_until_that_is_allowed(
    server: ImagesServer, files: Files, monkeypatch: pytest.MonkeyPatch, hosts: tuple[str, ...]
):
    server.reply = lambda _call: Reply(body=answer(url=files.url("/x.png", "localhost")))
    failure = owed_by(engine_at(server.url, monkeypatch))
    port = files.server_address[1]
    assert f'"answer_hosts": ["localhost:{port}"]' in str(failure)
    assert "inside a private network" in str(failure)
    assert files.asked == []
    allowed = tuple(host.format(port=port) for host in hosts)
    take = engine_at(server.url, monkeypatch, hosts=allowed).fetch(failure.owed)
    assert (take.picture, take.usage) == (png(), {"output_tokens": 7})
    assert len(server.calls) == 1  # it is not bought again


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:{port}/x.png",  # another port of the endpoint's host
        "http://127.0.0.1@127.0.0.2:{port}/x.png",
        "http://169.254.169.254/latest/meta-data",
        "//10.0.0.1/x.png",
        "file:///etc/passwd",
        "http://[",
    ],
)
def test_no_address_is_asked_that_is_not_the_endpoint_s(
    server: ImagesServer, files: Files, monkeypatch: pytest.MonkeyPatch, url: str
):
    address = url.format(port=files.server_address[1])
    server.reply = lambda _call: Reply(body=answer(url=address))
    assert files.asked == []


def test_an_address_that_leads_elsewhere_is_not_followed(
    server: ImagesServer, files: Files, monkeypatch: pytest.MonkeyPatch
):
    server.reply = lambda _call: Reply(body=answer(url=files.url("/moved")))
    failure = owed_by(engine_at(server.url, monkeypatch, hosts=("127.0.0.1",)))
    assert "cannot be fetched (status 302)" in str(failure)
    assert {path for path, _ in files.asked} == {"/moved"}


# Extra and left-out fields


class Lenient(ImagesServer):
    """Takes what the documented form does not have."""

    def register(self, fields: Mapping[str, str], *pictures: Any) -> Call:
        fields = {"size": "64x96", **fields}
        call = super().register(fields, *pictures)
        return Call(call.number, fields, call.pictures, (), call.arrived_s)


def test_extra_fields_arrive_and_omitted_ones_do_not(monkeypatch: pytest.MonkeyPatch):
    with Lenient() as server:
        asked = request(
            extra={"seed": 7, "strength": 0.5, "turbo": True, "lora": {"name": "fox"}},
            omit=("quality", "model", "size"),
        )
        engine_at(server.url, monkeypatch).draw(asked)
        (call,) = server.calls
    assert dict(call.fields) == {
        "prompt": "a fox",
        "seed": "7",
        "strength": "0.5",
        "turbo": "true",
        "lora[name]": "fox",
        "size": "64x96",  # the server's own
    }
    assert len(call.pictures) == 1

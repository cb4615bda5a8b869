"""Servers, proxies and gateways as they are met: each fault by its name, and nothing endless."""

import contextlib
import gzip
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx2
import pytest

from tasks.engines.openai import client as client_module
from tasks.engines.openai import open_engine, wire
from tasks.engines.openai.answers import NotYetError
from tasks.engines.openai.fetching import fetched
from tasks.engines.openai.words import is_no_credit, is_refused, is_unknown_model, words_of
from tasks.requests.connection import connection, problems
from tasks.requests.engine import EngineFailure, EngineSettings, Fault
from tests.engines.test_openai import Raw, failure_of, png, read_request, request
from tests.harness.images_server import KEY, ImagesServer, Reply, answer_body, error_body

PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")
CERTIFICATES = ("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")


@pytest.fixture(autouse=True)
def _plain(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No client, proxy or certificate of another test, or of the machine."""
    for name in (*PROXIES, *CERTIFICATES):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    for name in ("OPENAI_ORG_ID", "OPENAI_PROJECT_ID"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    client_module._made.cache_clear()
    yield
    client_module._made.cache_clear()


def drawn_at(url: str, monkeypatch: pytest.MonkeyPatch, **settings: object) -> EngineFailure:
    """How a call to that address fails."""
    monkeypatch.setenv("OPENAI_BASE_URL", url)
    return failure_of(open_engine(EngineSettings(**{"timeout_s": 10.0, **settings})))


# Before a call: the environment


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({"ALL_PROXY": "socks://127.0.0.1:7897/"}, "ALL_PROXY=socks://127.0.0.1:7897/"),
        ({"all_proxy": "socks5://127.0.0.1:7897"}, "uv pip install socksio"),
        ({"HTTPS_PROXY": "http://h:port"}, "HTTPS_PROXY=http://h:port is no address of a proxy"),
        ({"HTTPS_PROXY": "http://u:secret@h:x"}, "HTTPS_PROXY=http://h:x is no address"),
        ({"OPENAI_BASE_URL": "http://h/v1\nX: y"}, "holds spaces or line ends"),
        ({"OPENAI_BASE_URL": "http://h:99999/v1"}, "is no address"),
        ({"OPENAI_BASE_URL": "http://h:no/v1"}, "is no address"),
        ({"OPENAI_BASE_URL": "user:secret@host/v1"}, 'OPENAI_BASE_URL="host/v1" must begin'),
        ({"OPENAI_BASE_URL": "http://h/v1#part"}, "has a # in it"),
        ({"OPENAI_ORG_ID": "örg"}, "OPENAI_ORG_ID holds"),
        ({"SSL_CERT_FILE": "/no/such.pem"}, "SSL_CERT_FILE=/no/such.pem: there is no such file"),
        ({"REQUESTS_CA_BUNDLE": "/no/ca.pem"}, "REQUESTS_CA_BUNDLE=/no/ca.pem"),
        ({"SSL_CERT_FILE": __file__}, "no connection can be made"),
    ],
)
def test_what_makes_no_connection_is_one_line_that_names_the_variable(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], words: str
):
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(EngineFailure) as caught:
        open_engine(EngineSettings()).prepare()
    assert caught.value.fault is Fault.SETUP
    assert words in str(caught.value)
    assert "secret" not in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("given", "base_url", "query"),
    [
        (" http://h:8080/v1 \n", "http://h:8080/v1", ()),
        ("http://h/v1/", "http://h/v1", ()),
        ("http://h/v1/images/edits", "http://h/v1", ()),
        ("http://h/v1/images/generations/", "http://h/v1", ()),
        ("https://api.openai.com", "https://api.openai.com/v1", ()),
        ("https://a.openai.azure.com/", "https://a.openai.azure.com/openai/v1", ()),
        (
            "https://a.openai.azure.com/openai/v1/images/edits?api-version=preview",
            "https://a.openai.azure.com/openai/v1",
            (("api-version", "preview"),),
        ),
        ("https://openrouter.ai", "https://openrouter.ai/api/v1", ()),
        ("http://localhost:4000", "http://localhost:4000", ()),
        ("", "", ()),
    ],
)
def test_an_address_is_taken_as_it_was_meant(given: str, base_url: str, query: object):
    asked = connection({"OPENAI_API_KEY": " k ", "OPENAI_BASE_URL": given})
    assert (asked.key, asked.base_url, asked.query) == ("k", base_url, query)
    assert list(problems({"OPENAI_API_KEY": "k", "OPENAI_BASE_URL": given})) == []


def test_a_query_is_sent_and_empty_ids_are_not(
    server: ImagesServer, monkeypatch: pytest.MonkeyPatch
):
    seen: list[tuple[str, dict[str, str]]] = []

    class Handler(server.handler):
        def do_POST(self) -> None:  # noqa: N802 - as in the base
            seen.append((self.path, dict(self.headers)))
            self.path = self.path.partition("?")[0]
            super().do_POST()

    server._httpd.RequestHandlerClass = Handler
    monkeypatch.setenv("OPENAI_BASE_URL", f"{server.url}/images/edits?api-version=preview")
    monkeypatch.setenv("OPENAI_ORG_ID", "")
    monkeypatch.setenv("OPENAI_PROJECT_ID", " p1 ")
    open_engine(EngineSettings()).draw(request())
    path, sent = seen[0]
    headers = {name.lower(): value for name, value in sent.items()}
    assert path == "/v1/images/edits?api-version=preview"
    assert "openai-organization" not in headers
    assert headers["openai-project"] == "p1"


# Connections


def refused(status: bytes) -> Callable[[socket.socket], None]:
    """A proxy that opens no tunnel."""

    def serve(connection: socket.socket) -> None:
        head = connection.recv(65536)
        assert head.startswith(b"CONNECT ")
        connection.sendall(b"HTTP/1.1 " + status + b"\r\nContent-Length: 0\r\n\r\n")

    return serve


@pytest.mark.parametrize("status", [b"407 Proxy Authentication Required", b"403 Forbidden"])
def test_a_proxy_that_opens_no_tunnel_has_sent_nothing(
    monkeypatch: pytest.MonkeyPatch, status: bytes
):
    proxy = Raw(refused(status))
    monkeypatch.setenv("HTTPS_PROXY", proxy.url.removesuffix("/v1"))
    failure = drawn_at("https://images.example/v1", monkeypatch)
    proxy.close()
    assert failure.fault is Fault.SETTING
    assert status.decode() in str(failure)
    assert "(HTTPS_PROXY) refuses the connection to images.example" in str(failure)
    assert "billed" not in str(failure)


def test_a_dead_proxy_is_named(monkeypatch: pytest.MonkeyPatch):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{port}")
    failure = drawn_at("https://images.example/v1", monkeypatch)
    assert failure.fault is Fault.NOT_SENT
    assert f"cannot reach the proxy 127.0.0.1:{port} (HTTPS_PROXY)" in str(failure)
    assert "refused" in str(failure)


def test_plain_http_where_tls_is_expected_is_said(
    server: ImagesServer, monkeypatch: pytest.MonkeyPatch
):
    failure = drawn_at(server.url.replace("http:", "https:"), monkeypatch)
    assert failure.fault is Fault.SETTING
    assert "speaks plain HTTP, not TLS" in str(failure)


def test_an_unknown_name_is_said(monkeypatch: pytest.MonkeyPatch):
    def unknown(*_arguments: object, **_more: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "create_connection", unknown)
    failure = drawn_at("http://no-such-host.invalid/v1", monkeypatch)
    assert failure.fault is Fault.SETTING
    assert "the name no-such-host.invalid:80 is not known" in str(failure)


def test_a_certificate_that_is_not_trusted_is_said_and_can_be_named(
    server: ImagesServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    reason = ssl.SSLCertVerificationError("certificate verify failed")
    reason.verify_message = "self-signed certificate"

    def untrusted(*_arguments: object, **_more: object) -> None:
        raise reason

    monkeypatch.setattr(ssl.SSLContext, "wrap_socket", untrusted)
    failure = drawn_at(server.url.replace("http:", "https:"), monkeypatch)
    assert failure.fault is Fault.SETTING
    assert "the certificate of 127.0.0.1 is not trusted (self-signed" in str(failure)
    assert "SSL_CERT_FILE" in str(failure)


def test_a_paid_call_is_not_sent_on_to_another_address(
    server: ImagesServer, monkeypatch: pytest.MonkeyPatch
):
    for status in (301, 302, 307, 308):
        headers = {"Location": "http://127.0.0.2:9/v1/images/edits"}
        server.reply = lambda _call, s=status, h=headers: Reply(s, b"", h)
        failure = drawn_at(server.url, monkeypatch)
        assert failure.fault is Fault.SETTING
        assert "sends calls on to http://127.0.0.2:9/v1/images/edits" in str(failure)
    assert len(server.calls) == 4


@pytest.mark.parametrize("status", [307, 308])
def test_the_same_server_may_point_to_another_path_of_its_own(
    server: ImagesServer, monkeypatch: pytest.MonkeyPatch, status: int
):
    """As web frameworks do where only a slash at the end is missing."""
    there = {"Location": f"{server.url}/images/edits"}
    server.reply = lambda call: Reply(status, b"", there) if call.number == 1 else Reply()
    monkeypatch.setenv("OPENAI_BASE_URL", server.url)
    assert open_engine(EngineSettings()).draw(request()).picture
    first, second = server.calls
    assert second.fields == first.fields
    assert second.pictures == first.pictures


# Time and size


def test_a_body_that_drips_is_cut_at_the_time_of_the_whole_answer(monkeypatch: pytest.MonkeyPatch):
    for head in (b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n", b"HTTP/1.1 200 OK\r\nX: "):

        def drip(connection: socket.socket, head: bytes = head) -> None:
            read_request(connection)
            connection.sendall(head)
            for _ in range(100):
                time.sleep(0.05)
                try:
                    connection.sendall(b"x")
                except OSError:
                    return

        raw = Raw(drip)
        client_module._made.cache_clear()
        failure = drawn_at(raw.url, monkeypatch, timeout_s=1.5)
        raw.close()
        assert failure.fault is Fault.UNCERTAIN
        assert "no whole answer came within 1.5 s" in str(failure)


def test_an_answer_without_an_end_is_cut_at_its_size(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(wire, "MOST_ANSWER_BYTES", 2**20)
    sent = []

    def flood(connection: socket.socket) -> None:
        read_request(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n")
        for _ in range(512):
            try:
                connection.sendall(bytes(2**16))
            except OSError:
                return
            sent.append(2**16)

    raw = Raw(flood)
    failure = drawn_at(raw.url, monkeypatch)
    raw.close()
    assert failure.fault is Fault.UNUSABLE
    assert "cut at its greatest size" in str(failure)
    assert sum(sent) < 2**24  # what lay in the buffers of the socket is all that went beyond


def test_an_answer_that_is_packed_small_is_cut_at_its_unpacked_size(
    server: ImagesServer, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(wire, "MOST_ANSWER_BYTES", 2**20)
    bomb = gzip.compress(bytes(2**22))
    server.reply = lambda _call: Reply(200, bomb, {"Content-Encoding": "gzip"})
    failure = drawn_at(server.url, monkeypatch)
    assert failure.fault is Fault.UNUSABLE
    assert "cut at its greatest size" in str(failure)
    packed = gzip.compress(answer_body(png()))
    server.reply = lambda _call: Reply(200, packed, {"Content-Encoding": "gzip"})
    assert open_engine(EngineSettings()).draw(request()).picture == png()


@pytest.mark.parametrize("pause_s", [0.05, 0.0])
def test_a_picture_at_an_address_that_never_ends_is_cut_and_stays_owed(
    monkeypatch: pytest.MonkeyPatch, pause_s: float
):
    """A byte now and then is cut by the time, a flood by its size; either is fetched later."""
    monkeypatch.setattr(wire, "MOST_ANSWER_BYTES", 2**20)

    def endless(connection: socket.socket) -> None:
        connection.recv(2**16)
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        with contextlib.suppress(OSError):
            for _ in range(512):
                connection.sendall(b"x" if pause_s else bytes(2**16))
                time.sleep(pause_s)

    raw = Raw(endless)
    address, began = f"{raw.url}/a.png", time.monotonic()
    with pytest.raises(NotYetError, match="cannot be fetched"):
        fetched(address, httpx2.URL(raw.url), (), 0.3, pause=lambda _s: None)
    raw.close()
    assert time.monotonic() - began < 6.0  # six looks, where one alone would last 25 s


# Words of refusals


@pytest.mark.parametrize(
    ("reply", "fault", "words"),
    [
        (Reply(400, b'{"detail": "size is not allowed"}'), Fault.FINAL, "400: size is not allowed"),
        (Reply(400, b'{"message": "no quality here"}'), Fault.FINAL, "no quality here"),
        (
            Reply(422, b'{"detail": [{"loc": ["body", "size"], "msg": "field required"}]}'),
            Fault.FINAL,
            "body.size: field required",
        ),
        (Reply(400, b"quality must not be sent"), Fault.FINAL, "quality must not be sent"),
        (Reply(400, b"<html><title>Bad size</title>"), Fault.FINAL, "Bad size"),
        (Reply(402, b'{"error": {"message": "More credits"}}'), Fault.NO_CREDIT, "More credits"),
        (
            Reply(400, error_body("Budget has been exceeded! Max budget: 1", "budget_exceeded")),
            Fault.NO_CREDIT,
            "Budget has been exceeded",
        ),
        (Reply(403, error_body("Your organization must be verified")), Fault.SETTING, "verified"),
        (Reply(400, error_body("no such", "model_not_found")), Fault.SETTING, "check model"),
        (Reply(404, b"404 page not found"), Fault.SETTING, "404 page not found"),
        (
            Reply(200, b"<!doctype html><title>Open WebUI</title>"),
            Fault.SETTING,
            'a page ("Open WebUI")',
        ),
        (Reply(200, error_body("no route")), Fault.SETTING, "no route"),
        (Reply(200, error_body("Slow down", "429")), Fault.RATE, "Slow down"),
        (Reply(200, error_body("x", "content_policy_violation")), Fault.REFUSED, "content rules"),
        (
            Reply(400, b'{"error": {"message": "\\u001b[31mred\\u001b]0;t\\u0007 \\u202egnp"}}'),
            Fault.FINAL,
            "(400: red gnp)",
        ),
    ],
)
def test_the_server_s_words_reach_the_person_and_the_whole_run_stops_where_it_must(
    server: ImagesServer, monkeypatch: pytest.MonkeyPatch, reply: Reply, fault: Fault, words: str
):
    server.reply = lambda _call: reply
    failure = drawn_at(server.url, monkeypatch)
    assert failure.fault is fault
    assert words in str(failure)


AZURE = {
    "error": {
        "code": "contentFilter",
        "message": "Your task failed",
        "inner_error": {"code": "ResponsibleAIPolicyViolation"},
    }
}
LITELLM = {"error": {"message": "litellm.ContentPolicyViolationError: x", "code": "400"}}


@pytest.mark.parametrize("error", [AZURE, LITELLM, {"error": {"code": "content_filter"}}])
def test_content_rules_are_known_in_every_form(error: object):
    assert is_refused(error)
    assert not is_no_credit(error)
    assert not is_refused({"error": {"message": "bad size", "code": "invalid_value"}})


def test_models_and_budgets_are_known_by_their_words():
    assert is_unknown_model({"detail": "Model 'flux' not found"})
    assert is_unknown_model(LITELLM | {"error": {"message": "Invalid model name passed in"}})
    assert is_no_credit({"error": {"message": "Insufficient credits. Add more credits"}})
    assert words_of({"error": {"message": '{"detail": "inside"}'}}) == "inside"
    assert len(words_of("<" * 10**6)) <= 2000


# Two pictures


def test_a_server_that_knows_only_image_is_hinted_at_and_can_be_served(
    server: ImagesServer, monkeypatch: pytest.MonkeyPatch
):
    from dataclasses import replace

    two = replace(request(), pictures=request().pictures * 2)
    body = b'{"detail": [{"loc": ["body", "image"], "msg": "Field required"}]}'
    server.reply = lambda _call: Reply(422, body)
    monkeypatch.setenv("OPENAI_BASE_URL", server.url)
    failure = failure_of(open_engine(EngineSettings()), two)
    assert '"image_field": "image"' in str(failure)
    assert '"tween": "morph"' in str(failure)
    names: list[bytes] = []

    class Handler(server.handler):
        def do_POST(self) -> None:  # noqa: N802 - as in the base
            body = self.rfile.read(int(self.headers["Content-Length"]))
            names.extend(part.split(b'"')[0] for part in body.split(b'name="')[1:])
            self.send(Reply(200, answer_body(png())), {})

    server._httpd.RequestHandlerClass = Handler
    client_module._made.cache_clear()  # and its connection, which has the old handler
    take = open_engine(EngineSettings(image_field="image")).draw(two)
    assert take.picture == png()
    assert names.count(b"image") == 2
    assert b"image[]" not in names
    assert {b"prompt", b"model", b"size"} <= set(names)

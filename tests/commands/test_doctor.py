"""`doit doctor`: every line is a tick or what to do, nothing is bought, no secret is shown."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tasks.commands import doctor_network
from tests.conftest import Folder, make_folder
from tests.harness.images_server import ImagesServer

KEY = "sk-secret-0123456789abcdef"


class _Models(BaseHTTPRequestHandler):
    reply: tuple[int, bytes, dict[str, str]] = (200, b"", {})

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's
        """Nothing to the terminal of a test."""

    def date_time_string(self, timestamp: float | None = None) -> str:
        """The time of a server; one that is wrong where a test says so."""
        return self.reply[2].get("Date") or super().date_time_string(timestamp)

    def do_GET(self) -> None:
        """The list of models, or whatever a test wants."""
        status, body, headers = self.reply
        self.send_response(status)
        for name, value in headers.items():
            if name != "Date":
                self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture
def models() -> Iterator[tuple[type[_Models], str]]:
    """A server that has a list of models, and its address."""
    handler = type("Handler", (_Models,), {})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield handler, f"http://127.0.0.1:{server.server_address[1]}/v1"
        server.shutdown()
        thread.join()


def _found(folder: Folder, *arguments: str) -> dict[str, dict[str, Any]]:
    ran = folder.doit("doctor", "--json", *arguments)
    assert KEY not in ran.text
    return {each["name"]: each for each in json.loads(ran.out)}


def test_without_a_key_all_is_well_and_nobody_is_called(free: Folder):
    ran = free.doit("doctor")
    assert ran.code == 0, ran.text
    assert "[✓] portrait: frames/base/neutral__center.png: 64x96 pixels" in ran.out
    assert "connection" not in ran.out
    assert "[i] All is well." in ran.out
    assert not (free.path / ".takes").exists()


def test_a_server_that_lists_its_models_is_asked_once_and_draws_nothing(
    paid: Folder, server: ImagesServer, models: tuple[type[_Models], str]
):
    handler, url = models
    body = json.dumps({"data": [{"id": "painter"}]}).encode()
    handler.reply = (200, body, {"Date": "Mon, 01 Jan 2024 00:00:00 GMT"})
    paid.environment |= {"OPENAI_API_KEY": KEY, "OPENAI_BASE_URL": url}
    found = _found(paid, "model=painter")
    assert found["connection"]["well"]
    assert found["model"]["well"]
    assert not found["clock"]["well"]
    assert not _found(paid, "model=other")["model"]["well"]
    assert not server.calls


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        ((401, b"{}", {}), "does not take the key"),
        ((404, b"", {}), "no list of models"),
        ((200, b"<html>", {}), "no list of models"),
        ((302, b"", {"Location": "http://127.0.0.1:1/"}), "points elsewhere"),
        ((503, b"", {}), "in trouble"),
    ],
)
def test_what_a_server_says_is_put_in_one_line(
    models: tuple[type[_Models], str], reply: tuple[int, bytes, dict[str, str]], said: str
):
    handler, url = models
    handler.reply = reply
    url = url.replace("//", "//me:secret@")
    answer = doctor_network.ask({"OPENAI_BASE_URL": url, "OPENAI_API_KEY": KEY})
    assert said in answer.text
    assert "secret" not in answer.text


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://127.0.0.1:9/v1", "nothing listens there"),
        ("http://no-such-name.invalid/v1", "name"),
        ("user:secret@host/v1", "must begin with http"),
    ],
)
def test_an_address_that_leads_nowhere_is_explained(url: str, said: str):
    answer = doctor_network.ask({"OPENAI_BASE_URL": url})
    assert answer.well is False
    assert said in answer.text
    assert "secret" not in answer.text


def test_mistakes_of_the_config_key_and_store_stand_side_by_side(tmp_path: Path):
    folder = make_folder(tmp_path / "project", {"OPENAI_API_KEY": "not a key"})
    (folder.path / "expressions.json").write_text("{")
    (folder.path / ".env").write_text("OPENAI_BASE_URL=http://127.0.0.1:9/v1\n")
    shelf = folder.path / ".takes" / "ab"
    shelf.mkdir(parents=True)
    (shelf / f"{'ab' * 32}.{'0' * 12}.png").write_bytes(b"cut")
    (shelf / "notes.txt").write_text("mine")
    ran = folder.doit("doctor")
    assert ran.code == 1
    for line in (
        "[!] config: expressions.json: line 1",
        "[!] key: OPENAI_API_KEY holds spaces",
        "would set OPENAI_BASE_URL",
        "[!] store: 0 takes whole, 1 damaged",
        "notes.txt",
    ):
        assert line in ran.out
    assert "Traceback" not in ran.text

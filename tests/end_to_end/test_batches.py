"""`doit batch`, end to end: it ends, it keeps to its budget, and it stands in nobody's way."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Folder, make_folder
from tests.harness.batch_server import BatchServer, Trouble
from tests.harness.images_server import Reply, error_body

HALF_USD = (100 * 5 + 400 * 8 + 6240 * 30) / 1e6 / 2


@pytest.fixture
def server() -> Iterator[BatchServer]:
    """An endpoint with batches, on a socket."""
    with BatchServer() as running:
        yield running


@pytest.fixture
def batched(tmp_path: Path, server: BatchServer) -> Folder:
    """A project that draws with it."""
    return make_folder(tmp_path / "project", server.environment())


def runs_when_looked_at(server: BatchServer) -> None:
    """Have each batch be done at the first look at it."""

    def trouble(call: str) -> None:
        if call.startswith("GET /batches/"):
            server.run()

    server.trouble = trouble


def turned_down(server: BatchServer) -> None:
    """Have each batch be turned down, as an account's limit does it."""

    def trouble(call: str) -> None:
        for batch in server.batches.values() if call.startswith("GET /batches/") else ():
            batch.status = "failed"
            batch.errors = [{"code": "token_limit_exceeded", "message": "Enqueued token limit"}]

    server.trouble = trouble


def fail_all(server: BatchServer, status: int, body: Any) -> None:
    """Have every request of every batch answered so."""
    server.draw = lambda _wanted: (status, body)
    runs_when_looked_at(server)


def test_a_batch_that_is_turned_down_ends_the_command_and_is_not_submitted_again(
    batched: Folder, server: BatchServer
):
    turned_down(server)
    ran = batched.doit("batch", "wait=yes", "endpoints:*__center")
    assert ran.code == 1, ran.text
    assert "was turned down: Enqueued token limit" in ran.out
    assert "Nothing is submitted now; when that is mended: doit batch" in ran.out
    assert len(server.batches) == 1
    # Without wait, the look that finds it so does not submit either; the next command does.
    batched.doit("batch", "endpoints:*__center")
    looked = batched.doit("batch", "endpoints:*__center")
    assert looked.code == 1, looked.text
    assert len(server.batches) == 2


@pytest.mark.parametrize(
    ("status", "body"),
    [(400, json.loads(error_body("bad size"))), (200, {"data": [], "usage": {}})],
)
def test_what_failed_for_good_is_asked_once_and_again_only_with_force(
    batched: Folder, server: BatchServer, status: int, body: Any
):
    fail_all(server, status, body)
    ran = batched.doit("batch", "wait=yes", "endpoints:*__center")
    assert ran.code == 1, ran.text
    assert len(server.batches) == 1
    again = batched.doit("batch", "wait=yes", "endpoints:*__center")
    assert again.code == 1, again.text
    assert "Not submitted again: sad__center: a batch failed at it" in again.out
    assert "doit batch -a endpoints:sad__center" in again.out
    assert len(server.batches) == 1
    batched.doit("batch", "-a", "endpoints:sad__center")
    assert len(server.batches) == 2


def test_what_the_server_put_off_is_submitted_once_by_one_command(
    batched: Folder, server: BatchServer
):
    fail_all(server, 500, json.loads(error_body("out of paint")))
    ran = batched.doit("batch", "wait=yes", "endpoints:*__center")
    assert ran.code == 1, ran.text
    assert len(server.batches) == 1
    server.draw = BatchServer().draw
    assert batched.doit("batch", "wait=yes", "endpoints:*__center").code == 0
    assert batched.frame("sad__center").exists()


def test_one_budget_is_for_all_rounds_of_a_command(batched: Folder, server: BatchServer):
    runs_when_looked_at(server)
    # Two layers: the neutral of the other pose, then its expressions.
    ran = batched.doit("batch", "wait=yes", "budget=0.30", "endpoints")
    assert ran.code == 1, ran.text
    drawn = len(server.drawn)
    assert drawn * HALF_USD <= 0.30 < (drawn + 1) * HALF_USD + 0.03
    assert "not submitted, about" in ran.out
    assert "the budget is $0.30" in ran.out.splitlines()[-1]


def test_no_picture_for_tokens_keeps_to_the_budget(batched: Folder, server: BatchServer):
    usage = {"input_tokens": 500, "output_tokens": 6240}
    fail_all(server, 200, {"data": [], "usage": usage})
    ran = batched.doit("batch", "wait=yes", "budget=0.30", "endpoints")
    assert ran.code == 1
    assert len(server.batches) == 1


def test_batches_count_in_the_budget_of_the_day(batched: Folder, server: BatchServer):
    config = batched.config
    config["generation"]["budget_usd_day"] = 0.3
    batched.write_config(config)
    ran = batched.doit("batch", "endpoints:*__center")
    assert ran.code == 0, ran.text
    assert len(server.batches) == 1
    # What is in the batch is not billed yet, and counts: nothing more has room.
    drawn = batched.doit("endpoints:neutral__tilt_left_small")
    assert drawn.code == 1
    assert "not paid for: the budget for" in drawn.out


BAD_FILES = {
    "404": Reply(404, error_body("not found")),
    "405": Reply(405, error_body("not allowed")),
    "501": Reply(501, error_body("not implemented")),
    "400": Reply(400, error_body("no files here")),
    "403": Reply(403, error_body("no files for you")),
    "null": Reply(200, b"null", {"Content-Type": "application/json"}),
    "a list": Reply(200, b"[]", {"Content-Type": "application/json"}),
    "a number": Reply(200, b"3", {"Content-Type": "application/json"}),
    "an object": Reply(200, b'{"object": "list"}', {"Content-Type": "application/json"}),
    "broken JSON": Reply(200, b"{", {"Content-Type": "application/json"}),
    "a page": Reply(200, b"<html>hello</html>", {"Content-Type": "text/html"}),
    "nothing": Reply(200, b"", {"Content-Type": "application/json"}),
}


@pytest.mark.parametrize("kind", BAD_FILES)
def test_an_endpoint_without_batches_leaves_drawing_free(
    batched: Folder, server: BatchServer, kind: str
):
    server.trouble = lambda call: Trouble(BAD_FILES[kind]) if "/files" in call else None
    ran = batched.doit("batch", "endpoints:sad__center")
    assert ran.code == 1, ran.text
    assert "Traceback" not in ran.text
    drawn = batched.doit("endpoints:sad__center")
    assert drawn.code == 0, drawn.text
    assert "in batch" not in drawn.out
    assert len(server.calls) == 1


def test_a_batch_that_nobody_submits_any_more_stands_in_nobody_s_way(
    batched: Folder, server: BatchServer
):
    """Its process was killed while it uploaded; and now the endpoint cannot be reached."""
    batched.doit("batch", "endpoints:sad__center")
    (path,) = (batched.path / ".takes" / "batches").glob("*.json")
    state = json.loads(path.read_bytes())
    path.write_text(json.dumps(state | {"phase": "preparing", "batch": "", "input_file": ""}))
    server.trouble = lambda call: Trouble(Reply(503, b"")) if "/files" in call else None
    config = batched.config
    config["generation"]["max_retries"] = 0
    batched.write_config(config)
    drawn = batched.doit("endpoints:sad__center")
    assert drawn.code == 0, drawn.text
    assert batched.frame("sad__center").exists()

"""Batches from submitting to the store, with the SDK, on a real socket."""

import base64
import json
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tasks.batch.flow import Limits
from tasks.engines.openai import client as client_module
from tasks.engines.openai import fetching
from tasks.ground.errors import Mistake
from tasks.requests.request import InputPicture
from tasks.spending.ledger import Ledger
from tasks.takes.store import Take
from tests.harness.batch_server import Trouble, Wanted, picture_answer
from tests.harness.batch_world import HALF_USD, MODEL, World, item, picture, portrait_png, world
from tests.harness.images_server import KEY, Reply, error_body

__all__ = ["world"]

SAD, GLAD, ANGRY, CALM = (item(name) for name in ("sad", "glad", "angry", "calm"))


def only_for(key: str, status: int, body: Any) -> Callable[[Wanted], tuple[int, Any]]:
    """A server that draws all but one request, and answers that one so."""
    return lambda wanted: (status, body) if wanted.key == key else picture_answer(wanted)


def on(call: str, *troubles: Trouble) -> Callable[[str], Trouble | None]:
    """These troubles, one after the other, for calls that begin so; then none."""
    left = list(troubles)
    return lambda made: left.pop(0) if left and made.startswith(call) else None


def fails(status: int, said: str = "busy", *, done: bool = False) -> Trouble:
    """An error, before or after the call is carried out."""
    return Trouble(Reply(status, error_body(said)), done=done)


def cuts_off(*, done: bool) -> Trouble:
    """The connection breaks while the answer comes."""
    return Trouble(Reply(200, b'{"id": "x", "object": "y"}', cut_off=True), done=done)


def test_nothing_is_live_where_no_batch_was_ever_submitted(world: World):
    assert world.batches().live() == {}
    assert world.batches().fetch().live == 0
    assert world.batches().submit([]).batches == ()
    assert world.batches().cancel().batches == 0
    assert not world.store.folder.exists()
    assert world.server.log == []


def test_a_batch_goes_from_requests_to_takes_at_half_the_price(world: World):
    submitted = world.batches().submit([SAD, GLAD])
    assert (submitted.requests, submitted.problem, len(submitted.batches)) == (2, "", 1)
    batch = submitted.batches[0]
    live = world.batches().live()
    assert set(live) == {SAD.request.key, GLAD.request.key}
    assert live[SAD.request.key].batch == batch
    assert live[SAD.request.key].frames == ("sad__center",)
    assert live[SAD.request.key].since == world.time
    assert world.takes(SAD, GLAD) == [0, 0]

    world.server.run()
    fetched = world.batches().fetch()
    assert (fetched.taken, fetched.failed, fetched.freed, fetched.over) == (2, 0, 0, 1)
    assert (fetched.live, fetched.waiting, fetched.problem) == (0, 0, "")
    assert world.takes(SAD, GLAD) == [1, 1]
    record = world.store.latest(SAD.request.key)
    assert (record.frame, record.usage["output_tokens"]) == ("sad__center", 6240)
    assert record.cost_usd == pytest.approx(HALF_USD)
    entry = next(e for e in world.entries() if e.key == SAD.request.key)
    assert (entry.batch, entry.frame, entry.outcome) == (batch, "sad__center", "drawn")
    assert entry.cost_usd == pytest.approx(HALF_USD)
    assert (entry.model, entry.size, entry.quality) == (MODEL, "16x24", "high")
    assert (entry.references, entry.estimate_usd) == (1, 0.1)
    document = world.store.folder / SAD.request.key[:2] / f"{SAD.request.key}.json"
    kept = json.loads(document.read_bytes())["request"]
    assert kept == json.loads(json.dumps(SAD.request.content()))
    assert world.batches().live() == {}
    assert world.left_files() == set()
    assert world.said[-1] == f"[i] Batch {batch}: completed, 2 of 2 taken in"


def test_what_is_sent_is_the_endpoint_s_json_form(world: World):
    world.server.extra_fields = {"seed"}
    odd = item("odd", 1, 2, extra={"seed": 3}, omit=("quality",))
    world.batches().submit([odd])
    sent = next(f for f in world.server.files.values() if f.purpose == "batch")
    pictures = [f for f in world.server.files.values() if f.purpose == "vision"]
    assert json.loads(sent.data) == {
        "custom_id": odd.request.key,
        "method": "POST",
        "url": "/v1/images/edits",
        "body": {
            "prompt": "a odd face",
            "model": MODEL,
            "size": "16x24",
            "images": [{"file_id": stored.id} for stored in pictures],
            "seed": 3,
        },
    }
    assert [stored.data for stored in pictures] == [portrait_png(1), portrait_png(2)]
    assert all(stored.expires_s for stored in world.server.files.values())


def test_a_picture_of_many_requests_is_uploaded_once_over_all_parts(world: World):
    world.limits = Limits(requests=2)
    same_bytes = replace(CALM, request=replace(CALM.request, pictures=(picture(1, "pixels"),)))
    submitted = world.batches().submit([SAD, GLAD, ANGRY, same_bytes, item("shy", 2)])
    assert len(submitted.batches) == 3
    shown = [f.data for f in world.server.files.values() if f.purpose == "vision"]
    assert sorted(shown) == sorted([portrait_png(1), portrait_png(2)])


def test_uploads_are_deleted_when_the_last_batch_that_needs_them_is_over(world: World):
    world.limits = Limits(requests=1)
    first, second = world.batches().submit([SAD, GLAD]).batches
    world.server.run(first)
    world.batches().fetch()
    assert [f.purpose for f in world.server.uploads] == ["vision", "batch"]
    world.server.run(second)
    world.batches().fetch()
    assert world.server.uploads == []
    assert world.takes(SAD, GLAD) == [1, 1]


def test_one_line_tells_how_far_a_batch_is(world: World):
    (batch,) = world.batches().submit([SAD, GLAD]).batches
    world.later(hours=2)
    world.server.batches[batch].completed = 1
    fetched = world.batches().fetch()
    assert (fetched.live, fetched.waiting, fetched.done, fetched.taken) == (1, 2, 1, 0)
    assert world.said[-1] == f"[i] Batch {batch}: 1 of 2 done, in progress, submitted 2 h ago"


def test_a_request_is_in_one_live_batch_at_the_most(world: World):
    world.batches().submit([SAD])
    again = world.batches().submit([SAD, GLAD, replace(GLAD, frames=("joy__center",))])
    assert (again.in_batches, again.requests) == (1, 1)
    assert world.batches().live()[GLAD.request.key].frames == ("glad__center", "joy__center")
    assert world.batches().submit([SAD, GLAD]).batches == ()
    world.server.run()
    world.batches().fetch()
    assert set(world.server.drawn.values()) == {1}


def test_what_was_bought_meanwhile_is_left_out_unless_a_new_take_is_asked_for(world: World):
    for drawn in (SAD, GLAD):
        world.store.add(drawn.request, Take(portrait_png(7)))
    submitted = world.batches().submit([SAD, replace(GLAD, new_take=True), ANGRY])
    assert (submitted.bought, submitted.requests) == (1, 2)
    world.server.run()
    world.batches().fetch()
    assert world.takes(SAD, GLAD, ANGRY) == [1, 2, 1]


def test_what_another_process_is_just_drawing_is_waited_for_and_left_out(world: World):
    holding, drawn = threading.Event(), threading.Event()

    def draw() -> None:
        with world.store.reserved(SAD.request.key):
            holding.set()
            drawn.wait(10)
            world.store.add(SAD.request, Take(portrait_png(7)))

    drawing = threading.Thread(target=draw)
    drawing.start()
    holding.wait(10)
    submitting = threading.Thread(target=lambda: world.batches().submit([SAD, GLAD]))
    submitting.start()
    while not world.batches().live():
        assert submitting.is_alive()
    drawn.set()
    for thread in (drawing, submitting):
        thread.join(10)
    assert set(world.batches().live()) == {GLAD.request.key}
    world.server.run()
    assert list(world.server.drawn) == [GLAD.request.key]


def test_a_picture_that_cannot_be_read_leaves_its_requests_out(world: World):
    def gone() -> bytes:
        raise Mistake("frames/endpoints/neutral__center.png is not there")

    request = replace(SAD.request, pictures=(InputPicture("gone", lambda: None, gone),))
    lost = replace(SAD, request=request)
    assert world.batches().submit([lost, GLAD]).requests == 1
    assert "[!] Failed sad__center: frames/endpoints/neutral__center.png is not" in world.text()
    assert set(world.batches().live()) == {GLAD.request.key}
    assert world.batches().submit([lost]).batches == ()
    assert len(world.states()) == 1


def test_parts_are_split_by_length_and_by_model(world: World):
    from tasks.batch.lines import line_bytes

    world.limits = Limits(file_bytes=2 * line_bytes(GLAD.request) + 10)
    other = item("other", model="gpt-image-1-mini")
    submitted = world.batches().submit([SAD, GLAD, other, ANGRY])
    assert len(submitted.batches) == 3
    assert sorted(len(b.keys) for b in world.server.batches.values()) == [1, 1, 2]
    world.server.run()
    assert world.batches().fetch().taken == 4


def test_a_moderation_refusal_is_remembered_and_said_in_the_server_s_words(world: World):
    world.server.draw = only_for(
        SAD.request.key, 400, json.loads(error_body("no tears here", "moderation_blocked"))
    )
    (batch,) = world.batches().submit([SAD, GLAD]).batches
    world.server.run()
    fetched = world.batches().fetch()
    assert (fetched.taken, fetched.failed, fetched.freed) == (1, 1, 0)
    words = "refused by the endpoint's content rules (no tears here)"
    assert f"[!] Failed sad__center: {words} ({batch})" in world.said
    assert world.refused == {SAD.request.key: words}
    entry = next(e for e in world.entries() if e.key == SAD.request.key)
    assert (entry.outcome, entry.cost_usd, entry.note) == ("refused", 0.0, words)
    assert world.batches().live() == {}


def test_other_errors_are_said_line_by_line(world: World):
    def draw(wanted: Wanted) -> tuple[int, Any]:
        if wanted.key == SAD.request.key:
            return 500, json.loads(error_body("out of paint"))
        return 400, json.loads(error_body(f"bad size; key {KEY}"))

    world.server.draw = draw
    world.batches().submit([SAD, GLAD])
    world.server.run()
    assert world.batches().fetch().failed == 2
    assert "Failed sad__center: the endpoint is in trouble (500: out of paint)" in world.text()
    assert "Failed glad__center: the endpoint refuses the request (400: bad size" in world.text()
    assert KEY not in world.text()
    assert world.refused == {}
    assert [e.outcome for e in world.entries()] == ["error", "put off"]


def test_an_answer_without_a_picture_is_kept_and_its_tokens_are_paid_for(world: World):
    body = {"data": [], "usage": {"input_tokens": 10, "output_tokens": 100}}
    world.server.draw = only_for(SAD.request.key, 200, body)
    world.batches().submit([SAD, GLAD])
    world.server.run()
    fetched = world.batches().fetch()
    assert (fetched.taken, fetched.failed) == (1, 1)
    assert "Failed sad__center: the answer has no picture: it holds no image data" in world.text()
    (kept,) = (world.store.folder / "rejected").glob(f"{SAD.request.key[:16]}*.bin")
    assert json.loads(kept.read_bytes()) == body
    entry = next(e for e in world.entries() if e.key == SAD.request.key)
    assert (entry.outcome, entry.cost_usd) == ("unusable", pytest.approx((80 + 3000) / 1e6 / 2))


def test_an_answer_that_is_no_picture_is_kept_and_is_no_take(world: World):
    html = base64.b64encode(b"<html>").decode()
    world.server.draw = only_for(SAD.request.key, 200, {"data": [{"b64_json": html}]})
    world.batches().submit([SAD])
    world.server.run()
    assert world.batches().fetch().failed == 1
    assert world.takes(SAD) == [0]
    (kept,) = (world.store.folder / "rejected").glob("*.bin")
    assert kept.read_bytes() == b"<html>"


@pytest.mark.parametrize("status", ["expired", "cancelled"])
def test_what_was_done_in_time_is_taken_in_and_the_rest_is_free_again(world: World, status: str):
    (batch,) = world.batches().submit([SAD, GLAD, ANGRY]).batches
    world.server.run(most=1, status=status)
    fetched = world.batches().fetch()
    assert (fetched.taken, fetched.failed, fetched.freed) == (1, 0, 2)
    said = f"[i] Batch {batch}: {status}, 1 of 3 taken in, 2 not drawn, and free again"
    assert world.said[-1] == said
    assert world.takes(SAD, GLAD, ANGRY) == [1, 0, 0]
    assert len(world.entries()) == 1
    assert world.batches().live() == {}
    assert world.server.uploads == []
    assert world.batches().submit([SAD, GLAD, ANGRY]).requests == 2
    world.server.run()
    world.batches().fetch()
    assert set(world.server.drawn.values()) == {1}


def test_a_batch_that_is_turned_down_says_why_and_frees_its_requests(world: World):
    (batch,) = world.batches().submit([SAD]).batches
    world.server.batches[batch].status = "failed"
    world.server.batches[batch].errors = [{"line": 1, "code": "x", "message": "no such model"}] * 12
    fetched = world.batches().fetch()
    assert (fetched.freed, fetched.over) == (1, 1)
    assert f"[!] Batch {batch} was turned down: line 1: no such model" in world.said
    assert "[!] ... and 2 more of these" in world.said
    assert world.batches().live() == {}
    assert world.server.uploads == []


def test_a_batch_is_cancelled_and_what_was_done_until_then_is_taken_in(world: World):
    (batch,) = world.batches().submit([SAD, GLAD]).batches
    assert world.batches().cancel().batches == 1
    assert "cancelling" in world.said[-1]
    assert world.batches().fetch().live == 1
    world.server.run(most=1, status="cancelled")
    assert world.batches().fetch().taken == 1
    assert world.batches().live() == {}
    assert world.server.batches[batch].status == "cancelled"


def test_a_batch_that_has_ended_cannot_be_cancelled_and_is_taken_in(world: World):
    world.batches().submit([SAD])
    world.server.run()
    assert world.batches().cancel().problem == ""
    assert world.batches().fetch().taken == 1


def test_a_batch_that_the_endpoint_has_forgotten_frees_its_requests(world: World):
    (batch,) = world.batches().submit([SAD]).batches
    del world.server.batches[batch]
    assert world.batches().fetch().live == 1
    assert "not to be seen at the endpoint yet" in world.said[-1]
    world.later(minutes=5)
    assert world.batches().fetch().freed == 1
    assert f"[!] Batch {batch} is not known to the endpoint any more" in world.text()
    assert world.batches().live() == {}


def test_another_key_does_not_free_what_was_submitted_with_the_first(
    world: World, monkeypatch: pytest.MonkeyPatch
):
    (batch,) = world.batches().submit([SAD]).batches
    kept = world.server.batches.pop(batch)
    world.later(minutes=5)
    monkeypatch.setenv("OPENAI_PROJECT_ID", "proj_2")
    client_module._made.cache_clear()
    assert world.batches().fetch().live == 1
    assert "submitted with another key or endpoint" in world.said[-1]
    monkeypatch.delenv("OPENAI_PROJECT_ID")
    client_module._made.cache_clear()
    world.server.batches[batch] = kept
    world.server.run()
    assert world.batches().fetch().taken == 1


def test_a_picture_that_came_as_an_address_is_fetched_from_the_endpoint(world: World):
    world.server.pictures["/made.png"] = portrait_png(9)
    address = world.server.url.replace("/v1", "/made.png")
    world.server.draw = only_for(SAD.request.key, 200, {"data": [{"url": address}]})
    world.batches().submit([SAD])
    world.server.run()
    assert world.batches().fetch().taken == 1
    record = world.store.latest(SAD.request.key)
    assert world.store.picture(SAD.request.key, record) == portrait_png(9)


def test_a_paid_picture_at_an_address_is_not_given_up(
    world: World, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(fetching, "_PAUSES_S", (0.0,))
    address = world.server.url.replace("/v1", "/made.png")
    world.server.draw = only_for(SAD.request.key, 200, {"data": [{"url": address}]})
    world.batches().submit([SAD, GLAD])
    world.server.run()
    fetched = world.batches().fetch()
    assert (fetched.taken, fetched.live) == (1, 1)
    assert "/made.png cannot be fetched" in world.text()
    assert set(world.batches().live()) == {SAD.request.key, GLAD.request.key}
    world.server.pictures["/made.png"] = portrait_png(9)
    fetched = world.batches().fetch()
    assert (fetched.taken, fetched.live) == (1, 0)
    assert len(world.entries()) == 2


def test_a_fetched_picture_is_not_lost_where_only_the_ledger_was_not_written(
    world: World, monkeypatch: pytest.MonkeyPatch
):
    world.server.pictures["/made.png"] = portrait_png(9)
    address = world.server.url.replace("/v1", "/made.png")
    body = {"data": [{"url": address}], "usage": {"input_tokens": 10, "output_tokens": 100}}
    world.server.draw = only_for(SAD.request.key, 200, body)
    world.batches().submit([SAD])
    world.server.run()
    with monkeypatch.context() as patch:
        full = OSError(28, "No space left on device")
        patch.setattr(Ledger, "add", lambda *_: (_ for _ in ()).throw(full))
        with pytest.raises(Mistake, match=r"ledger\.jsonl cannot be written \(No space left"):
            world.batches().fetch()
    assert world.takes(SAD) == [1]
    world.server.pictures.clear()
    assert world.batches().fetch().taken == 1
    assert [e.cost_usd for e in world.entries()] == [pytest.approx((80 + 3000) / 1e6 / 2)]


def test_a_failure_to_delete_is_tried_again_the_next_time(world: World):
    world.batches().submit([SAD])
    world.server.run()
    world.server.trouble = lambda call: fails(503) if call.startswith("DELETE") else None
    assert world.batches().fetch().taken == 1
    assert "is still there" in world.said[-1]
    assert world.batches().live() == {}
    assert len(world.server.uploads) == 2
    world.server.trouble = lambda _call: None
    assert world.batches().fetch().taken == 0
    assert world.server.uploads == []
    assert world.left_files() == set()


def test_without_a_network_one_line_is_said_and_all_stays(world: World):
    world.limits = Limits(requests=1)
    world.batches().submit([SAD, GLAD])
    world.server.run()
    world.server.trouble = lambda _call: fails(503)
    before = len(world.said)
    fetched = world.batches().fetch()
    assert (fetched.live, fetched.waiting) == (2, 2)
    assert "503" in fetched.problem
    assert len(world.said) == before + 1
    assert world.waits_s == [0.5, 1.0, 2.0]
    world.server.trouble = lambda _call: None
    assert world.batches().fetch().taken == 2


def test_without_a_key_one_line_is_said_and_all_stays(
    world: World, monkeypatch: pytest.MonkeyPatch
):
    world.batches().submit([SAD])
    monkeypatch.delenv("OPENAI_API_KEY")
    client_module._made.cache_clear()
    assert world.batches().fetch().live == 1
    assert "OPENAI_API_KEY is not set" in world.said[-1]
    assert "OPENAI_API_KEY is not set" in world.batches().submit([GLAD]).problem
    assert len(world.batches().live()) == 1


def test_what_the_server_asks_to_wait_is_waited(world: World):
    world.batches().submit([SAD])
    busy = Trouble(Reply(429, error_body("slow down"), {"retry-after": "7"}))
    world.server.trouble = on("GET /batches/", busy)
    assert world.batches().fetch().live == 1
    assert world.waits_s == [7.0]


def test_results_that_break_off_are_read_again_from_their_beginning(world: World):
    world.batches().submit([SAD, GLAD])
    world.server.run()
    results = next(b.output_file for b in world.server.batches.values())
    broken = Trouble(Reply(200, world.server.files[results].data, cut_off=True))
    world.server.trouble = on(f"GET /files/{results}/content", broken)
    assert world.batches().fetch().taken == 2
    assert world.takes(SAD, GLAD) == [1, 1]
    assert len(world.entries()) == 2


def test_results_that_are_fewer_than_counted_keep_the_batch_live(world: World):
    world.batches().submit([SAD, GLAD])
    world.server.run()
    results = world.server.files[next(b.output_file for b in world.server.batches.values())]
    whole = results.data
    results.data = whole.splitlines()[0]
    fetched = world.batches().fetch()
    assert (fetched.taken, fetched.live) == (1, 1)
    assert "1 of its 2 results are missing" in fetched.problem
    results.data = whole
    fetched = world.batches().fetch()
    assert (fetched.taken, fetched.live) == (1, 0)
    assert len(world.entries()) == 2


def test_results_that_are_gone_keep_the_batch_until_it_is_given_up(world: World):
    world.batches().submit([SAD])
    world.server.run()
    results = next(b.output_file for b in world.server.batches.values())
    del world.server.files[results]
    assert world.batches().fetch().live == 1
    path = world.said[-1].rpartition("delete ")[2]
    assert Path(path).is_file()
    Path(path).unlink()
    assert world.batches().live() == {}
    assert world.batches().submit([GLAD]).requests == 1


def test_a_line_that_is_not_understood_is_kept(world: World):
    world.batches().submit([SAD])
    world.server.run()
    batch = next(iter(world.server.batches.values()))
    results = world.server.files[batch.output_file]
    stranger = json.dumps({"custom_id": "stranger", "response": None}).encode()
    results.data = b"{broken\n\n" + results.data + stranger
    assert world.batches().fetch().taken == 1
    assert "is not understood" in world.text()
    kept = {path.read_bytes() for path in (world.store.folder / "rejected").glob("*.bin")}
    assert kept == {b"{broken", stranger}
    assert world.batches().live() == {}


@pytest.mark.parametrize("address", ["/files", "/batches"])
@pytest.mark.parametrize("status", [404, 405, 501])
def test_an_endpoint_without_batches_is_told_in_one_line(world: World, address: str, status: int):
    world.server.trouble = lambda call: (
        fails(status, "not found") if call == f"POST {address}" else None
    )
    submitted = world.batches().submit([SAD])
    assert "this endpoint has no batches: draw without one: doit" in submitted.problem
    assert [line for line in world.said if "no batches" in line] == world.said[-1:]
    assert world.batches().live() == {}
    assert world.server.uploads == []


def test_a_front_page_instead_of_files_is_no_batches_either(world: World):
    page = Reply(200, b"<html>hello</html>", {"Content-Type": "text/html"})
    world.server.trouble = lambda call: Trouble(page) if call == "POST /files" else None
    assert "this endpoint has no batches" in world.batches().submit([SAD]).problem


@pytest.mark.parametrize("status", [408, 429, 500, 503])
def test_what_was_put_off_is_sent_again_and_bought_once(world: World, status: int):
    troubles = {call: on(call, fails(status)) for call in ("POST /files", "POST /batches")}

    def trouble(call: str) -> Trouble | None:
        return troubles[call](call) if call in troubles else None

    world.server.trouble = trouble
    assert world.batches().submit([SAD]).requests == 1
    assert len(world.server.batches) == 1
    world.server.run()
    assert world.batches().fetch().taken == 1
    assert world.server.uploads == []


@pytest.mark.parametrize("trouble", [fails(502, done=True), fails(504, done=True)])
def test_a_gateway_that_lost_the_answer_makes_no_second_batch(world: World, trouble: Trouble):
    world.server.trouble = on("POST /batches", trouble)
    assert world.batches().submit([SAD]).requests == 1
    assert len(world.server.batches) == 1
    world.server.run()
    assert world.batches().fetch().taken == 1


@pytest.mark.parametrize("done", [True, False])
def test_a_connection_that_broke_off_while_creating_is_cleared_up_later(world: World, done: bool):
    world.server.trouble = on("POST /batches", cuts_off(done=done))
    submitted = world.batches().submit([SAD])
    assert submitted.batches == ()
    assert "Whether a batch of 1 request was begun is not known" in world.said[-1]
    assert set(world.batches().live()) == {SAD.request.key}
    fetched = world.batches().fetch()
    assert fetched.live == 1
    world.later(minutes=2)
    fetched = world.batches().fetch()
    assert (fetched.live, fetched.freed) == ((1, 0) if done else (0, 1))
    assert world.batches().submit([SAD]).requests == (0 if done else 1)
    assert len(world.server.batches) == 1
    world.server.run()
    assert world.batches().fetch().taken == 1
    assert world.server.uploads == []


def test_an_upload_whose_answer_was_lost_is_found_by_its_name_and_deleted(world: World):
    world.server.trouble = on("POST /files", cuts_off(done=True))
    assert world.batches().submit([SAD]).batches == ()
    assert "1 request not submitted: the connection" in world.said[-1]
    assert world.server.uploads == []
    assert world.batches().live() == {}


def test_a_key_that_is_refused_stops_at_once_and_frees_all(world: World):
    world.limits = Limits(requests=1)
    world.server.trouble = lambda call: fails(401, "bad key") if call == "POST /batches" else None
    submitted = world.batches().submit([SAD, GLAD])
    assert "OPENAI_API_KEY" in submitted.problem
    assert "[!] 2 requests not submitted" in world.said[-1]
    assert world.server.log.count("POST /batches") == 1
    assert world.batches().live() == {}
    assert world.server.uploads == []


def test_a_later_part_that_fails_leaves_the_earlier_ones_live(world: World):
    world.limits = Limits(requests=1)
    calls = iter([None, fails(400, "too many batches")])
    world.server.trouble = lambda call: next(calls) if call == "POST /batches" else None
    submitted = world.batches().submit([SAD, GLAD])
    assert (submitted.requests, len(submitted.batches)) == (1, 1)
    assert "too many batches" in submitted.problem
    assert set(world.batches().live()) == {SAD.request.key}
    world.server.run()
    assert world.batches().fetch().taken == 1
    assert world.server.uploads == []


def test_lists_of_many_pages_are_read_to_their_end(world: World):
    world.server.page = 1
    world.limits = Limits(requests=1)
    world.server.trouble = on("POST /batches", cuts_off(done=True))
    world.batches().submit([SAD])
    world.batches().submit([GLAD, ANGRY, CALM])
    fetched = world.batches().fetch()
    assert (fetched.live, fetched.waiting) == (4, 4)
    assert len({live.batch for live in world.batches().live().values()}) == 4


def test_two_at_once_submit_each_request_once_and_take_each_result_in_once(world: World):
    items = [item(f"face{number}", number) for number in range(6)]
    world.limits = Limits(requests=2, at_once=4)

    def at_once(act: Callable[[], object]) -> None:
        threads = [threading.Thread(target=act) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)

    results = []
    at_once(lambda: results.append(world.batches().submit(items)))
    assert sorted(result.requests for result in results) == [0, 0, 0, 6]
    world.server.run()
    fetched = []
    at_once(lambda: fetched.append(world.batches().fetch()))
    assert sum(result.taken for result in fetched) == 6
    assert world.takes(*items) == [1] * 6
    assert len(world.entries()) == 6
    assert world.server.uploads == []


def test_a_damaged_state_is_never_taken_for_none(world: World):
    world.batches().submit([SAD])
    path = next((world.store.folder / "batches").glob("*.json"))
    path.write_text("{")
    with pytest.raises(Mistake, match=r"cannot be read .* delete it to give that batch up"):
        world.batches().live()


def test_a_result_whose_request_was_lost_is_taken_in_all_the_same(world: World):
    world.batches().submit([SAD])
    next((world.store.folder / "batches").glob("*.requests")).unlink()
    world.server.run()
    assert world.batches().fetch().taken == 1
    assert world.takes(SAD) == [1]


def test_live_is_read_again_only_where_a_file_has_changed(
    world: World, monkeypatch: pytest.MonkeyPatch
):
    from tasks.ground import json_file

    watching = world.batches()
    world.batches().submit([SAD])
    assert len(watching.live()) == 1
    monkeypatch.setattr(json_file, "read", lambda _path: pytest.fail("read again"))
    assert len(watching.live()) == 1

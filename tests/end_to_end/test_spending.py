"""Spending, end to end: the real doit command, and an endpoint on a real socket that charges."""

import json
import random
import shlex
import signal
import subprocess
import time
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import pytest

from tasks.spending.ledger import Ledger
from tests.conftest import Folder, Ran, kill, portrait, small_config
from tests.end_to_end.test_endpoints import wait_for
from tests.harness.images_server import Call, ImagesServer, Reply, answer_body, drawn, error_body

COST_USD = (100 * 5 + 400 * 8 + 6240 * 30) / 1e6
"""of each call that the server answers"""


def ledger(folder: Folder) -> list[dict[str, Any]]:
    """Every call in the ledger, as its last line has it; each line must be sound."""
    path = folder.path / ".takes" / "ledger.jsonl"
    if path.exists():
        assert all(json.loads(line) for line in path.read_text().splitlines())
    entries = map(asdict, Ledger(folder.path / ".takes").entries())
    return [{k: v for k, v in entry.items() if v is not None} for entry in entries]


def outcomes(folder: Folder) -> list[str]:
    """What became of each call, sorted."""
    return sorted(line["outcome"] for line in ledger(folder))


def line_with(ran: Ran, words: str) -> str:
    """The one line that has these words."""
    (found,) = [line for line in ran.text.splitlines() if words in line]
    return found


def plan(folder: Folder, *arguments: str) -> dict[str, Any]:
    """What `doit plan` says, as data."""
    ran = folder.doit("plan", *arguments, "format=json")
    assert ran.code == 0, ran.text
    read: dict[str, Any] = json.loads(ran.out)
    return read


def why(planned: Mapping[str, Any]) -> dict[str, list[str]]:
    """Why each frame is to be drawn."""
    return {f["frame"]: f["why"] for f in planned["frames"] if f["action"] == "draw"}


def change(folder: Folder, **generation: Any) -> None:
    """Change how frames are drawn."""
    config = folder.config
    config["generation"].update(generation)
    folder.write_config(config)


def crowd(count: int) -> dict[str, Any]:
    """So many expressions at one pose, each of its own words."""
    config = small_config()
    config["poses"] = ["center"]
    config["base_paths"] = []
    config["expressions"] = {f"mood_{n}": {"prompt": f"mood number {n}"} for n in range(count)}
    return config


def the_command(text: str) -> list[str]:
    """The command that a line names, as a shell would take it."""
    return shlex.split(text.partition("doit ")[2].partition(" (")[0])


# The plan


def test_a_plan_says_what_why_and_for_how_much_and_calls_nobody(paid: Folder, server: ImagesServer):
    ran = paid.doit("plan", "pose=all")
    lines = ran.out.splitlines()
    assert "draw       $0.24 sad__center: missing" in lines
    assert "draw       $0.24 neutral__tilt_left_small: missing" in lines
    summary = line_with(ran, "[i] Plan: ")
    assert "5 to draw for about $1.20" in summary
    assert "by OpenAI's published table" in summary
    assert summary.endswith("; the budget is $5.00")
    assert server.calls == []
    assert not paid.frames.exists()
    assert not (paid.path / ".takes").exists()

    document = plan(paid, "endpoints:*__center")
    assert document["engine"] == "openai"
    assert {f["frame"]: f["action"] for f in document["frames"]} == {
        "neutral__center": "restore",
        "sad__center": "draw",
        "happy_big__center": "draw",
    }
    assert (document["draw"], document["calls"], document["budget_usd"]) == (2, 2, 5.0)
    each = [frame["cost_usd"] for frame in document["frames"] if frame["cost_usd"]]
    assert document["cost_usd"] == pytest.approx(sum(each))
    assert server.calls == []

    ran = paid.doit("pose=all")
    assert line_with(ran, "[i] Plan: ") == summary
    assert len(server.calls) == 5
    assert line_with(ran, "[i] Spent") == "[i] Spent $0.95; the budget is $5.00"
    assert "Plan" not in paid.doit("pose=all").text

    document = plan(paid, "-a", "endpoints:sad__center")
    assert [frame["measured_calls"] for frame in document["frames"]] == [5]
    assert document["cost_usd"] == pytest.approx(COST_USD)


def test_the_reasons_for_each_kind_of_edit(paid: Folder, server: ImagesServer):
    assert paid.doit("endpoints").code == 0
    base = paid.config
    tilted = {f"{name}__tilt_left_small" for name in ("neutral", "sad", "happy_big")}
    from_neutral = "the frame that it is drawn from will change"

    def reasons(**edits: Any) -> dict[str, list[str]]:
        paid.write_config({**base, **edits})
        return why(plan(paid, "endpoints"))

    moods = json.loads(json.dumps(base["expressions"]))
    moods["sad"]["eyes"] = "wide"
    found = reasons(expressions=moods)
    both = ["its expression changed"]
    assert found == {"sad__center": both, "sad__tilt_left_small": both}

    found = reasons(poses={"center": "", "tilt_left_small": "tilted left, a lot"})
    assert set(found) == tilted
    assert found["neutral__tilt_left_small"] == ["its pose changed"]
    assert found["sad__tilt_left_small"] == [from_neutral]

    found = reasons(character="somebody else", generation={**base["generation"], "quality": "low"})
    assert found["sad__center"] == ["the character's words changed", "the settings changed"]
    assert len(found) == 5

    paid.write_config(base)
    changed = portrait()
    changed.putpixel((3, 3), (9, 9, 9, 255))
    changed.save(paid.path / "frames" / "base" / "neutral__center.png")
    found = why(plan(paid, "endpoints"))
    assert found["sad__center"] == ["the base image changed"]
    assert found["happy_big__tilt_left_small"] == [from_neutral]
    assert len(server.calls) == 5


# The budget


def charged(server: ImagesServer) -> float:
    """What the server has charged: for every call that it began."""
    return len(server.calls) * COST_USD


@pytest.mark.parametrize(("workers", "budget_usd", "calls"), [(16, 1.0, 5), (64, 2.3, 12)])
def test_many_workers_never_spend_one_call_too_many(
    paid: Folder, server: ImagesServer, workers: int, budget_usd: float, calls: int
):
    config = crowd(30)
    config["generation"]["max_retries"] = 4
    paid.write_config(config)
    chance = random.Random(workers)  # noqa: S311 - no secret depends on it
    delays_s = [chance.uniform(0, 0.15) for _ in range(100)]
    server.reply = lambda call: Reply(delay_s=delays_s[call.number])
    ran = paid.doit("-n", str(workers), f"budget={budget_usd}", "endpoints")
    assert charged(server) <= budget_usd
    assert len(server.calls) == calls  # what there is room for is drawn
    assert f"Failed: {30 - calls}" in ran.out
    assert sum(line["cost_usd"] for line in ledger(paid)) == pytest.approx(charged(server))
    failed = [line for line in ran.out.splitlines() if line.startswith("[!] Failed")]
    # One says why, however many there are.
    assert len(failed) == 1
    assert f"not paid for: the budget is ${budget_usd:.2f}" in failed[0]
    first = failed[0].removeprefix("[!] Failed ").split(":")[0]
    assert line_with(ran, f"{30 - calls - 1} more failed as {first} did: ").endswith(", ...")

    if workers > 16:
        return
    # The commands that go on do go on.
    one = the_command(failed[0].split("to go on: ")[1])
    assert paid.doit(*one).code == 0
    assert len(server.calls) == calls + 1
    rest = the_command(line_with(ran, "calls not paid for").split("to go on: ")[1])
    assert paid.doit(*rest).code == 0
    assert len(server.calls) == 30


def test_a_budget_of_nothing_spends_nothing_and_none_is_no_limit(
    paid: Folder, server: ImagesServer
):
    ran = paid.doit("budget=0", "endpoints:*__center")
    assert ran.code != 0
    assert server.calls == []
    assert "not paid for: the budget is $0.00, it costs about $0.24" in ran.out
    assert "neutral" in ran.out  # what costs nothing is done
    assert paid.frame("neutral__center").is_file()
    change(paid, budget_usd=0)
    ran = paid.doit("budget=none")
    assert ran.code == 0
    assert "no budget is set" in line_with(ran, "[i] Plan: ")
    assert len(server.calls) == 2


def test_what_nobody_knows_the_price_of_is_drawn_only_with_a_price_or_without_a_limit(
    paid: Folder, server: ImagesServer
):
    change(paid, model="flux-kontext")
    document = plan(paid, "endpoints:*__center")
    assert document["cost_usd"] is None
    assert document["draw"] == 2
    ran = paid.doit()
    assert server.calls == []
    failed = line_with(ran, "[!] Failed ")  # whichever came first; the others are counted
    assert "what it costs is not known, and the budget is $5.00" in failed
    assert paid.doit(*the_command(failed.split("limit: ")[1])).code == 0
    assert len(server.calls) == 1
    assert "cost_usd" not in ledger(paid)[0]

    change(paid, prices={"flux-kontext": {"usd_per_image": 0}}, budget_usd=0)
    ran = paid.doit()
    assert ran.code == 0
    assert len(server.calls) == 2
    assert [line.get("cost_usd") for line in ledger(paid)] == [None, 0.0]

    change(paid, prices={"flux-kontext": {"usd_per_image": 0.04}}, budget_usd=0.05)
    ran = paid.doit("-a", "endpoints:*__center")
    assert len(server.calls) == 3
    assert "Spent $0.04; the budget is $0.05" in ran.out
    assert ledger(paid)[2]["cost_usd"] == 0.04


def test_new_takes_that_were_not_paid_for_go_on_by_the_command_that_is_named(
    paid: Folder, server: ImagesServer
):
    assert paid.doit("-n", "1").code == 0
    ran = paid.doit("-n", "1", "-a", "budget=0.3", "endpoints:*__center")
    assert len(server.calls) == 3
    failed = line_with(ran, "[!] Failed")
    paid.doit(*the_command(failed.split("to go on: ")[1]))
    assert len(server.calls) == 4, failed
    rest = the_command(line_with(ran, "1 call not paid for").split("to go on: ")[1])
    paid.doit(*rest)
    assert len(server.calls) > 4, rest


def test_the_command_that_goes_on_means_the_same_project_and_frames(
    paid: Folder, server: ImagesServer
):
    (paid.path / "expressions.json").rename(paid.path / "fox.json")
    ran = paid.doit("config=fox.json", "pose=tilt_left_small", "budget=0.3")
    assert len(server.calls) == 1
    failed = line_with(ran, "[!] Failed ")  # whichever came first; the others are counted
    assert paid.doit(*the_command(failed.split("to go on: ")[1])).code == 0, failed
    rest = the_command(line_with(ran, "calls not paid for").split("to go on: ")[1])
    assert paid.doit(*rest).code == 0, rest
    assert len(server.calls) == 3


# The ledger


def test_every_call_has_a_line_and_costs_adds_them_up(paid: Folder, server: ImagesServer):
    refusal = Reply(400, error_body("no such thing", "moderation_blocked"))
    server.reply = lambda call: (
        refusal if call.number == 1 else Reply(cut_off=True) if call.number == 2 else Reply()
    )
    assert "Nothing was spent yet" in paid.doit("costs").out
    paid.doit("-n", "1")
    assert paid.doit("-a", "endpoints:*__center").code == 0
    assert outcomes(paid) == ["drawn", "drawn", "refused", "uncertain"]
    first = ledger(paid)[0]
    assert first["note"].startswith("refused by the endpoint's content rules (no such thing)")
    assert first["cost_usd"] == 0
    uncertain = ledger(paid)[1]
    assert "cost_usd" not in uncertain
    assert uncertain["estimate_usd"] > COST_USD
    assert all(line["frame"] and line["key"] and line["at"] for line in ledger(paid))

    text = paid.doit("costs").out
    total = text.splitlines()[-1]
    assert "[i] In all:" in total
    assert "$0.38, and perhaps $0.24 more  2 pictures by 4 calls" in total
    assert "gpt-image-2.5-sunburst" in text
    document = json.loads(paid.doit("costs", "--json").out)
    assert document["total"]["calls"] == 4
    assert document["total"]["pictures"] == 2
    assert document["total"]["cost_usd"] == pytest.approx(2 * COST_USD, abs=1e-5)
    assert document["total"]["perhaps_usd"] == pytest.approx(uncertain["estimate_usd"])
    assert set(document["by_expression"]) == {"sad", "happy_big"}
    assert list(document["by_model"]) == ["gpt-image-2.5-sunburst"]
    assert list(document["by_day"]) == [first["at"][:10]]


def test_two_processes_buy_each_request_once_and_keep_one_sound_ledger(
    paid: Folder, server: ImagesServer
):
    paid.write_config(crowd(10))
    server.reply = lambda _call: Reply(delay_s=0.2)
    both = [paid.start("-n", "3", "endpoints") for _ in range(2)]
    for process in both:
        process.communicate(timeout=60)
    assert [process.returncode for process in both] == [0, 0]
    assert len(server.calls) == 10
    assert outcomes(paid) == ["drawn"] * 10
    assert len({line["key"] for line in ledger(paid)}) == 10


# What ends a run, and what is asked again


@pytest.mark.parametrize(
    ("reply", "words", "outcome"),
    [
        (
            Reply(429, error_body("You exceeded your quota", "insufficient_quota"), delay_s=0.3),
            "the account has no credit left",
            "no credit",
        ),
        (Reply(401, error_body("bad key"), delay_s=0.3), "does not take the key", "no access"),
    ],
)
def test_without_credit_or_access_one_message_comes_and_the_rest_is_not_attempted(
    paid: Folder, server: ImagesServer, reply: Reply, words: str, outcome: str
):
    config = crowd(12)
    config["generation"]["max_retries"] = 4
    paid.write_config(config)
    server.reply = lambda _call: reply
    ran = paid.doit("-n", "3", "endpoints")
    assert ran.code != 0
    assert len(server.calls) <= 3  # those that were under way
    line_with(ran, words)
    assert "Success: 0, Failed: 1, Not attempted: 11" in ran.out.replace(", Reused: 1", "")
    assert set(outcomes(paid)) == {outcome}
    assert "Spent" not in ran.out


RETRIED: Mapping[str, tuple[Reply, int]] = {
    "400": (Reply(400, error_body("x")), 0),
    "moderation": (Reply(400, error_body("x", "moderation_blocked")), 0),
    "broken JSON": (Reply(body=b"{"), 0),
    "not a picture": (Reply(body=answer_body(b"GIF89a")), 0),
    "408": (Reply(408, error_body("x"), headers={"retry-after-ms": "1"}), 2),
    "409": (Reply(409, error_body("x"), headers={"retry-after-ms": "1"}), 2),
    "429": (Reply(429, error_body("x"), headers={"retry-after-ms": "1"}), 2),
    "500": (Reply(500, error_body("x"), headers={"retry-after-ms": "1"}), 2),
    "503 HTML": (Reply(503, b"<html>busy</html>", headers={"retry-after-ms": "1"}), 2),
    "cut off": (Reply(cut_off=True), 1),
    "silence": (Reply(delay_s=3), 1),
}


ENDS_A_RUN: Mapping[str, Reply] = {
    "401": Reply(401, error_body("x")),
    "402": Reply(402, error_body("x")),
    "403": Reply(403, error_body("organization must be verified")),
    "404": Reply(404, error_body("x")),
    "billing": Reply(400, error_body("x", "billing_hard_limit_reached")),
    "a page": Reply(body=b"<html><title>Welcome</title></html>"),
}


@pytest.mark.parametrize("kind", ENDS_A_RUN)
def test_what_every_call_would_meet_ends_the_run_at_its_first(
    paid: Folder, server: ImagesServer, kind: str
):
    server.reply = lambda _call: ENDS_A_RUN[kind]
    ran = paid.doit("-n", "1", "endpoints:*__center")
    assert ran.code != 0
    assert len(server.calls) == 1
    assert sum(line["cost_usd"] for line in ledger(paid)) == 0
    assert ran.out.count("[!] Failed") == 1


def test_every_outcome_is_asked_again_exactly_as_often_as_stated(
    paid: Folder, server: ImagesServer
):
    """All in one run but what ends a run: each frame fails in a way of its own."""
    kinds = list(RETRIED)
    config = crowd(len(kinds))
    config["generation"].update(max_retries=2, timeout_s=1.5)
    paid.write_config(config)

    def kind_of(call: Call) -> str:
        for number, kind in reversed(list(enumerate(kinds))):
            if f"mood number {number}" in call.fields["prompt"]:
                return kind
        raise AssertionError(call.fields["prompt"])

    server.reply = lambda call: RETRIED[kind_of(call)][0]
    ran = paid.doit("-n", "16", "endpoints")
    asked = [kind_of(call) for call in server.calls]
    assert {kind: asked.count(kind) - 1 for kind in kinds} == {
        kind: RETRIED[kind][1] for kind in kinds
    }
    assert f"Failed: {len(kinds)}" in ran.out
    assert ran.out.count("was asked for twice") == 2
    assert len(ledger(paid)) == len(server.calls)
    assert "Traceback" not in ran.text


def test_a_server_that_limits_everyone_makes_no_frame_fail(paid: Folder, server: ImagesServer):
    config = crowd(40)
    config["generation"].update(max_retries=4, budget_usd=None)
    paid.write_config(config)
    let_in: dict[int, list[Call]] = {}

    def reply(call: Call) -> Reply:
        now_s = time.monotonic()
        in_window = let_in.setdefault(int(now_s), [])
        in_window.append(call)
        if len(in_window) <= 15:
            return Reply(delay_s=0.2)
        wait_ms = 1000 * (int(now_s) + 1 - now_s) + 1
        return Reply(429, error_body("slow"), headers={"retry-after-ms": f"{wait_ms:.0f}"})

    server.reply = reply
    ran = paid.doit("-n", "64", "endpoints")
    assert "Success: 40, Failed: 0" in ran.out
    assert outcomes(paid).count("drawn") == 40
    # A small server refuses connections too: those calls never arrived.
    arrived = [outcome for outcome in outcomes(paid) if outcome != "not sent"]
    assert len(arrived) == len(server.calls)
    assert arrived.count("rate limit") <= 40


def test_images_per_minute_caps_the_rate_from_the_start(paid: Folder, server: ImagesServer):
    config = crowd(4)
    config["generation"]["images_per_minute"] = 150
    paid.write_config(config)
    assert paid.doit("-n", "4", "endpoints").code == 0
    began_s = sorted(call.arrived_s for call in server.calls)
    # 0.4 s apart by the limiter's clock; how soon each arrives is the machine's affair. Without a
    # cap all of them come at once.
    assert (began_s[-1] - began_s[0]) / (len(began_s) - 1) > 0.25


# Interrupts


def begun(folder: Folder, server: ImagesServer, *arguments: str) -> "subprocess.Popen[str]":
    """A run with two calls under way, of ten."""
    folder.write_config(crowd(10))
    process = folder.start(*arguments, "-n", "2", "endpoints")
    wait_for(lambda: len(server.calls) == 2)
    time.sleep(0.2)
    return process


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_one_interrupt_waits_for_what_is_paid_for_and_says_how_long(
    paid: Folder, server: ImagesServer, number: signal.Signals
):
    server.reply = lambda _call: Reply(delay_s=1.6)
    process = begun(paid, server)
    kill(process, number)
    out, err = process.communicate(timeout=30)
    assert process.returncode != 0
    assert len(server.calls) == 2
    assert "Waiting for 2 pictures" in err
    assert "press Ctrl-C again to leave at once and lose them" in err
    assert "[i] Waited " in err
    assert " s for 2 pictures, so that nothing paid for is lost." in err
    assert "Success: 2, Failed: 0" in out
    assert "Not attempted: 8" in out
    assert "Spent $0.38" in out
    assert outcomes(paid) == ["drawn", "drawn"]
    assert "Traceback" not in out + err


def test_a_second_interrupt_leaves_at_once_and_says_what_was_lost(
    paid: Folder, server: ImagesServer
):
    server.reply = lambda _call: Reply(delay_s=6)
    process = begun(paid, server)
    kill(process, signal.SIGINT)
    time.sleep(0.4)
    started = time.monotonic()
    kill(process, signal.SIGINT)
    _out, err = process.communicate(timeout=30)
    assert time.monotonic() - started < 3
    assert process.returncode == 130
    said = next(line for line in err.splitlines() if "are billed, and lost" in line)
    assert said.count("mood_") == 2
    assert outcomes(paid) == ["lost", "lost"]
    assert all("cost_usd" not in line and line["estimate_usd"] > 0 for line in ledger(paid))
    assert "perhaps $0.48 more  0 pictures by 2 calls" in paid.doit("costs").out


def test_a_second_interrupt_of_retakes_leaves_at_once_too(paid: Folder, server: ImagesServer):
    server.reply = lambda _call: Reply(delay_s=6)
    process = paid.start("retake", "-f", "sad__center", "-n", "2")
    wait_for(lambda: len(server.calls) == 2)
    time.sleep(0.2)
    kill(process, signal.SIGINT)
    time.sleep(0.4)
    started = time.monotonic()
    kill(process, signal.SIGINT)
    _out, err = process.communicate(timeout=30)
    assert time.monotonic() - started < 3
    assert "are billed, and lost: sad__center, sad__center" in err
    assert outcomes(paid) == ["lost", "lost"]


def test_without_threads_a_second_interrupt_says_what_was_lost(paid: Folder, server: ImagesServer):
    server.reply = lambda _call: Reply(delay_s=5)
    process = paid.start("-n", "0", "endpoints:sad__center")
    wait_for(lambda: len(server.calls) == 1)
    time.sleep(0.2)
    kill(process, signal.SIGINT)
    time.sleep(0.4)
    kill(process, signal.SIGINT)
    _out, err = process.communicate(timeout=30)
    assert outcomes(paid) == ["lost"]
    assert "are billed, and lost: sad__center" in err


def test_after_a_kill_nothing_that_came_is_paid_for_again(paid: Folder, server: ImagesServer):
    server.reply = lambda call: Reply(delay_s=0.05 if call.number <= 4 else 5)
    paid.write_config(crowd(8))
    process = paid.start("-n", "2", "endpoints")
    wait_for(lambda: len(server.calls) == 6)
    came = {call.fields["prompt"] for call in server.calls[:4]}
    kill(process, signal.SIGKILL)
    process.communicate(timeout=30)
    server.reply = lambda _call: Reply()
    assert paid.doit("-n", "4", "endpoints").code == 0
    again = [call.fields["prompt"] for call in server.calls[6:]]
    assert len(again) == 4
    assert not came & set(again)
    drawn_lines = [line for line in ledger(paid) if line["outcome"] == "drawn"]
    assert len({line["key"] for line in drawn_lines}) == len(drawn_lines) == 8


# Other endpoints, and refusals


class Lenient(ImagesServer):
    """Takes what the documented form does not have, and knows the size by itself."""

    def register(self, fields: Mapping[str, str], *pictures: Any) -> Call:
        call = super().register({"size": "64x96", **fields}, *pictures)
        self.calls[call.number - 1] = Call(call.number, fields, call.pictures, (), call.arrived_s)
        return Call(call.number, {"size": "64x96", **fields}, call.pictures, (), call.arrived_s)


def test_extra_fields_are_sent_omitted_ones_are_not_and_both_are_part_of_the_request(
    paid: Folder,
):
    with Lenient() as server:
        paid.environment = server.environment()
        server.reply = lambda call: Reply(body=_without_usage(call))
        change(
            paid,
            model="flux",
            prices={"flux": {"usd_per_image": 0}},
            extra={"seed": 7, "lora": {"name": "fox"}},
            omit=["quality", "background", "size"],
        )
        assert paid.doit("endpoints:sad__center", "budget=0").code == 0
        (call,) = server.calls
        assert set(call.fields) == {"prompt", "model", "seed", "lora[name]"}
        assert call.fields["seed"] == "7"
        change(paid, extra={"seed": 8})
        assert why(plan(paid, "endpoints:sad__center")) == {"sad__center": ["the settings changed"]}


def _without_usage(call: Call) -> bytes:
    document = json.loads(answer_body(drawn(call)))
    del document["usage"]
    return json.dumps(document).encode()


def test_words_that_were_refused_are_not_sent_again_unless_they_are_forced(
    paid: Folder, server: ImagesServer
):
    server.reply = lambda _call: Reply(400, error_body("not nice", "moderation_blocked"))
    paid.doit("endpoints:sad__center")
    ran = paid.doit("endpoints:sad__center")
    assert len(server.calls) == 1
    failed = line_with(ran, "[!] Failed ")  # whichever came first; the others are counted
    assert "not sent again: refused by the endpoint's content rules (not nice)" in failed
    assert "change the words of sad in the config" in failed
    server.reply = lambda _call: Reply()
    assert paid.doit(*the_command(failed.split("once more: ")[1])).code == 0
    assert len(server.calls) == 2
    paid.frame("sad__center").unlink()
    assert paid.doit("endpoints:sad__center").code == 0
    assert len(server.calls) == 2


def test_a_plan_does_not_count_what_was_refused_and_is_not_sent(paid: Folder, server: ImagesServer):
    server.reply = lambda _call: Reply(400, error_body("not nice", "moderation_blocked"))
    paid.doit("endpoints:sad__center")
    document = plan(paid, "endpoints:sad__center")
    assert (document["calls"], document["cost_usd"]) == (0, 0)

"""`"moods": "openai"`: suggested once, for money, and edited by a person."""

import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import Folder, kill, make_folder
from tests.harness.images_server import Reply, error_body
from tests.harness.text_server import TextServer, moods, said

WORDS = {
    "segments": [
        {
            "start": 0.0,
            "end": 1.9,
            "text": "Hello! I am sad.",
            "words": [
                {"word": "Hello!", "start": 0.1, "end": 0.5},
                {"word": "I", "start": 1.0, "end": 1.1},
                {"word": "am", "start": 1.1, "end": 1.4},
                {"word": "sad.", "start": 1.4, "end": 1.9},
            ],
        }
    ]
}
COST_USD = (1000 * 0.1 + 200 * 0.5) / 1e6
TASK = "timelines:hi:moods"


@pytest.fixture
def texts() -> Iterator[TextServer]:
    """An endpoint that draws and writes."""
    with TextServer() as running:
        yield running


def talking(path: Path, environment: dict[str, str]) -> Folder:
    folder = make_folder(path, environment)
    config = folder.config
    config["poses"] = ["center"]
    config["expressions"]["ah"] = {"mouth": "ah", "eyes": "neutral", "brows": "neutral"}
    config["base_paths"] = [{"id": "open", "start": "neutral", "end": "ah"}]
    folder.write_config(config)
    (path / "timelines").mkdir()
    (path / "timelines" / "hi.words.json").write_text(json.dumps(WORDS))
    spec = {"timing": "hi.words.json", "moods": "openai", "make": ["tsv"]}
    (path / "timelines" / "hi.json").write_text(json.dumps(spec))
    return folder


@pytest.fixture
def asking(tmp_path: Path, texts: TextServer) -> Folder:
    """A character that speaks, with a key."""
    texts.answer = lambda _body: Reply(body=moods((2, "sad")))
    return talking(tmp_path / "project", texts.environment())


def moods_file(folder: Folder) -> Path:
    return folder.path / "timelines" / "hi.moods.json"


def mood_layer(folder: Folder) -> list:
    plan = json.loads((folder.path / "frames/timelines/hi/plan.json").read_bytes())
    return plan["layers"]["mood"]


def ledger(folder: Folder) -> list[dict]:
    lines = (folder.path / ".takes/ledger.jsonl").read_text().splitlines()
    return [entry for entry in map(json.loads, lines) if entry["outcome"] != "open"]


def test_moods_are_bought_once_and_play(asking: Folder, texts: TextServer):
    ran = asking.doit("timelines:hi")
    assert ran.code == 0, ran.text
    assert "1 change of mood, by gpt-6-luna, $0.0002" in ran.text
    assert mood_layer(asking) == [[0, "neutral"], [1_000_000, "sad"]]
    assert [entry["cost_usd"] for entry in ledger(asking)] == [pytest.approx(COST_USD)]
    again = asking.doit("timelines:hi")
    assert "moods" not in again.text
    moods_file(asking).unlink()
    asking.forget()
    restored = asking.doit("timelines:hi:plan")
    assert "from the take store" in restored.text, restored.text
    assert mood_layer(asking) == [[0, "neutral"], [1_000_000, "sad"]]
    assert len(texts.asked) == 1
    [body] = texts.asked
    assert body["model"] == "gpt-6-luna"
    assert "2: I am sad." in body["messages"][0]["content"]
    assert "- sad: " in body["messages"][0]["content"]
    assert "- ah" not in body["messages"][0]["content"]
    costs = json.loads(asking.doit("costs", "--json").out)["total"]
    assert (costs["calls"], costs["pictures"]) == (1, 0)
    assert costs["cost_usd"] == pytest.approx(COST_USD)


def test_what_a_person_edited_stays_and_nobody_is_asked(asking: Folder, texts: TextServer):
    asking.doit(TASK)
    edited = moods_file(asking).read_text().replace("sad", "happy_big")
    moods_file(asking).write_text(edited)
    words = asking.path / "timelines" / "hi.words.json"
    words.write_text(words.read_text().replace("Hello!", "Hallo!"))
    ran = asking.doit("timelines:hi:plan")
    assert ran.code == 0
    assert "was written or edited by hand" in ran.text
    assert moods_file(asking).read_text() == edited
    assert mood_layer(asking)[1] == [1_000_000, "happy_big"]
    assert len(texts.asked) == 1
    forced = asking.doit("-a", TASK)
    assert "what lay there is now" in forced.text, forced.text
    assert len(texts.asked) == 2
    kept = [path.read_text() for path in (asking.path / "timelines").rglob("hi.moods*")]
    assert edited in kept


def test_other_words_are_asked_anew_and_other_times_are_not(asking: Folder, texts: TextServer):
    asking.doit(TASK)
    words = asking.path / "timelines" / "hi.words.json"
    words.write_text(words.read_text().replace("1.0,", "0.9,"))
    assert asking.doit("timelines:hi:plan").code == 0
    assert mood_layer(asking)[1] == [900_000, "sad"]
    assert len(texts.asked) == 1
    words.write_text(words.read_text().replace("Hello!", "Hallo!"))
    assert asking.doit("timelines:hi:plan").code == 0
    assert len(texts.asked) == 2


def test_moods_that_a_killed_run_wrote_for_other_words_do_not_stay(
    asking: Folder, texts: TextServer
):
    words = asking.path / "timelines" / "hi.words.json"
    assert asking.doit("timelines:hi").code == 0
    before, calls = moods_file(asking).read_bytes(), len(texts.asked)
    record, earlier = (asking.path / ".doit.db.json").read_bytes(), words.read_bytes()
    texts.answer = lambda _body: Reply(body=moods((1, "sad")))
    words.write_text(words.read_text().replace("Hello!", "Howdy!"))
    assert asking.doit("timelines:hi").code == 0
    assert moods_file(asking).read_bytes() != before
    (asking.path / ".doit.db.json").write_bytes(record)  # as where the run was killed
    words.write_bytes(earlier)
    assert asking.doit("timelines:hi").code == 0
    assert moods_file(asking).read_bytes() == before
    assert len(texts.asked) == calls + 1


def test_plan_tells_the_price_and_calls_nobody(asking: Folder, texts: TextServer):
    ran = asking.doit("plan", "timelines:hi")
    assert ran.code == 0, ran.text
    assert f"[i] {TASK}: moods for 2 lines by gpt-6-luna, about $0.00" in ran.text
    document = json.loads(asking.doit("plan", "--json", "timelines:hi").out)
    [planned] = document["moods"]
    assert 0 < planned["cost_usd"] < 0.01
    assert not texts.asked
    asking.doit(TASK)
    assert TASK not in asking.doit("plan", "timelines:hi").text


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (said("I cannot say."), "is no list of moods (it says: I cannot say.)"),
        (moods((7, "sad")), "line 7 of 2"),
        (moods((1, "furious")), "expression furious"),
    ],
)
def test_nonsense_is_one_line_is_counted_and_is_not_paid_twice(
    asking: Folder, texts: TextServer, body: bytes, why: str
):
    texts.answer = lambda _body: Reply(body=body)
    for _ in range(2):
        ran = asking.doit("timelines:hi")
        assert ran.code == 0, ran.text
        [line] = [line for line in ran.text.splitlines() if "No moods for" in line]
        assert why in line
        assert f"doit -a {TASK}" in line
        assert mood_layer(asking) == [[0, "neutral"]]
    assert len(texts.asked) == 1
    assert [entry["cost_usd"] for entry in ledger(asking)] == [pytest.approx(COST_USD)]
    assert any(path.read_bytes() == body for path in (asking.path / ".takes").rglob("*.bin"))
    texts.answer = lambda _body: Reply(body=moods((1, "sad")))
    assert asking.doit("-a", TASK).code == 0
    assert asking.doit("timelines:hi:plan").code == 0
    assert mood_layer(asking)[-1][1] == "sad"


def test_an_answer_without_choices_is_kept_and_counted_at_its_estimate(
    asking: Folder, texts: TextServer
):
    texts.answer = lambda _body: Reply(body=b'{"object": "list"}')
    ran = asking.doit("timelines:hi")
    assert ran.code == 0
    assert "the answer has no words" in ran.text
    assert "what came instead is kept in" in ran.text
    [entry] = ledger(asking)
    assert entry["outcome"] == "unusable"
    assert entry["estimate_usd"] > 0
    assert "cost_usd" not in entry


def test_a_server_that_takes_no_schema_is_told_how(asking: Folder, texts: TextServer):
    texts.answer = lambda _body: Reply(400, error_body("response_format is not supported"))
    ran = asking.doit(TASK)
    assert '"moods": {"form": "words"}' in ran.text
    config = asking.config
    config["moods"] = {"form": "words", "model": "my-llama"}
    config["generation"]["prices"] = {"my-llama": {"usd_per_image": 0}}
    asking.write_config(config)
    texts.answer = lambda _body: Reply(body=moods((1, "sad")))
    ran = asking.doit(TASK)
    assert "1 change of mood, by my-llama, $0.00" in ran.text, ran.text
    assert "response_format" not in texts.asked[-1]


def test_a_budget_counts_moods(asking: Folder, texts: TextServer):
    ran = asking.doit("budget=0", "timelines:hi")
    assert ran.code == 0
    assert "not paid for: the budget is $0.00" in ran.text
    assert f"doit budget=0.01 {TASK}" in ran.text, ran.text
    config = asking.config
    config["moods"] = {"model": "nobody-knows"}
    asking.write_config(config)
    ran = asking.doit(TASK)
    assert "what it costs is not known" in ran.text
    assert not texts.asked


def test_what_was_refused_is_not_sent_again(asking: Folder, texts: TextServer):
    texts.answer = lambda _body: Reply(400, error_body("no", "content_policy_violation"))
    assert "refused by the endpoint" in asking.doit(TASK).text
    assert "not sent again" in asking.doit(TASK).text
    assert len(texts.asked) == 1


def test_without_a_key_the_timeline_is_made_without_moods(tmp_path: Path):
    folder = talking(tmp_path / "project", {})
    ran = folder.doit("timelines:hi")
    assert ran.code == 0, ran.text
    assert ran.text.count("OPENAI_API_KEY is not set") == 1
    assert mood_layer(folder) == [[0, "neutral"]]
    assert not (folder.path / ".takes").exists()
    assert "no moods: none are suggested" in folder.doit("plan", "timelines:hi").text


def test_a_run_that_costs_nothing_asks_nobody(asking: Folder, texts: TextServer):
    ran = asking.doit("engine=puppet", "timelines:hi")
    assert ran.code == 0
    assert f"doit {TASK} engine=openai" in ran.text, ran.text
    assert not texts.asked
    assert asking.doit("engine=openai", TASK).code == 0
    assert asking.doit("engine=puppet", "timelines:hi").code == 0
    assert mood_layer(asking)[-1][1] == "sad"
    assert not texts.calls


def test_without_a_network_the_timeline_is_made_without_moods(asking: Folder):
    asking.environment["OPENAI_BASE_URL"] = "http://127.0.0.1:9/v1"
    ran = asking.doit("timelines:hi")
    assert ran.code == 0, ran.text
    assert "cannot reach 127.0.0.1:9" in ran.text
    assert "Traceback" not in ran.text
    assert mood_layer(asking) == [[0, "neutral"]]


@pytest.mark.parametrize("status", [404, 403, 500])
def test_an_endpoint_that_only_draws_still_draws(asking: Folder, texts: TextServer, status: int):
    spec = {"timing": "hi.words.json", "moods": "openai", "make": ["frames"]}
    (asking.path / "timelines" / "hi.json").write_text(json.dumps(spec))
    texts.answer = lambda _body: Reply(status, error_body("no such address"))
    ran = asking.doit("timelines:hi")
    assert ran.code == 0, ran.text
    assert "No moods for timelines:hi" in ran.text
    assert len(texts.calls) > 1
    assert (asking.path / "frames/timelines/hi/frames/manifest.json").is_file()


def test_two_runs_at_once_pay_once(asking: Folder, texts: TextServer):
    both_began = threading.Event()

    def answer(_body: object) -> Reply:
        both_began.wait(30)
        return Reply(body=moods((1, "sad")))

    texts.answer = answer
    runs = [asking.start(TASK), asking.start(TASK)]
    while not texts.asked:
        time.sleep(0.02)
    both_began.set()
    said_by = ["".join(run.communicate(timeout=60)) for run in runs]
    assert [run.returncode for run in runs] == [0, 0], said_by
    assert len(texts.asked) == 1
    assert len(ledger(asking)) == 1


def test_a_killed_call_counts_as_perhaps_and_is_asked_again(asking: Folder, texts: TextServer):
    killed = threading.Event()

    def answer(_body: object) -> Reply:
        killed.wait(30)
        return Reply(body=moods((1, "sad")))

    texts.answer = answer
    run = asking.start(TASK)
    while not texts.asked:
        time.sleep(0.02)
    kill(run)
    run.communicate(timeout=60)
    killed.set()
    assert asking.doit(TASK).code == 0
    assert len(texts.asked) == 2
    total = json.loads(asking.doit("costs", "--json").out)["total"]
    assert (total["calls"], total["pictures"]) == (2, 0)
    assert total["perhaps_usd"] > 0
    assert not list(asking.path.rglob("*.part"))

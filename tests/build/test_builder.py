"""Building one frame: what to do about what is there, and doing it."""

import io
import json
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tasks.build import inputs
from tasks.build.builder import Builder, looking_builder_of
from tasks.build.forecast import RunOptions, forecast_of
from tasks.build.purchase import Purchase
from tasks.build.step import Built, Step
from tasks.build.verdict import decide
from tasks.graph.keyframes import plan
from tasks.graph.node import Node
from tasks.graph.project import Project
from tasks.graph.variables import Variables
from tasks.ground.errors import Mistake
from tasks.pictures.picture import BadAnswer, pixels_digest, png_bytes
from tasks.requests import engine as engines
from tasks.requests.engine import Choice, EngineFailure
from tasks.requests.request import Request
from tasks.running.session import Session
from tasks.spending.budget import Budget
from tasks.spending.calls import Caller, CallPolicy
from tasks.spending.estimate import Estimator
from tasks.spending.ledger import Ledger
from tasks.spending.rate_limiter import RateLimiter
from tasks.spending.run_calls import RunCalls
from tasks.takes import choices, frame
from tasks.takes.frame import BASE, Existing, Provenance, State, glance_at, look_at
from tasks.takes.picks import Wanted
from tasks.takes.store import Take, TakeRecord, TakeStore

SIZE = (16, 24)
CONFIG: dict[str, Any] = {
    "character": "a fox",
    "base_image": "base.png",
    "axes": {"mouth": ["neutral", "ah"], "eyes": ["neutral", "wide"]},
    "poses": ["center", "up"],
    "expressions": {
        "neutral": {"mouth": "neutral", "eyes": "neutral"},
        "sad": {"prompt": "near to tears"},
        "glum": {"prompt": "near to tears"},
        "surprised": {"mouth": "ah", "eyes": "wide"},
    },
    "generation": {"size": "16x24"},
    # Takes as they come: what finishing does to them has tests of its own.
    "finish": {"key": "off", "register": "off", "match": False, "lock": False},
}


def noise(seed: int, size: tuple[int, int] = SIZE) -> Image.Image:
    """A picture like no other."""
    random = np.random.default_rng(seed)
    return Image.fromarray(random.integers(0, 256, (size[1], size[0], 4), np.uint8))


class Engine:
    """Draws another picture each time, and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[Request] = []
        self.answer: Callable[[Request], Take] = lambda _request: Take(
            png_bytes(noise(len(self.asked))), notes=("a note",)
        )

    def draw(self, request: Request) -> Take:
        self.asked.append(request)
        return self.answer(request)


class Studio:
    """A project in a folder, built with an engine of our own."""

    def __init__(self, folder: Path, config: dict[str, Any] | None = None) -> None:
        self.folder = folder
        folder.mkdir()
        (folder / "expressions.json").write_text(json.dumps(config or CONFIG))
        noise(0).save(folder / "base.png")
        self.engine = Engine()
        self.project = Project(Variables(config=folder / "expressions.json"), True, False)
        self.store = TakeStore(self.project.store)

    def builder(self, engine: str = "openai") -> Builder:
        """As a new run has it."""
        choice = Choice(engine, "for a test")
        return Builder(
            self.project,
            choice,
            self.engine,
            self.purchase() if choice.facts.paid else None,
        )

    def purchase(self) -> Purchase:
        """As much as is wanted, at any price."""
        limiter = RateLimiter()
        limiter.open(64)
        ledger = Ledger(self.project.store)
        policy = CallPolicy(
            RunCalls(limiter), Budget(None), ledger, Estimator(ledger.entries()), max_retries=0
        )
        return Purchase(self.store, Caller(self.engine, policy))

    def node(self, name: str) -> Node:
        return next(node for node in plan(self.project).nodes if node.name == name)

    def build(self, name: str, *, new_take: bool = False, engine: str = "openai") -> Built:
        return self.builder(engine).build(self.node(name), new_take=new_take)

    def forecast(self, name: str, *, new_take: bool = False) -> Step | None:
        node = self.node(name)
        options = RunOptions(1, frozenset([name]) if new_take else frozenset())
        builder = looking_builder_of(self.project)
        return forecast_of(builder, None, [(name, node, {})], [], options).frames[0].step

    def path(self, name: str) -> Path:
        return self.project.frames / f"{name}.png"

    def aside(self) -> list[Path]:
        return sorted((self.project.frames / "set_aside").glob("*"))

    def forget_takes(self) -> None:
        for path in self.project.store.rglob("*.*"):
            path.unlink()


@pytest.fixture
def studio(tmp_path: Path) -> Studio:
    return Studio(tmp_path / "fox")


# What to do about what is there


def existing(state: State, *, key: str = "k", take: str = "t", engine: str = "openai") -> Existing:
    return Existing(state, Provenance(key, take, engine, "pixels"), "pixels")


MISSING = Existing(State.MISSING)
DAMAGED = Existing(State.UNREADABLE)
FOREIGN = Existing(State.BY_HAND, None, "pixels")
STORED = TakeRecord("t", "file", "2026-11-22")
NEWER = TakeRecord("newer", "file", "2026-11-23")


@pytest.mark.parametrize(
    ("there", "stored", "paid", "step"),
    [
        (MISSING, None, True, Step.DRAW),
        (MISSING, STORED, True, Step.RESTORE),
        (DAMAGED, None, True, Step.DRAW),
        (DAMAGED, STORED, True, Step.RESTORE),
        (MISSING, None, False, Step.DRAW),
        (existing(State.OURS), STORED, True, Step.ADOPT),
        (existing(State.OURS), None, True, Step.ADOPT),
        (existing(State.OURS), NEWER, True, Step.RESTORE),
        (existing(State.OURS, key="old"), None, True, Step.DRAW),
        (existing(State.OURS, key="old"), STORED, True, Step.RESTORE),
        (existing(State.OURS, key="old"), None, False, Step.KEEP_FINAL),
        (existing(State.OURS, engine="puppet"), None, False, Step.ADOPT),
        (existing(State.OURS, engine="puppet", key="old"), None, False, Step.DRAW),
        (existing(State.OURS, engine="puppet", key="old"), None, True, Step.DRAW),
        (existing(State.OURS, engine="puppet", key="old"), STORED, True, Step.RESTORE),
        (existing(State.OURS, engine=BASE, key="old"), None, False, Step.DRAW),
        (existing(State.BY_HAND), STORED, True, Step.KEEP_BY_HAND),
        (existing(State.BY_HAND, key="old"), None, True, Step.KEEP_BY_HAND),
        (existing(State.BY_HAND, engine="puppet"), None, False, Step.KEEP_BY_HAND),
        (FOREIGN, None, True, Step.KEEP_BY_HAND),
        (FOREIGN, STORED, False, Step.KEEP_BY_HAND),
    ],
)
def test_what_is_there_or_was_paid_for_is_never_drawn_again(there, stored, paid, step):
    assert decide(there, Wanted("k", stored), paid=paid, new_take=False) is step


@pytest.mark.parametrize("paid", [True, False])
@pytest.mark.parametrize(
    "there", [MISSING, DAMAGED, FOREIGN, existing(State.OURS, engine="puppet")]
)
def test_a_new_take_is_drawn_whatever_is_there(there: Existing, paid: bool):
    assert decide(there, Wanted("k", STORED), paid=paid, new_take=True) is Step.DRAW


def test_not_even_a_new_take_puts_a_draft_over_a_final():
    final = existing(State.OURS)
    assert decide(final, Wanted("k", None), paid=False, new_take=True) is Step.KEEP_FINAL
    assert decide(final, Wanted("k", None), paid=True, new_take=True) is Step.DRAW


# Buying once


def test_a_frame_is_drawn_once_and_then_adopted(studio: Studio):
    assert replace(studio.build("sad__center"), flags=()) == Built(Step.DRAW, ("a note",))
    data = studio.path("sad__center").read_bytes()
    assert studio.build("sad__center") == Built(Step.ADOPT)
    assert studio.path("sad__center").read_bytes() == data
    assert len(studio.engine.asked) == 1


def test_a_frame_shows_the_take_s_pixels_and_says_where_they_came_from(studio: Studio):
    studio.build("sad__center")
    (request,) = studio.engine.asked
    record = studio.store.latest(request.key)
    there = look_at(studio.path("sad__center"))
    pixels = pixels_digest(noise(1))
    assert there.state is State.OURS
    assert there.pixels == pixels
    assert replace(there.provenance, finish="", checks="") == Provenance(
        request.key, record.id, "openai", pixels, request.model, request.prompt
    )
    assert studio.store.picture(request.key, record) == png_bytes(noise(1))


def test_a_deleted_frame_is_restored_bit_for_bit_without_a_call(studio: Studio):
    studio.build("sad__center")
    data = studio.path("sad__center").read_bytes()
    studio.path("sad__center").unlink()
    assert replace(studio.build("sad__center"), flags=()) == Built(Step.RESTORE)
    assert studio.path("sad__center").read_bytes() == data
    assert len(studio.engine.asked) == 1


def test_a_frame_without_a_store_is_adopted(studio: Studio):
    studio.build("sad__center")
    studio.forget_takes()
    assert studio.build("sad__center") == Built(Step.ADOPT)
    assert len(studio.engine.asked) == 1


def test_two_frames_with_one_request_are_bought_once_across_threads(studio: Studio):
    nodes = [studio.node("sad__center"), studio.node("glum__center")]
    builder, drawing = studio.builder(), threading.Event()
    draw = studio.engine.answer

    def slow(request: Request) -> Take:
        drawing.set()
        threading.Event().wait(0.1)
        return draw(request)

    studio.engine.answer = slow
    outcomes: list[Built] = []
    threads = [
        threading.Thread(
            target=lambda node=node: outcomes.append(builder.build(node, new_take=False))
        )
        for node in nodes
    ]
    threads[0].start()
    assert drawing.wait(10)
    threads[1].start()
    for thread in threads:
        thread.join(20)
    assert {outcome.step for outcome in outcomes} == {Step.DRAW, Step.RESTORE}
    assert len(studio.engine.asked) == 1
    takes = {glance_at(studio.path(node.name)).provenance.take for node in nodes}
    assert len(takes) == 1


def test_a_take_is_in_the_store_before_any_frame_is_made_of_it(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
):
    class Killed(BaseException):
        """Stands in for the end of the process."""

    def killed(*_arguments):
        raise Killed

    monkeypatch.setattr(frame, "compose", killed)
    with pytest.raises(Killed):
        studio.build("sad__center")
    monkeypatch.undo()
    assert not studio.path("sad__center").exists()
    assert replace(studio.build("sad__center"), flags=()) == Built(Step.RESTORE)
    assert len(studio.engine.asked) == 1


def test_a_new_take_keeps_the_old_one_and_is_used_from_then_on(studio: Studio):
    studio.build("sad__center")
    assert studio.build("sad__center", new_take=True).step is Step.DRAW
    key = studio.engine.asked[0].key
    first, second = studio.store.records(key)
    assert glance_at(studio.path("sad__center")).provenance.take == second.id
    assert studio.store.picture(key, first) == png_bytes(noise(1))
    studio.path("sad__center").unlink()
    studio.build("sad__center")
    assert glance_at(studio.path("sad__center")).provenance.take == second.id
    assert len(studio.engine.asked) == 2


def test_it_is_told_when_an_answer_that_had_to_be_waited_for_is_there(studio: Studio):
    told: list[int] = []
    node = studio.node("sad__center")
    for _ in range(2):
        arrived = lambda: told.append(len(studio.engine.asked))  # noqa: E731
        studio.builder().build(node, new_take=False, arrived=arrived)
    assert told == [1]


# Bad answers


def blank_answer(_request: Request) -> Take:
    return Take(png_bytes(Image.new("RGBA", SIZE, "white")))


def test_a_bad_answer_fails_is_kept_for_inspection_and_is_no_take(studio: Studio):
    studio.engine.answer = blank_answer
    with pytest.raises(BadAnswer, match=r"the answer is blank: .*; it is kept in ") as caught:
        studio.build("sad__center")
    (kept,) = (studio.project.store / "rejected").glob("*.png")
    assert str(kept) in str(caught.value)
    assert kept.read_bytes() == blank_answer(studio.engine.asked[0]).picture
    assert studio.store.records(studio.engine.asked[0].key) == ()
    assert not studio.path("sad__center").exists()


def test_after_a_bad_answer_the_next_run_asks_again(studio: Studio):
    good, studio.engine.answer = studio.engine.answer, blank_answer
    with pytest.raises(BadAnswer):
        studio.build("sad__center")
    studio.engine.answer = good
    assert studio.build("sad__center").step is Step.DRAW
    assert look_at(studio.path("sad__center")).state is State.OURS


def test_a_bad_new_take_leaves_the_frame_and_the_old_take(studio: Studio):
    studio.build("sad__center")
    data = studio.path("sad__center").read_bytes()
    studio.engine.answer = blank_answer
    with pytest.raises(BadAnswer):
        studio.build("sad__center", new_take=True)
    assert studio.path("sad__center").read_bytes() == data
    assert len(studio.store.records(studio.engine.asked[0].key)) == 1


def test_what_an_engine_gave_instead_of_a_picture_is_kept(studio: Studio):
    def refuse(_request: Request) -> Take:
        raise EngineFailure("no picture came", b"<html>busy</html>")

    studio.engine.answer = refuse
    with pytest.raises(EngineFailure, match="no picture came; what came instead is kept in "):
        studio.build("sad__center")
    (kept,) = (studio.project.store / "rejected").glob("*.bin")
    assert kept.read_bytes() == b"<html>busy</html>"


def test_an_engine_that_gave_nothing_fails_with_its_own_words(studio: Studio):
    def refuse(_request: Request) -> Take:
        raise EngineFailure("the key is refused")

    studio.engine.answer = refuse
    with pytest.raises(EngineFailure, match=r"^the key is refused$"):
        studio.build("sad__center")
    assert not (studio.project.store / "rejected").exists()


def test_a_stored_take_that_was_damaged_gives_way_to_an_earlier_sound_one(studio: Studio):
    studio.build("sad__center")
    studio.build("sad__center", new_take=True)
    key = studio.engine.asked[0].key
    first, second = studio.store.records(key)
    path = studio.project.store / key[:2] / second.file
    path.write_bytes(path.read_bytes()[:100])
    studio.path("sad__center").unlink()
    outcome = studio.build("sad__center")
    assert outcome.step is Step.RESTORE
    assert outcome.notes[0].startswith("a take of sad__center was damaged: ")
    assert glance_at(studio.path("sad__center")).provenance.take == first.id
    assert studio.store.records(key) == (first,)
    assert len(studio.engine.asked) == 2


def test_where_every_stored_take_is_damaged_a_new_one_is_drawn_once(studio: Studio):
    studio.build("sad__center")
    key = studio.engine.asked[0].key
    (studio.project.store / key[:2] / studio.store.latest(key).file).write_bytes(b"\x89PNG")
    studio.path("sad__center").unlink()
    outcome = studio.build("sad__center")
    assert outcome.step is Step.DRAW
    assert "a take of sad__center was damaged" in outcome.notes[0]
    assert len(studio.engine.asked) == 2


# Work by hand, drafts and finals: only what cannot be had again is moved aside


def test_work_by_hand_is_kept_and_moved_aside_only_for_a_new_take(studio: Studio):
    studio.build("sad__center")
    path = studio.path("sad__center")
    noise(99).save(path)
    painted = path.read_bytes()
    assert studio.build("sad__center") == Built(Step.KEEP_BY_HAND)
    assert path.read_bytes() == painted
    assert studio.build("sad__center", new_take=True).step is Step.DRAW
    assert [kept.read_bytes() for kept in studio.aside()] == [painted]
    assert look_at(path).state is State.OURS


def test_a_damaged_frame_is_moved_aside(studio: Studio):
    studio.project.frames.mkdir(parents=True)
    studio.path("sad__center").write_bytes(b"\x89PNG half of a picture")
    assert studio.build("sad__center").step is Step.DRAW
    assert [kept.read_bytes() for kept in studio.aside()] == [b"\x89PNG half of a picture"]


def test_a_final_whose_take_is_in_the_store_is_not_moved_aside(studio: Studio):
    studio.build("sad__center")
    studio.build("sad__center", new_take=True)
    assert studio.aside() == []


def test_a_final_that_is_the_only_copy_is_moved_aside(studio: Studio):
    studio.build("sad__center")
    data = studio.path("sad__center").read_bytes()
    studio.forget_takes()
    studio.build("sad__center", new_take=True)
    assert [kept.read_bytes() for kept in studio.aside()] == [data]


def with_engine(engine: str) -> dict[str, Any]:
    return {**CONFIG, "generation": {**CONFIG["generation"], "engine": engine}}


def test_a_draft_gives_way_to_a_final_and_never_the_other_way_round(tmp_path: Path):
    drafts = Studio(tmp_path / "fox", with_engine("puppet"))
    finals = Studio(tmp_path / "vixen", with_engine("openai"))
    assert drafts.build("sad__center", engine="puppet").step is Step.DRAW
    finals.path("sad__center").parent.mkdir(parents=True)
    drafts.path("sad__center").rename(finals.path("sad__center"))
    assert finals.build("sad__center").step is Step.DRAW
    assert finals.aside() == []
    finals.path("sad__center").rename(drafts.path("sad__center"))
    kept = drafts.path("sad__center").read_bytes()
    assert drafts.build("sad__center", engine="puppet") == Built(Step.KEEP_FINAL)
    assert drafts.path("sad__center").read_bytes() == kept
    assert len(drafts.engine.asked) == 1


def test_drafts_are_not_kept_in_the_store(tmp_path: Path):
    studio = Studio(tmp_path / "fox", with_engine("puppet"))
    assert studio.build("sad__up", engine="puppet") == Built(Step.DRAW, ("a note",))
    assert not studio.project.store.exists()
    assert glance_at(studio.path("sad__up")).provenance.is_draft


# The one builder of a project


def test_a_run_has_one_builder_with_the_engine_of_its_graph(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    studio = Studio(tmp_path / "fox", with_engine("puppet"))
    loaded = []
    monkeypatch.setattr(
        engines, "load", lambda *arguments: loaded.append(arguments) or studio.engine
    )
    session = Session(studio.project)
    builder = session.builder
    assert session.builder is builder
    assert [arguments[0] for arguments in loaded] == ["puppet"]
    assert builder.build(studio.node("sad__up"), new_take=False).step is Step.DRAW
    assert studio.engine.asked[0].engine == "puppet"


# What a frame is made from


def test_neutral_at_a_pose_with_a_portrait_is_that_portrait_fitted(tmp_path: Path):
    studio = Studio(tmp_path / "fox")
    noise(5, (32, 24)).save(studio.folder / "base.png")
    built = studio.build("neutral__center")
    assert built.step is Step.FIT
    [note] = built.notes
    assert "has margins in frames of 16x24" in note
    there = look_at(studio.path("neutral__center"))
    with Image.open(studio.path("neutral__center")) as image:
        assert image.size == SIZE
    assert there.state is State.OURS
    assert (there.provenance.engine, there.provenance.take) == (BASE, "")
    assert studio.engine.asked == []


def test_a_fitted_portrait_follows_its_portrait_and_is_not_rewritten_without_need(studio: Studio):
    studio.build("neutral__center")
    assert studio.build("neutral__center") == Built(Step.ADOPT)
    noise(6).save(studio.folder / "base.png")
    assert studio.build("neutral__center") == Built(Step.FIT)
    assert look_at(studio.path("neutral__center")).pixels == pixels_digest(noise(6))
    assert studio.aside() == []


def test_a_fitted_portrait_that_was_painted_on_is_kept(studio: Studio):
    studio.build("neutral__center")
    noise(99).save(studio.path("neutral__center"))
    noise(6).save(studio.folder / "base.png")
    assert studio.build("neutral__center") == Built(Step.KEEP_BY_HAND)


def shown_to(engine: Engine, call: int) -> Image.Image:
    """The picture that the engine was shown in a call."""
    (picture,) = engine.asked[call].pictures
    with Image.open(io.BytesIO(picture.load_png())) as image:
        image.load()
    assert np.array_equal(image, picture.load())
    return image


def test_an_expression_at_the_default_pose_is_shown_the_portrait(studio: Studio):
    studio.build("sad__center")
    assert np.array_equal(shown_to(studio.engine, 0), noise(0))
    assert studio.engine.asked[0].pictures[0].digest == pixels_digest(noise(0))


def test_an_expression_at_another_pose_is_shown_the_neutral_of_that_pose(studio: Studio):
    studio.build("neutral__up")
    studio.build("sad__up")
    assert np.array_equal(shown_to(studio.engine, 0), noise(0))
    assert np.array_equal(shown_to(studio.engine, 1), noise(1))
    take = glance_at(studio.path("neutral__up")).provenance.take
    assert studio.engine.asked[1].pictures[0].digest == f"take:{take}"


def test_an_image_model_is_shown_the_portrait_fitted_and_the_puppet_as_it_is(tmp_path: Path):
    for engine, size in (("openai", SIZE), ("puppet", (64, 40))):
        studio = Studio(tmp_path / engine, with_engine(engine))
        noise(5, (64, 40)).save(studio.folder / "base.png")
        studio.build("sad__center", engine=engine)
        assert shown_to(studio.engine, 0).size == size


def test_a_new_neutral_makes_another_request_and_going_back_buys_nothing(studio: Studio):
    studio.build("neutral__up")
    studio.build("sad__up")
    first = studio.path("neutral__up").read_bytes()
    studio.build("neutral__up", new_take=True)
    assert studio.build("sad__up").step is Step.DRAW
    assert studio.engine.asked[1].key != studio.engine.asked[3].key
    studio.path("neutral__up").write_bytes(first)
    assert studio.build("sad__up").step is Step.RESTORE
    assert len(studio.engine.asked) == 4


def test_a_neutral_that_was_painted_on_is_what_others_are_drawn_from(studio: Studio):
    studio.build("neutral__up")
    noise(42).save(studio.path("neutral__up"))
    studio.build("sad__up")
    assert studio.engine.asked[1].pictures[0].digest == pixels_digest(noise(42))


def test_without_its_neutral_a_frame_fails_and_asks_nobody(studio: Studio):
    with pytest.raises(Mistake, match=r"neutral__up\.png is missing; it is what this frame is"):
        studio.build("sad__up")
    assert studio.engine.asked == []


# Forecasts


@pytest.mark.parametrize("name", ["sad__center", "neutral__up"])
def test_a_forecast_is_what_then_happens_and_costs_nothing(studio: Studio, name: str):
    assert studio.forecast(name) is Step.DRAW
    assert studio.engine.asked == []
    assert studio.build(name).step is Step.DRAW
    assert studio.forecast(name) is Step.ADOPT
    assert studio.forecast(name, new_take=True) is Step.DRAW
    studio.path(name).unlink()
    assert studio.forecast(name) is Step.RESTORE
    assert not studio.path(name).exists()


def test_what_a_run_finds_out_for_its_plan_serves_to_build(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
):
    studio.build("sad__center")
    (studio.folder / "takes.json").write_text("{}")
    seen: dict[str, list[object]] = {"frames": [], "requests": [], "choices": []}

    def noted(what: str, real: Callable[..., object]) -> Callable[..., object]:
        return lambda *given: seen[what].append(given[0]) or real(*given)

    monkeypatch.setattr(frame, "look_at", noted("frames", frame.look_at))
    monkeypatch.setattr(inputs, "request_for", noted("requests", inputs.request_for))
    monkeypatch.setattr(choices, "read_choices", noted("choices", choices.read_choices))
    builder, node = studio.builder(), studio.node("sad__center")
    forecast = forecast_of(builder, None, [(node.name, node, {})], [], RunOptions(1))
    assert forecast.frames[0].step is Step.ADOPT
    assert builder.build(node, new_take=False).step is Step.ADOPT
    assert seen["frames"] == [studio.path("sad__center")]
    assert (len(seen["requests"]), len(seen["choices"])) == (1, 1)


def test_a_frame_whose_input_is_still_to_be_drawn_is_forecast_as_to_draw(studio: Studio):
    assert studio.forecast("sad__up") is Step.DRAW


def test_the_portrait_s_own_frame_is_forecast_as_fitted(studio: Studio):
    assert studio.forecast("neutral__center") is Step.FIT

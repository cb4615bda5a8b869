"""The forecast: what becomes of each frame, what depends on what, and what that adds up to."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tasks.build import changes as reasons
from tasks.build.builder import looking_builder_of
from tasks.build.forecast import Forecast, Planned, RunOptions, forecast_of
from tasks.build.step import Step
from tasks.graph.keyframes import plan
from tasks.graph.node import Node, Role
from tasks.graph.project import Project
from tasks.graph.variables import Variables
from tasks.models.prices import Tokens
from tasks.spending.estimate import Estimate, Estimator
from tasks.spending.ledger import DRAWN, Entry
from tests.conftest import portrait, small_config

TABLE, MEASURED, UNKNOWN = Estimate(0.2, 30.0, 0), Estimate(0.1, 20.0, 3), Estimate(None, 30.0, 0)
UP_TO_DATE: None = None


def planned(
    number: int, step: Step | None = Step.DRAW, estimate: Estimate | None = TABLE, **more: Any
) -> Planned:
    """What becomes of one frame."""
    node = Node(
        expression=f"mood_{number}", pose="center", role=Role.EXTREME, source="base.png", digest="d"
    )
    return Planned(node, step, estimate=estimate if step is Step.DRAW else None, **more)


def forecast(*frames: Planned, workers: int = 4, per_minute: float | None = None) -> Forecast:
    """All told."""
    return Forecast(frames, workers, per_minute, 5.0)


def test_costs_add_up():
    total = forecast(*(planned(n) for n in range(3)), planned(3, estimate=MEASURED))
    assert total.cost_usd == pytest.approx(0.7)
    assert forecast().cost_usd == 0
    assert forecast(planned(1, Step.RESTORE), planned(2, UP_TO_DATE)).cost_usd == 0


def test_frames_with_one_request_are_one_call():
    total = forecast(planned(1, key="a"), planned(2, key="a"), planned(3, key="b"), planned(4))
    assert len(total.draws()) == 4
    assert [call.node.expression for call in total.calls()] == ["mood_1", "mood_3", "mood_4"]
    assert total.cost_usd == pytest.approx(0.6)
    assert "4 to draw by 3 calls for about $0.60" in total.summary()


def test_several_takes_of_a_frame_are_as_many_calls():
    total = forecast(planned(1, times=3))
    assert total.cost_usd == pytest.approx(0.6)
    assert "1 to draw by 3 calls" in total.summary()


def test_a_price_that_is_not_known_is_not_guessed():
    total = forecast(planned(1), planned(2, estimate=UNKNOWN))
    assert total.cost_usd is None
    assert "2 to draw in about 30 s; what that costs is not known" in total.summary()
    assert "generation.prices" in total.summary()


@pytest.mark.parametrize(
    ("count", "workers", "per_minute", "seconds"),
    [
        (0, 4, None, 0),
        (4, 4, None, 30),
        (5, 4, None, 60),
        (5, 0, None, 150),
        (5, 64, None, 30),
        (11, 64, 5, 120 + 30),
        (11, 1, 5, 330),
        (1, 4, 5, 30),
    ],
)
def test_the_time_is_that_of_the_workers_or_of_the_rate_limit(
    count: int, workers: int, per_minute: float | None, seconds: float
):
    frames = [planned(n) for n in range(count)]
    assert forecast(*frames, workers=workers, per_minute=per_minute).duration_s == seconds


def test_frames_that_wait_for_others_take_their_time_afterwards():
    frames = [planned(1), planned(2), planned(3, layer=1), planned(4, layer=2)]
    assert forecast(*frames).duration_s == 90


def test_where_the_estimate_comes_from_is_said():
    assert "as measured in 3 earlier calls" in forecast(planned(1, estimate=MEASURED)).summary()
    assert "by OpenAI's published table" in forecast(planned(1)).summary()
    given = Estimate(0.04, 30.0, 0, exact=True)
    assert "table" not in forecast(planned(1, estimate=given)).summary()


def test_nothing_to_draw_and_drafts_cost_nothing():
    assert forecast(planned(1, UP_TO_DATE)).summary() == "1 up to date, nothing to draw"
    drafts = forecast(planned(1, estimate=None), planned(2, estimate=None))
    assert drafts.summary() == "2 to draw, free of charge"


# Frames of a project


class Looked:
    """A project in a folder, looked at."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "frames" / "base").mkdir(parents=True)
        portrait().save(folder / "frames" / "base" / "neutral__center.png")
        self.project = Project(Variables(config=folder / "expressions.json"), True, False)
        self.write(small_config())

    def write(self, config: dict[str, Any]) -> None:
        (self.folder / "expressions.json").write_text(json.dumps(config))
        self.project = replace(self.project)  # as a new command reads it

    def forecast(self, *entries: Entry, **options: Any) -> Forecast:
        """Of a run that has all frames to look at, the first time."""
        frames = [(f"endpoints:{node.name}", node, {}) for node in plan(self.project).nodes]
        builder = looking_builder_of(self.project)
        return forecast_of(builder, Estimator(entries), frames, [], RunOptions(4, **options))

    def steps(self) -> dict[str, Step | None]:
        return {frame.node.name: frame.step for frame in self.forecast().frames}


@pytest.fixture
def looked(tmp_path: Path) -> Looked:
    return Looked(tmp_path)


def test_what_depends_on_a_frame_that_is_drawn_is_drawn_too(looked: Looked):
    total = looked.forecast()
    waiting = {frame.node.name for frame in total.frames if frame.layer}
    assert waiting == {"sad__tilt_left_small", "happy_big__tilt_left_small"}
    assert len(total.calls()) == 5
    assert {frame.node.name for frame in total.frames if frame.step is Step.FIT} == {
        "neutral__center"
    }
    assert all(frame.why == (reasons.MISSING,) for frame in total.frames)


def test_two_frames_with_the_same_words_are_one_call(looked: Looked):
    config = small_config()
    config["expressions"]["glum"] = config["expressions"]["sad"]
    looked.write(config)
    total = looked.forecast()
    at_center = [call for call in total.calls() if call.node.pose == "center"]
    assert [call.node.name for call in at_center] == ["sad__center", "happy_big__center"]


def test_what_was_measured_is_used(looked: Looked):
    entry = Entry(
        "t", "f", "k", "gpt-image-2.5-sunburst", "64x96", "high", 1, DRAWN,
        tokens=Tokens(1, 0, 10_000), latency_s=7.0,
    )  # fmt: skip
    total = looked.forecast(entry, replace(entry, tokens=Tokens(1, 0, 9_000)), entry)
    assert total.cost_usd == pytest.approx(5 * 0.3, rel=1e-4)
    assert total.basis() == "as measured in 3 earlier calls"


def test_new_takes_are_counted_as_often_as_they_are_drawn(looked: Looked):
    total = looked.forecast(forced=frozenset({"endpoints:sad__center"}), new_takes=3)
    assert sum(call.times for call in total.calls()) == 5 + 2


def test_an_estimate_changes_nothing_on_disk(looked: Looked):
    before = sorted(looked.folder.rglob("*"))
    looked.forecast()
    left = [path.name for path in sorted(looked.folder.rglob("*")) if path not in before]
    assert set(left) <= {".doit.graph.json", ".doit.character.json"}

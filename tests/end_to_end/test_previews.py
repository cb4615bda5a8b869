"""Previews: films of sequences in the real doit, and what their action shows for how long."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tasks.graph.project import Project
from tasks.graph.variables import read as read_variables
from tasks.running.variables import of_commands
from tasks.sequences.manifest import manifest
from tasks.sequences.tree import sequences
from tasks.targets.previews import film
from tests.conftest import Folder
from tests.exports.test_film import played

HOLD_MS = 400
"""at either end, beside the end's own time"""
NAME = "cheer_up__center"


class Films:
    """Sequences of pictures in plain colours, each red by its t, and films of them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def make(self, *paths: dict[str, Any]) -> dict[str, list[tuple[int, int]]]:
        """Films of all sequences; of each the reds and times (ms) of what it shows."""
        common = {"start": "sad", "end": "happy", "poses": ["center"]}
        config = {
            "base_image": "me.png",
            "expressions": {"sad": {}, "happy": {}},
            "base_paths": [{**common, **path} for path in paths],
            "generation": {"size": "16x16", "engine": "puppet"},
        }
        file = self.folder / "expressions.json"
        file.write_text(json.dumps(config))
        project = Project(read_variables({"config": str(file)}), False, True)
        found = sequences(project.character)
        for each in found:
            folder = Path(project.sequence_path(each.id))
            folder.mkdir(parents=True)
            (folder / "manifest.json").write_text(json.dumps(manifest(each, (16, 16))))
            for frame in each.frames if each.owns else ():
                colour = (round(200 * frame.t), 90, 60, 255)
                Image.new("RGBA", (16, 16), colour).save(folder / frame.file)
        targets = {each.id: self.folder / f"{each.id}.apng" for each in found}
        assert [film(project, name, str(target)) for name, target in targets.items()] == [
            None for _ in targets
        ]
        return {name: _shown(target) for name, target in targets.items()}


def _shown(film: Path) -> list[tuple[int, int]]:
    return [(int(picture[0, 0, 0]), time_ms) for picture, time_ms in played(film)]


@pytest.fixture
def films(tmp_path: Path) -> Films:
    return Films(tmp_path)


def test_a_film_goes_there_and_back_and_rests_at_both_ends(films: Films):
    made = films.make({"id": "go", "duration_ms": 500})
    there = [(0, 100 + HOLD_MS), (50, 100), (100, 100), (150, 100), (200, 100 + HOLD_MS)]
    assert made["go__center"] == [*there, (150, 100), (100, 100), (50, 100)]


def test_the_film_of_the_way_back_begins_at_the_other_end_with_its_own_times(films: Films):
    back = {"id": "back", "start": "happy", "end": "sad", "duration_ms": 250}
    made = films.make({"id": "go", "duration_ms": 500}, back)
    there = [(200, 50 + HOLD_MS), (150, 50), (100, 50), (50, 50), (0, 50 + HOLD_MS)]
    assert made["back__center"] == [*there, (50, 50), (100, 50), (150, 50)]


@pytest.mark.parametrize("path", [{"tween": "hold"}, {"tween": "hold", "duration_ms": 1}])
def test_a_sequence_without_in_betweens_shows_its_two_ends_in_turn(
    films: Films, path: dict[str, Any]
):
    (shown,) = films.make({"id": "go", **path}).values()
    assert [red for red, _ in shown] == [0, 200]
    assert all(time_ms >= HOLD_MS for _, time_ms in shown)
    assert sum(time_ms for _, time_ms in shown) == path.get("duration_ms", 400) + 2 * HOLD_MS


@pytest.mark.parametrize("ease", ["linear", "in_quart", "out_quart", "in_out_circ"])
def test_the_ends_are_shown_even_where_there_is_no_time_for_all(films: Films, ease: str):
    made = films.make({"id": "go", "duration_ms": 20, "ease": ease, "max_depth": 5})
    shown = made["go__center"]
    reds = [red for red, _ in shown]
    assert (reds[0], max(reds)) == (0, 200)
    rests = [red for red, time_ms in shown if time_ms >= HOLD_MS]
    assert rests == [0, 200]
    assert reds[reds.index(200) :] == [200, *reds[reds.index(200) - 1 : 0 : -1]]


def test_a_film_whose_sequence_is_not_complete_is_refused_in_one_line(tmp_path: Path):
    config = {"base_image": "me.png", "expressions": {"sad": {}, "happy": {}}}
    (tmp_path / "expressions.json").write_text(json.dumps(config))
    given = {"config": str(tmp_path / "expressions.json")}
    project = Project(read_variables(given, of_commands()), False, True)
    failed = film(project, "go__center", str(tmp_path / "go.webp"))
    assert failed is not None
    assert "manifest.json cannot be read" in str(failed.message)
    assert not (tmp_path / "go.webp").exists()


# With doit


def film_of(folder: Folder, ending: str) -> Path:
    return folder.path / "frames" / "previews" / f"{NAME}.{ending}"


def with_path(folder: Folder, **path: Any) -> None:
    """One sequence at one pose."""
    config = folder.config
    config["poses"] = ["center"]
    cheer_up = {"id": "cheer_up", "start": "sad", "end": "happy_big", "duration_ms": 500, **path}
    config["base_paths"] = [cheer_up]
    folder.write_config(config)


def test_previews_are_made_in_every_format_and_made_anew_in_each_that_is_asked_for(free: Folder):
    with_path(free)
    made = {}
    for ending in ("webp", "apng", "mp4", "webm"):
        arguments = [] if ending == "webp" else [f"format={ending}"]
        ran = free.doit("previews", *arguments)
        assert ran.code == 0, ran.text
        assert ran.out.splitlines()[-1] == f"[i] Preview: frames/previews/{NAME}.{ending}"
        made[ending] = film_of(free, ending).read_bytes()
        times_ms = [time_ms for _, time_ms in played(film_of(free, ending))]
        assert times_ms == [500, 100, 100, 100, 500, 100, 100, 100], ending
    with Image.open(film_of(free, "webp")) as image:
        assert image.info["loop"] == 0
    pictures = [picture for picture, _ in played(film_of(free, "apng"))]
    for number, file in enumerate(("000", "025", "050", "075", "100")):
        with Image.open(free.path / "frames" / "sequences" / NAME / f"{file}.png") as image:
            assert np.array_equal(pictures[number], np.asarray(image.convert("RGBA")))

    # The WebP was made before the others, and is not taken for one of the new sequence.
    with_path(free, duration_ms=250)
    assert free.doit("previews", "format=apng").code == 0
    assert film_of(free, "webp").read_bytes() == made["webp"]
    assert free.doit("previews").code == 0
    times_ms = [time_ms for _, time_ms in played(film_of(free, "webp"))]
    assert times_ms == [450, 50, 50, 50, 450, 50, 50, 50]

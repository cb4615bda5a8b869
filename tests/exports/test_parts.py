"""Where a face lies in a frame, and seams around eyes."""

import json
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pytest
from PIL import Image

from tasks.character.character import Character
from tasks.character.export import ExportSettings
from tasks.character.read import parse
from tasks.exports.cast import Cast
from tasks.exports.eyes import _ANGLES, _seam
from tasks.exports.face_place import face_place
from tasks.exports.parts import Parts
from tasks.exports.pixels import view_of
from tasks.ground.errors import Mistake
from tests.conftest import SIZE, small_config


def cast_of(
    folder: Path, face: bool = True, portrait: tuple[int, int] = SIZE, **said: object
) -> Cast:
    """A cast of plain frames; the portrait has another size."""
    config = small_config()
    config["expressions"]["shut"] = {"mouth": "neutral", "eyes": "blink_closed"}
    if not face:
        del config["face"]
    Image.new("RGBA", portrait, "white").save(folder / "portrait.png")
    character: Character = parse(json.dumps(config), "expressions.json", official_endpoint=False)
    frames = {}
    for number, expression in enumerate(config["expressions"]):
        frames[expression, "center"] = folder / f"{expression}.png"
        colour = (200 + number, 180, 160, 255)
        Image.new("RGBA", SIZE, colour).save(folder / f"{expression}.png")
    return Cast(
        name="ann",
        character=character,
        settings=ExportSettings(**said),  # type: ignore[arg-type]
        frames=MappingProxyType(frames),
        sequences=(),
        missing=(),
        timelines={},
        portrait=folder / "portrait.png",
    )


def test_landmarks_count_from_the_portrait_and_not_from_the_margins_around_it(tmp_path: Path):
    """A square portrait lies in the middle of a frame that is taller."""
    place = face_place(cast_of(tmp_path, portrait=(64, 64)), "center", SIZE)
    assert place is not None
    assert place.pixel(place.face.left_eye.inner) == pytest.approx((36.0, 41.1), abs=0.2)
    left, top, right, bottom = view_of(cast_of(tmp_path, portrait=(64, 64), crop="face")).box
    assert (left, right) == pytest.approx((8, 56), abs=9)
    assert top > 10
    assert bottom < 86


def test_without_landmarks_no_lids_are_lent(tmp_path: Path):
    """Where the brows are, nobody knows then: a blink might take them along."""
    parts = Parts(cast_of(tmp_path, face=False))
    assert parts.blinked("sad", "center") is None
    assert parts.blinked("shut", "center") is not None


@pytest.mark.parametrize("option", ["talk", "blink"])
def test_an_option_that_names_no_expression_is_one_line(tmp_path: Path, option: str):
    with pytest.raises(Mistake, match=rf'options.{option}: there is no frame of "sadd".*"sad"'):
        Parts(cast_of(tmp_path, options={option: "sadd"}))


def test_a_seam_is_closed_and_takes_the_cheap_way():
    cost = np.full((_ANGLES, 10), 5.0)
    way = (4 + np.round(3 * np.sin(np.arange(_ANGLES) / _ANGLES * 2 * np.pi))).astype(int)
    cost[np.arange(_ANGLES), way] = 0
    found = _seam(cost)
    assert np.array_equal(found, way)
    assert abs(int(found[0]) - int(found[-1])) <= 1

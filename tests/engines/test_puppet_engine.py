"""The puppet as an engine: what it is given, and what it makes ready once."""

import json

import pytest
from PIL import Image

from tasks.character.face import Face, Head
from tasks.character.read import parse
from tasks.engines.puppet_engine import PuppetEngine
from tasks.pictures.picture import pixels_digest, png_bytes
from tasks.puppet.memo import Memo
from tasks.requests.request import InputPicture, Request, Rig
from tests.conftest import SIZE, portrait, small_config


def landmarks() -> Face:
    """Those of the small character."""
    config = small_config()
    config["generation"]["engine"] = "puppet"
    return parse(json.dumps(config), "expressions.json").face


class Shown:
    """A portrait, and how often it was loaded."""

    def __init__(self, image: Image.Image) -> None:
        self.image, self.loaded = image, 0

    def load(self) -> Image.Image:
        self.loaded += 1
        return self.image

    def request(self, weights: dict[str, float], size_px: tuple[int, int] = SIZE) -> Request:
        picture = InputPicture(pixels_digest(self.image), self.load, lambda: png_bytes(self.image))
        return Request("puppet", size_px, (picture,), rig=Rig(weights, Head(), landmarks()))


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> PuppetEngine:
    monkeypatch.setattr("tasks.puppet.rig._RIGS", Memo(2))  # as in a process that begins
    return PuppetEngine()


def test_a_portrait_is_loaded_once_for_all_frames_of_its_size(engine: PuppetEngine):
    shown = Shown(portrait())
    takes = [engine.draw(shown.request({"jawOpen": weight})) for weight in (0.0, 0.5, 1.0, 0.5)]
    assert shown.loaded == 1
    assert takes[1].picture == takes[3].picture
    assert len({take.picture for take in takes}) == 3
    engine.draw(shown.request({"jawOpen": 0.5}, (32, 48)))
    assert shown.loaded == 2


def test_a_portrait_that_was_painted_on_is_another_one(engine: PuppetEngine):
    before, after = Shown(portrait()), Shown(portrait())
    after.image.paste((200, 30, 30, 255), (28, 30, 36, 40))
    first, second = (engine.draw(shown.request({"jawOpen": 0.5})) for shown in (before, after))
    assert first.picture != second.picture
    assert engine.draw(before.request({"jawOpen": 0.5})).picture == first.picture

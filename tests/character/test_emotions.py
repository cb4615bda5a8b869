"""Feelings that a config names in words: what the puppet shows of them."""

import itertools
import json

import pytest

from tasks.character import read as character_file
from tasks.character.emotions import EMOTIONS, weights_for
from tasks.character.vocabulary import ARKIT_NAMES
from tasks.exports.labels import LABELS

# Of sprite packs for chat programs, six to sixteen pictures each.
PRESETS = [
    *("happy", "sad", "angry", "surprised", "smirk", "scared", "disgusted", "thinking"),
    *("laughing", "crying", "determined", "confused", "blushing", "embarrassed", "sleepy"),
]


@pytest.mark.parametrize("name", [*(name for name in LABELS if name != "neutral"), *PRESETS])
def test_the_usual_words_of_feelings_show_something(name: str):
    assert weights_for(name, "")


def test_all_are_blend_shapes_within_their_range():
    for name, weights in EMOTIONS.items():
        assert set(weights) <= set(ARKIT_NAMES), name
        assert all(0 < weight <= 1 for weight in weights.values()), name


def test_no_two_look_alike():
    def apart(one: str, other: str) -> float:
        a, b = EMOTIONS[one], EMOTIONS[other]
        return sum(abs(a.get(name, 0.0) - b.get(name, 0.0)) for name in {*a, *b})

    for one, other in itertools.combinations(EMOTIONS, 2):
        assert apart(one, other) > 0.9, (one, other)


def read(**expressions: dict[str, object]) -> dict[str, dict[str, float]]:
    text = json.dumps({"expressions": expressions})
    found = character_file.parse(text, "e.json").expressions
    return {name: dict(each.blendshapes) for name, each in found.items()}


def test_an_expression_of_words_alone_is_known_by_its_id_and_then_by_its_words():
    found = read(happy_big={}, glum={"prompt": "very sad, in tears"}, odd={"prompt": "as a cat"})
    assert found["happy_big"] == EMOTIONS["joy"]
    assert found["glum"] == EMOTIONS["sadness"]
    assert found["odd"] == {}


def test_what_a_config_says_itself_stays_as_it_is():
    own = {"jawOpen": 0.5}
    found = read(neutral={"prompt": "sad"}, sad={"prompt": "sad", "blendshapes": own})
    assert found == {"neutral": {}, "sad": own}
    plain = {"axes": {"mouth": ["neutral"]}, "expressions": {"joy": {"mouth": "neutral"}}}
    assert not character_file.parse(json.dumps(plain), "e.json").expressions["joy"].blendshapes

"""Requests: what decides an answer, and what does not."""

from dataclasses import fields, replace

import pytest

from tasks.character.face import Face, Head
from tasks.requests.request import InputPicture, Request, Rig, rig_content


def picture(digest: str) -> InputPicture:
    """An input picture that nobody may load: a key needs its digest alone."""

    def load():
        raise AssertionError("a request key was made from more than a digest")

    return InputPicture(digest, load, load)


ASKED = Request(
    engine="openai",
    size_px=(1024, 1536),
    pictures=(picture("p1"),),
    prompt="smile",
    model="gpt-image-2.5-sunburst",
    parameters={"quality": "high", "background": "transparent"},
)
RIG = Rig({"jawOpen": 0.5, "jawLeft": 0.2}, Head(roll_deg=8.0), Face(chin=(0.5, 0.9)))
POSED = Request("puppet", (64, 96), (picture("p1"),), rig=RIG)


@pytest.mark.parametrize(
    "other",
    [
        {"engine": "puppet"},
        {"size_px": (1536, 1024)},
        {"pictures": (picture("p2"),)},
        {"pictures": (picture("p1"), picture("p1"))},
        {"prompt": "smile."},
        {"model": "gpt-image-2.5-flare"},
        {"parameters": {"quality": "low", "background": "transparent"}},
        {"parameters": {"quality": "high"}},
        {"parameters": {"quality": "high", "background": "transparent", "input_fidelity": "high"}},
        {"rig": RIG},
    ],
)
def test_each_thing_that_decides_the_answer_changes_the_key(other):
    assert replace(ASKED, **other).key != ASKED.key


@pytest.mark.parametrize(
    "other",
    [
        {"weights": {"jawOpen": 0.51, "jawLeft": 0.2}},
        {"weights": {"jawOpen": 0.5}},
        {"weights": {"jawOpen": 0.2, "jawLeft": 0.5}},
        {"head": Head(roll_deg=-8.0)},
        {"head": Head(pitch_deg=8.0)},
        {"face": Face(chin=(0.5, 0.91))},
    ],
)
def test_each_part_of_a_rig_changes_the_key(other):
    assert replace(POSED, rig=replace(RIG, **other)).key != POSED.key


def test_the_order_of_pictures_changes_the_key():
    one, other = picture("p1"), picture("p2")
    assert replace(ASKED, pictures=(one, other)).key != replace(ASKED, pictures=(other, one)).key


def test_the_pictures_around_a_middle_may_stand_in_either_order():
    one, other = picture("p1"), picture("p2")
    there = replace(ASKED, pictures=(one, other), in_any_order=True)
    assert there.key == replace(there, pictures=(other, one)).key
    assert there.key != replace(there, pictures=(one, one)).key


def test_no_field_of_a_request_or_a_rig_is_left_out_of_the_key():
    whole = replace(ASKED, extra={"strength": 0.7}, omit=("size",), mask=picture("mask"))
    # The order itself is in the key by the order of the pictures.
    named = {field.name for field in fields(Request)} - {"in_any_order"}
    assert named <= set(whole.content())
    others = ({"extra": {"strength": 0.8}}, {"omit": ("size", "quality")}, {"mask": None})
    for other in others:
        assert replace(whole, **other).key != whole.key
    assert {field.name for field in fields(Rig)} == set(rig_content(RIG)) - {"drawn"}


def test_a_weight_of_0_spelled_out_is_no_weight():
    weights = {**RIG.weights, "tongueOut": 0.0, "cheekPuff": 0}
    assert replace(POSED, rig=replace(RIG, weights=weights)).key == POSED.key


def test_the_order_of_a_mapping_changes_nothing():
    backwards = dict(reversed(ASKED.parameters.items()))
    assert replace(ASKED, parameters=backwards).key == ASKED.key
    weights = dict(reversed(RIG.weights.items()))
    assert replace(POSED, rig=replace(RIG, weights=weights)).key == POSED.key


def test_how_a_picture_is_loaded_changes_nothing():
    same = InputPicture("p1", load=lambda: None, load_png=lambda: b"")
    assert replace(ASKED, pictures=(same,)).key == ASKED.key


def test_a_key_stays_what_it_was_so_that_nobody_pays_again():
    assert ASKED.key.startswith("a4dbbd1a16dd")
    assert POSED.key.startswith("6cbcb19137cc")


def test_a_key_is_a_file_name_of_64_hex_digits():
    assert len(ASKED.key) == 64
    assert set(ASKED.key) <= set("0123456789abcdef")


def test_what_is_asked_is_known_before_any_picture_is_there():
    bare = replace(ASKED, pictures=())
    assert bare.asked() == ASKED.asked()
    assert "pictures" not in bare.asked()

"""Why a frame is made anew: one reason for each part that changed, and no other."""

import json
from typing import Any

import pytest

from tasks.build.changes import changed, parts_of
from tasks.character.read import parse
from tasks.graph.node import Node, Role
from tests.conftest import small_config

SAD = Node(expression="sad", pose="center", role=Role.EXTREME, source="base.png", digest="d")
TILTED = Node(
    expression="sad", pose="tilt_left_small", role=Role.EXTREME, source="neutral.png", digest="d"
)


def parts(
    node: Node = SAD, engine: str = "openai", digest: str = "picture", **edits: Any
) -> dict[str, str]:
    """The parts of a frame, where the config was edited."""
    config = json.loads(json.dumps(small_config())) | edits
    return parts_of(parse(json.dumps(config), "x", official_endpoint=False), engine, node, digest)


def why(node: Node = SAD, engine: str = "openai", **edits: Any) -> list[str]:
    """Why a frame is made anew after edits."""
    return changed(parts(node, engine), parts(node, engine, **edits), from_frame=False)


def with_expression(**edits: Any) -> dict[str, Any]:
    """An edit of the expression sad."""
    expressions = small_config()["expressions"]
    return {"expressions": {**expressions, "sad": {**expressions["sad"], **edits}}}


def with_generation(**edits: Any) -> dict[str, Any]:
    """An edit of how frames are drawn."""
    return {"generation": {**small_config()["generation"], **edits}}


@pytest.mark.parametrize(
    ("edits", "reason"),
    [
        (with_expression(eyes="wide"), "its expression changed"),
        (with_expression(prompt="near to tears"), "its expression changed"),
        ({"poses": {"center": "seen from below", "tilt_left_small": ""}}, "its pose changed"),
        ({"character": "somebody else"}, "the character's words changed"),
        (with_generation(model="gpt-image-2.6-flare"), "the settings changed"),
        (with_generation(quality="low"), "the settings changed"),
        (with_generation(size="128x192"), "the settings changed"),
        (with_generation(background="opaque"), "the settings changed"),
        (with_generation(extra={"seed": 5}), "the settings changed"),
        (with_generation(omit=["quality"]), "the settings changed"),
        ({"digest": "another"}, "the base image changed"),
    ],
)
def test_each_edit_is_one_reason(edits: dict[str, Any], reason: str):
    assert why(**edits) == [reason]


def test_two_edits_are_two_reasons():
    edits = {"character": "somebody else", **with_generation(quality="low")}
    assert why(**edits) == ["the character's words changed", "the settings changed"]


def test_what_does_not_concern_a_frame_is_no_reason():
    for edits in (
        with_generation(budget_usd=1, max_retries=9, images_per_minute=5, timeout_s=5),
        {"poses": {"center": "", "tilt_left_small": "tilted a lot"}},
        {"base_paths": []},
    ):
        assert parts() == parts(**edits)
    happy = {**small_config()["expressions"], "happy_big": {"prompt": "beaming"}}
    assert parts() == parts(expressions=happy)


def test_a_picture_that_is_a_frame_is_called_so():
    after = parts(TILTED, digest="another")
    assert changed(parts(TILTED), after, from_frame=True) == [
        "the frame that it is drawn from changed"
    ]


def test_landmarks_are_a_reason_for_drafts_and_words_are_none():
    rig = Node(expression="sad", pose="center", role=Role.RIG, source="base.png", digest="d")
    face = json.loads(json.dumps(small_config()["face"]))
    face["mouth"]["left"] = [0.61, 0.6]
    assert why(rig, "puppet", face=face) == ["the landmarks changed"]
    assert why(SAD, face=face) == []
    assert parts(rig, "puppet") == parts(rig, "puppet", character="somebody else")


def test_the_base_image_itself_changes_with_its_picture_and_the_size():
    fit = Node(expression="neutral", pose="center", role=Role.FIT, source="base.png", digest="d")
    assert why(fit, digest="another") == ["the base image changed"]
    assert why(fit, **with_generation(size="128x192")) == ["the settings changed"]
    assert parts(fit) == parts(fit, character="somebody else")


def test_a_drawn_neutral_has_the_reasons_of_every_frame():
    tilt = Node(
        expression="neutral", pose="tilt_left_small", role=Role.TILT, source="base.png", digest="d"
    )
    assert why(tilt, poses={"center": "", "tilt_left_small": "a lot"}) == ["its pose changed"]


def test_records_of_another_version_are_compared_as_far_as_they_go():
    only = {"pose": "another"}
    assert changed(only, parts(), from_frame=False) == ["its pose changed"]
    assert changed({}, parts(), from_frame=False) == []

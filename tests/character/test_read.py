"""Reading `expressions.json`: what it means, and every mistake that may be in it."""

import copy
import json
import re
from pathlib import Path
from typing import Any

import pytest

from tasks.character import vocabulary
from tasks.character.character import BasePath, Character, Expression, Generation, Pose
from tasks.character.ease import EASES
from tasks.character.face import Eye, Face, Head
from tasks.character.mistakes import validated
from tasks.character.read import ConfigMistake, parse, read_text
from tasks.graph.variables import read as read_variables

# The format of the script that this project replaces.
OLD = {
    "axes": {
        "mouth": ["neutral", "smile_soft", "smile_big", "ah", "ee", "uw", "frown", "closed"],
        "eyes": ["neutral", "wide", "squint", "blink_closed"],
        "brows": ["neutral", "raise", "furrow"],
    },
    "poses": ["center", "tilt_left_small", "nod_up_small"],
    "expressions": {
        "neutral": {"mouth": "neutral", "eyes": "neutral", "brows": "neutral"},
        "speaking_ah": {"mouth": "ah", "eyes": "neutral", "brows": "neutral"},
        "happy_big": {"mouth": "smile_big", "eyes": "squint", "brows": "raise"},
    },
    "base_paths": [
        {"id": "neutral_to_speaking_ah", "start": "neutral", "end": "speaking_ah"},
        {"id": "cheer_up", "start": "neutral", "end": "happy_big"},
    ],
}


def character_of(config: Any, command_line: dict[str, str] | None = None, **how: Any) -> Character:
    """The character in `config`: a text, or what is written as one."""
    text = config if isinstance(config, str) else json.dumps(config, indent=2)
    return parse(text, "expressions.json", read_variables(command_line or {}).overrides, **how)


def mistakes_of(config: Any, command_line: dict[str, str] | None = None) -> list[str]:
    """The lines about what is wrong with `config`, without the file's name."""
    with pytest.raises(ConfigMistake) as caught:
        character_of(config, command_line)
    message = str(caught.value)
    assert message.startswith("expressions.json: ")
    first, *rest = message.removeprefix("expressions.json: ").split("\n  ")
    if rest:
        assert first == f"{len(rest)} mistakes"
    return rest or [first]


def only_mistake_of(config: Any, command_line: dict[str, str] | None = None) -> str:
    """The one line about what is wrong with `config`."""
    lines = mistakes_of(config, command_line)
    assert len(lines) == 1, lines
    return lines[0]


def changed(**parts: Any) -> dict[str, Any]:
    """The old config with some of its keys replaced or added; other expressions, no paths."""
    paths = {"base_paths": []} if "expressions" in parts else {}
    return {**copy.deepcopy(OLD), **paths, **parts}


def place_of(text: str, wanted: str) -> str:
    """Where `wanted` begins in `text`, as messages say it."""
    at = text.index(wanted)
    before = text[:at].split("\n")
    return f"line {len(before)}, column {len(before[-1]) + 1}"


# The old format, and what is optional on top of it


def test_the_old_format_loads_unchanged():
    character = character_of(OLD)
    assert list(character.expressions) == ["neutral", "speaking_ah", "happy_big"]
    assert list(character.poses) == ["center", "tilt_left_small", "nod_up_small"]
    everywhere = ("center", "tilt_left_small", "nod_up_small")
    assert character.base_paths == (
        BasePath("neutral_to_speaking_ah", "neutral", "speaking_ah", everywhere),
        BasePath("cheer_up", "neutral", "happy_big", everywhere),
    )
    assert character.words == ""
    assert character.base_image == "frames/base/neutral__center.png"
    assert character.face == Face()
    assert character.generation == Generation()


def test_the_least_config_is_one_expression():
    character = character_of({"expressions": {"bare": {}}})
    assert character.expressions == {"bare": Expression("bare")}
    assert list(character.poses) == ["center"]


def test_built_in_values_have_words_and_blend_shapes():
    happy = character_of(OLD).expressions["happy_big"]
    assert happy.words == (
        "a big open smile that shows the upper teeth",
        "the eyes narrowed",
        "the eyebrows raised",
    )
    for axis, name in OLD["expressions"]["happy_big"].items():
        for shape, weight in vocabulary.AXES[axis][name].blendshapes.items():
            assert happy.blendshapes[shape] >= weight > 0


@pytest.mark.parametrize("axis", ["mouth", "eyes", "brows"])
def test_every_built_in_value_has_words_and_all_but_neutral_move_something(axis: str):
    assert list(vocabulary.AXES[axis]) == OLD["axes"][axis]
    for name, value in vocabulary.AXES[axis].items():
        assert value.words
        assert bool(value.blendshapes) == (name != "neutral")
        assert set(value.blendshapes) <= set(vocabulary.ARKIT_NAMES)
        assert all(0 < weight <= 1 for weight in value.blendshapes.values())


def test_where_two_axes_move_one_muscle_the_stronger_wins():
    axes = {
        "mouth": {"grin": {"blendshapes": {"cheekSquintLeft": 0.5, "jawOpen": 0.1}}},
        "eyes": {"slit": {"blendshapes": {"cheekSquintLeft": 0.3, "eyeSquintLeft": 1}}},
    }
    config = {"axes": axes, "expressions": {"a": {"eyes": "slit", "mouth": "grin"}}}
    both = {"cheekSquintLeft": 0.5, "jawOpen": 0.1, "eyeSquintLeft": 1.0}
    assert character_of(config).expressions["a"].blendshapes == both
    axes["mouth"]["grin"]["blendshapes"]["cheekSquintLeft"] = 0.2
    assert character_of(config).expressions["a"].blendshapes == {**both, "cheekSquintLeft": 0.3}


def test_an_axis_value_may_have_words_alone_or_words_and_blend_shapes_of_its_own():
    axes = {
        "mouth": {
            "neutral": "",
            "smile_soft": "a crooked little smile",
            "ah": {"blendshapes": {"jawOpen": 0.9}},
            "pout": {"prompt": "the lower lip out", "blendshapes": {"mouthShrugLower": 1}},
        }
    }
    values = character_of(changed(axes=axes, expressions={"a": {}})).axes["mouth"]
    built_in = vocabulary.AXES["mouth"]
    assert values["neutral"] == built_in["neutral"]
    assert values["smile_soft"].words == "a crooked little smile"
    assert values["smile_soft"].blendshapes == built_in["smile_soft"].blendshapes
    assert values["ah"].words == built_in["ah"].words
    assert values["ah"].blendshapes == {"jawOpen": 0.9}
    assert values["pout"].words == "the lower lip out"
    assert values["pout"].blendshapes == {"mouthShrugLower": 1.0}


def test_axes_are_open_and_a_value_without_words_is_called_by_its_names():
    config = {
        "axes": {"ear_tips": ["neutral", "laid_back"], "gaze": {"up": "looking up"}},
        "expressions": {"wary": {"gaze": "up", "ear_tips": "laid_back"}},
    }
    character = character_of(config)
    assert character.expressions["wary"].words == ("ear tips: laid back", "looking up")
    assert character.axes["ear_tips"]["neutral"].words == ""


def test_an_expression_may_be_words_alone():
    config = changed(expressions={"peek": {"prompt": " one eye closed "}})
    assert character_of(config).expressions["peek"] == Expression("peek", ("one eye closed",), {})


def test_an_expression_s_words_follow_those_of_its_values():
    expressions = {"sad": {"prompt": "near to tears", "brows": "raise", "mouth": "frown"}}
    sad = character_of(changed(expressions=expressions)).expressions["sad"]
    assert sad.words == (
        "the corners of the mouth turned down",
        "the eyebrows raised",
        "near to tears",
    )


def test_an_expression_s_blend_shapes_override_those_of_its_values():
    expressions = {"sad": {"mouth": "frown", "blendshapes": {"mouthFrownLeft": 0, "jawOpen": 1}}}
    sad = character_of(changed(expressions=expressions)).expressions["sad"]
    frown = vocabulary.AXES["mouth"]["frown"].blendshapes
    assert frown["mouthFrownLeft"] > 0
    assert sad.blendshapes == {**frown, "mouthFrownLeft": 0.0, "jawOpen": 1.0}


def test_the_usual_poses_have_words_and_angles_in_the_character_s_own_left_and_right():
    names = ["center", "tilt_left_small", "tilt_right_small", "nod_down_small", "nod_up_small"]
    poses = character_of(changed(poses=names)).poses
    assert poses["center"].head == Head()
    assert poses["tilt_left_small"].head.roll_deg == -poses["tilt_right_small"].head.roll_deg > 0
    assert poses["nod_down_small"].head.pitch_deg == -poses["nod_up_small"].head.pitch_deg > 0
    assert "character's own left shoulder" in poses["tilt_left_small"].words
    assert "character's own right shoulder" in poses["tilt_right_small"].words
    assert all(pose.base_image is None for pose in poses.values())


def test_poses_may_be_a_map_to_words_or_to_words_portrait_and_angles():
    poses = character_of(
        changed(
            poses={
                "center": "",
                "over_shoulder": "looking back over the shoulder",
                "profile_left": {
                    "prompt": "in profile",
                    "base_image": "frames/base/profile.png",
                    "head": {"yaw_deg": 40},
                },
                "nod_up_small": {"head": {"pitch_deg": -3.5}},
                "chin_on_hand": {},
            }
        )
    ).poses
    usual = vocabulary.POSES
    assert poses["center"] == Pose("center", usual["center"].words, Head())
    assert poses["over_shoulder"] == Pose("over_shoulder", "looking back over the shoulder", Head())
    assert poses["profile_left"] == Pose(
        "profile_left", "in profile", Head(yaw_deg=40.0), "frames/base/profile.png"
    )
    assert poses["nod_up_small"].words == usual["nod_up_small"].words
    assert poses["nod_up_small"].head == Head(pitch_deg=-3.5)
    assert poses["chin_on_hand"] == Pose("chin_on_hand", "chin on hand", Head())


def test_the_default_pose_is_center_wherever_it_stands_else_the_first():
    assert character_of(changed(poses=["nod_up_small", "center"])).default_pose == "center"
    assert character_of(changed(poses=["nod_up_small", "side"])).default_pose == "nod_up_small"


def test_the_base_image_is_that_of_the_default_pose_unless_a_pose_has_its_own():
    config = changed(
        base_image="me.png", poses={"side": {"base_image": "side.png"}, "center": {}, "up": {}}
    )
    character = character_of(config)
    assert character.base_image_of("center") == "me.png"
    assert character.base_image_of("side") == "side.png"
    assert character.base_image_of("up") is None


def test_a_neutral_is_there_even_where_the_config_names_none():
    character = character_of(changed(expressions={"sad": {}}))
    assert character.expression("neutral").words == (
        "the mouth relaxed and closed",
        "the eyes open, looking at the viewer",
        "the eyebrows relaxed",
    )
    with pytest.raises(KeyError):
        character.expression("no_such")


def test_landmarks_become_a_face():
    eye = {"inner": [0.55, 0.4], "outer": [0.68, 0.4], "iris_radius": 0.04}
    character = character_of(changed(face={"left_eye": eye, "chin": [0.5, 1]}))
    assert character.face.left_eye == Eye((0.55, 0.4), (0.68, 0.4), iris_radius=0.04)
    assert character.face.chin == (0.5, 1.0)
    assert character.face.mouth is None


def test_all_of_generation_is_read():
    generation = {
        "engine": "openai",
        "model": "gpt-image-2",
        "size": "1536x1024",
        "quality": "low",
        "background": "opaque",
        "include_neutral": True,
        "budget_usd": 2,
        "images_per_minute": 5,
        "max_retries": 0,
    }
    read = character_of(changed(generation=generation)).generation
    assert read == Generation(**generation)
    assert read.size_px == (1536, 1024)


# Paths


def path_of(**parts: Any) -> dict[str, Any]:
    """One of `base_paths`, from neutral to happy_big unless told otherwise."""
    return {"id": "p", "start": "neutral", "end": "happy_big", **parts}


TURN = {"end": "neutral", "start_pose": "center", "end_pose": "nod_up_small"}


def test_a_path_may_say_where_how_deep_how_and_how_fast():
    said = {
        "poses": ["nod_up_small", "center"],
        "max_depth": 4,
        "distance_threshold": 1.5,
        "tween": "morph",
        "ease": "in_out",
        "duration_ms": 90,
    }
    (path,) = character_of(changed(base_paths=[path_of(**said)])).base_paths
    told = {**said, "poses": ("nod_up_small", "center")}
    assert path == BasePath("p", "neutral", "happy_big", **told)


def test_a_path_may_keep_its_expression_and_go_from_pose_to_pose():
    (path,) = character_of(changed(base_paths=[path_of(**TURN)])).base_paths
    assert path == BasePath("p", "neutral", "neutral", start_pose="center", end_pose="nod_up_small")


def test_spelling_the_defaults_of_a_path_out_changes_nothing():
    spelled = path_of(
        poses=None,
        start_pose=None,
        end_pose=None,
        max_depth=2,
        distance_threshold=0,
        tween="draw",
        ease="linear",
        duration_ms=400,
    )
    one, other = (changed(base_paths=[path]) for path in (path_of(), spelled))
    assert character_of(one) == character_of(other)
    assert character_of(changed(pose_paths=[])) == character_of(OLD)


@pytest.mark.parametrize("asked", ["neutral", ["neutral"]])
def test_pose_paths_go_from_the_default_pose_to_every_other(asked):
    poses = ["nod_up_small", "center", "tilt_left_small"]
    character = character_of(changed(poses=poses, pose_paths=asked))
    assert character.base_paths[2:] == (
        BasePath(
            "neutral_center_to_nod_up_small",
            *("neutral", "neutral"),
            start_pose="center",
            end_pose="nod_up_small",
        ),
        BasePath(
            "neutral_center_to_tilt_left_small",
            *("neutral", "neutral"),
            start_pose="center",
            end_pose="tilt_left_small",
        ),
    )


def test_pose_paths_of_several_expressions_follow_one_another_and_one_pose_has_none():
    config = changed(poses=["a1", "b2"], pose_paths=["happy_big", "neutral"], base_paths=[])
    ids = [path.id for path in character_of(config).base_paths]
    assert ids == ["happy_big_a1_to_b2", "neutral_a1_to_b2"]
    config["poses"] = ["a1"]
    assert character_of(config).base_paths == ()


# What makes no difference


def test_reformatting_changes_nothing():
    assert character_of(json.dumps(OLD)) == character_of(json.dumps(OLD, indent="\t") + "\r\n\r\n")


def backwards(value: Any) -> Any:
    """The same plain data with the keys of every object in the opposite order."""
    if isinstance(value, dict):
        return {key: backwards(value[key]) for key in reversed(value)}
    return [backwards(item) for item in value] if isinstance(value, list) else value


@pytest.mark.parametrize("expressions", [OLD["expressions"], {"sad": {"mouth": "frown"}}])
def test_the_order_of_keys_changes_nothing_not_even_the_words_of_a_neutral(expressions):
    config = changed(expressions=expressions, character="a fox")
    one, other = character_of(config), character_of(backwards(config))
    assert one == other
    assert one.expression("neutral") == other.expression("neutral")
    for name, expression in one.expressions.items():
        assert expression.words == other.expressions[name].words


def test_spelling_defaults_out_changes_nothing():
    spelled = changed(
        character="",
        base_image="frames/base/neutral__center.png",
        face={},
        axes={
            "mouth": {
                name: {"prompt": value.words, "blendshapes": dict(value.blendshapes)}
                for name, value in vocabulary.AXES["mouth"].items()
            },
            "eyes": {name: value.words for name, value in vocabulary.AXES["eyes"].items()},
            "brows": {name: {} for name in vocabulary.AXES["brows"]},
        },
        poses={
            name: {
                "prompt": vocabulary.POSES[name].words,
                "base_image": None,
                "head": {
                    "pitch_deg": vocabulary.POSES[name].head.pitch_deg,
                    "yaw_deg": 0,
                    "roll_deg": vocabulary.POSES[name].head.roll_deg,
                },
            }
            for name in OLD["poses"]
        },
        generation={
            "engine": "auto",
            "model": "gpt-image-2.5-sunburst",
            "size": "1024x1536",
            "quality": "high",
            "background": "transparent",
            "include_neutral": False,
        },
    )
    for expression in spelled["expressions"].values():
        expression.update(prompt="", blendshapes={})
    assert character_of(spelled) == character_of(OLD)


# Every mistake: one clear line with path, place, bad value, what is allowed, the nearest


@pytest.mark.parametrize(
    ("parts", "wanted", "told"),
    [
        pytest.param(
            {"expresions": {}},
            '"expresions"',
            '$.expresions: unknown key "expresions"; did you mean "expressions"? (allowed: $schema,'
            " character, base_image, face, axes, poses, expressions, costumes, base_paths,"
            " pose_paths,"
            " generation, finish, checks, exports, visemes,"
            " lip_sync, moods, timelines)",
            id="an unknown key",
        ),
        pytest.param(
            {"generation": {"sise": "1024x1024"}},
            '"sise"',
            '$.generation.sise: unknown key "sise"; did you mean "size"?',
            id="an unknown key of generation",
        ),
        pytest.param(
            {"poses": {"up": {"head": {"pitch": 3}}}},
            '"pitch"',
            '$.poses.up.head.pitch: unknown key "pitch"; did you mean "pitch_deg"?'
            " (allowed: pitch_deg, yaw_deg, roll_deg)",
            id="an unknown key of a head",
        ),
        pytest.param(
            {"face": {"left_ey": {}}},
            '"left_ey"',
            '$.face.left_ey: unknown key "left_ey"; did you mean "left_eye"? (allowed: left_eye,'
            " right_eye, left_brow, right_brow, nose_base, mouth, chin, outline, neck_pivot, over,"
            " unit)",
            id="an unknown landmark",
        ),
        pytest.param(
            {"expressions": {"neutral": {"mouth": "smile_sof"}}},
            '"smile_sof"',
            '$.expressions.neutral.mouth: unknown value of mouth "smile_sof"; did you mean'
            ' "smile_soft"? (allowed: neutral, smile_soft, smile_big, ah, ee, uw, frown, closed)',
            id="an unknown axis value",
        ),
        pytest.param(
            {"expressions": {"neutral": {"brow": "raise"}}},
            '"brow"',
            '$.expressions.neutral.brow: unknown axis "brow"; did you mean "brows"?'
            " (allowed: mouth, eyes, brows, prompt, blendshapes)",
            id="an unknown axis",
        ),
        pytest.param(
            {"base_paths": [{"id": "p", "start": "neutrl", "end": "happy_big"}]},
            '"neutrl"',
            '$.base_paths[0].start: unknown expression "neutrl"; did you mean "neutral"?'
            " (allowed: neutral, speaking_ah, happy_big)",
            id="a path from an expression that is not defined",
        ),
        pytest.param(
            {"base_paths": [{"id": "p", "start": "neutral", "end": "zzz"}]},
            '"zzz"',
            '$.base_paths[0].end: unknown expression "zzz"'
            " (allowed: neutral, speaking_ah, happy_big)",
            id="a path to an expression that is not defined",
        ),
        pytest.param(
            {"expressions": {"neutral": {"blendshapes": {"jawOpn": 1}}}},
            '"jawOpn"',
            '$.expressions.neutral.blendshapes.jawOpn: unknown name "jawOpn";'
            ' did you mean "jawOpen"?',
            id="an unknown blend shape",
        ),
        pytest.param(
            {"expressions": {"neutral": {"blendshapes": {"jawOpen": 1.5}}}},
            "1.5",
            "$.expressions.neutral.blendshapes.jawOpen: 1.5 must be 1 or less",
            id="a weight above 1",
        ),
        pytest.param(
            {"generation": {"engine": "pupet"}},
            '"pupet"',
            '$.generation.engine: unknown value "pupet"; did you mean "puppet"?'
            " (allowed: auto, openai, puppet)",
            id="an unknown engine",
        ),
        pytest.param(
            {"generation": {"model": "gpt-image-1"}},
            '"gpt-image-1"',
            '$.generation.model: "gpt-image-1" is refused: gpt-image-1 was shut down on'
            " 2026-10-23; use gpt-image-2.5-sunburst",
            id="a model that was shut down",
        ),
        pytest.param(
            {"generation": {"size": "1000x1024"}},
            '"1000x1024"',
            '$.generation.size: "1000x1024" is refused: gpt-image-2.5-sunburst refuses it:'
            " both sides must be divisible by 16",
            id="a size that the model rejects",
        ),
        pytest.param(
            {"generation": {"size": "auto"}},
            '"auto"',
            '$.generation.size: "auto" must be width x height in pixels, such as 1024x1536,'
            " or portrait",
            id="a size that is none",
        ),
        pytest.param(
            {"generation": {"quality": "max", "model": "gpt-image-2"}},
            '"max"',
            '$.generation.quality: "max" is refused: gpt-image-2 takes low, medium, high, auto',
            id="a quality that the model rejects",
        ),
        pytest.param(
            {"axes": {"prompt": ["a"]}, "expressions": {"neutral": {}}},
            '"prompt"',
            '$.axes.prompt: an axis cannot be called "prompt": expressions use that key for'
            " something else",
            id="an axis with the name of another key",
        ),
        pytest.param(
            {"face": {"chin": [0.5, 1.25]}},
            "1.25",
            "$.face.chin[1]: 1.25 must lie in 0..1, a part of the portrait's width or height;"
            ' if they are pixels, say so: "face": { "unit": "px", ... }',
            id="a landmark outside of the portrait",
        ),
        pytest.param(
            {"face": {"chin": [500, 1250], "nose_base": [510, 900]}},
            '{\n    "chin"',
            "$.face: 4 of its numbers are above 1, and they are parts of the portrait's width or"
            ' height; if they are pixels, say so: "face": { "unit": "px", ... }',
            id="landmarks in pixels that are not called so",
        ),
        pytest.param(
            {"face": {"unit": "px", "chin": [500, -3]}},
            "-3",
            "$.face.chin[1]: -3 must be 0 or more",
            id="a landmark left of all pixels",
        ),
        pytest.param(
            {"face": {"left_eye": {"inner": [0.6, 0.4], "outer": [0.7, 0.4], "kind": "button"}}},
            '"button"',
            '$.face.left_eye.kind: unknown value "button" (allowed: iris, pupil, dot, shut)',
            id="a kind of eye that nobody knows",
        ),
        pytest.param(
            {"poses": {"up": {"head": {"pitch_deg": -90}}}},
            "-90",
            "$.poses.up.head.pitch_deg: -90 must be -45 or more",
            id="a head that no neck can hold",
        ),
        pytest.param(
            {"generation": {"include_neutral": "yes"}},
            '"yes"',
            '$.generation.include_neutral: "yes" must be true or false',
            id="text for true or false",
        ),
        pytest.param(
            {"generation": {"max_retries": 1.5}},
            "1.5",
            "$.generation.max_retries: 1.5 must be a whole number",
            id="a fraction for a whole number",
        ),
        pytest.param(
            {"expressions": []},
            "[]",
            "$.expressions: [] must be an object {...}",
            id="a list for an object",
        ),
        pytest.param(
            {"poses": "center"},
            '"center"',
            '$.poses: "center" must be a list [...]',
            id="text for a list",
        ),
        pytest.param(
            {"poses": []}, "[]", "$.poses: it is empty: name at least one pose", id="no pose"
        ),
        pytest.param(
            {"poses": ["a1", "b2", "a1"]},
            '"a1"\n',
            '$.poses[2]: "a1" is there twice',
            id="a pose twice",
        ),
        pytest.param(
            {
                "base_paths": [
                    {"id": "p", "start": "neutral", "end": "happy_big"},
                    {"end": "neutral", "start": "happy_big", "id": "p"},
                ]
            },
            '"p"\n',
            '$.base_paths[1].id: "p" is already the id of $.base_paths[0]',
            id="a path's id twice",
        ),
        pytest.param(
            {"base_paths": [path_of(poses=["center", "centr"])]},
            '"centr"',
            '$.base_paths[0].poses[1]: unknown pose "centr"; did you mean "center"?'
            " (allowed: center, tilt_left_small, nod_up_small)",
            id="a path at a pose that is not defined",
        ),
        pytest.param(
            {"base_paths": [path_of(poses=["center", "nod_up_small", "center"])]},
            '"center"\n',
            '$.base_paths[0].poses[2]: "center" is there twice',
            id="a path twice at a pose",
        ),
        pytest.param(
            {"base_paths": [path_of(poses=[])]},
            "[]",
            "$.base_paths[0].poses: it is empty: name at least one pose, or leave it out for all"
            " of them",
            id="a path at no pose",
        ),
        pytest.param(
            {"base_paths": [path_of(**{**TURN, "end_pose": "nod_up_smal"})]},
            '"nod_up_smal"',
            '$.base_paths[0].end_pose: unknown pose "nod_up_smal"; did you mean "nod_up_small"?'
            " (allowed: center, tilt_left_small, nod_up_small)",
            id="a path to a pose that is not defined",
        ),
        pytest.param(
            {"base_paths": [path_of(end="neutral")]},
            '"neutral"\n    }\n  ]',
            '$.base_paths[0].end: "neutral" is its start, too: name another one, or start_pose and'
            " end_pose",
            id="a path that goes nowhere",
        ),
        pytest.param(
            {"base_paths": [path_of(end="neutral", start_pose="center")]},
            '"center"\n',
            '$.base_paths[0].start_pose: "center" stands without end_pose: a path between poses'
            " has both",
            id="a path from a pose to none",
        ),
        pytest.param(
            {"base_paths": [path_of(end_pose="nod_up_small")]},
            '"nod_up_small"\n    }',
            '$.base_paths[0].end_pose: "nod_up_small" stands without start_pose: a path between'
            " poses has both",
            id="a path to a pose from none",
        ),
        pytest.param(
            {"base_paths": [path_of(**{**TURN, "end_pose": "center"})]},
            '"center"\n',
            '$.base_paths[0].end_pose: "center" is its start_pose, too: name another pose',
            id="a path from a pose to itself",
        ),
        pytest.param(
            {"base_paths": [path_of(**{**TURN, "end": "happy_big"})]},
            '"happy_big",',
            '$.base_paths[0].end: "happy_big" is not its start, "neutral": between poses the'
            " expression stays",
            id="a path to another expression at another pose",
        ),
        pytest.param(
            {"base_paths": [path_of(**TURN, poses=["center"])]},
            '"poses": [\n        "center"\n',
            "$.base_paths[0].poses: cannot stand beside start_pose and end_pose: a path between"
            " poses is at those two",
            id="a path between poses at a pose",
        ),
        pytest.param(
            {"base_paths": [path_of(max_depth=11)]},
            "11",
            "$.base_paths[0].max_depth: 11 must be 10 or less",
            id="a path that is too deep",
        ),
        pytest.param(
            {"base_paths": [path_of(max_depth=1.5)]},
            "1.5",
            "$.base_paths[0].max_depth: 1.5 must be a whole number",
            id="a path of half a level",
        ),
        pytest.param(
            {"base_paths": [path_of(distance_threshold=-1)]},
            "-1",
            "$.base_paths[0].distance_threshold: -1 must be 0 or more",
            id="a path with a distance that there is not",
        ),
        pytest.param(
            {"base_paths": [path_of(duration_ms=0)]},
            "0\n",
            "$.base_paths[0].duration_ms: 0 must be 1 or more",
            id="a path that takes no time",
        ),
        pytest.param(
            {"base_paths": [path_of(tween="morf")]},
            '"morf"',
            '$.base_paths[0].tween: unknown value "morf"; did you mean "morph"?'
            " (allowed: draw, morph, hold)",
            id="a path that is made in a way that there is not",
        ),
        pytest.param(
            {"base_paths": [path_of(ease="in_uot")]},
            '"in_uot"',
            '$.base_paths[0].ease: unknown value "in_uot"; did you mean "in_out"? (allowed:'
            f" {', '.join(EASES)})",
            id="a path with an ease that there is not",
        ),
        pytest.param(
            {"base_paths": [path_of(depth=3)]},
            '"depth"',
            '$.base_paths[0].depth: unknown key "depth"; did you mean "max_depth"? (allowed: id,'
            " start, end, poses, start_pose, end_pose, max_depth, distance_threshold, tween, ease,"
            " duration_ms)",
            id="an unknown key of a path",
        ),
        pytest.param(
            {"costumes": {"a b": "b.png"}},
            '"a b"',
            '$.costumes["a b"]: "a b" cannot be a file name: letters, digits, _, - and . are'
            " allowed",
            id="a costume that is no file name",
        ),
        pytest.param(
            {"costumes": {"Review": "b.png"}},
            '"Review"',
            '$.costumes.Review: "Review" cannot be a costume: review of the build lies there;'
            " rename it",
            id="a costume whose folder is taken",
        ),
        pytest.param(
            {"costumes": {"sheet.png": "b.png"}},
            '"sheet.png"',
            '$.costumes["sheet.png"]: "sheet.png" cannot be a costume: sheet.png of the build lies'
            " there; rename it",
            id="a costume whose folder is a file",
        ),
        pytest.param(
            {"costumes": {"red": "a.png", "Red": "b.png"}},
            '"Red"',
            '$.costumes.Red: "Red" and "red" would be one file on some systems; rename one',
            id="two costumes in one folder",
        ),
        pytest.param(
            {"costumes": {"red": {}}},
            "{}",
            "$.costumes.red.base_image: is missing",
            id="a costume without a portrait",
        ),
        pytest.param(
            {"costumes": {"red": 3}},
            "3",
            "$.costumes.red: 3 must be text in double quotes",
            id="a costume that is a number",
        ),
        pytest.param(
            {"costumes": {"red": {"base_image": "a.png", "base_images": {"nod_up": "b.png"}}}},
            '"nod_up"',
            '$.costumes.red.base_images.nod_up: unknown pose "nod_up"; did you mean'
            ' "nod_up_small"? (allowed: center, tilt_left_small, nod_up_small)',
            id="a costume's portrait at a pose that there is not",
        ),
        pytest.param(
            {"costumes": {"red": {"base_image": "a.png", "face": {"chin": [0.5, 1.2]}}}},
            "1.2",
            "$.costumes.red.face.chin[1]: 1.2 must lie in 0..1, a part of the portrait's width or"
            ' height; if they are pixels, say so: "face": { "unit": "px", ... }',
            id="a landmark of a costume outside its portrait",
        ),
        pytest.param(
            {"pose_paths": "neutrl"},
            '"neutrl"',
            '$.pose_paths: unknown expression "neutrl"; did you mean "neutral"?'
            " (allowed: neutral, speaking_ah, happy_big)",
            id="pose paths of an expression that is not defined",
        ),
        pytest.param(
            {"pose_paths": ["neutral", "sad"]},
            '"sad"',
            '$.pose_paths[1]: unknown expression "sad" (allowed: neutral, speaking_ah, happy_big)',
            id="pose paths of one of several that is not defined",
        ),
        pytest.param(
            {"pose_paths": ["neutral", "happy_big", "neutral"]},
            '"neutral"\n  ]',
            '$.pose_paths[2]: "neutral" is there twice',
            id="pose paths of one expression twice",
        ),
        pytest.param(
            {"pose_paths": 3},
            "3\n",
            "$.pose_paths: 3 must be text in double quotes",
            id="pose paths of a number",
        ),
        pytest.param(
            {
                "base_paths": [path_of(id="neutral_center_to_nod_up_small")],
                "pose_paths": "neutral",
            },
            '"neutral"\n}',
            '$.pose_paths: of the paths that it stands for, "neutral_center_to_nod_up_small" is'
            " already the id of $.base_paths[0]",
            id="a pose path with the id of another path",
        ),
        pytest.param(
            {
                "base_paths": [path_of(id="Neutral_center_to_nod_up_small")],
                "pose_paths": ["neutral"],
            },
            '"neutral"\n  ]',
            "$.pose_paths[0]: of the paths that it stands for,"
            ' "neutral_center_to_nod_up_small" and "Neutral_center_to_nod_up_small" would be one'
            " file on some systems; rename one",
            id="a pose path with the file of another path",
        ),
        pytest.param(
            {"poses": ["a" * 40, "b" * 40], "pose_paths": "neutral", "base_paths": []},
            '"neutral"\n}',
            "$.pose_paths: of the paths that it stands for,"
            f' "neutral_{"a" * 40}_to_{"b" * 4}... cannot be a file name:'
            " it has 92 characters, 64 at the most",
            id="a pose path with an id that is too long",
        ),
    ],
)
def test_a_mistake_is_named_with_path_place_value_and_what_is_allowed(parts, wanted, told):
    config = changed(**parts)
    text = json.dumps(config, indent=2)
    assert only_mistake_of(text) == f"{place_of(text, wanted)}: {told}"


def test_a_key_that_is_missing_is_named_at_the_object_that_lacks_it():
    text = '{"expressions": {"a": {}},\n "base_paths": [\n  {"id": "p", "start": "a"}]}'
    assert only_mistake_of(text) == "line 3, column 3: $.base_paths[0].end: is missing"
    assert only_mistake_of("{}") == "line 1, column 1: $.expressions: is missing"


def test_pose_paths_that_would_have_one_id_among_themselves_are_refused():
    config = changed(
        poses=["center", "x_center_to_y", "y"],
        expressions={"neutral": {}, "neutral_center_to_x": {}},
        pose_paths=["neutral", "neutral_center_to_x"],
    )
    assert only_mistake_of(config).endswith(
        '$.pose_paths[1]: of the paths that it stands for, "neutral_center_to_x_center_to_y" is'
        " already the id of $.pose_paths[0]"
    )


def test_what_is_wrong_with_a_pose_or_an_expression_is_not_said_again_of_its_paths():
    for poses in (["center", "a__b"], ["center", "up", "Up"], "center", [], ["center", ["x"]]):
        lines = mistakes_of(changed(poses=poses, pose_paths="neutral"))
        assert not [line for line in lines if "pose_paths" in line or "base_paths" in line], lines
    lines = mistakes_of(changed(expressions={"a__b": {}}, pose_paths="a__b"))
    assert not [line for line in lines if "pose_paths" in line]


@pytest.mark.parametrize("junk", [None, 1, True, "x", [], [[]], {}, {"x": {}}, [{"x": 1}]])
@pytest.mark.parametrize("key", ["start", "end", "poses", "start_pose", "end_pose", "ease"])
def test_a_value_of_the_wrong_form_in_a_path_is_a_mistake_there_or_none(key: str, junk):
    document = changed(base_paths=[path_of(**{key: junk})])
    model, findings = validated(document, official_endpoint=True)
    assert bool(findings) or model
    assert all(finding.path[:3] == ("base_paths", 0, key) for finding in findings)


@pytest.mark.parametrize("junk", [None, 1, True, "x", [[]], {}, {"x": {}}, [{"x": 1}]])
def test_a_value_of_the_wrong_form_in_pose_paths_is_a_mistake_there(junk):
    assert "$.pose_paths" in only_mistake_of(changed(pose_paths=junk))


def test_half_a_point_is_missing_its_other_half():
    text = '{"expressions": {"a": {}}, "face": {"chin": [0.5]}}'
    assert only_mistake_of(text) == "line 1, column 45: $.face.chin[1]: is missing"


UNSAFE = [
    *("a/b", "a\\b", "..", "a..b", "a__b", ".a", "-a", "a b", "", "CON", "lpt1.x", "x" * 65),
    *("a\nb", "_a", "a_", "顔" * 40),
]


@pytest.mark.parametrize("name", UNSAFE)
def test_an_id_that_is_no_safe_file_name_is_one_mistake_wherever_it_stands(name: str):
    expression = changed(expressions={"neutral": {}, name: {}})
    pose_list, pose_map = changed(poses=["center", name]), changed(poses={name: {}})
    path = changed(base_paths=[{"id": name, "start": "neutral", "end": "happy_big"}])
    for config, where in (
        (expression, r"\$\.expressions[.[].*"),
        (pose_list, r"\$\.poses\[1\]"),
        (pose_map, r"\$\.poses[.[].*"),
        (path, r"\$\.base_paths\[0\]\.id"),
    ):
        line = only_mistake_of(config)
        assert re.fullmatch(
            rf"line \d+, column \d+: {where}: .* cannot be a file name: .+", line
        ), line


@pytest.mark.parametrize(
    ("parts", "where"),
    [
        ({"expressions": {"sad": {}, "Sad": {}}}, "$.expressions.Sad"),
        ({"poses": ["sad", "Sad"]}, "$.poses[1]"),
        ({"poses": {"sad": "", "Sad": ""}}, "$.poses.Sad"),
        (
            {
                "base_paths": [
                    {"id": "sad", "start": "neutral", "end": "happy_big"},
                    {"id": "Sad", "start": "neutral", "end": "happy_big"},
                ]
            },
            "$.base_paths[1].id",
        ),
    ],
)
def test_two_ids_equal_but_for_case_are_refused(parts: dict[str, Any], where: str):
    told = f'{where}: "Sad" and "sad" would be one file on some systems; rename one'
    assert only_mistake_of(changed(**parts)).endswith(told)


def test_an_expression_cannot_have_the_file_of_the_neutral_that_is_always_there():
    line = only_mistake_of({"expressions": {"Neutral": {}}})
    assert '"Neutral" and "neutral" would be one file' in line


def test_a_duplicate_key_is_refused_with_both_places():
    text = '{"expressions": {\n  "sad": {},\n  "happy": {},\n  "sad": {}}}'
    assert only_mistake_of(text) == (
        "line 4, column 3: $.expressions.sad: this key is there twice, first on line 2, column 3"
    )


def test_what_is_inside_a_duplicate_key_is_not_named_again():
    text = '{"axes": {"m": []}, "axes": {"m": []}, "expressions": {"a": {}}}'
    assert "$.axes: this key is there twice" in only_mistake_of(text)


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
@pytest.mark.parametrize(
    ("before", "after", "path"),
    [
        ('{"expressions": {"a": {"blendshapes": {"jawOpen": ', "}}}}", "blendshapes.jawOpen"),
        ('{"expressions": {"a": {}}, "generation": {"budget_usd": ', "}}", "budget_usd"),
        ('{"expressions": {"a": {}}, "face": {"chin": [', ", 0.5]}}", "chin[0]"),
        ('{"expressions": {"a": {}}, "poses": {"x": {"head": {"yaw_deg": ', "}}}}", "yaw_deg"),
    ],
)
def test_a_number_that_is_none_is_refused(number: str, before: str, after: str, path: str):
    line = only_mistake_of(before + number + after)
    shown = number.replace("1e999", "Infinity")
    assert line.startswith(f"line 1, column {len(before) + 1}: $.")
    assert line.endswith(f"{path}: {shown} must be a finite number, such as 0.5")


@pytest.mark.parametrize(
    ("text", "where", "part"),
    [
        ("", "line 1, column 1", "Expecting value"),
        ('{"expressions": {},}', "line 1, column ", "is there a comma too many?"),
        ('{\n "a": 1\n "b": 2}', "line 3, column 2", "Expecting ',' delimiter"),
        ("null", "line 1, column 1", "null must be an object {...}"),
        ("[]", "line 1, column 1", "[] must be an object {...}"),
    ],
)
def test_what_is_no_json_object_is_one_mistake_with_its_place(text: str, where: str, part: str):
    line = only_mistake_of(text)
    assert line.startswith(where)
    assert part in line


def test_half_a_surrogate_pair_is_a_mistake_in_words():
    line = only_mistake_of('{"character": "\\ud83d", "expressions": {"a": {}}}')
    assert "half of a surrogate pair" in line


def test_names_that_the_checks_use_themselves_are_names_like_others():
    line = only_mistake_of(changed(poses={"object": "", "words": {"promt": "x"}, "list": {}}))
    assert '$.poses.words.promt: unknown key "promt"; did you mean "prompt"?' in line


def test_all_mistakes_are_reported_at_once_in_the_order_of_the_file():
    config = {
        "caracter": "a fox",
        "poses": ["center", "CON"],
        "expressions": {
            "neutral": {"mouth": "smile"},
            "a b": {"eyes": "wide", "prompt": 3},
        },
        "axes": {"mouth": ["neutral", "smile_soft"]},
        "base_paths": [{"id": "p", "start": "neutral", "end": "nuetral"}],
        "generation": {"size": "1x1", "quality": "hgih", "engine": "auto"},
    }
    lines = mistakes_of(config)
    assert [re.search(r"\$[^:]*", line)[0] for line in lines] == [
        "$.caracter",
        "$.poses[1]",
        "$.expressions.neutral.mouth",
        '$.expressions["a b"]',
        '$.expressions["a b"].eyes',
        '$.expressions["a b"].prompt',
        "$.base_paths[0].end",
        "$.generation.size",
        "$.generation.quality",
    ]
    numbers = [int(re.match(r"line (\d+)", line)[1]) for line in lines]
    assert numbers == sorted(numbers)


# The command line, and other endpoints


def test_the_command_line_takes_the_place_of_what_the_file_says():
    config = changed(generation={"size": "1024x1024", "quality": "low"})
    given = {"size": "1536x1024", "include_neutral": "yes", "engine": "puppet"}
    generation = character_of(config, given).generation
    assert generation == Generation(
        engine="puppet", size="1536x1024", quality="low", include_neutral=True
    )


def test_a_mistake_on_the_command_line_is_named_as_it_was_typed():
    assert only_mistake_of(OLD, {"engine": "pupet"}) == (
        'engine=pupet on the command line: unknown value "pupet"; did you mean "puppet"?'
        " (allowed: auto, openai, puppet)"
    )
    assert only_mistake_of(OLD, {"model": "dall-e-3"}).startswith(
        'model=dall-e-3 on the command line: "dall-e-3" is refused: dall-e-3 was shut down'
    )


def test_what_the_command_line_replaces_is_not_checked():
    config = changed(generation={"size": "1x1"})
    assert character_of(config, {"size": "1024x1024"}).generation.size == "1024x1024"


def test_a_mistake_in_the_file_that_the_command_line_brought_out_is_the_file_s():
    config = changed(generation={"quality": "max"})
    line = only_mistake_of(config, {"model": "gpt-image-2"})
    assert '$.generation.quality: "max" is refused' in line


def test_a_duplicate_key_is_the_file_s_even_where_the_command_line_says_otherwise():
    text = '{"expressions": {"a": {}}, "generation": {"size": "1", "size": "2"}}'
    line = only_mistake_of(text, {"size": "1024x1024"})
    assert "$.generation.size: this key is there twice" in line


def test_a_custom_endpoint_is_asked_for_any_model_size_and_quality():
    generation = {"model": "gpt-image-1", "size": "64x96", "quality": "max"}
    config = changed(generation=generation)
    assert character_of(config, official_endpoint=False).generation.size_px == (64, 96)
    assert len(mistakes_of(config)) == 1


def test_a_custom_endpoint_leaves_the_rest_checked():
    config = changed(generation={"size": "9000x9000", "quality": "hgih"})
    with pytest.raises(ConfigMistake) as caught:
        character_of(config, official_endpoint=False)
    assert '"9000x9000" is too large' in str(caught.value)
    assert 'did you mean "high"?' in str(caught.value)


def test_the_puppet_draws_sizes_that_no_model_draws():
    for size in ("100x150", "8192x1"):
        config = changed(generation={"engine": "puppet", "size": size})
        assert character_of(config).generation.size == size
    line = only_mistake_of(changed(generation={"engine": "puppet", "size": "8193x1"}))
    assert '"8193x1" is too large: a side may have 8192 pixels at the most' in line


# The file itself


def test_a_config_that_is_not_there_is_named_with_the_nearest_file(tmp_path: Path):
    (tmp_path / "expressions.json").write_text("{}")
    with pytest.raises(ConfigMistake, match=r"expresions\.json is not there; did you mean \".*"):
        read_text(tmp_path / "expresions.json")
    with pytest.raises(ConfigMistake, match="its folder is not there either"):
        read_text(tmp_path / "no" / "expressions.json")


def test_a_folder_is_no_config(tmp_path: Path):
    with pytest.raises(ConfigMistake, match="cannot be read"):
        read_text(tmp_path)


def test_a_byte_order_mark_is_no_mistake(tmp_path: Path):
    path = tmp_path / "expressions.json"
    path.write_bytes(b"\xef\xbb\xbf" + json.dumps(OLD).encode())
    assert character_of(read_text(path)) == character_of(OLD)


def test_a_file_in_another_encoding_is_told_to_be_saved_as_utf_8(tmp_path: Path):
    path = tmp_path / "expressions.json"
    path.write_bytes('{"character": "Zoë"}'.encode("latin-1"))
    with pytest.raises(ConfigMistake, match="byte 17 is not UTF-8; save the file as UTF-8"):
        read_text(path)


@pytest.mark.parametrize(
    ("tokens", "fits"),
    [
        ({"text_in": 5, "image_in": 8, "image_out": 30}, True),
        ({"text_in": 5, "text_out": 30}, True),
        ({"text_in": 5, "image_out": 30}, False),
        ({"text_in": 5}, False),
    ],
)
def test_a_price_by_the_token_is_of_pictures_or_of_words(tokens: dict, fits: bool):
    prices = {"m": {"usd_per_million_tokens": tokens}}
    text = json.dumps(changed(generation={"prices": prices}))
    if fits:
        parse(text, "expressions.json")
    else:
        assert "give image_in and image_out; or text_out" in only_mistake_of(text)

"""The form of the config: the schema that editors read, and the example that ships."""

import json
from pathlib import Path

import pytest

from tasks.character import read as character_file
from tasks.character.character import BasePath, Generation
from tasks.character.ease import EASES
from tasks.character.form import SCHEMA_FILE, ConfigModel, json_schema, schema_text
from tasks.character.vocabulary import ARKIT_NAMES

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "expressions.json"


def test_the_schema_file_is_that_of_the_model():
    kept = (ROOT / SCHEMA_FILE).read_text(encoding="utf-8")
    assert kept == schema_text(), "write it anew: uv run python -m tasks.character.form"


def test_the_schema_has_hover_help_for_every_key_of_the_file():
    schema = json_schema()
    for owner in (schema, *schema["$defs"].values()):
        for key, value in owner.get("properties", {}).items():
            told = value.get("description") or "$ref" in value or "default" in value
            assert told, f"{owner.get('title')}.{key} has no description"


def test_the_schema_completes_engines_qualities_and_blend_shapes():
    text = schema_text()
    generation = json_schema()["$defs"]["Generation"]["properties"]
    assert generation["engine"]["anyOf"][0]["enum"] == ["auto", "openai", "puppet"]
    assert generation["quality"]["enum"] == ["low", "medium", "high", "xhigh", "max", "auto"]
    assert all(f'"{name}"' in text for name in ARKIT_NAMES)
    assert len(set(ARKIT_NAMES)) == len(ARKIT_NAMES) == 52


def test_the_schema_completes_eases_and_ways_to_make_an_in_between():
    path = json_schema()["$defs"]["BasePath"]["properties"]
    assert path["ease"]["enum"] == list(EASES)
    assert path["tween"]["enum"] == ["draw", "morph", "hold"]
    assert (path["max_depth"]["minimum"], path["max_depth"]["maximum"]) == (0, 10)


def test_the_defaults_of_a_path_are_those_of_the_program():
    path = '{"id": "p", "start": "a", "end": "b", "poses": ["center"]}'
    text = f'{{"expressions": {{"a": {{}}, "b": {{}}}}, "base_paths": [{path}]}}'
    (read,) = character_file.parse(text, "e.json").base_paths
    assert read == BasePath("p", "a", "b", ("center",))
    assert (read.max_depth, read.distance_threshold, read.tween) == (2, 0, "draw")
    assert (read.ease, read.duration_ms) == ("linear", 400)


def test_the_defaults_of_the_file_are_those_of_the_program():
    empty = character_file.parse('{"expressions": {"a": {}}}', "e.json")
    assert empty.generation == Generation()
    assert Generation() == Generation(
        engine="auto",
        model="gpt-image-2.5-sunburst",
        size="1024x1536",
        quality="high",
        background="transparent",
        include_neutral=False,
    )


def test_the_validated_file_is_frozen():
    model = ConfigModel.model_validate_json('{"expressions": {"a": {}}}')
    with pytest.raises(ValueError, match="frozen"):
        model.character = "somebody else"


def test_the_example_has_the_expressions_the_poses_and_a_portrait():
    character = character_file.parse(EXAMPLE.read_text(encoding="utf-8"), "expressions.json")
    assert list(character.expressions) == [
        *("neutral", "speaking_ah", "speaking_ee", "speaking_uw", "happy_big", "happy_soft"),
        *("sad", "surprised", "angry", "thinking", "concerned", "blink_closed"),
    ]
    assert list(character.poses) == [
        *("center", "tilt_left_small", "tilt_right_small", "nod_down_small", "nod_up_small")
    ]
    assert character.base_image == "frames/base/neutral__center.png"
    assert (ROOT / character.base_image).is_file()


def test_the_example_s_paths_join_its_expressions_and_have_ids_of_their_own():
    character = character_file.parse(EXAMPLE.read_text(encoding="utf-8"), "expressions.json")
    ends = {end for path in character.base_paths for end in (path.start, path.end)}
    assert ends == set(character.expressions)
    assert any(path.id != f"{path.start}_to_{path.end}" for path in character.base_paths)


def test_the_example_says_where_its_schema_is():
    assert json.loads(EXAMPLE.read_text(encoding="utf-8"))["$schema"] == f"./{SCHEMA_FILE}"


def test_every_expression_of_the_example_looks_different_to_either_engine():
    character = character_file.parse(EXAMPLE.read_text(encoding="utf-8"), "expressions.json")
    expressions = character.expressions.values()
    assert len({expression.words for expression in expressions}) == len(expressions)
    weights = {tuple(sorted(expression.blendshapes.items())) for expression in expressions}
    assert len(weights) == len(expressions)

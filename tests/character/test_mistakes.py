"""Which keys may stand where, and rules that need no file to be tried."""

import json
import time

import pytest

from tasks.character.form import json_schema
from tasks.character.mistakes import allowed_keys, validated
from tasks.character.read import parse
from tasks.character.rules import axis_values, rule_findings
from tasks.ground.errors import Mistake


@pytest.mark.parametrize(
    ("path", "keys"),
    [
        (("poses", "tilt"), ["prompt", "base_image", "head"]),
        (("poses", "tilt", "head"), ["pitch_deg", "yaw_deg", "roll_deg"]),
        (
            ("base_paths", 3),
            [
                *("id", "start", "end", "poses", "start_pose", "end_pose"),
                *("max_depth", "distance_threshold", "tween", "ease", "duration_ms"),
            ],
        ),
        (("expressions", "sad"), ["prompt", "blendshapes"]),
        (("axes", "mouth", "ah"), ["prompt", "blendshapes"]),
        (("face", "left_brow"), ["inner", "middle", "outer"]),
        (("axes",), []),
        (("character", "words"), []),
    ],
)
def test_the_schema_tells_which_keys_may_stand_at_a_path(path, keys: list[str]):
    assert allowed_keys(json_schema(), path) == keys


def test_the_schema_tells_the_keys_of_the_whole_file():
    keys = allowed_keys(json_schema(), ())
    assert keys[:3] == ["$schema", "character", "base_image"]
    assert {"axes", "poses", "expressions", "base_paths", "generation", "face"} < set(keys)


def test_axis_values_are_read_from_either_form_and_from_nothing_else():
    document = {"axes": {"mouth": ["a", 3], "eyes": {"b": "words", "c": {}}, "brows": 7}}
    assert axis_values(document) == {"mouth": ["a"], "eyes": ["b", "c"]}
    assert axis_values({"axes": ["mouth"]}) == {}
    assert axis_values({}) == {}


@pytest.mark.parametrize("document", [None, 3, "x", [], {}, {"expressions": 3, "poses": "x"}])
def test_rules_between_keys_survive_a_document_of_any_form(document):
    list(rule_findings(document, official_endpoint=True))


@pytest.mark.parametrize("junk", [None, 1, True, "x", [], [[]], {}, {"x": {}}, [{"x": 1}]])
@pytest.mark.parametrize(
    "key", ["character", "face", "axes", "poses", "expressions", "base_paths", "generation"]
)
def test_a_value_of_the_wrong_form_is_a_finding_there_and_no_crash(key: str, junk):
    model, findings = validated({"expressions": {"a": {}}, key: junk}, official_endpoint=True)
    assert bool(findings) == (model is None) or all(f.path[0] == key for f in findings)
    assert all(finding.path[0] == key for finding in findings)


def test_the_form_and_the_rules_are_checked_together():
    document = {"expressions": {"a": {"prompt": 3, "mouth": "ah"}}}
    model, findings = validated(document, official_endpoint=True)
    assert model is None
    assert {finding.path[-1] for finding in findings} == {"prompt", "mouth"}


@pytest.mark.parametrize("wrong", [{"mouth": "smle"}, {"mood": "x"}])
def test_of_many_mistakes_the_first_are_shown_and_all_are_counted(wrong: dict[str, str]):
    config = {
        "axes": {"mouth": ["smile_soft"]},
        "expressions": {f"e{number}": wrong for number in range(20_000)},
        "poses": [f"p{number}" for number in range(20_000)],
    }
    began_s = time.monotonic()
    with pytest.raises(Mistake) as caught:
        parse(json.dumps(config), "x.json")
    lines = str(caught.value).splitlines()
    assert lines[0] == "x.json: 20000 mistakes"
    assert len(lines) == 22
    assert lines[-1].strip() == "... and 19980 more"
    assert time.monotonic() - began_s < 20


def test_a_key_of_a_megabyte_is_shown_cut_short():
    config = {
        "x" * 10**6: 1,
        "axes": {"mouth": ["y" * 10**6]},
        "expressions": {"a": {"mouth": "z"}},
    }
    with pytest.raises(Mistake) as caught:
        parse(json.dumps(config), "x.json")
    assert len(str(caught.value)) < 3000

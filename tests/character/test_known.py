"""A config of which only expressions changed: read without pydantic, and the same as with it."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tasks.character import read
from tasks.character.character import Character
from tasks.character.read import ConfigMistake, parse, parse_again

EXAMPLE = Path(__file__).resolve().parents[2] / "expressions.json"
FULL: dict[str, Any] = {
    "face": {
        "left_eye": {"inner": [0.55, 0.4], "outer": [0.7, 0.4], "kind": "dot"},
        "outline": [[0.1, 0.2], [0.1, 0.3], [0.5, 0.9], [0.8, 0.3], [0.9, 0.2]],
    },
    "axes": {"mouth": ["neutral", "ah"], "mood": {"sad": "sad", "glad": {"blendshapes": {}}}},
    "poses": {"center": "", "up": {"prompt": "up", "head": {"pitch_deg": -10}}},
    "expressions": {"neutral": {}, "sad": {"mood": "sad", "prompt": "tears"}, "joy": {}},
    "base_paths": [{"id": "to_sad", "start": "neutral", "end": "sad", "poses": ["up"]}],
    "pose_paths": ["sad"],
    "costumes": {
        "coat": "coat.png",
        "gown": {"base_image": "g.png", "base_images": {"up": "u.png"}},
    },
    "generation": {
        "prices": {"own": {"usd_per_image": 0.5}},
        "extra": {"style": ["a", {"b": [1, 2.5, None]}]},
        "omit": ["size"],
        "budget_usd": None,
    },
    "exports": {"atlas": {"crop": [0, 0, 1, 0.5], "options": {"max_size": 512}}},
    "visemes": {"ah": "sad@0.5", "sad": {"ah": "sad"}},
    "timelines": {"say": {"speak": "hello", "keyframes": [{"time_ms": 3, "target_expr": "sad"}]}},
}


def again(document: Any, kept: Any, program: str = "1") -> tuple[Character, Any]:
    """The character, and what to keep: None where what is kept was enough."""
    source = (json.dumps(document), "e.json", ())
    character, checked = parse_again(source, kept, official_endpoint=True, program=program)
    return character, checked and json.loads(json.dumps(checked.plain()))


KEPT = again(FULL, None)[1]


def forbid_pydantic(monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on, whoever has the form checked fails."""

    def checked(*_arguments: Any, **_options: Any) -> Character:
        raise AssertionError("all was checked")

    monkeypatch.setattr(read, "_checked", checked)


@pytest.mark.parametrize("config", [FULL, json.loads(EXAMPLE.read_text(encoding="utf-8"))])
def test_a_character_is_recalled_as_it_was(config: Any, monkeypatch: pytest.MonkeyPatch):
    first, kept = again(config, None)
    changed = copy.deepcopy(config)
    names = list(changed["expressions"])
    changed["expressions"][names[-1]] = {"prompt": "other", "blendshapes": {"jawOpen": 1}}
    changed["expressions"]["new"] = {"mouth": "ah"}
    expected = parse(json.dumps(changed), "e.json")
    forbid_pydantic(monkeypatch)
    assert kept
    assert again(config, kept) == (first, None)
    found, kept_again = again(changed, kept)
    assert found == expected
    assert repr(found) == repr(expected)  # 1 and 1.0 are equal, and give other digests
    assert kept_again is None


EDITS: list[Any] = [
    *({}, {"prompt": "tears é"}, {"mood": "glad"}, {"mouth": "ah", "mood": "sad", "prompt": " "}),
    *({"prompt": "x" * 8000}, {"prompt": "x" * 8001}, {"prompt": 5}, {"prompt": None}),
    *({"prompt": "\ud800"}, {"\ud800": "ah"}, {"mouth": "\udfff"}),
    *({"mouth": "nobody"}, {"mouth": 1}, {"mouth": None}, {"mouth": ["ah"]}, {"nose": "up"}),
    *({"blendshapes": weights} for weights in ({}, [], None, "", 5, True)),
    *({"blendshapes": {"jawOpen": weight}} for weight in (0, 1, 0.0, 1.0, 0.5, 1e-300)),
    *({"blendshapes": {"jawOpen": weight}} for weight in (-0.0, -0.1, 1.1, 2, -1, 10**400)),
    *({"blendshapes": {"jawOpen": weight}} for weight in (True, False, None, "1", [], {})),
    *({"blendshapes": {"jawOpen": weight}} for weight in (float("nan"), float("inf"))),
    *({"blendshapes": {name: 0.5}} for name in ("nobody", "", "JawOpen", "tongueOut")),
    *(None, [], "sad", 5, True, [[]]),
]


@pytest.mark.parametrize("edit", EDITS, ids=repr)
def test_whatever_an_expression_becomes_it_says_what_a_whole_check_says(edit: Any):
    document = {**FULL, "expressions": {**FULL["expressions"], "joy": edit}}
    assert said(lambda: again(document, KEPT)[0]) == said(
        lambda: parse(json.dumps(document), "e.json")
    )


@pytest.mark.parametrize("name", ["", "Joy", "a/b", "\ud800", "con", "x" * 300, "é"])
def test_whatever_an_expression_is_called_it_says_what_a_whole_check_says(name: str):
    document = {**FULL, "expressions": {**FULL["expressions"], name: {}}}
    assert said(lambda: again(document, KEPT)[0]) == said(
        lambda: parse(json.dumps(document), "e.json")
    )


def said(how: Callable[[], Character]) -> str:
    """The character, spelled out (1 and 1.0 are equal, and give other digests), or the mistakes."""
    try:
        return repr(how())
    except ConfigMistake as mistake:
        return str(mistake)


def test_most_right_edits_are_read_without_a_whole_check(monkeypatch: pytest.MonkeyPatch):
    _, kept = again(FULL, None)
    forbid_pydantic(monkeypatch)
    for edit in ({}, {"prompt": "tears é"}, {"mood": "glad"}, {"blendshapes": {"jawOpen": 0.2}}):
        document = {**FULL, "expressions": {**FULL["expressions"], "joy": edit}}
        assert again(document, kept)[1] is None


@pytest.mark.parametrize(
    "change",
    [
        {"character": "a fox"},
        {"expressions": {"neutral": {}}},  # a path leads to one that is no more
        {"expressions": {**FULL["expressions"], "SAD": {}}},
        {"nobody": 1},
    ],
)
def test_for_anything_else_all_is_checked(change: Any, monkeypatch: pytest.MonkeyPatch):
    _, kept = again(FULL, None)
    forbid_pydantic(monkeypatch)
    with pytest.raises(AssertionError, match="all was checked"):
        again({**FULL, **change}, kept)


def test_what_was_kept_by_another_version_or_is_damaged_is_not_used(
    monkeypatch: pytest.MonkeyPatch,
):
    _, kept = again(FULL, None)
    forbid_pydantic(monkeypatch)
    with pytest.raises(AssertionError, match="all was checked"):
        again(FULL, kept, program="2")
    other = copy.deepcopy(kept)
    other["character"][1]["generation"][1]["budget_usd"] = 1000
    for damaged in (None, [], {}, {**kept, "expressions": None}, {**kept, "sum": 1}, other):
        with pytest.raises(AssertionError, match="all was checked"):
            again(FULL, damaged)

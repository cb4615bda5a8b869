"""Changing a JSON text: it says the new document, and what stayed the same keeps its bytes."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.ground.json_text import edited, same

SCALARS = st.none() | st.booleans() | st.integers(-9, 9) | st.floats(-9, 9) | st.text(max_size=3)
DOCUMENTS = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("abc", max_size=2), inner),
    max_leaves=12,
)
LAYOUTS = st.sampled_from(
    [{}, {"indent": 2}, {"indent": "\t"}, {"separators": (",", ":")}, {"indent": 1}]
)


@given(DOCUMENTS, DOCUMENTS, LAYOUTS, st.sampled_from(["\n", "\r\n"]))
def test_it_says_the_new_document_whatever_both_are(
    before: Any, after: Any, layout: dict[str, Any], newline: str
):
    text = f" {json.dumps(before, **layout)}\n".replace("\n", newline)
    assert edited(text, before) == text
    changed = edited(text, after)
    assert same(json.loads(changed), after)
    assert edited(changed, after) == changed
    assert "\n" not in changed.replace("\r\n", "") or newline == "\n"


BY_HAND = """{
  "audio": "hi.wav",   "rate": "24",
  "keyframes": [
    { "time_ms": 0,    "target_expr": "neutral" },
    { "time_ms": 500.0,  "target_expr": "sad",  "note": "here" },

    { "time_ms": 900,  "target_expr": "neutral" }
  ],
  "make": ["frames"]
}
"""


def keyframes(*changes: Any) -> dict[str, Any]:
    """The document by hand with other keyframes."""
    document = json.loads(BY_HAND)
    document["keyframes"] = list(changes)
    return document


FIRST, SECOND, THIRD = json.loads(BY_HAND)["keyframes"]


@pytest.mark.parametrize(
    ("wanted", "old", "new"),
    [
        (
            keyframes(FIRST, {**SECOND, "time_ms": 541}, THIRD),
            '"time_ms": 500.0,  "target_expr": "sad"',
            '"time_ms": 541,  "target_expr": "sad"',
        ),
        (
            keyframes(FIRST, SECOND),
            ',\n\n    { "time_ms": 900,  "target_expr": "neutral" }',
            "",
        ),
        (
            keyframes(FIRST, SECOND, THIRD, {"time_ms": 1000, "target_pose": "up"}),
            '"target_expr": "neutral" }\n  ]',
            '"target_expr": "neutral" },\n    { "time_ms": 1000,  "target_pose": "up" }\n  ]',
        ),
        (
            keyframes(SECOND, THIRD),
            '{ "time_ms": 0,    "target_expr": "neutral" },\n    {',
            "{",
        ),
        (
            keyframes(FIRST, {**SECOND, "target_pose": "up"}, THIRD),
            '"note": "here" }',
            '"note": "here",  "target_pose": "up" }',
        ),
        (
            {**json.loads(BY_HAND), "blinks": [{"time_ms": 5}, {"time_ms": 9}]},
            '"make": ["frames"]',
            '"make": ["frames"],\n  "blinks": [\n    { "time_ms": 5 },\n    { "time_ms": 9 }\n  ]',
        ),
    ],
)
def test_one_edit_changes_one_place(wanted: Any, old: str, new: str):
    assert BY_HAND.count(old) == 1
    assert edited(BY_HAND, wanted) == BY_HAND.replace(old, new)


def test_a_new_item_is_laid_out_like_its_neighbours():
    rows = [{"time_ms": 0, "phoneme": None}, {"time_ms": 9, "phoneme": "AH"}]
    more = [*rows, {"time_ms": 12, "phoneme": "P"}]
    for layout in ({"indent": 2}, {"indent": 4}, {"separators": (",", ":")}, {}):
        text = json.dumps({"a": rows, "b": 1}, **layout)
        assert edited(text, {"a": more, "b": 1}) == json.dumps({"a": more, "b": 1}, **layout)
    once = edited('{ "speak": "Hello." }', {"speak": "Hello.", "keyframes": [{"time_ms": 1}]})
    assert once == '{\n  "speak": "Hello.",\n  "keyframes": [\n    { "time_ms": 1 }\n  ]\n}'
    assert edited('{"a":1}', {"a": 1, "b": [[2]]}) == '{"a":1, "b":[[2]]}'

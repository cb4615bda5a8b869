"""JSON with its positions."""

import json
import math
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.ground.errors import Mistake
from tasks.ground.json_places import Place, parse, path_text, place, walk

quick = settings(deadline=None, max_examples=80)
DOCUMENTS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4)
    ),
    max_leaves=12,
)


def at_path(document: Any, path: tuple[str | int, ...]) -> Any:
    for part in path:
        document = document[part]
    return document


def leaves_and_branches(document: Any) -> int:
    below = document.values() if isinstance(document, dict) else document
    if not isinstance(document, (dict, list)):
        return 0
    return sum(1 + leaves_and_branches(value) for value in below)


@quick
@given(DOCUMENTS, st.sampled_from([None, 0, 2, "\t"]), st.booleans())
def test_each_place_is_where_the_value_of_its_path_begins(document, indent, ascii_only):
    text = json.dumps(document, indent=indent, ensure_ascii=ascii_only)
    found = walk(text)
    decoder = json.JSONDecoder()
    assert len(found) == leaves_and_branches(document)
    for entry in found:
        value, _ = decoder.raw_decode(text, entry.value)
        assert value == at_path(document, entry.path)
        if entry.key is None:
            assert isinstance(entry.path[-1], int)
        else:
            assert decoder.raw_decode(text, entry.key)[0] == entry.path[-1]


@quick
@given(st.text(alphabet="ab\n\r ", max_size=40), st.data())
def test_a_place_counts_lines_and_columns_from_one(text, data):
    at = data.draw(st.integers(0, len(text)))
    before = text[:at].split("\n")
    assert place(text, at) == Place(len(before), len(before[-1]) + 1)


def test_a_place_is_said_in_words():
    assert str(Place(3, 7)) == "line 3, column 7"


def test_a_key_that_stands_twice_is_found_twice():
    found = walk('{"a": 1, "b": {"a": 2}, "a": 3}')
    assert [entry.path for entry in found] == [("a",), ("b",), ("b", "a"), ("a",)]


def test_numbers_that_json_does_not_have_have_a_place_too():
    text = '{"a": NaN, "b": [-Infinity, 1e3]}'
    assert [text[entry.value :][:3] for entry in walk(text)] == ["NaN", "[-I", "-In", "1e3"]
    assert math.isnan(parse(text)["a"])


def test_a_path_is_written_as_people_write_it():
    assert path_text(()) == "$"
    assert path_text(("expressions", "sad", "mouth")) == "$.expressions.sad.mouth"
    assert path_text(("base_paths", 2, "end")) == "$.base_paths[2].end"
    assert path_text(("$schema",)) == "$.$schema"


def test_a_key_that_would_blur_the_path_is_quoted_on_one_line():
    assert path_text(("axes", "a b")) == '$.axes["a b"]'
    assert path_text(("poses", "..")) == '$.poses[".."]'
    assert path_text(("poses", "a\nb")) == r'$.poses["a\nb"]'
    assert path_text(("poses", "")) == '$.poses[""]'


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("", "line 1, column 1"),
        ('{\n  "a": 1\n  "b": 2}', "line 3, column 3"),
        ('{"a": tru}', "line 1, column 7"),
        ('{"a": "x\n"}', "line 1, column 9"),
        ("{} {}", "line 1, column 4"),
        ("[1, 2", "line 1, column 6"),
    ],
)
def test_a_syntax_error_is_named_with_its_place(text: str, where: str):
    with pytest.raises(Mistake, match=rf"^{where}: "):
        parse(text)


def test_a_comma_too_many_is_guessed():
    with pytest.raises(Mistake, match=re.escape("is there a comma too many?")):
        parse('{"a": 1,}')


@pytest.mark.parametrize("depth", [101, 400, 900, 100_000])
@pytest.mark.parametrize(("start", "end"), [("[", "]"), ('{"a":', "}")])
def test_nesting_that_no_config_has_is_a_mistake_and_no_crash(depth: int, start: str, end: str):
    with pytest.raises(Mistake, match="nested too deeply"):
        parse(start * depth + "1" + end * depth)


def test_nesting_as_deep_as_is_allowed_can_be_walked():
    text = "[" * 100 + "]" * 100
    parse(text)
    assert len(walk(text)) == 99


def test_a_number_of_five_thousand_digits_is_a_mistake_and_no_crash():
    with pytest.raises(Mistake, match="too long to be read"):
        parse("1" * 5000)


def test_the_hook_sees_the_pairs_of_each_object_duplicates_too():
    seen = []
    parse('{"a": 1, "a": 2}', seen.append)
    assert seen == [[("a", 1), ("a", 2)]]

"""Suggested moods: the lines of a transcript, what is asked of them, and what answers mean."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.character.talking import Moods
from tasks.timelines.script import script_of
from tasks.timelines.spec import moods_of
from tasks.timelines.suggest import (
    Line,
    NonsenseError,
    is_ours,
    lines_of,
    request_of,
    suggested,
    written,
)
from tasks.timelines.timing import Cue, Span, timing
from tests.harness.text_server import moods, said

LINES = (Line(0, "Hello!"), Line(500_000, "My name is Bobby,"), Line(1_500_000, "and I am sad."))
NAMES = {"neutral": "", "sad": "mouth: frown", "happy_big": ""}


def spans(*words: str, step: int = 250_000) -> tuple[Span, ...]:
    return tuple(Span(at * step, (at + 1) * step, word) for at, word in enumerate(words))


def heard(*words: str):
    return timing("test", words=spans(*words))


def test_lines_end_with_sentences_and_at_commas_that_are_not_too_early():
    script = script_of("Oh, no! [sad] My name is Bobby, and I live here. Why?")
    found = lines_of(script, heard(*script.words))
    assert [line.text for line in found] == [
        "Oh, no!",
        "My name is Bobby,",
        "and I live here.",
        "Why?",
    ]
    assert [line.start_us for line in found] == [0, 500_000, 1_500_000, 2_500_000]


def test_the_same_words_at_other_times_are_the_same_request():
    script = script_of("Hello! My name is Bobby.")
    early = lines_of(script, heard(*script.words))
    late = lines_of(script, timing("test", words=spans(*script.words, step=400_000)))
    unheard = lines_of(script, timing(""))
    keys = {request_of(lines, NAMES, Moods()).key for lines in (early, late, unheard)}
    assert early != late
    assert len(keys) == 1


@pytest.mark.parametrize(
    ("names", "moods_"),
    [
        ({**NAMES, "angry": ""}, Moods()),
        (NAMES, Moods(model="other")),
        (NAMES, Moods(prompt="She is proud.")),
        (NAMES, Moods(form="words")),
    ],
)
def test_another_question_is_another_request(names: dict, moods_: Moods):
    assert request_of(LINES, names, moods_).key != request_of(LINES, NAMES, Moods()).key
    assert request_of(LINES[:2], NAMES, Moods()).key != request_of(LINES, NAMES, Moods()).key


def test_words_without_marks_end_at_pauses_and_before_they_are_too_many():
    words = [*spans(*"one two three".split()), Span(2_000_000, 2_100_000, "four")]  # noqa: SIM905
    found = lines_of(script_of(""), timing("test", words=tuple(words)))
    assert [line.text for line in found] == ["one two three", "four"]
    long = lines_of(script_of(""), heard(*["word"] * 30))
    assert max(len(line.text.split()) for line in long) == 14


def test_cues_are_lines_where_no_words_have_times():
    cues = (Cue(0, 1, "Hi there"), Cue(2_000_000, 3_000_000, "Bye"))
    found = lines_of(script_of(""), timing("srt", cues=cues))
    assert found == (Line(0, "Hi there"), Line(2_000_000, "Bye"))


def test_a_timing_without_words_has_no_lines_for_a_text():
    assert lines_of(script_of("Hello there"), timing("rhubarb")) == ()


def test_moods_come_at_the_times_of_their_lines():
    found = suggested(moods((3, "sad"), (1, "happy_big"), (2, "happy_big")), LINES, NAMES)
    assert found.moods == ((LINES[0], "happy_big"), (LINES[2], "sad"))
    assert found.dropped == ()


def test_no_moods_and_a_first_neutral_are_nothing_to_change():
    assert suggested(moods(), LINES, NAMES).moods == ()
    assert suggested(moods((1, "neutral")), LINES, NAMES).moods == ()


@pytest.mark.parametrize(
    "content",
    [
        '```json\n{"moods": [{"line": 1, "expression": "sad"}]}\n```',
        'Here [1] you are: {"moods": [{"line": 1, "expression": "sad", "why": "so"}]} Bye.',
        '[{"line": 1, "expression": "sad"}]',
    ],
)
def test_json_is_found_in_fences_and_among_words(content: str):
    assert suggested(said(content), LINES, NAMES).moods == ((LINES[0], "sad"),)


def test_what_cannot_be_is_dropped_and_named():
    found = suggested(moods((1, "sad"), (9, "sad"), (2, "furious")), LINES, NAMES)
    assert found.moods == ((LINES[0], "sad"),)
    assert found.dropped == ("line 9 of 3", "expression furious")


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (said("I would rather not."), "it says: I would rather not."),
        (said(None, refusal="No.\x1b[31m"), 'empty: "No.'),
        (said(""), "empty"),
        (moods((9, "sad")), "line 9 of 3"),
        (moods((1, "furious")), "furious"),
        (said('{"moods": [{"line": true, "expression": "sad"}]}'), "line true"),
        (said('{"moods": "sad"}'), "it says"),
        (said("[" * 5000), "it says"),
        (b'{"choices": []}', "no message"),
        (b"null", "no message"),
        (b"\xff", "no message"),
    ],
)
def test_nonsense_is_said_in_one_line(body: bytes, words: str):
    with pytest.raises(NonsenseError) as caught:
        suggested(body, LINES, NAMES)
    assert words in str(caught.value)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 300


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=5),
                    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
                        st.sampled_from(["moods", "line", "expression", "x"]), inner, max_size=3),
                    max_leaves=8))  # fmt: skip
def test_any_json_gives_moods_that_exist_or_is_nonsense(content: object):
    try:
        found = suggested(said(json.dumps(content)), LINES, NAMES)
    except NonsenseError:
        return
    assert all(line in LINES and name in NAMES for line, name in found.moods)


def test_the_file_is_read_as_keyframes_and_known_again_until_it_is_edited():
    data = written(suggested(moods((1, "sad"), (3, "neutral")), LINES, NAMES), "m", "k")
    keys = moods_of(data, "a.moods.json")
    assert [(key.time_us, key.value) for key in keys] == [(0, "sad"), (1_500_000, "neutral")]
    assert is_ours(data)
    assert is_ours(written(suggested(moods(), LINES, NAMES), "m", "k"))
    assert not is_ours(data.replace(b'"sad"', b'"happy_big"'))
    assert not is_ours(b"{}")
    assert not is_ours(b"")
    # A line for each, so that a person edits lines.
    assert data.count(b"\n") == 5


def test_a_schema_lists_the_names_as_long_as_they_are_few():
    def listed(names: dict) -> object:
        form = request_of(LINES, names, Moods()).extra["response_format"]
        schema = form["json_schema"]["schema"]["properties"]["moods"]["items"]
        return schema["properties"]["expression"].get("enum")

    assert listed(NAMES) == list(NAMES)
    assert listed({f"e{number}": "" for number in range(500)}) is None
    assert request_of(LINES, NAMES, Moods(form="words")).extra == {}

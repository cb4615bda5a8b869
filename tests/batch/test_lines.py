"""The lines of a batch's files."""

import itertools
import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.batch.lines import line_bytes, parse_answer, request_line, split
from tasks.engines.openai.lines import lines_of
from tests.harness.batch_world import item, picture

SAD = item("sad", 1, 2).request


def test_a_line_is_named_by_the_request_key_and_shows_the_files():
    line = request_line(SAD, ["file-1", "file-2"])
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    document = json.loads(line)
    assert document["custom_id"] == SAD.key
    assert len(document["custom_id"]) == 64  # as long as a name may be
    assert document["body"]["images"] == [{"file_id": "file-1"}, {"file_id": "file-2"}]


def test_words_in_any_script_stay_one_line():
    prompt = "une tête\ntriste \u2028 \x85 顔"
    line = request_line(replace(SAD, prompt=prompt), ["f"])
    assert line.count(b"\n") == 1
    assert json.loads(line)["body"]["prompt"] == prompt


@given(
    count=st.integers(0, 30),
    most=st.integers(1, 7),
    most_bytes=st.integers(1, 3000),
    models=st.lists(st.sampled_from(["m", "n"]), min_size=30, max_size=30),
)
def test_parts_keep_within_their_limits_and_lose_nothing(
    count: int, most: int, most_bytes: int, models: list[str]
):
    requests = [item(f"face{n}", model=models[n]).request for n in range(count)]
    parts = split(requests, most, most_bytes)
    assert sorted(r.key for part in parts for r in part) == sorted(r.key for r in requests)
    for part in parts:
        assert 1 <= len(part) <= most
        assert len({request.model for request in part}) == 1
        assert len(part) == 1 or sum(map(line_bytes, part)) <= most_bytes


def test_a_part_is_full_before_the_next_begins():
    requests = [item(f"face{n}").request for n in range(10)]
    assert [len(part) for part in split(requests, 4, 10**6)] == [4, 4, 2]


def test_the_length_of_a_line_is_never_underestimated():
    shown = tuple(picture(n) for n in range(16))
    request = replace(SAD, pictures=shown)
    assert line_bytes(request) >= len(request_line(request, ["file-" + "x" * 30] * 16))


@given(
    lines=st.lists(st.text("ab\u2028\x85\r\x0b é", max_size=9)),
    cuts=st.lists(st.integers(0, 80), max_size=12),
    end=st.booleans(),
)
def test_lines_are_found_however_they_arrive(lines: list[str], cuts: list[int], end: bool):
    data = "\n".join(lines).encode() + (b"\n" if end else b"")
    places = sorted({0, *(cut for cut in cuts if cut < len(data)), len(data)})
    chunks = [data[a:b] for a, b in itertools.pairwise(places)]
    expected = [part.strip() for part in data.split(b"\n") if part.strip()]
    assert list(lines_of(chunks)) == expected


def test_an_answer_has_the_provider_s_name_for_the_call():
    response = {"status_code": 200, "request_id": "req_1", "body": {"data": []}}
    line = {"id": "batch_req_1", "custom_id": "k", "response": response, "error": None}
    answer = parse_answer(json.dumps(line).encode())
    assert (answer.key, answer.answer_id, answer.status) == ("k", "req_1", 200)
    assert answer.is_picture
    assert not answer.was_not_begun


@pytest.mark.parametrize("code", ["batch_expired", "batch_cancelled"])
def test_a_request_that_the_batch_never_came_to_was_not_begun(code: str):
    line = {"id": "r", "custom_id": "k", "response": None, "error": {"code": code, "message": "m"}}
    answer = parse_answer(json.dumps(line).encode())
    assert answer.was_not_begun
    assert not answer.is_picture


@pytest.mark.parametrize(
    "line", [b"", b"{", b"[]", b"3", b"{}", b'{"custom_id": 3}', b"\xff", b"[" * 100_000]
)
def test_what_is_no_answer_is_told_from_one(line: bytes):
    with pytest.raises(ValueError, match=r".*"):
        parse_answer(line)


@pytest.mark.parametrize("response", [{}, {"status_code": None}, {"body": 3}, 3, [], None])
def test_an_odd_answer_is_still_that_of_its_request(response: object):
    assert parse_answer(json.dumps({"custom_id": "k", "response": response}).encode()).key == "k"

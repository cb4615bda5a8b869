"""Ids that are file names."""

import os
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.ground.ids import MAX_LENGTH, did_you_mean, id_problem, nearest, same_file

quick = settings(deadline=None, max_examples=150)
IDS = st.from_regex(r"[a-z0-9](?:[a-z0-9]|[_.-][a-z0-9]){0,20}", fullmatch=True)


@pytest.mark.parametrize(
    "name",
    [
        *("neutral", "speaking_ah", "a", "9", "x.y", "tilt-left", "Happy", "überrascht", "x" * 64),
        "a" + "顔" * 33,
        *("console", "com", "com10", "nully", "auxiliary"),
    ],
)
def test_an_ordinary_name_is_an_id(name: str):
    assert id_problem(name) is None


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("", "it is empty"),
        ("a/b", "letters, digits, _, - and . are allowed"),
        ("a\\b", "letters, digits, _, - and . are allowed"),
        ("a:b", "letters, digits, _, - and . are allowed"),
        ("a b", "letters, digits, _, - and . are allowed"),
        ("sad\n", "letters, digits, _, - and . are allowed"),
        ("a\0b", "letters, digits, _, - and . are allowed"),
        ("sad*", "letters, digits, _, - and . are allowed"),
        ("..", "it holds .."),
        ("a..b", "it holds .."),
        ("a__b", "it holds __, which parts expression and pose in file names"),
        (".a", "it begins with a dot, a dash or an underscore"),
        ("-a", "it begins with a dot, a dash or an underscore"),
        ("_a", "it begins with a dot, a dash or an underscore"),
        ("a.", "it ends with a dot, a dash or an underscore"),
        ("a_", "it ends with a dot, a dash or an underscore"),
        ("x" * 65, "it has 65 characters, 64 at the most"),
        ("顔" * 34, "it takes 102 bytes, 100 at the most"),
    ],
)
def test_what_is_no_safe_file_name_is_refused_with_the_reason(name: str, why: str):
    assert id_problem(name) == why


@pytest.mark.parametrize("name", ["con", "PRN", "Aux", "nul", "com1", "LPT9", "nul.x", "com²"])
def test_device_names_of_windows_are_refused_in_any_case(name: str):
    assert id_problem(name) == "Windows keeps that name for a device"


@quick
@given(IDS, IDS)
def test_a_frame_s_name_is_parted_in_one_way_only(expression: str, pose: str):
    if id_problem(expression) is None and id_problem(pose) is None:
        assert f"{expression}__{pose}".split("__") == [expression, pose]


@quick
@given(st.text(max_size=MAX_LENGTH))
def test_every_accepted_pair_of_ids_is_the_name_of_one_file(name: str):
    if id_problem(name) is None:
        file = f".{name}__{name}.png.{2**22}-{2**47}.part"
        assert os.path.basename(file) == file  # noqa: PTH119 - what a system takes for a name
        assert len(file.encode()) <= 255
        assert not any(unicodedata.category(letter).startswith(("C", "Z")) for letter in name)


def test_names_that_differ_in_case_or_in_spelling_of_one_letter_are_one_file():
    assert same_file("Sad") == same_file("sAD")
    assert same_file("caf\u00e9") == same_file("cafe\u0301")
    assert same_file("sad") != same_file("said")


def test_the_nearest_name_is_found_whatever_its_case():
    assert nearest("smile_sotf", ["smile_soft", "smile_big", "ah"]) == "smile_soft"
    assert nearest("SMILE_SOFT", ["Smile_Soft", "ah"]) == "Smile_Soft"
    assert nearest("zzz", ["smile_soft", "ah"]) is None
    assert nearest("x", []) is None


def test_a_guess_is_a_question_and_no_guess_is_nothing():
    assert did_you_mean("smile_sof", ["smile_soft"]) == '; did you mean "smile_soft"?'
    assert did_you_mean("zzz", ["smile_soft"]) == ""

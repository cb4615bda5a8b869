"""What a command line may set."""

from pathlib import Path

import pytest

from tasks.character.override import Override
from tasks.graph.variables import VARIABLES, Variables
from tasks.graph.variables import read as read_with
from tasks.ground.errors import Mistake
from tasks.running.variables import of_commands

OF_COMMANDS = of_commands()
NAMES = [each.name for each in (*VARIABLES, *OF_COMMANDS)]


def read(given: dict[str, str]) -> Variables:
    """As a command line is read."""
    return read_with(given, OF_COMMANDS)


def test_nothing_given_is_what_doit_alone_does():
    assert read({}) == Variables()
    assert Variables().config == Path("expressions.json")


def test_the_old_flags_are_variables():
    assert set(NAMES) >= {
        *("config", "base_image", "pose", "outdir", "size"),
        *("include_neutral", "engine", "model", "quality"),
    }


def test_places_are_paths_and_a_pose_is_a_name():
    given = {"config": "fox/e.json", "base_image": "me.png", "pose": "all", "outdir": "out/"}
    variables = read(given)
    assert variables.config == Path("fox/e.json")
    assert variables.base_image == "me.png"
    assert variables.pose == "all"
    assert variables.outdir == Path("out")
    assert variables.overrides == ()


def test_values_of_generation_are_overrides_as_they_were_typed():
    variables = read({"size": "1024x1024", "engine": "puppet", "include_neutral": "yes"})
    assert set(variables.overrides) == {
        Override("size=1024x1024", ("generation", "size"), "1024x1024"),
        Override("engine=puppet", ("generation", "engine"), "puppet"),
        Override("include_neutral=yes", ("generation", "include_neutral"), True),
    }


@pytest.mark.parametrize("word", ["yes", "true", "on", "1", "YES"])
def test_yes_has_several_words(word: str):
    assert read({"include_neutral": word}).overrides[0].value is True


@pytest.mark.parametrize("word", ["no", "false", "off", "0", "No"])
def test_no_has_several_words(word: str):
    assert read({"include_neutral": word}).overrides[0].value is False


def test_what_is_neither_yes_nor_no_is_refused_as_it_was_typed():
    with pytest.raises(Mistake, match=r'^include_neutral=maybe: "maybe" is neither yes nor no$'):
        read({"include_neutral": "maybe"})


def test_a_mistyped_variable_is_refused_with_the_nearest():
    with pytest.raises(Mistake) as caught:
        read({"sise": "1024x1024"})
    first, last = str(caught.value).splitlines()
    assert first == 'sise=1024x1024: there is no variable sise; did you mean "size"?'
    assert last == f"The variables are {', '.join(NAMES)}."


def test_every_wrong_variable_is_named_at_once():
    with pytest.raises(Mistake) as caught:
        read({"engin": "puppet", "zzz": "1", "pose": "", "size": "1024x1024"})
    lines = str(caught.value).splitlines()
    assert lines[0].endswith('did you mean "engine"?')
    assert lines[1] == "zzz=1: there is no variable zzz"
    assert lines[2] == "pose= has no value"
    assert len(lines) == 4


def test_what_was_typed_is_kept_in_an_order_of_its_own():
    one, other = read({"size": "a", "pose": "b"}), read({"pose": "b", "size": "a"})
    assert one == other
    assert one.given == (("pose", "b"), ("size", "a"))


@pytest.mark.parametrize("text", ["-0", "-0.0", "$-0", "0"])
def test_no_budget_has_a_minus_before_a_zero(text: str):
    [budget] = read({"budget": text}).overrides
    assert str(budget.value) == "0.0"

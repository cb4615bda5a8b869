"""Which engine a run uses, and why."""

import subprocess
import sys

import pytest

from tasks.ground.errors import Mistake
from tasks.models.engines import facts_of
from tasks.requests.engine import Choice, EngineFailure, choose


def test_auto_is_openai_when_a_key_is_set():
    choice = choose("auto", {"OPENAI_API_KEY": "sk-1"})
    assert choice == Choice("openai", "OPENAI_API_KEY is set")


@pytest.mark.parametrize("environment", [{}, {"OPENAI_API_KEY": ""}, {"OPENAI_API_KEY": "  "}])
def test_auto_is_the_puppet_without_a_key(environment: dict[str, str]):
    choice = choose("auto", environment)
    assert choice == Choice("puppet", "free drafts, since OPENAI_API_KEY is not set")


@pytest.mark.parametrize("environment", [{}, {"OPENAI_API_KEY": "sk-1"}])
@pytest.mark.parametrize("name", ["openai", "puppet"])
def test_an_engine_that_is_asked_for_is_used_with_and_without_a_key(name, environment):
    assert choose(name, environment) == Choice(name, "as asked for")


def test_the_key_itself_is_in_no_reason():
    assert "sk-secret" not in str(choose("auto", {"OPENAI_API_KEY": "sk-secret"}))


def test_what_is_paid_for_and_what_each_engine_draws_from():
    openai, puppet = facts_of("openai"), facts_of("puppet")
    assert (openai.paid, openai.needs, openai.from_base) == (True, "words", False)
    assert (puppet.paid, puppet.needs, puppet.from_base) == (False, "rig", True)
    assert Choice("puppet", "").facts is puppet


def test_a_failure_is_for_the_person_and_carries_what_came_instead():
    failure = EngineFailure("no picture", b"<html>")
    assert isinstance(failure, Mistake)
    assert (str(failure), failure.answer) == ("no picture", b"<html>")
    assert EngineFailure("nothing").answer == b""


def test_choosing_loads_no_engine():
    code = (
        "import sys; from tasks.requests.engine import choose;"
        "choose('auto', {'OPENAI_API_KEY': 'x'});"
        "print([name for name in ('openai', 'numpy', 'cv2', 'PIL') if name in sys.modules])"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"

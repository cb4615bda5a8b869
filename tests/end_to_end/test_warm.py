"""The tests' quick way to start `doit` says what `python -m doit` says."""

import subprocess

import pytest

from tests.conftest import Folder
from tests.harness import warm


@pytest.mark.parametrize(
    "words", [["help"], ["list", "--all", "--status"], ["nothing_of_that_name"]]
)
def test_a_command_says_the_same_from_a_warm_process_and_from_its_own(
    free: Folder, words: list[str]
):
    started = free.start(*words)
    assert isinstance(started, warm.WarmProcess)
    out, err = started.communicate()
    own = subprocess.run(
        [*free.command(), *words], cwd=free.path, capture_output=True, text=True, check=False
    )
    assert (started.returncode, err) == (own.returncode, own.stderr)
    # The name under which doit was started: the script of a person, or the module.
    assert out.replace("  doit ", "  -m ") == own.stdout.replace("  doit ", "  -m ")


def test_a_command_writes_in_the_encoding_that_its_environment_asks_for(free: Folder):
    config = free.config
    config["expressions"]["neutral"]["mouth"] = "höhe"
    free.write_config(config)
    ascii_only = Folder(free.path, {**free.environment, "PYTHONIOENCODING": "ascii"})
    ran = ascii_only.doit("list", "--all")
    assert "h\\xf6he" in ran.text, ran.text

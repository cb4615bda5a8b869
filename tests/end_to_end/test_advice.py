"""Commands that are printed act on what the run was about when they are pasted."""

import ast
import re
import shlex
import shutil
from pathlib import Path

from tests.conftest import ROOT, Folder

# What begins a command of ours in a message.
_COMMANDS = "run|takes|pick|retake|orphans|batch|plan|check|costs|list|forget|doctor"
_COMMAND = re.compile(rf"\bdoit (-|{_COMMANDS})")


def _second_character(free: Folder) -> Path:
    """Another character beside the first, whose folder has a name that a shell would split."""
    other = free.path / "my cast" / "ann"
    shutil.copytree(free.path / "frames", other / "frames")
    shutil.copy(free.path / "expressions.json", other)
    return other


def _pasted(text: str, begin: str) -> list[str]:
    """The words of the command that begins so, as a shell reads them."""
    line = next(line for line in text.splitlines() if begin in line)
    return shlex.split(line[line.index(begin) :])[1:]


def test_orphans_of_another_character_are_removed_by_the_command_that_is_printed(free: Folder):
    other = _second_character(free)
    config = "config=my cast/ann/expressions.json"
    free.doit("sequences")
    assert free.doit(config, "sequences").code == 0
    document = free.config
    document["base_paths"] = []
    free.write_config(document)
    shutil.copy(free.path / "expressions.json", other)
    listed = free.doit(config, "orphans")
    before = sorted((free.path / "frames").rglob("*.png"))
    assert free.doit(*_pasted(listed.out, "doit orphans")).code == 0
    assert sorted((free.path / "frames").rglob("*.png")) == before
    assert not list((other / "frames" / "sequences").rglob("*.png"))


def test_a_kept_frame_is_drawn_anew_where_it_lies(free: Folder):
    free.path.joinpath("some out").mkdir()
    mine = free.path / "some out" / "sad__center.png"
    shutil.copy(free.path / "frames" / "base" / "neutral__center.png", mine)
    kept = free.doit("outdir=some out", "endpoints:sad__center")
    assert "Kept" in kept.out
    assert free.doit(*_pasted(kept.out, "doit -a")).code == 0
    assert list((mine.parent / "set_aside").glob("sad__center*"))


def _documented(tree: ast.Module) -> set[int]:
    """The parts that are a docstring, a command's own words about itself, or help."""
    return {
        id(part)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr)
        or (isinstance(node, ast.Assign) and "doc_" in ast.unparse(node.targets[0]))
        or (isinstance(node, ast.Dict) and "help" in ast.unparse(node))
        for part in ast.walk(node)
    }


def test_every_command_in_a_message_is_built_by_the_one_function():
    written = []
    for path in sorted((ROOT / "tasks").rglob("*.py")):
        text = path.read_text()
        if "doit" not in text:  # to read a program takes longer
            continue
        tree = ast.parse(text)
        found = [
            node
            for node in ast.walk(tree)
            if isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and _COMMAND.search(node.value)
        ]
        documented = _documented(tree) if found else set()
        written += [
            f"{path.relative_to(ROOT)}:{node.lineno}: {node.value}"
            for node in found
            if id(node) not in documented
        ]
    assert not written, "use tasks.ground.advice.doit"

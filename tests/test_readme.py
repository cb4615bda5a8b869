"""The promises of the README and of docs/: commands run, examples load, links lead somewhere."""

import json
import re
import shlex
import shutil
from pathlib import Path

import pytest
from PIL import Image

from docs import reference
from tasks.character import vocabulary
from tasks.character.read import parse
from tasks.graph.variables import VARIABLES
from tasks.models import facts as models
from tests.conftest import ROOT, Folder

README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = {
    path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
    for path in (*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"))
}
ALL = "\n".join(PAGES.values())


def blocks(language: str) -> list[str]:
    """The fenced blocks of one language."""
    return re.findall(rf"```{language}\n(.*?)```", README, flags=re.DOTALL)


def everyday_commands() -> list[str]:
    """The `uv run doit` lines under "Every day", and of the table of old flags."""
    everyday = next(block for block in blocks("sh") if "*__tilt_left_small" in block)
    lines = [line.split("#")[0].strip() for line in everyday.splitlines()]
    migrating = PAGES["docs/migrating.md"]
    table = re.findall(r"^\| .*?\| `(uv run doit[^`]*)`", migrating, flags=re.MULTILINE)
    return [*lines, *table]


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    """The example as a newcomer has it, drawn small to be quick."""
    path: Path = tmp_path_factory.mktemp("newcomer")
    for name in ("dodo.py", "pyproject.toml", "expressions.schema.json"):
        shutil.copy(ROOT / name, path)
    own = path / "frames" / "base" / "neutral__center.png"
    own.parent.mkdir(parents=True)
    with Image.open(ROOT / own.relative_to(path)) as portrait:
        portrait.resize((256, 384)).save(own)
    config = json.loads((ROOT / "expressions.json").read_text())
    config["generation"] |= {"engine": "puppet", "size": "96x144"}
    (path / "expressions.json").write_text(json.dumps(config))
    (path / "cast").mkdir()
    shutil.copytree(path / "frames", path / "cast" / "frames")
    shutil.copy(path / "expressions.json", path / "cast" / "ann.json")
    (path / "art").mkdir()
    shutil.copy(own, path / "art" / "tilt.png")
    return Folder(path, {})


@pytest.mark.parametrize("command", everyday_commands())
def test_the_commands_run_as_they_stand(example: Folder, command: str):
    words = shlex.split(command)
    assert words[:3] == ["uv", "run", "doit"]
    ran = example.doit(*words[3:])
    assert ran.code == 0, ran.text


def test_ci_runs_exactly_the_test_command_of_the_readme():
    newcomer = blocks("sh")[0].splitlines()
    assert newcomer[1] == "uv run pytest"
    assert newcomer[1] in (ROOT / ".ci" / "run").read_text().splitlines()


def test_the_config_of_the_readme_loads():
    character = parse(blocks("json")[0], "README.md")
    assert list(character.expressions) == ["neutral", "pleased", "storm"]


def test_the_lists_of_the_pages_are_those_of_the_program():
    for name in (*(each.name for each in VARIABLES), *models.RETIRED, models.DEFAULT_MODEL):
        assert name in ALL, name
    for values in vocabulary.AXES.values():
        for name in values:
            assert f"`{name}`" in README, name
    for name in vocabulary.POSES:
        assert f"`{name}`" in README, name


@pytest.mark.parametrize("page", PAGES)
def test_links_and_pictures_lead_somewhere(page: str):
    for target in re.findall(r"\]\(([^)\s]+)\)", PAGES[page]):
        path, _, heading = target.partition("#")
        if "://" in target:
            continue
        file = (ROOT / page).parent / path if path else ROOT / page
        assert file.exists(), target
        if heading:
            assert heading in {anchor(line) for line in headings(file)}, target


def headings(file: Path) -> list[str]:
    """The headings of a page."""
    return re.findall(r"^#+ (.*)$", file.read_text(encoding="utf-8"), flags=re.MULTILINE)


def anchor(heading: str) -> str:
    """A heading as a link names it."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


@pytest.mark.parametrize("page", reference.PAGES)
def test_the_reference_is_made_from_the_program(page: str):
    written = (ROOT / "docs" / page).read_text(encoding="utf-8")
    assert written == reference.PAGES[page](), "mend with: uv run python docs/reference.py"

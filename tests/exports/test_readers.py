"""Exports read by the programs that they are for (CONTRIBUTING.md says what to install)."""

import re
import shutil
from pathlib import Path

import pytest

from tests.conftest import Folder
from tests.exports.every import made, odd_project
from tests.harness.renpy_run import RENPY, renpy

pytestmark = pytest.mark.readers


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    """A project with names of every kind, and every export."""
    folder = odd_project(tmp_path_factory.mktemp("readers") / "odd")
    ran = folder.doit("exports", timeout_s=300)
    assert ran.code == 0, ran.text
    return folder


@pytest.mark.skipif(not RENPY.is_file(), reason="needs: apt-get install renpy")
def test_renpy_shows_every_frame_by_its_name_and_has_no_complaint(drawn: Folder, tmp_path: Path):
    game = tmp_path / "game"
    shutil.copytree(made(drawn, "renpy") / "game", game)
    script = next(game.glob("*.rpy"))
    tag = script.stem
    images = sorted(path.stem for path in (game / "images" / tag).glob(f"{tag} *.png"))
    assert len(images) == len(drawn.config["expressions"]) * len(drawn.config["poses"])
    layered = re.findall(rf"^layeredimage ({tag} .*):$", script.read_text("utf-8"), re.MULTILINE)
    assert set(layered) <= set(images)
    moving = [f"{image} {more}" for image in layered for more in ("mouth_D", "mouth_X", "talking")]
    shown = [
        *images,
        *moving,
        *(f"{image} mouth_A eyes_shut" for image in layered if "shut" not in image),
    ]
    lines = "\n".join(f"    show {image}" for image in shown)
    (game / "script.rpy").write_text(
        f'define config.developer = False\nlabel start:\n{lines}\n    {tag} "Hello."\n'
        f"init 1500 python:\n    print('FOUND', sorted(renpy.list_images()))\n",
        "utf-8",
    )
    said = renpy(tmp_path, "lint", home=tmp_path / "home")
    assert "FOUND" in said, said[-3000:]
    found = next(line for line in said.splitlines() if line.startswith("FOUND"))
    assert all(f"'{image}'" in found for image in images)
    report = said[said.index("lint report") :]
    assert "Traceback" not in said
    complaints = [
        line for line in report.splitlines() if re.search(r"\.rpy:|^game/|The image", line)
    ]
    assert not complaints, report

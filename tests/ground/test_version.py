"""The version of the program: said in every frame, deciding nothing."""

import tomllib
from pathlib import Path

import pytest
from PIL import Image

from tasks.ground.version import VERSION
from tasks.pictures.picture import pixels_digest, png_bytes
from tasks.takes import frame
from tasks.takes.frame import Provenance, State
from tests.conftest import ROOT


def test_the_version_is_that_of_the_package():
    assert tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"] == VERSION
    assert (ROOT / "tasks" / "py.typed").exists()


def test_a_frame_names_its_program_and_one_of_another_version_is_as_good(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    image = Image.new("RGBA", (8, 8), "red")
    origin = Provenance("k", "t", "openai", pixels_digest(image))
    seen = []
    for version in (VERSION, "99.0"):
        monkeypatch.setattr(frame, "VERSION", version)
        path = tmp_path / f"{version}.png"
        path.write_bytes(frame.compose(png_bytes(image), image, origin))
        with Image.open(path) as written:
            assert written.text["Software"] == f"doit-expressions {version}"
        seen.append(frame.look_at(path))
    assert seen[0] == seen[1]
    assert (seen[0].state, seen[0].provenance) == (State.OURS, origin)

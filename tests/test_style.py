"""The checks that a change has to pass beside the tests: lint, format, types, pins."""

import subprocess
import sys
import tomllib
from importlib.metadata import distributions
from pathlib import Path

import pytest

from tests.conftest import ROOT

CHECKS = {
    "lint (mend with: uv run ruff check --fix)": ["ruff", "check"],
    "format (mend with: uv run ruff format)": ["ruff", "format", "--check"],
    "types": ["pyrefly", "check", "--python-interpreter-path", sys.executable],
    "rooms import downwards only (pyproject.toml has their order)": ["lint-imports", "--no-cache"],
}


@pytest.mark.parametrize("check", CHECKS)
def test_the_code_passes(check: str):
    program, *options = CHECKS[check]
    ran = subprocess.run(
        [str(Path(sys.executable).with_name(program)), *options],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, f"{check}\n{ran.stdout}{ran.stderr}"


def test_every_installed_package_is_pinned_at_its_version():
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    pins = dict(
        row.split(";")[0].strip().split("==")
        for row in settings["tool"]["uv"]["constraint-dependencies"]
    )
    own = {settings["project"]["name"], "pip", "setuptools", "wheel", "uv"}
    installed = {found.name.lower().replace("_", "-"): found.version for found in distributions()}
    unpinned = {
        name: version
        for name, version in installed.items()
        if name not in own and pins.get(name) != version
    }
    assert not unpinned, "pyproject.toml says how to refresh the pins"


def test_no_lock_file_with_addresses_is_tracked():
    tracked = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False
    ).stdout.split()
    assert not [name for name in tracked if name.endswith(("uv.lock", "poetry.lock"))]
    assert "uv.lock" in (ROOT / ".gitignore").read_text()

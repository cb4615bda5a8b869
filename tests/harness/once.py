"""A folder that takes long to make: made once for all test processes, each of which has a copy."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from filelock import FileLock


def made_once(
    factory: pytest.TempPathFactory, name: str, folder: str, make: Callable[[Path], object]
) -> Path:
    """A copy of the folder that `make` makes at the path that it is given.

    `name`: what it is known by in a run of tests; `folder`: what the folder itself is called.
    """
    own = factory.mktemp(name) / folder
    if "PYTEST_XDIST_WORKER" not in os.environ:
        make(own)
        return own
    # the folder of this run, in which each process has one of its own
    shared = factory.getbasetemp().parent / f"shared_{name}"
    with FileLock(f"{shared}.lock"):
        if not (shared / "whole").exists():
            shutil.rmtree(shared, ignore_errors=True)  # where another process could not make it
            shared.mkdir()
            make(shared / folder)
            (shared / "whole").touch()
    shutil.copytree(shared / folder, own, symlinks=True)
    return own

"""Which timelines a project has. Light: a run that makes nothing lists them."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tasks.graph.project import Project
from tasks.ground.ids import id_problem

FOLDER = "timelines"
"""beside the config: a file for each timeline"""


@dataclass(frozen=True)
class Named:
    """A timeline as far as a run that makes nothing has to know it."""

    name: str
    given: str
    """its JSON, where the config itself has it"""
    keys: dict[str, Any]
    """its description, unchecked"""
    folder: Path

    def text(self, key: str) -> str:
        """A key's text; empty for anything else."""
        value = self.keys.get(key)
        return value if isinstance(value, str) else ""

    def paths(self, *keys: str) -> list[str]:
        """The files that these keys name."""
        return [str(self.folder / self.text(key)) for key in keys if self.text(key)]


def timelines_of(project: Project, in_config: tuple[tuple[str, str], ...]) -> Iterator[Named]:
    """Every timeline, those with a file of their own first; a file outdoes the config."""
    folder = project.folder / FOLDER
    seen = set()
    for path in sorted(folder.glob("*.json")) if folder.is_dir() else ():
        if "." not in path.stem and id_problem(path.stem) is None:
            seen.add(path.stem)
            yield Named(path.stem, "", _keys(path.read_bytes()), folder)
    for name, text in in_config:
        if name not in seen and id_problem(name) is None:
            yield Named(name, text, json.loads(text), project.folder)


def _keys(data: bytes) -> dict[str, Any]:
    """What is in a timeline's file; nothing of a damaged one, whose plan says what is wrong."""
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}

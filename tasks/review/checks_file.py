"""Reading `checks.json`; nothing large is loaded for that."""

from typing import Any

from tasks.graph.project import Project
from tasks.ground import json_file


def read_file(project: Project) -> dict[str, Any]:
    """What `checks.json` has; nothing where it is missing or damaged: it can be made again."""
    return read_rows(project) or {}


def read_rows(project: Project) -> dict[str, Any] | None:
    """What `checks.json` has; None where there is none, or none that this program wrote."""
    rows = json_file.read_or_none(project.checks)
    sound = isinstance(rows, dict) and all(
        isinstance(row, dict)
        and isinstance(row.get("flags"), dict)
        and isinstance(row.get("figures"), dict)
        for row in rows.values()
    )
    return rows if sound else None

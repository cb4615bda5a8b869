"""doit's database as one JSON file, written whole or not at all.

doit's own backends leave a broken file behind when they are killed while they write, and then
refuse to run. This one may always be deleted: it decides what to look at again, not what to pay
for.
"""

import json
import sys
from pathlib import Path
from typing import Any

from tasks.ground.files import write_whole


class Database:
    """A backend as doit's plug-ins have it: `[tool.doit.plugins.backend]` in pyproject.toml."""

    desc = "one JSON file, written whole"

    def __init__(self, name: str, codec: Any, *, module_name: str | None = None) -> None:
        del codec, module_name  # doit hands them to every backend
        self.name = name
        self._changed = False
        self._rows = _read(Path(name))

    def get(self, task_id: str, dependency: str) -> Any:
        """A value of a task, or None."""
        row = self._rows.get(task_id)
        return row.get(dependency) if row else None

    def row(self, task_id: str) -> dict[str, Any]:
        """All values of a task."""
        return self._rows.get(task_id, {})

    def set(self, task_id: str, dependency: str, value: Any) -> None:
        """Record a value of a task."""
        self._rows.setdefault(task_id, {})[dependency] = value
        self._changed = True

    def in_(self, task_id: str) -> bool:
        """Whether anything is recorded of a task."""
        return task_id in self._rows

    def remove(self, task_id: str) -> None:
        """Forget a task."""
        if self._rows.pop(task_id, None) is not None:
            self._changed = True

    def remove_all(self) -> None:
        """Forget every task."""
        self._rows = {}
        self._changed = True

    def dump(self) -> None:
        """Write what changed."""
        if self._changed:
            try:
                write_whole(Path(self.name), json.dumps(self._rows, separators=(",", ":")).encode())
                self._changed = False
            except OSError as error:
                # Nothing is lost by that: the next run looks at every frame again.
                sys.stderr.write(f"[!] {self.name} cannot be written: {error.strerror}\n")


def _read(path: Path) -> dict[str, dict[str, Any]]:
    """The rows on disk; none where there is no file, or one that is not ours."""
    try:
        rows = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    sound = isinstance(rows, dict) and all(isinstance(row, dict) for row in rows.values())
    return rows if sound else {}

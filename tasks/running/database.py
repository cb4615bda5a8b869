"""doit's database as one JSON file, written whole or not at all.

doit's own backends leave a broken file behind when they are killed while they write, and then
refuse to run. This one may always be deleted: it decides what to look at again, not what to pay
for.
"""

import sys
from pathlib import Path
from typing import Any

from doit.dependency import JsonDB

from tasks.ground import json_file


class Database(JsonDB):  # type: ignore[misc]
    """A backend as doit's plug-ins have it: `[tool.doit.plugins.backend]` in pyproject.toml."""

    desc = "one JSON file, written whole"
    _db: dict[str, dict[str, Any]]
    _changed = False

    def row(self, task_id: str) -> dict[str, Any]:
        """All values of a task."""
        return self._db.get(task_id, {})

    def rows(self) -> dict[str, dict[str, Any]]:
        """All values of all tasks."""
        return self._db

    def set(self, task_id: str, dependency: str, value: Any) -> None:
        """Record a value of a task."""
        super().set(task_id, dependency, value)
        self._changed = True

    def remove(self, task_id: str) -> None:
        """Forget a task."""
        self._changed |= task_id in self._db
        super().remove(task_id)

    def remove_all(self) -> None:
        """Forget every task."""
        super().remove_all()
        self._changed = True

    def dump(self) -> None:
        """Write what changed."""
        if self._changed:
            try:
                json_file.write(Path(self.name), self._db, indent=None)
                self._changed = False
            except OSError as error:
                # Nothing is lost by that: the next run looks at every frame again.
                sys.stderr.write(f"[!] {self.name} cannot be written: {error.strerror}\n")

    def _load(self) -> dict[str, dict[str, Any]]:
        """The rows on disk; none where the file is not ours."""
        rows = json_file.read_or_none(Path(self.name))
        sound = isinstance(rows, dict) and all(isinstance(row, dict) for row in rows.values())
        return rows if sound else {}

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
from tasks.ground.digest import digest_of

_TYPES: dict[str, tuple[type, ...]] = {
    "_values_:": (dict,),
    "deps:": (list,),
    "result:": (str, dict, type(None)),
}
_VALUES: dict[str, tuple[type, ...]] = {
    **dict.fromkeys(("step", "seen", "region"), (str,)),
    **dict.fromkeys(("notes", "flags", "written", "file_dep"), (list,)),
    "read": (dict,),
    "stamp": (list, type(None)),
}
"""of what tasks record about themselves"""


class Database(JsonDB):
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
        """Record a value of a task.

        What an action returns is its values, too: for `result_dep`, whose only question is whether
        it changed, a digest does, and the file is half as long.
        """
        if dependency == "result:" and isinstance(value, dict):
            value = digest_of(value)
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
        if not isinstance(rows, dict):
            return {}
        return {name: row for name, row in rows.items() if isinstance(row, dict) and _sound(row)}


def _sound(row: dict[str, Any]) -> bool:
    """Whether a task's values are of the types that are written; of another it is looked at again.

    Beside doit's own, a row has the states of files: digests, with time and size in one row.
    """
    own = all(
        isinstance(value, _TYPES[name]) if name in _TYPES else _is_state(value)
        for name, value in row.items()
    )
    return own and all(
        isinstance(value, _VALUES.get(name, (object,)))
        for name, value in row.get("_values_:", {}).items()
    )


def _is_state(value: Any) -> bool:
    if isinstance(value, list):
        return [type(part) for part in value] == [int, int, str]
    return isinstance(value, (str, int))

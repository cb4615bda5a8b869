"""Decisions that a page sends: done by the functions of the commands, and taken back one by one."""

import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tasks.build import deciding
from tasks.graph.node import Node
from tasks.graph.project import Project
from tasks.ground.errors import Mistake
from tasks.ground.files import write_whole
from tasks.ground.ids import did_you_mean
from tasks.ground.outside import clean
from tasks.ground.wording import counted
from tasks.takes.choices import change_entries, read_entries

_KEPT = 50
"""decisions that can be taken back"""
_MOST_NOTE = 500
_DONE = {
    "approve": "approved",
    "unapprove": "no longer approved",
    "reject": "rejected",
    "accept": "no longer rejected",
    "pick": "made of another take",
}


@dataclass(frozen=True, slots=True)
class _Done:
    """A decision, and how it was before and is since."""

    said: str
    before: Mapping[str, Any]
    """what takes.json had of each frame"""
    since: Mapping[str, Any]
    files: Mapping[Path, tuple[bytes | None, bytes | None]] = field(default_factory=dict)
    """the frames that were made anew by it: before, and since"""


class Decisions:
    """What pages decide about the frames of a project."""

    def __init__(self, project: Callable[[], Project]) -> None:
        """`project`: as its config is now."""
        self._now = project
        self._done: deque[_Done] = deque(maxlen=_KEPT)
        self._one_at_a_time = threading.Lock()

    @property
    def _project(self) -> Project:
        return self._now()

    @property
    def last(self) -> str:
        """The decision that `undo` takes back; empty where there is none."""
        return self._done[-1].said if self._done else ""

    def decide(self, document: Any) -> list[str]:
        """Do what a page sent; what to say. Raises `Mistake`.

        `{"what": "approve" | "unapprove" | "reject" | "accept" | "pick", "frames": [names],
        "note": text, "take": number}`
        """
        what = document.get("what") if isinstance(document, dict) else None
        if what not in _DONE:
            raise Mistake(f"what is decided must be one of {', '.join(_DONE)}")
        nodes = frames_named(self._project, document.get("frames"))
        with self._one_at_a_time:
            paths = [Path(self._project.path_of(n)) for n in nodes] if what == "pick" else []
            before, files = self._entries(nodes), [_bytes(path) for path in paths]
            lines = self._do(what, nodes, document)
            names = nodes[0].name if len(nodes) == 1 else counted(len(nodes), "frame")
            since = [_bytes(path) for path in paths]
            changed = dict(zip(paths, zip(files, since, strict=True), strict=True))
            said = f"{names}: {_DONE[what]}"
            self._done.append(_Done(said, before, self._entries(nodes), changed))
        return lines

    def _do(self, what: str, nodes: list[Node], document: Mapping[str, Any]) -> list[str]:
        project = self._project
        if what in {"approve", "unapprove"}:
            return deciding.approve(project, nodes, approved=what == "approve")
        if what == "reject":
            note = clean(str(document.get("note") or ""), most=_MOST_NOTE)
            return deciding.reject(project, nodes, note)
        if what == "accept":
            return deciding.accept(project, nodes)
        take = document.get("take")
        if len(nodes) != 1 or not isinstance(take, int):
            raise Mistake("a take is picked for one frame, by its number")
        return deciding.pick(project, nodes[0], take)

    def undo(self) -> str:
        """Take the last decision back; which one that was. Raises `Mistake`.

        What was changed since, by whomever, stays as it is.
        """
        with self._one_at_a_time:
            if not self._done:
                raise Mistake("there is nothing to take back")
            done = self._done.pop()
            if self._entries(done.before) != done.since or _changed(done):
                raise Mistake(f"{done.said}: it was changed since, and stays as it is")
            for path, (before, _) in done.files.items():
                if before is None:
                    path.unlink(missing_ok=True)
                else:
                    write_whole(path, before)
            changes = {name: _putting(entry) for name, entry in done.before.items()}
            change_entries(self._project.folder, changes)
            return done.said

    def _entries(self, of: Any) -> dict[str, Any]:
        """What takes.json has of frames, given by their nodes or names."""
        entries = read_entries(self._project.folder)
        names = [each.name if isinstance(each, Node) else each for each in of]
        return {name: entries.get(name, {}) for name in names}


def frames_named(project: Project, names: Any) -> list[Node]:
    """The frames that a page names. Raises `Mistake` where one is none of this project's."""
    graph = project.graph
    known = {node.name: node for node in (*graph.nodes, *graph.tweens)}
    if not isinstance(names, list) or not names:
        raise Mistake("which frames? A list of their names is wanted")
    for name in names:
        if not isinstance(name, str) or name not in known:
            text = clean(str(name))
            raise Mistake(f'there is no frame "{text}"{did_you_mean(text, list(known))}')
    return [known[name] for name in dict.fromkeys(names)]


def _putting(entry: dict[str, Any]) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda _now: dict(entry)


def _changed(done: _Done) -> bool:
    return any(_bytes(path) != since for path, (_, since) in done.files.items())


def _bytes(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None

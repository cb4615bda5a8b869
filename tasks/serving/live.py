"""What pages show, kept as it is on disk, whoever changed it: this page, a run, a painter."""

import hashlib
import threading
import time
import traceback
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from tasks.build.pages import make_page
from tasks.build.shown import nothing_of
from tasks.graph.project import Project
from tasks.ground.errors import Mistake, line_of
from tasks.ground.files import stamp
from tasks.review.page.document import document
from tasks.review.page.seen import seen_digest
from tasks.serving.board import Board

_LOOK_EVERY_S = 0.4
_SHARE = 0.25
"""of the time that may go into looking while frames come quickly"""


class Live:
    """The data of the page, and its number, which rises with every change."""

    def __init__(self, project: Project, board: Board) -> None:
        """Raises `Mistake` where the config has one."""
        self.project = project
        self.number = 0
        self._document: dict[str, Any] = {}
        self._board = board
        self._one_at_a_time = threading.Lock()
        self._closed = threading.Event()
        self._graph = project.graph
        self._inputs: Any = None
        self._problem = ""
        """what is wrong with the config; the page then shows an earlier state"""
        self._seen = ""

    @property
    def document(self) -> dict[str, Any]:
        """What the page shows, as it was looked at last."""
        if not self._document:
            self.look()
        return self._document

    def look(self, failed: Mapping[str, str] | None = None) -> None:
        """Bring the data up to date, where anything changed. `failed`: why frames did not come."""
        with self._one_at_a_time:
            self._look_at_inputs()
            seen = seen_digest(self.project, self._graph) + repr(self._inputs)
            if seen == self._seen and not failed:
                return
            self._document = self._made(failed or {})
            self._seen = seen
            self.number += 1
            self._board.put("data", self.number)

    def _look_at_inputs(self) -> None:
        portraits = [stamp(outfit.base_image) for outfit in self._graph.outfits]
        inputs = _content(self.project.config), portraits
        if inputs == self._inputs:
            return
        self._inputs, self._problem = inputs, ""
        fresh = replace(self.project)  # what it keeps of its config is read anew
        try:
            self._graph, self.project = fresh.graph, fresh
        except (Mistake, OSError) as error:
            self._problem = line_of(error)

    def _made(self, failed: Mapping[str, str]) -> dict[str, Any]:
        problem = self._problem
        try:
            if not problem:
                return make_page(self.project, failed)
        except (Mistake, OSError) as error:
            problem = line_of(error)
        shown = self._document or document(nothing_of(self.project, ""))
        return {**shown, "problem": problem}

    def watch(self) -> None:
        """Look again and again until `close`, while a page is open."""
        pause_s = _LOOK_EVERY_S
        while not self._closed.wait(pause_s):
            if self._board.readers:
                began_s = time.monotonic()
                try:
                    self.look()
                except Exception:  # a bug: the page stays as it is, and the next look is tried
                    traceback.print_exc()
                pause_s = max(_LOOK_EVERY_S, (time.monotonic() - began_s) / _SHARE)

    def close(self) -> None:
        """Look no more."""
        self._closed.set()


def _content(path: Path) -> str:
    """The digest of a small file; empty where it cannot be read."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return ""

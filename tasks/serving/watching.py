"""Drafts that follow every save: what changed is drawn anew, in this process, which is warm.

The config and the artist's pictures are a handful of files: their times are looked at ten times a
second, which every disk and every way that an editor saves in can stand.
"""

import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path

from tasks.build.builder import Builder, open_builder
from tasks.build.step import Step
from tasks.build.verdict import verdict
from tasks.graph.node import Node
from tasks.graph.project import Project, open_project
from tasks.ground.errors import Mistake, line_of
from tasks.ground.files import stamp
from tasks.ground.wording import counted
from tasks.models.engines import PUPPET, facts_of
from tasks.serving.project import ServedProject
from tasks.spending.ledger import Ledger
from tasks.spending.run_calls import RunCalls

_LOOK_EVERY_S = 0.1
_SETTLED = {Step.ADOPT, Step.KEEP_BY_HAND, Step.KEEP_APPROVED, Step.KEEP_FINAL, Step.WAIT}


class Watch:
    """Builds what the last save changed. One for a served project."""

    def __init__(self, served: ServedProject, say: Callable[[str], None]) -> None:
        self._served = served
        self._say = say
        self._closed = threading.Event()
        self._known: dict[str, str] = {}
        """the digests of what the config said of each frame when it was up to date"""
        self._pictures: dict[str, object] = {}
        given = dict(served.project.variables.given)
        self._named = "engine" in given
        self._project = open_project(given if self._named else {**given, "engine": PUPPET})
        self._spent_before_usd = self._spent_usd()

    def run(self) -> None:
        """Until `close`."""
        seen: object = None
        while not self._closed.wait(_LOOK_EVERY_S):
            now = self._stamps()
            if now == seen:
                continue
            seen = now
            try:
                self._follow(now)
            except (Mistake, OSError) as error:
                self._say(f"[!] {line_of(error)}")
            self._served.live.look()

    def close(self) -> None:
        """Follow nothing more."""
        self._closed.set()

    def _follow(self, seen: object) -> None:
        """Bring drafts up to date with a save. Raises `Mistake` where that has one."""
        self._project = fresh = replace(self._project)
        graph = fresh.graph
        if graph.engine.facts.paid:
            self._served.runs.start("What changed", "run", then=self._left)
            return
        builder = open_builder(fresh, RunCalls())
        due = self._due(fresh, builder)
        with ThreadPoolExecutor(os.cpu_count() or 2) as pool:
            made = sum(pool.map(partial(self._draw, builder, seen), due))
        if made:
            self._say(f"[✓] {counted(made, 'draft')}: {_named(due)}")

    def _due(self, project: Project, builder: Builder) -> list[Node]:
        """What is not as the config has it: of the poses that are drawn, and of what is there."""
        graph = project.graph
        pictures = {path: stamp(path) for path in self._inputs(project)}
        if pictures != self._pictures:
            self._known.clear()
            self._pictures = dict(pictures)
        drawn = [
            node
            for node in (*graph.nodes, *graph.tweens)
            if self._known.get(node.name) != node.digest
            and ((not node.place and node.pose in graph.drawn_poses) or _is_there(project, node))
        ]
        due = []
        for node in drawn:
            if verdict(builder.look(node)).step in _SETTLED:
                self._known[node.name] = node.digest
            else:
                due.append(node)
        # The poses that are looked at most come first.
        return sorted(due, key=lambda node: node.pose not in graph.drawn_poses)

    def _draw(self, builder: Builder, seen: object, node: Node) -> bool:
        """Draw one, unless what is to be drawn changed meanwhile."""
        if self._closed.is_set() or self._stamps() != seen:
            return False
        try:
            builder.build(node, new_take=False)
        except (Mistake, OSError) as error:
            self._say(f"[!] {node.name}: {line_of(error)}")
            return False
        self._known[node.name] = node.digest
        return True

    def _left(self) -> list[str]:
        """What is left of the budget for the saves to come."""
        limit_usd = self._project.character.generation.budget_usd
        if limit_usd is None:
            return []
        return [f"budget={max(0.0, limit_usd + self._spent_before_usd - self._spent_usd()):.6f}"]

    def _spent_usd(self) -> float:
        if not (self._named and facts_of(self._project.graph.engine.name).paid):
            return 0.0
        return sum(entry.counted_usd for entry in Ledger(self._project.store).entries())

    def _stamps(self) -> object:
        paths = [str(self._project.config), *self._inputs(self._project)]
        return [stamp(path) for path in paths]

    @staticmethod
    def _inputs(project: Project) -> Iterator[str]:
        """The artist's pictures, as the last sound config names them."""
        graph = vars(project).get("graph")
        if graph:
            given = {node.source for node in graph.nodes}
            yield from sorted(path for path in given if not project.is_built(Path(path)))
            yield from (outfit.face_mask for outfit in graph.outfits if outfit.face_mask)


def _is_there(project: Project, node: Node) -> bool:
    return Path(project.path_of(node)).is_file()


def _named(nodes: list[Node], most: int = 4) -> str:
    names = [node.name for node in nodes]
    return ", ".join(names[:most]) + (", ..." if len(names) > most else "")
